internal import Glibc

/// How far the observed rates of bins are from their mean scores.
///
/// With g_b = |observed_b − mean score_b| and w_b the bin's share of the weight: the expected calibration error (ECE) is Σ w_b g_b,
/// the maximum one (MCE) max g_b, the average one (ACE) the plain mean of g_b, the root mean square one (RMSCE) √Σ w_b g_b².
/// All are in 0…1 and 0 when every bin is right. They depend on the bins, and are biased upwards: chance alone moves a bin.
/// > Source: M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", 2015;
/// > J. Nixon et al., "Measuring Calibration in Deep Learning", 2019.
public struct CalibrationErrors: Sendable, Equatable {
    public var expected: Double
    public var maximum: Double
    public var average: Double
    public var rootMeanSquare: Double

    public init(_ bins: [CalibrationBin]) throws(StatisticsError) {
        let total = bins.reduce(0) { $0 + $1.weight }
        guard total > 0 else { throw StatisticsError(.empty, "no rows") }
        expected = bins.reduce(0) { $0 + $1.weight / total * $1.gap }
        maximum = bins.map(\.gap).max() ?? 0
        average = bins.reduce(0) { $0 + $1.gap } / Double(bins.count)
        rootMeanSquare = bins.reduce(0) { $0 + $1.weight / total * $1.gap * $1.gap }.squareRoot()
    }
}

/// The expected calibration error without the part that chance adds, with an interval.
///
/// ECE = Σ_b |S_b| / Σw with S_b = Σ w·(label − score) over a bin. S_b is nearly normal with variance V_b = Σ w²·(label − score)², and
/// |S_b| is on average larger than the true |δ_b|: E|N(δ, V)| = √(2V/π)·e^(−δ²/2V) + δ·(1 − 2Φ(−δ/√V)). So each |S_b| is replaced by the
/// δ_b of which it would be the mean (0 when even that of δ = 0 is larger); their sum is `value`. The interval is a seeded parametric
/// bootstrap: sums drawn around the δ_b give the distribution of ECE* − Σ|δ_b|/Σw, which is taken from the ECE (pivotal), kept in 0…1.
/// > Source: C. A. T. Ferro, T. E. Fricker, "A Bias-Corrected Decomposition of the Brier Score", 2012 (the bias); R. Roelofs et al.,
/// > "Mitigating Bias in Calibration Error Estimation", 2022; B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13.
public struct DebiasedCalibrationError: Sendable, Equatable {
    public var value: Double
    public var interval: Interval
    /// The plain error, for comparison.
    public var expected: Double

    /// - Complexity: O(rows) once, then O(resamples · bins).
    public init(
        _ sample: CalibrationSample, _ binned: CalibrationBins, confidence: Double = 0.95, resamples: Int = 2000, seed: UInt64 = 1
    ) {
        let count = binned.bins.count
        var sums = [Double](repeating: 0, count: count)
        var variances = [Double](repeating: 0, count: count)
        for row in sample.scores.indices where binned.places[row] >= 0 {
            let term = sample.weight(row) * ((sample.labels[row] ? 1 : 0) - sample.scores[row])
            sums[Int(binned.places[row])] += term
            variances[Int(binned.places[row])] += term * term
        }
        let total = sample.totalWeight
        expected = sums.reduce(0) { $0 + abs($1) } / total
        let centers = zip(sums, variances).map { sum, variance in
            (sum < 0 ? -1 : 1) * Self.unfolded(abs(sum), (variance - sum * sum / Double(sample.count)).squareRoot())
        }
        let center = centers.reduce(0) { $0 + abs($1) } / total
        value = min(center, 1)

        // The sums of a multinomial draw of rows: their covariance is diag(V) − S·Sᵀ/n. Normal numbers z√V have the first part;
        // taking a multiple k of S·Σ(S z √V / V) away leaves the second, with the k that solves k²a − 2k = −1/n, a = Σ S²/V.
        let n = Double(sample.count)
        let ratio = zip(centers, variances).reduce(0) { $1.1 > 0 ? $0 + $1.0 * $1.0 / $1.1 : $0 }
        let pull = ratio > 0 ? (1 - max(0, 1 - ratio / n).squareRoot()) / ratio : 0
        let deviations = variances.map { $0.squareRoot() }
        var random = SeededRandom(seed: seed)
        var shifts: [Double] = []
        shifts.reserveCapacity(resamples)
        var noise = [Double](repeating: 0, count: count)
        for _ in 0..<resamples {
            var along = 0.0
            for bin in 0..<count {
                noise[bin] = deviations[bin] * random.normal()
                if variances[bin] > 0 { along += centers[bin] / variances[bin] * noise[bin] }
            }
            var error = 0.0
            for bin in 0..<count { error += abs(centers[bin] + noise[bin] - pull * along * centers[bin]) }
            shifts.append(error / total - center)
        }
        shifts.sort()
        let tail = (1 - confidence) / 2
        let lower = max(0, expected - sortedQuantile(shifts, 1 - tail))
        interval = Interval(lower: min(lower, 1), upper: min(1, max(lower, expected - sortedQuantile(shifts, tail))))
    }

