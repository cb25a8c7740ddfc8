internal import Kernels

/// Brier score, log loss and the sums of equal-width bins of unweighted scores, from one pass over them.
///
/// > Source: as of ``ProbabilityScores`` and ``CalibrationErrors``.
public struct ScoreLosses: Sendable, Equatable {
    /// The mean of (score − label)².
    public var brier: Double
    /// The mean of −ln of the probability given to the label, scores clipped to [2⁻⁵², 1 − 2⁻⁵²].
    public var logLoss: Double
    /// Every bin, also those without rows.
    public var bins: [ReliabilityBin]

    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for a score outside 0…1, `.empty`.
    public init(scores: [Double], labels: [Bool], bins: Int = 10) throws(StatisticsError) {
        try checkProbabilities(scores, labels)
        self.init(checked: scores, labels, bins: bins)
    }

    /// The same of scores that are known to be probabilities.
    init(checked scores: [Double], _ labels: [Bool], bins count: Int = 1) {
        let edges = (0...count).map { Double($0) / Double(count) }
        let sums = ScoreSums(scores: scores, labels: labels, edges: edges)
        let rows = Double(scores.count)
        brier = sums.squares / rows
        logLoss = sums.logarithms / rows
        bins = (0..<count).map {
            ReliabilityBin(
                lower: edges[$0], upper: edges[$0 + 1], count: sums.counts[$0], positives: sums.positives[$0], scoreSum: sums.scores[$0])
        }
    }

    /// The expected calibration error: Σ |positives − Σ score| over bins, divided by the rows.
    public var calibrationError: Double {
        bins.reduce(0) { $0 + abs(Double($1.positives) - $1.scoreSum) } / Double(bins.reduce(0) { $0 + $1.count })
    }
}
