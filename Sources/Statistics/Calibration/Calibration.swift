/// One bin of a reliability curve.
public struct ReliabilityBin: Sendable, Equatable {
    /// Right-closed: lower < score ≤ upper; the first bin holds 0 as well.
    public var lower: Double
    public var upper: Double
    public var count: Int64
    public var positives: Int64
    public var scoreSum: Double

    public init(lower: Double, upper: Double, count: Int64, positives: Int64, scoreSum: Double) {
        self.lower = lower
        self.upper = upper
        self.count = count
        self.positives = positives
        self.scoreSum = scoreSum
    }
    public var meanScore: Double { scoreSum / Double(count) }
    public var observed: Double { Double(positives) / Double(count) }
}

/// The expected calibration error: Σ (n_b / n) · |observed_b − mean score_b| over bins.
///
/// 0 is perfect, at most 1. Empty bins take no part. It is biased upwards for small n, since chance alone moves each bin.
/// > Source: M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", 2015.
public struct ExpectedCalibrationError: Sendable, Equatable {
    public var value: Double
    /// The largest gap of a bin: the maximum calibration error.
    public var maximum: Double
    public var count: Int64
    /// What a perfectly calibrated model would show on average by chance: Σ (n_b/n) √(2 p_b (1−p_b) / (π n_b)), p_b the mean score.
    public var expectedByChance: Double
    /// `value` less what chance alone would show: an estimate of the error that does not grow when n shrinks. Not below 0.
    public var debiased: Double { max(0, value - expectedByChance) }
    /// p-value of H₀ "calibrated in every bin": Σ (positives_b − n_b p_b)² / (n_b p_b (1 − p_b)) against χ²(bins); 0 when a bin with mean score 0 or 1 errs.
    public var pValue: Double

    /// - Throws: ``StatisticsError`` `.empty` without rows.
    public init(bins: [ReliabilityBin]) throws(StatisticsError) {
        let filled = bins.filter { $0.count > 0 }
        count = filled.reduce(0) { $0 + $1.count }
        guard count > 0 else { throw StatisticsError(.empty, "no labelled rows with a score") }
        let n = Double(count)
        value = filled.reduce(0) { $0 + Double($1.count) / n * abs($1.observed - $1.meanScore) }
        maximum = filled.map { abs($0.observed - $0.meanScore) }.max() ?? 0
        expectedByChance = filled.reduce(0) { sum, bin in
            let p = min(max(bin.meanScore, 0), 1)
            return sum + Double(bin.count) / n * (2 * p * (1 - p) / (.pi * Double(bin.count))).squareRoot()
        }
        var chi = 0.0
        for bin in filled {
            let p = bin.meanScore
            let gap = Double(bin.positives) - bin.scoreSum
            let variance = Double(bin.count) * p * (1 - p)
            chi += variance > 0 ? gap * gap / variance : gap == 0 ? 0 : .infinity
        }
        pValue = chi.isFinite ? Distributions.chiSquaredTail(chi, degreesOfFreedom: Double(filled.count)) : 0
    }

    /// From raw scores in 0…1 and labels, in `bins` equal-width bins with edges k/bins.
    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for a score outside 0…1, `.empty`.
    public init(scores: [Double], labels: [Bool], bins: Int = 10) throws(StatisticsError) {
        try self.init(bins: ScoreLosses(scores: scores, labels: labels, bins: bins).bins)
    }
}

/// The Brier score: the mean of (score − label)². 0 is perfect, 0.25 is what a constant 0.5 gets.
/// > Source: G. W. Brier, "Verification of Forecasts Expressed in Terms of Probability", 1950.
/// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for a score outside 0…1, `.empty`.
public func brierScore(scores: [Double], labels: [Bool]) throws(StatisticsError) -> Double {
    try checkProbabilities(scores, labels)
    return ScoreLosses(checked: scores, labels).brier
}

/// The mean of −ln of the probability given to what happened, scores clipped to [2⁻⁵², 1 − 2⁻⁵²]. In nats; 0 is perfect.
/// > Source: I. J. Good, "Rational Decisions", 1952.
/// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for a score outside 0…1, `.empty`.
public func logLoss(scores: [Double], labels: [Bool]) throws(StatisticsError) -> Double {
    try checkProbabilities(scores, labels)
    return ScoreLosses(checked: scores, labels).logLoss
}

func checkProbabilities(_ scores: [Double], _ labels: [Bool]) throws(StatisticsError) {
    guard scores.count == labels.count else { throw StatisticsError(.unequalLengths, "as many scores as labels expected") }
    guard !scores.isEmpty else { throw StatisticsError(.empty, "no rows") }
    guard scores.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { throw StatisticsError(.outOfRange, "a score outside 0…1") }
}
