internal import Glibc

/// ln(p/(1 − p)) of a probability kept in [limit, 1 − limit].
func logit(_ p: Double, limit: Double) -> Double {
    let p = min(max(p, limit), 1 - limit)
    return log(p) - log1p(-p)
}

/// 1/(1 + e⁻ˣ), without overflow.
func logistic(_ x: Double) -> Double {
    x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
}

/// The line α + β·logit(score) that fits the labels best: 0 and 1 for calibrated scores.
///
/// Logistic regression of the label on logit(score), scores kept in [10⁻⁶, 1 − 10⁻⁶], by maximum likelihood. A slope below 1 says that
/// scores are too extreme (overfitting), above 1 too timid. Standard errors are from the information matrix; with weights fixed
/// beforehand the variance is A⁻¹·(Σ w²p(1 − p)xxᵀ)·A⁻¹, which does not change when all weights are multiplied.
/// > Source: D. R. Cox, "Two Further Applications of a Model for Binary Regression", 1958; F. E. Harrell, "Regression Modeling
/// > Strategies", 2001, section 10.11.
public struct LogisticRecalibration: Sendable, Equatable {
    public var intercept: Double
    public var slope: Double
    public var interceptError: Double
    public var slopeError: Double

    static let limit = 1e-6

    /// - Throws: ``StatisticsError`` `.undefined` when the likelihood has no maximum: one class only, scores that separate the classes,
    ///   all scores equal.
    public init(_ sample: CalibrationSample) throws(StatisticsError) {
        var leastPositive = Double.infinity
        var leastNegative = Double.infinity
        var mostPositive = -Double.infinity
        var mostNegative = -Double.infinity
        for row in sample.scores.indices where sample.weight(row) > 0 {
            let x = logit(sample.scores[row], limit: Self.limit)
            if sample.labels[row] {
                leastPositive = min(leastPositive, x)
                mostPositive = max(mostPositive, x)
            } else {
                leastNegative = min(leastNegative, x)
                mostNegative = max(mostNegative, x)
            }
        }
        guard leastPositive.isFinite, leastNegative.isFinite else { throw StatisticsError(.undefined, "all labels are equal") }
        guard min(leastPositive, leastNegative) < max(mostPositive, mostNegative) else {
            throw StatisticsError(.undefined, "all scores are equal")
        }
        guard leastPositive < mostNegative, leastNegative < mostPositive else {
            throw StatisticsError(.undefined, "the scores separate the classes, so the best slope is infinite")
        }
        let x = sample.scores.map { logit($0, limit: Self.limit) }
        let fit = try LogisticFit(x, weights: sample.weights) { sample.labels[$0] ? 1 : 0 }
        (intercept, slope) = (fit.intercept, fit.slope)
        (interceptError, slopeError) = fit.errors(x, weights: sample.weights)
    }

    /// Calibration in the large: the α that fits best with β = 1; 0 when the mean score is right on the scale of log odds.
    /// - Throws: ``StatisticsError`` `.undefined` with one class only.
    public static func inTheLarge(_ sample: CalibrationSample) throws(StatisticsError) -> Double {
        let base = sample.baseRate
        guard base > 0, base < 1 else { throw StatisticsError(.undefined, "all labels are equal") }
        let x = sample.scores.map { logit($0, limit: limit) }
        // The mean of logistic(α + x) grows with α: bisection between values at which it is surely too low and too high.
        let even = log(base) - log1p(-base)
        var low = even - (x.max() ?? 0)
        var high = even - (x.min() ?? 0)
        var alpha = min(max(0, low), high)
        for _ in 0..<200 {
            var gap = 0.0
            var slope = 0.0
            for row in x.indices {
                let p = logistic(alpha + x[row])
                gap += sample.weight(row) * ((sample.labels[row] ? 1 : 0) - p)
                slope += sample.weight(row) * p * (1 - p)
            }
            if gap == 0 || high <= low { break }
            if gap > 0 { low = alpha } else { high = alpha }
            let newton = alpha + gap / slope
            let next = newton > low && newton < high ? newton : (low + high) / 2
            if abs(next - alpha) <= 1e-15 * max(1, abs(alpha)) { alpha = next; break }
            alpha = next
        }
        return alpha
    }
}

/// Logistic regression on one variable by Newton's method; targets may be any numbers in 0…1.
struct LogisticFit {
    var intercept = 0.0
    var slope = 1.0
    /// The information matrix at the maximum.
    private var information = (0.0, 0.0, 0.0)

    /// - Throws: ``StatisticsError`` `.undefined` when the steps do not settle.
    init(_ x: [Double], weights: [Double]?, target: (Int) -> Double) throws(StatisticsError) {
        var likelihood = self.likelihood(x, weights, target, intercept, slope)
        for _ in 0..<200 {
            var (g0, g1, h00, h01, h11) = (0.0, 0.0, 0.0, 0.0, 0.0)
            for row in x.indices {
                let w = weights?[row] ?? 1
                let p = logistic(intercept + slope * x[row])
                let gap = w * (target(row) - p)
                let variance = w * p * (1 - p)
                g0 += gap
                g1 += gap * x[row]
                h00 += variance
                h01 += variance * x[row]
                h11 += variance * x[row] * x[row]
            }
            information = (h00, h01, h11)
            let determinant = h00 * h11 - h01 * h01
            guard determinant > 0, determinant.isFinite else { break }
            let stepIntercept = (h11 * g0 - h01 * g1) / determinant
            let stepSlope = (h00 * g1 - h01 * g0) / determinant
            // The likelihood is concave, so a step that is halved often enough never lowers it.
            var share = 1.0
            while share > 1e-10 {
                let next = self.likelihood(x, weights, target, intercept + share * stepIntercept, slope + share * stepSlope)
                if next >= likelihood - 1e-12 * abs(likelihood) { likelihood = next; break }
                share /= 2
            }
            intercept += share * stepIntercept
            slope += share * stepSlope
            let change = max(abs(stepIntercept) / max(1, abs(intercept)), abs(stepSlope) / max(1, abs(slope)))
            if change < 1e-12 { return }
        }
        throw StatisticsError(.undefined, "the logistic regression of label on score did not settle")
    }

    private func likelihood(_ x: [Double], _ weights: [Double]?, _ target: (Int) -> Double, _ a: Double, _ b: Double) -> Double {
        var sum = 0.0
        for row in x.indices {
            let z = a + b * x[row]
            // y·z − ln(1 + eᶻ)
            sum += (weights?[row] ?? 1) * (target(row) * z - (max(z, 0) + log1p(exp(-abs(z)))))
        }
        return sum
    }

    /// Standard errors of intercept and slope.
    func errors(_ x: [Double], weights: [Double]?) -> (Double, Double) {
        let (a, b, c) = information
        let determinant = a * c - b * b
        guard let weights else { return ((c / determinant).squareRoot(), (a / determinant).squareRoot()) }
        var (m00, m01, m11) = (0.0, 0.0, 0.0)
        for row in x.indices {
            let p = logistic(intercept + slope * x[row])
            let variance = weights[row] * weights[row] * p * (1 - p)
            m00 += variance
            m01 += variance * x[row]
            m11 += variance * x[row] * x[row]
        }
        let i = (c / determinant, -b / determinant, a / determinant)
        let intercept = i.0 * i.0 * m00 + 2 * i.0 * i.1 * m01 + i.1 * i.1 * m11
        let slope = i.1 * i.1 * m00 + 2 * i.1 * i.2 * m01 + i.2 * i.2 * m11
        return (intercept.squareRoot(), slope.squareRoot())
    }
}
