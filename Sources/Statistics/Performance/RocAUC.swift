/// The area under the ROC curve: the chance that a random positive has a higher score than a random negative, ties counting half.
///
/// 0.5 is no discrimination, 1 perfect. From counts it needs only how many positives and negatives have each score. Where a cell
/// may hold different scores (an open interval of a grid), their order is unknown: the truth lies in [`lowerBound`, `upperBound`].
/// The interval is DeLong's, from the same counts.
/// > Source: J. A. Hanley and B. J. McNeil, "The Meaning and Use of the Area under a ROC Curve", 1982; E. R. DeLong, D. M. DeLong,
/// > D. L. Clarke-Pearson, "Comparing the Areas under Two or More Correlated ROC Curves", 1988.
public struct RocAUC: Sendable, Equatable {
    public var value: Double
    public var lowerBound: Double
    public var upperBound: Double
    /// DeLong's variance; nil with a single positive or negative.
    public var variance: Double?
    public var positives: Int64
    public var negatives: Int64

    /// - Parameters:
    ///   - positives: positives by cell, scores ascending. - negatives: negatives by cell.
    ///   - isTied: whether all scores of a cell are equal.
    /// - Throws: ``StatisticsError`` `.undefined` without a positive or without a negative.
    public init(positives: [Int64], negatives: [Int64], isTied: (Int) -> Bool = { _ in true }) throws(StatisticsError) {
        precondition(positives.count == negatives.count, "as many cells on both sides")
        let p = positives.reduce(0, +)
        let q = negatives.reduce(0, +)
        guard p > 0, q > 0 else {
            throw StatisticsError(.undefined, "no \(p == 0 ? "positive" : "negative") label in the window")
        }
        // Twice the number of pairs in the right order, in integers: exact.
        var doubled: Int128 = 0
        var unknown: Int128 = 0
        var negativesBelow: Int64 = 0
        for i in positives.indices {
            let pairs = Int128(positives[i]) * Int128(negatives[i])
            doubled += 2 * Int128(positives[i]) * Int128(negativesBelow) + pairs
            if !isTied(i) { unknown += pairs }
            negativesBelow += negatives[i]
        }
        let scale = 2 * Double(p) * Double(q)
        value = Double(doubled) / scale
        lowerBound = Double(doubled - unknown) / scale
        upperBound = Double(doubled + unknown) / scale
        self.positives = p
        self.negatives = q
        variance = Self.deLong(positives, negatives, p, q, value)
    }

    /// From raw scores and labels (true for positive).
    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for NaN, `.undefined` when a class is absent.
    public init(scores: [Double], labels: [Bool]) throws(StatisticsError) {
        guard scores.count == labels.count else { throw StatisticsError(.unequalLengths, "as many scores as labels expected") }
        guard !scores.contains(where: \.isNaN) else { throw StatisticsError(.outOfRange, "NaN among the scores") }
        let order = scores.indices.sorted { scores[$0] < scores[$1] }
        var positives: [Int64] = []
        var negatives: [Int64] = []
        var last: Double?
        for i in order {
            if scores[i] != last {
                positives.append(0)
                negatives.append(0)
                last = scores[i]
            }
            if labels[i] { positives[positives.count - 1] += 1 } else { negatives[negatives.count - 1] += 1 }
        }
        try self.init(positives: positives, negatives: negatives)
    }

    public func interval(confidence: Double = 0.95) -> Interval? {
        guard let variance else { return nil }
        let spread = Distributions.normalQuantile(0.5 + confidence / 2) * variance.squareRoot()
        return Interval(lower: max(0, min(lowerBound, value - spread)), upper: min(1, max(upperBound, value + spread)))
    }

    private static func deLong(_ positives: [Int64], _ negatives: [Int64], _ p: Int64, _ q: Int64, _ auc: Double) -> Double? {
        guard p > 1, q > 1 else { return nil }
        var ofPositives = 0.0
        var ofNegatives = 0.0
        var negativesBelow = 0.0
        var positivesAbove = Double(p)
        for i in positives.indices {
            let a = Double(positives[i])
            let b = Double(negatives[i])
            positivesAbove -= a
            if a > 0 {
                let place = (negativesBelow + b / 2) / Double(q) - auc
                ofPositives += a * place * place
            }
            if b > 0 {
                let place = (positivesAbove + a / 2) / Double(p) - auc
                ofNegatives += b * place * place
            }
            negativesBelow += b
        }
        return ofPositives / Double(p - 1) / Double(p) + ofNegatives / Double(q - 1) / Double(q)
    }
}
