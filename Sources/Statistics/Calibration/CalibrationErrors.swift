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
/// |S_b| is on average larger than the truth: E|N(δ, V)| = √(2V/π)·e^(−δ²/2V) + δ·(1 − 2Φ(−δ/√V)). Among models whose gaps are t times
/// those seen, `value` is the error of the one under which the ECE would be on average what it is (0 when chance alone gives more), and
/// the interval holds the errors of those under which it lies between the tails: of seeded normal draws of the sums.
/// > Source: C. A. T. Ferro, T. E. Fricker, "A Bias-Corrected Decomposition of the Brier Score", 2012 (the bias); R. Roelofs et al.,
/// > "Mitigating Bias in Calibration Error Estimation", 2022; T. J. DiCiccio, J. P. Romano, "Nonparametric Confidence Limits by Resampling
/// > Methods and Least Favorable Families", 1990 (the interval).
public struct DebiasedCalibrationError: Sendable, Equatable {
    public var value: Double
    public var interval: Interval
    /// The plain error, for comparison.
    public var expected: Double

    /// - Complexity: O(rows) once, then O(resamples · bins).
    public init(
        _ sample: CalibrationSample, _ binned: CalibrationBins, confidence: Double = 0.95, resamples: Int = 1000, seed: UInt64 = 1
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
        let plain = sums.reduce(0) { $0 + abs($1) }
        expected = plain / total
        let deviations = variances.map { $0.squareRoot() }
        let n = Double(sample.count)
        let spreads = zip(sums, variances).map { max(0, $1 - $0 * $0 / n).squareRoot() }
        let shape = Self.shape(sums, spreads, binned.bins.map(\.weight))
        let size = shape.reduce(0) { $0 + abs($1) } / total
        value = min(
            1,
            Self.root(plain) { t in
                zip(shape, spreads).reduce(0) { $0 + Self.folded(abs($1.0) * t, $1.1) }
            } * size)

        // The sums of a multinomial draw of rows: their covariance is diag(V) − S·Sᵀ/n. Normal numbers z√V have the first part;
        // taking a multiple k of S·Σ(S z √V / V) away leaves the second, with the k that solves k²a − 2k = −1/n, a = Σ S²/V.
        let ratio = zip(sums, variances).reduce(0) { $1.1 > 0 ? $0 + $1.0 * $1.0 / $1.1 : $0 }
        let pull = ratio > 0 ? (1 - max(0, 1 - ratio / n).squareRoot()) / ratio : 0
        var random = SeededRandom(seed: seed)
        var noise = [Double](repeating: 0, count: count * resamples)
        for draw in 0..<resamples {
            let start = draw * count
            var along = 0.0
            for bin in 0..<count {
                noise[start + bin] = deviations[bin] * random.normal()
                if variances[bin] > 0 { along += sums[bin] / variances[bin] * noise[start + bin] }
            }
            for bin in 0..<count { noise[start + bin] -= pull * along * sums[bin] }
        }
        func quantile(_ p: Double, _ t: Double) -> Double {
            var errors = (0..<resamples).map { draw -> Double in
                var error = 0.0
                for bin in 0..<count { error += abs(t * shape[bin] + noise[draw * count + bin]) }
                return error
            }
            errors.sort()
            return linearQuantile(errors, p)
        }
        let tail = (1 - confidence) / 2
        let lower = Self.root(plain) { quantile(1 - tail, $0) } * size
        let upper = Self.root(plain) { quantile(tail, $0) } * size
        // An ECE in the lower tail even of perfect calibration would leave nothing; the plain error, which is too large, is then the end.
        interval = Interval(lower: min(1, lower), upper: min(1, max(upper, expected)))
    }

    /// The sums with the sizes of their gaps drawn towards each other as far as chance explains their differences, so that the noise of
    /// a bin is not taken for a gap of its own.
    ///
    /// Sizes, not gaps: the error does not see signs, and a score that is too low at one end and too high at the other has gaps of a common
    /// size and none on average. Bins count by their rows and not by their precision, since a bin that by chance saw few events has
    /// both a small gap and a small variance.
    /// > Source: R. DerSimonian, R. Kacker, "Random-Effects Model for Meta-Analysis of Clinical Trials: An Update", 2007 (the variance
    /// > between bins, for any weights).
    private static func shape(_ sums: [Double], _ spreads: [Double], _ weights: [Double]) -> [Double] {
        let known = sums.indices.filter { spreads[$0] > 0 }
        let all = known.reduce(0) { $0 + weights[$1] }
        guard known.count > 1, all > 0 else { return sums }
        let parts = known.map { weights[$0] / all }
        let sizes = known.map { abs(sums[$0]) / weights[$0] }
        let variances = known.map { (spreads[$0] / weights[$0]) * (spreads[$0] / weights[$0]) }
        let middle = zip(parts, sizes).reduce(0) { $0 + $1.0 * $1.1 }
        let apart = zip(parts, sizes).reduce(0) { $0 + $1.0 * ($1.1 - middle) * ($1.1 - middle) }
        let chance = zip(parts, variances).reduce(0) { $0 + $1.0 * (1 - $1.0) * $1.1 }
        let between = max(0, (apart - chance) / (1 - parts.reduce(0) { $0 + $1 * $1 }))
        var out = sums
        for (place, bin) in known.enumerated() {
            let kept = between / (between + variances[place])
            let size = weights[bin] * (middle + kept * (sizes[place] - middle))
            out[bin] = sums[bin] < 0 ? -size : size
        }
        return out
    }

    /// E|N(mean, deviation²)| for a mean ≥ 0.
    private static func folded(_ mean: Double, _ deviation: Double) -> Double {
        guard deviation > 0 else { return mean }
        let z = mean / deviation
        return deviation * (2 / Double.pi).squareRoot() * exp(-z * z / 2) + mean * erf(z / 2.0.squareRoot())
    }

    /// The t ≥ 0 at which a growing function takes a value; 0 when it is larger there already.
    private static func root(_ value: Double, _ function: (Double) -> Double) -> Double {
        guard value > 0, function(0) < value else { return 0 }
        var high = 1.0
        while function(high) < value, high < 1e6 { high *= 2 }
        var low = 0.0
        for _ in 0..<40 where high - low > 1e-9 * high {
            let middle = (low + high) / 2
            if function(middle) < value { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

/// The Brier score in parts.
///
/// brier = reliability − resolution + uncertainty + within-bin variance − 2 · within-bin covariance, exactly. Reliability is the mean
/// squared distance of observed rate and mean score over bins, resolution that of the observed rate from the base rate ȳ, uncertainty
/// ȳ(1 − ȳ); the within-bin parts are the variance of the scores, and their covariance with the labels, inside of bins (the
/// paper's within-bin covariance is twice ours, so that it is taken away once).
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
