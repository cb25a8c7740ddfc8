internal import Glibc

/// Tails by the incomplete gamma and beta functions.
extension Distributions {
    /// P(Z ≥ z) of the standard normal distribution.
    public static func normalTail(_ z: Double) -> Double { normalCDF(-z) }

    public static func normalDensity(_ z: Double) -> Double { exp(-z * z / 2) / (2 * Double.pi).squareRoot() }

    /// log P(Z ≥ z), also where the tail itself is too small for a number.
    public static func normalLogTail(_ z: Double) -> Double {
        if z < -1 { return log1p(-normalCDF(z)) }
        if z < 25 { return log(normalTail(z)) }
        if z == .infinity { return -.infinity }
        // Mills' ratio as the continued fraction 1 / (z + 1 / (z + 2 / (z + ...))).
        var fraction = z
        for k in stride(from: 30.0, through: 1, by: -1) { fraction = z + k / fraction }
        return -z * z / 2 - 0.5 * log(2 * Double.pi) - log(fraction)
    }

    /// P(T ≥ t) of Student's distribution.
    /// - Throws: ``StatisticsError`` `.outOfRange` unless the degrees of freedom are positive.
    public static func studentTail(_ t: Double, degreesOfFreedom: Double) throws(StatisticsError) -> Double {
        guard degreesOfFreedom > 0, !t.isNaN else {
            throw StatisticsError(.outOfRange, "t = \(t) with \(degreesOfFreedom) degrees of freedom, expected a number and more than 0")
        }
        if t == .infinity || t == -.infinity { return t > 0 ? 0 : 1 }
        if degreesOfFreedom > 1e13 { return normalTail(t) }
        let square = t * t
        guard square.isFinite else { return t > 0 ? 0 : 1 }
        let sum = degreesOfFreedom + square
        let tail = try IncompleteBeta(a: degreesOfFreedom / 2, b: 0.5, x: degreesOfFreedom / sum, complement: square / sum).p / 2
        return t >= 0 ? tail : 1 - tail
    }

    /// P(|T| ≥ |t|).
    public static func studentTwoSided(_ t: Double, degreesOfFreedom: Double) throws(StatisticsError) -> Double {
        min(1, 2 * (try studentTail(abs(t), degreesOfFreedom: degreesOfFreedom)))
    }

    /// P(F ≥ x) of the F distribution; 1 for x ≤ 0.
    /// - Throws: ``StatisticsError`` `.outOfRange` unless the degrees of freedom are positive.
    public static func fTail(_ x: Double, _ df1: Double, _ df2: Double) throws(StatisticsError) -> Double {
        guard df1 > 0, df2 > 0, !x.isNaN else {
            throw StatisticsError(.outOfRange, "F = \(x) with \(df1) and \(df2) degrees of freedom, expected a number and more than 0")
        }
        if x <= 0 { return 1 }
        if x == .infinity { return 0 }
        let sum = df2 + df1 * x
        return try IncompleteBeta(a: df2 / 2, b: df1 / 2, x: df2 / sum, complement: df1 * x / sum).p
    }

    /// P(X ≤ x) and P(X > x) of the chi-squared distribution.
    /// - Throws: ``StatisticsError`` `.outOfRange` unless the degrees of freedom are positive.
    public static func chiSquared(_ x: Double, degreesOfFreedom: Double) throws(StatisticsError) -> (cdf: Double, tail: Double) {
        let gamma = try IncompleteGamma(a: degreesOfFreedom / 2, x: max(0, x) / 2)
        return (gamma.p, gamma.q)
    }

    /// P(X ≤ k) and P(X > k) of the binomial distribution.
    /// - Throws: ``StatisticsError`` `.outOfRange` unless n is whole and not negative and 0 ≤ p ≤ 1.
    public static func binomial(_ k: Double, n: Double, p: Double) throws(StatisticsError) -> (cdf: Double, tail: Double) {
        guard n >= 0, n == n.rounded(), n < 1e14, p >= 0, p <= 1, !k.isNaN else {
            throw StatisticsError(.outOfRange, "k = \(k), n = \(n), p = \(p), expected whole n ≥ 0 and 0 ≤ p ≤ 1")
        }
        let k = k.rounded(.down)
        if k < 0 { return (0, 1) }
        if k >= n { return (1, 0) }
        let beta = try IncompleteBeta(a: k + 1, b: n - k, x: p)
        return (beta.q, beta.p)
    }
}