    /// The δ ≥ 0 with E|N(δ, deviation²)| = mean, or 0.
    static func unfolded(_ mean: Double, _ deviation: Double) -> Double {
        guard deviation > 0 else { return mean }
        func folded(_ delta: Double) -> Double {
            let z = delta / deviation
            return deviation * (2 / Double.pi).squareRoot() * exp(-z * z / 2) + delta * erf(z / 2.0.squareRoot())
        }
        if mean <= folded(0) { return 0 }
        var low = 0.0
        var high = mean  // folded(δ) ≥ δ
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if folded(middle) < mean { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

/// The Brier score in parts.
///
/// brier = reliability − resolution + uncertainty + within-bin variance − 2 · within-bin covariance, exactly. Reliability is the mean
/// squared distance of observed rate and mean score over bins, resolution that of the observed rate from the base rate ȳ, uncertainty
/// ȳ(1 − ȳ); the within-bin parts are the variance of the scores, and their covariance with the labels, inside of bins.
/// The skill score is 1 − brier/uncertainty: nil when all labels are equal.
/// > Source: A. H. Murphy, "A New Vector Partition of the Probability Score", 1973; D. B. Stephenson, C. A. S. Coelho, I. T. Jolliffe,
/// > "Two Extra Components in the Brier Score Decomposition", 2008.
public struct BrierDecomposition: Sendable, Equatable {
    public var value: Double
    public var reliability = 0.0
    public var resolution = 0.0
    public var uncertainty: Double
    public var withinBinVariance = 0.0
    public var withinBinCovariance = 0.0
    public var skillScore: Double?

    public init(_ sample: CalibrationSample, _ binned: CalibrationBins) {
        let total = sample.totalWeight
        let base = sample.baseRate
        value = sample.brierScore
        uncertainty = base * (1 - base)
        for bin in binned.bins {
            let share = bin.weight / total
            reliability += share * (bin.meanScore - bin.observed) * (bin.meanScore - bin.observed)
            resolution += share * (bin.observed - base) * (bin.observed - base)
        }
        let means = binned.bins.map(\.meanScore)
        let rates = binned.bins.map(\.observed)
        for row in sample.scores.indices where binned.places[row] >= 0 {
            let bin = Int(binned.places[row])
            let apart = sample.scores[row] - means[bin]
            withinBinVariance += sample.weight(row) * apart * apart
            withinBinCovariance += sample.weight(row) * apart * ((sample.labels[row] ? 1 : 0) - rates[bin])
        }
        withinBinVariance /= total
        withinBinCovariance /= total
        let isOneClass = base <= 0 || base >= 1
        skillScore = isOneClass ? nil : 1 - value / uncertainty
    }
}
