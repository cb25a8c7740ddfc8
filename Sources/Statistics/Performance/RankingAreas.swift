internal import Kernels

/// The area under the ROC curve and the average precision of unweighted scores, exactly and without their curves.
///
/// The same numbers as ``RankingMetrics`` makes of a ``ScoreRanking``, which holds the curves too, for a third of the time and memory.
/// > Source: as of ``RankingMetrics``.
public struct RankingAreas: Sendable, Equatable {
    public var rocAUC: Double
    public var averagePrecision: Double

    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for NaN, `.undefined` without a positive or without a negative.
    /// - Complexity: O(*n*) for scores from 0 to 2, else O(*n* log *n*).
    public init(scores: [Double], labels: [Bool]) throws(StatisticsError) {
        guard scores.count == labels.count else { throw StatisticsError(.unequalLengths, "as many labels as scores expected") }
        let positives = labels.count { $0 }
        guard positives > 0, positives < labels.count else {
            throw StatisticsError(.undefined, "no label is \(positives == 0 ? "positive" : "negative")")
        }
        guard let keys = scoreKeys(scores, labels) else {
            let ranking = try ScoreRanking(scores: scores, labels: labels)
            let all = RankingMetrics(positives: ranking.positives, negatives: ranking.negatives, maxFPR: 1)
            (rocAUC, averagePrecision) = (all.rocAUC, all.averagePrecision)
            return
        }
        let sums = SortedKeys(keys).rankSums
        rocAUC = Double(sums.pairs) / 2 / Double(positives) / Double(labels.count - positives)
        averagePrecision = sums.precisions / Double(positives)
    }
}

/// A score and its label as one integer, in the order of the scores; nil when a score does not lie in 0 ..< 2.
///
/// Doubles from 0 to 2 are ordered as their bits, and the highest of these is free for a shift; −0 is 0.
func scoreKeys(_ scores: [Double], _ labels: [Bool]) -> [UInt64]? {
    var areInRange = true
    let keys = zip(scores, labels).map { score, label -> UInt64 in
        if !(score >= 0 && score < 2) { areInRange = false }
        return (score + 0).bitPattern << 1 | (label ? 1 : 0)
    }
    return areInRange && keys.count < 1 << 32 ? keys : nil
}
