internal import Glibc

/// Two independent proportions p₁ = count₁/n₁ and p₂ = count₂/n₂: tests that they are equal, intervals of p₁ − p₂ and of p₁ / p₂.
///
/// Newcombe's interval of the difference is ``newcombeInterval(count1:n1:count2:n2:confidence:)``, Katz's of the ratio
/// ``ratioInterval(count1:n1:count2:n2:confidence:)``.
public struct TwoProportions: Sendable, Equatable {
    public let x1: Double
    public let n1: Double
    public let x2: Double
    public let n2: Double
    private var p1: Double { x1 / n1 }
    private var p2: Double { x2 / n2 }

    /// - Throws: ``StatisticsError`` unless 0 ≤ count ≤ n and n ≥ 1 on both sides.
    public init(count1: Int64, n1: Int64, count2: Int64, n2: Int64) throws(StatisticsError) {
        for (name, count, n) in [("1", count1, n1), ("2", count2, n2)] {
            guard n > 0 else { throw StatisticsError(.empty, "n_\(name) is \(n), expected at least 1") }
            guard count >= 0, count <= n else { throw StatisticsError(.outOfRange, "count_\(name) is \(count), expected 0...\(n)") }
        }
        (x1, self.n1, x2, self.n2) = (Double(count1), Double(n1), Double(count2), Double(n2))
    }

    // MARK: - Tests

    /// (p₁ − p₂) / √(p(1 − p)(1/n₁ + 1/n₂)) with the pooled p; nil when all rows of both sides are alike.
    public var pooledZ: Double? {
        let p = (x1 + x2) / (n1 + n2)
        return z(p * (1 - p) * (1 / n1 + 1 / n2))
    }

    /// (p₁ − p₂) / √(p₁(1 − p₁)/n₁ + p₂(1 − p₂)/n₂); infinite for 0 against 1, nil when both are the same end.
    public var unpooledZ: Double? { z(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) }

    private func z(_ variance: Double) -> Double? {
        let difference = p1 - p2
        if variance == 0 { return difference == 0 ? nil : difference > 0 ? .infinity : -.infinity }
        return difference / variance.squareRoot()
    }

    /// Cohen's h = 2 arcsin √p₁ − 2 arcsin √p₂: 0.2 is called small, 0.5 medium, 0.8 large.
    /// > Source: J. Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988.
    public var cohenH: Double { 2 * asin(p1.squareRoot()) - 2 * asin(p2.squareRoot()) }

    // MARK: - Intervals of the difference

    /// By the unpooled variance. Covers too rarely in small samples.
    public func wald(confidence: Double) -> Interval { Self.wald(x1, n1, x2, n2, confidence) }

    /// Wald's, after one success and one failure are added to each side.
    /// > Source: A. Agresti and B. Caffo, "Simple and Effective Confidence Intervals for Proportions ...", 2000.
    public func agrestiCaffo(confidence: Double) -> Interval { Self.wald(x1 + 1, n1 + 2, x2 + 1, n2 + 2, confidence) }

    private static func wald(_ x1: Double, _ n1: Double, _ x2: Double, _ n2: Double, _ confidence: Double) -> Interval {
        let (a, b) = (x1 / n1, x2 / n2)
        let spread = Distributions.normalQuantile(0.5 + confidence / 2) * (a * (1 - a) / n1 + b * (1 - b) / n2).squareRoot()
        return Interval(lower: a - b - spread, upper: a - b + spread)
    }

    /// The differences δ that the score test does not reject: (p₁ − p₂ − δ)² ≤ z² · variance under δ · n/(n − 1).
    /// > Source: O. Miettinen and M. Nurminen, "Comparative Analysis of Two Rates", 1985.
    public func scoreDifference(confidence: Double) -> Interval {
        let z = Distributions.normalQuantile(0.5 + confidence / 2)
        let estimate = p1 - p2
        func isKept(_ delta: Double) -> Bool {
            let distance = estimate - delta
            let b = likeliestSecond(difference: delta)
            let a = min(1, max(0, b + delta))
            let variance = (a * (1 - a) / n1 + b * (1 - b) / n2) * inflation
            return distance * distance <= z * z * variance
        }
        return Interval(
            lower: Self.border(from: estimate, to: -1, isKept: isKept), upper: Self.border(from: estimate, to: 1, isKept: isKept))
    }

