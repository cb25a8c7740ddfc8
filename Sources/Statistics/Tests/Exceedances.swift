internal import Glibc

/// How many of m new values lie outside the range of n earlier ones, when both are drawn alike.
///
/// With continuous values every place of the new ones among the earlier ones is equally likely, so the number outside has the beta-binomial law with
/// parameters 2 and n − 1, whatever the distribution: P(X = x) = (x + 1) · C(m − x + n − 2, n − 2) / C(m + n, n). With ties fewer lie
/// outside, and the p-value is too large rather than too small.
/// > Source: E. J. Gumbel and H. von Schelling, "The Distribution of the Number of Exceedances", 1950.
public struct Exceedances: Sendable, Equatable {
    /// The chance of so many or more; in 0…1.
    public var pValue: Double

    /// - Parameters: how many of `current` new values lie outside the range of `reference` earlier ones.
    /// - Throws: ``StatisticsError`` with fewer than two earlier values, or more outside than there are.
    public init(outside x: Int64, of m: Int64, reference n: Int64) throws(StatisticsError) {
        guard n >= 2, m >= 0, 0...m ~= x else {
            throw StatisticsError(
                .outOfRange, "\(x) of \(m) values outside the range of \(n), expected at most \(m), and at least 2 earlier values")
        }
        if x == 0 { pValue = 1; return }
        let (size, reference) = (Double(m), Double(n))
        func logChoose(_ a: Double, _ b: Double) -> Double { lgamma(a + 1) - lgamma(b + 1) - lgamma(a - b + 1) }
        let whole = logChoose(size + reference, reference)
        var sum = 0.0
        for k in stride(from: x, through: m, by: 1) {
            let term = exp(log(Double(k) + 1) + logChoose(size - Double(k) + reference - 2, reference - 2) - whole)
            sum += term
            // The terms fall at least as fast as a geometric series from here on.
            if Double(k) > 2 * size / reference, term < 1e-17 * sum || term == 0 { break }
        }
        pValue = min(1, sum)
    }
}
