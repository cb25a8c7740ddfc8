import Glibc

/// Two ends of an interval, lower first.
public struct Interval: Sendable, Equatable {
    public var lower: Double
    public var upper: Double
    public init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }
}

/// Wilson's score interval of a proportion count/n: (p̂ + z²/2n ∓ z √(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n).
///
/// Keeps near its nominal coverage for small n and for proportions near 0 and 1, where Wald's does not.
/// - Returns: nil for n = 0: nothing is known.
/// > Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927.
public func wilsonInterval(count: Int64, of n: Int64, confidence: Double = 0.95) -> Interval? {
    precondition(count >= 0 && count <= n && confidence > 0 && confidence < 1, "0 ≤ count ≤ n, 0 < confidence < 1")
    return wilsonInterval(rate: Double(count) / Double(n), effectiveCount: Double(n), confidence: confidence)
}

/// Wilson's interval of a rate observed in an effective number of rows, which need not be whole.
public func wilsonInterval(rate: Double, effectiveCount n: Double, confidence: Double = 0.95) -> Interval? {
    guard n > 0, rate >= 0, rate <= 1 else { return nil }
    let z = Distributions.normalQuantile(0.5 + confidence / 2)
    let middle = rate + z * z / (2 * n)
    let spread = z * (rate * (1 - rate) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    return Interval(
        lower: rate == 0 ? 0 : max(0, (middle - spread) / scale), upper: rate == 1 ? 1 : min(1, (middle + spread) / scale))
}

/// Newcombe's interval of the difference p₁ − p₂ of two independent proportions, from their Wilson intervals (his method 10).
///
/// - Returns: nil when a side has no rows.
/// > Source: R. G. Newcombe, "Interval Estimation for the Difference between Independent Proportions", 1998.
public func newcombeInterval(count1: Int64, n1: Int64, count2: Int64, n2: Int64, confidence: Double = 0.95) -> Interval? {
    guard let a = wilsonInterval(count: count1, of: n1, confidence: confidence),
        let b = wilsonInterval(count: count2, of: n2, confidence: confidence)
    else { return nil }
    let p1 = Double(count1) / Double(n1)
    let p2 = Double(count2) / Double(n2)
    let below = ((p1 - a.lower) * (p1 - a.lower) + (b.upper - p2) * (b.upper - p2)).squareRoot()
    let above = ((a.upper - p1) * (a.upper - p1) + (p2 - b.lower) * (p2 - b.lower)).squareRoot()
    return Interval(lower: p1 - p2 - below, upper: p1 - p2 + above)
}

/// The interval of the ratio p₁ / p₂ of two independent proportions by the normal law of its logarithm.
///
/// - Returns: nil when a count is 0: the logarithm has no finite variance.
/// > Source: D. Katz, J. Baptista, S. P. Azen, M. C. Pike, "Obtaining Confidence Intervals for the Risk Ratio in Cohort Studies", 1978.
public func ratioInterval(count1: Int64, n1: Int64, count2: Int64, n2: Int64, confidence: Double = 0.95) -> Interval? {
    guard count1 > 0, count2 > 0 else { return nil }
    let a = Double(count1), n = Double(n1), b = Double(count2), m = Double(n2)
    let ratio = (a / n) / (b / m)
    let z = Distributions.normalQuantile(0.5 + confidence / 2)
    let spread = z * max(0, 1 / a - 1 / n + 1 / b - 1 / m).squareRoot()
    return Interval(lower: ratio * exp(-spread), upper: ratio * exp(spread))
}