    /// Miettinen and Nurminen's n/(n − 1).
    private var inflation: Double { (n1 + n2) / (n1 + n2 - 1) }

    /// The likeliest p₂ when p₁ = p₂ + δ: the root of the falling derivative of the log-likelihood, by bisection.
    private func likeliestSecond(difference: Double) -> Double {
        func pull(_ x: Double, _ n: Double, _ p: Double) -> Double { (x == 0 ? 0 : x / p) - (x == n ? 0 : (n - x) / (1 - p)) }
        var low = max(0, -difference)
        var high = min(1, 1 - difference)
        for _ in 0..<200 {
            let b = low + (high - low) / 2
            if b <= low || b >= high { break }
            if pull(x1, n1, b + difference) + pull(x2, n2, b) > 0 { low = b } else { high = b }
        }
        return low + (high - low) / 2
    }

    /// Bisection between a kept value and an end; the end itself if it is kept.
    private static func border(from kept: Double, to end: Double, isKept: (Double) -> Bool) -> Double {
        if isKept(end) { return end }
        var kept = kept
        var lost = end
        for _ in 0..<200 {
            let middle = kept + (lost - kept) / 2
            if middle == kept || middle == lost { break }
            if isKept(middle) { kept = middle } else { lost = middle }
        }
        return kept
    }

    // MARK: - Intervals of the ratio

    /// By the normal law of the logarithm after ½ is added to counts and sizes, so that it exists for counts of 0.
    /// > Source: S. D. Walter, "The Distribution of Levin's Measure of Attributable Risk", 1975.
    public func adjustedLogRatio(confidence: Double) -> Interval {
        let (a, n, b, m) = (x1 + 0.5, n1 + 0.5, x2 + 0.5, n2 + 0.5)
        let ratio = a / n / (b / m)
        let spread = Distributions.normalQuantile(0.5 + confidence / 2) * max(0, 1 / a - 1 / n + 1 / b - 1 / m).squareRoot()
        return Interval(lower: ratio * exp(-spread), upper: ratio * exp(spread))
    }

    /// The ratios ρ that the score test does not reject: (p₁ − ρp₂)² ≤ z² · variance under ρ · n/(n − 1).
    ///
    /// - Returns: nil when both counts are 0: nothing is known of the ratio.
    /// > Source: P. A. R. Koopman, "Confidence Intervals for the Ratio of Two Binomial Proportions", 1984; J. Nam, "Confidence Limits
    /// > for the Ratio of Two Binomial Proportions Based on Likelihood Scores", 1995.
    public func scoreRatio(confidence: Double) -> Interval? {
        guard x1 + x2 > 0 else { return nil }
        let z = Distributions.normalQuantile(0.5 + confidence / 2)
        func isKept(_ logRatio: Double) -> Bool {
            let ratio = exp(logRatio)
            let distance = p1 - ratio * p2
            // The likeliest p₂ with p₁ = ρp₂ is the smaller root of n ρ b² − (n₁ρ + x₁ + n₂ + x₂ρ) b + x₁ + x₂.
            let half = (n1 * ratio + x1 + n2 + x2 * ratio) / 2
            let root = max(0, half * half - (n1 + n2) * ratio * (x1 + x2)).squareRoot()
            let b = min(1, (x1 + x2) / (half + root))
            let a = min(1, b * ratio)
            let variance = (a * (1 - a) / n1 + ratio * ratio * b * (1 - b) / n2) * inflation
            return distance * distance <= z * z * variance
        }
        // Where a count is 0 the estimate is an end; a start far towards it is kept.
        let estimate = x1 == 0 ? -600 : x2 == 0 ? 600 : log(p1 / p2)
        return Interval(
            lower: x1 == 0 ? 0 : exp(Self.border(from: estimate, to: -600, isKept: isKept)),
            upper: x2 == 0 ? .infinity : exp(Self.border(from: estimate, to: 600, isKept: isKept)))
    }
}
