internal import Glibc

/// Mean losses of probabilities against what happened; both are proper: no other score than the true probability does better on average.
public struct ProbabilityScores: Sendable, Equatable {
    /// The mean of (score − label)²: 0 is perfect, ¼ is what 0.5 always gets.
    /// > Source: G. W. Brier, "Verification of Forecasts Expressed in Terms of Probability", 1950.
    public var brier: Double
    /// The mean of −log of the probability given to what happened, scores clipped to [2⁻⁵², 1 − 2⁻⁵²]: a sure and wrong one costs 36.04.
    /// > Source: I. J. Good, "Rational Decisions", 1952.
    public var logLoss: Double

    /// - Parameter labels: 0 or 1.
    /// - Throws: ``StatisticsError`` `.empty`, `.unequalLengths`, `.outOfRange` for labels other than 0 and 1, scores outside 0...1,
    ///   missing values, negative weights or weights that are all 0.
    public init(labels: [Double], scores: [Double], weights: [Double]? = nil) throws(StatisticsError) {
        guard labels.count == scores.count, weights.map({ $0.count == labels.count }) ?? true else {
            throw StatisticsError(.unequalLengths, "\(labels.count) labels and \(scores.count) scores, expected as many of each")
        }
        guard !labels.isEmpty else { throw StatisticsError(.empty, "no rows, expected at least one") }
        let sliver = 0x1p-52
        var total = 0.0
        var squares = 0.0
        var logs = 0.0
        for i in labels.indices {
            let (label, score, weight) = (labels[i], scores[i], weights?[i] ?? 1)
            guard label == 0 || label == 1 else {
                throw StatisticsError(.outOfRange, "label[\(i)] is \(Self.shown(label)), expected 0 or 1")
            }
            guard score >= 0, score <= 1 else {
                throw StatisticsError(.outOfRange, "score[\(i)] is \(Self.shown(score)), expected a number in 0...1")
            }
            guard weight >= 0, weight.isFinite else {
                throw StatisticsError(.outOfRange, "weights[\(i)] is \(weight), expected a number of at least 0")
            }
            let clipped = min(max(score, sliver), 1 - sliver)
            total += weight
            squares += weight * (score - label) * (score - label)
            logs -= weight * (label == 1 ? log(clipped) : log1p(-clipped))
        }
        guard total > 0 else { throw StatisticsError(.empty, "every weight is 0, expected one above 0") }
        brier = squares / total
        logLoss = logs / total
    }

    private static func shown(_ value: Double) -> String { value.isNaN ? "missing" : "\(value)" }
}
