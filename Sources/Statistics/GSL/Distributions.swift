internal import CGSL
internal import Glibc
internal import Synchronization

/// GSL's default handler aborts the process on a domain error; this turns it off once, before the first call.
private let handlerOff: Void = { _ = unsafe gsl_set_error_handler_off() }()

/// Distribution functions by GSL. Arguments outside their domain are our own bug, so callers check first; a NaN is never returned.
public enum Distributions {
    /// P(Z ≤ z) of the standard normal distribution.
    public static func normalCDF(_ z: Double) -> Double { handlerOff; return gsl_cdf_ugaussian_P(z) }

    /// P(|Z| ≥ |z|), the two-sided p-value of a standard normal statistic.
    public static func normalTwoSided(_ z: Double) -> Double { handlerOff; return min(1, 2 * gsl_cdf_ugaussian_Q(abs(z))) }

    /// The z with P(Z ≤ z) = p, for 0 < p < 1.
    public static func normalQuantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1, "a quantile needs 0 < p < 1")
        handlerOff
        return gsl_cdf_ugaussian_Pinv(p)
    }

    /// P(X ≥ x) of the chi-squared distribution; 1 for x ≤ 0.
    public static func chiSquaredTail(_ x: Double, degreesOfFreedom: Double) -> Double {
        precondition(degreesOfFreedom > 0, "chi-squared needs degrees of freedom > 0")
        handlerOff
        if x <= 0 { return 1 }
        if x == .infinity { return 0 }
        return gsl_cdf_chisq_Q(x, degreesOfFreedom)
    }

    /// The x with P(X ≥ x) = p of the chi-squared distribution, for 0 < p < 1.
    ///
    /// Every column of every window asks for the same few, and each takes sixty tails, so the last ones are kept.
    public static func chiSquaredCritical(_ p: Double, degreesOfFreedom: Double) -> Double {
        precondition(p > 0 && p < 1 && degreesOfFreedom > 0, "a critical value needs 0 < p < 1 and degrees of freedom > 0")
        return remembered(.chiSquared(p: p, degreesOfFreedom: degreesOfFreedom)) {
            searchedCritical(p, degreesOfFreedom: degreesOfFreedom)
        }
    }

    private static func remembered(_ asked: Critical, _ search: () -> Double) -> Double {
        if let known = criticals.withLock({ $0[asked] }) { return known }
        let found = search()
        criticals.withLock { known in
            if known.count >= criticalsMax { known = [:] }
            known[asked] = found
        }
        return found
    }

    private enum Critical: Hashable {
        case chiSquared(p: Double, degreesOfFreedom: Double)
        case kolmogorov(p: Double)
    }
    private static let criticals = Mutex<[Critical: Double]>([:])
    private static let criticalsMax = 1000

    private static func searchedCritical(_ p: Double, degreesOfFreedom: Double) -> Double {
        // GSL's own inverse does not converge for very many degrees of freedom; bisection on the tail always does.
        var low = 0.0
        var high = max(1, degreesOfFreedom)
        while chiSquaredTail(high, degreesOfFreedom: degreesOfFreedom) > p { high *= 2 }
        while true {
            let middle = low + (high - low) / 2
            if middle <= low || middle >= high { return middle }
            if chiSquaredTail(middle, degreesOfFreedom: degreesOfFreedom) > p { low = middle } else { high = middle }
        }
    }

    /// P(√n·D ≥ x) of Kolmogorov's limiting distribution: 2 Σₖ (−1)ᵏ⁻¹ exp(−2k²x²).
    ///
    /// For small x the series in the other variable converges faster: 1 − √(2π)/x Σ exp(−(2k−1)²π²/(8x²)).
    /// > Source: A. Kolmogorov, "Sulla determinazione empirica di una legge di distribuzione", 1933.
    public static func kolmogorovTail(_ x: Double) -> Double {
        if x < 0.15 { return 1 }  // less than 1e-23 away from 1
        if x < 1.18 {
            let t = -Double.pi * Double.pi / (8 * x * x)
            var sum = 0.0
            for k in [1.0, 3.0, 5.0, 7.0] { sum += exp(k * k * t) }
            return min(1, max(0, 1 - (2 * Double.pi).squareRoot() / x * sum))
        }
        var sum = 0.0
        for k in 1...20 {
            let term = exp(-2 * Double(k * k) * x * x)
            sum += k % 2 == 1 ? term : -term
            if term < 1e-18 * sum { break }
        }
        return min(1, max(0, 2 * sum))
    }

    /// The x with `kolmogorovTail(x)` = p, by bisection, for 0 < p < 1.
    public static func kolmogorovCritical(_ p: Double) -> Double {
        precondition(p > 0 && p < 1, "a critical value needs 0 < p < 1")
        return remembered(.kolmogorov(p: p)) {
            var low = 0.0
            var high = 8.0
            for _ in 0..<80 {
                let middle = (low + high) / 2
                if kolmogorovTail(middle) > p { low = middle } else { high = middle }
            }
            return (low + high) / 2
        }
    }
}
