internal import Glibc

/// The regularised incomplete beta function p = Iₓ(a, b) and q = 1 − p = I₁₋ₓ(b, a), each with small relative error also where it is tiny.
///
/// - Complexity: O(√max(a, b)) near the mean a / (a + b), less elsewhere.
/// > Source: NIST Digital Library of Mathematical Functions, 8.17.22 (continued fraction); the factor before it in C. Loader's
/// > form, "Fast and Accurate Computation of Binomial Probabilities", 2000.
public struct IncompleteBeta: Sendable, Equatable {
    public var p: Double
    public var q: Double

    /// - Throws: ``StatisticsError`` `.outOfRange` unless a and b are positive and 0 ≤ x ≤ 1.
    public init(a: Double, b: Double, x: Double) throws(StatisticsError) { try self.init(a: a, b: b, x: x, complement: 1 - x) }

    /// With the complement 1 − x, where the caller knows it better than subtraction would give it.
    public init(a: Double, b: Double, x: Double, complement y: Double) throws(StatisticsError) {
        guard a > 0, b > 0, a <= 1e14, b <= 1e14, x >= 0, x <= 1 else {
            throw StatisticsError(.outOfRange, "a = \(a), b = \(b), x = \(x), expected 0 < a, b ≤ 1e14 and 0 ≤ x ≤ 1")
        }
        if x == 0 || y == 0 {
            p = x == 0 ? 0 : 1
            q = 1 - p
            return
        }
        let scale = Self.scale(a, b, x, y)
        if x < (a + 1) / (a + b + 2) {
            p = min(1, scale * Self.fraction(a, b, x) / a)
            q = 1 - p
        } else {
            q = min(1, scale * Self.fraction(b, a, y) / b)
            p = 1 - q
        }
    }

    /// xᵃ yᵇ / B(a, b): the derivative of p by the log-odds of x.
    static func scale(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
        let n = a + b
        // a log(a / nx) + b log(b / ny), both about the mean: nx − a = −(ny − b) = difference.
        let difference = b * x - a * y
        let ofA = abs(difference) < 0.2 * a ? a * log1pMinusX(difference / a) : a * log(n * x / a) - difference
        let ofB = abs(difference) < 0.2 * b ? b * log1pMinusX(-difference / b) : b * log(n * y / b) + difference
        return (a / n * b / (2 * Double.pi)).squareRoot() * exp(ofA + ofB + stirlingRest(n) - stirlingRest(a) - stirlingRest(b))
    }

    private static func fraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
        var c = 1.0
        var d = 1 / nonzero(1 - (a + b) * x / (a + 1))
        var value = d
        var m = 1.0
        while true {
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 / nonzero(1 + even * d)
            c = nonzero(1 + even / c)
            value *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 / nonzero(1 + odd * d)
            c = nonzero(1 + odd / c)
            let factor = d * c
            value *= factor
            if abs(factor - 1) < 1e-16 || m > 1e8 { return value }
            m += 1
        }
    }

    /// The x with Iₓ(a, b) = p.
    ///
    /// Newton's method on log p against the log-odds of x, where the tails are straight lines; bisection where it leaves the bracket.
    /// - Throws: ``StatisticsError`` `.outOfRange` unless a and b are positive and 0 ≤ p ≤ 1.
    public static func quantile(a: Double, b: Double, p: Double) throws(StatisticsError) -> Double {
        guard a > 0, b > 0, p >= 0, p <= 1 else {
            throw StatisticsError(.outOfRange, "a = \(a), b = \(b), p = \(p), expected a, b > 0 and 0 ≤ p ≤ 1")
        }
        if p == 0 || p == 1 { return p }
        var low = -745.0
        var high = 745.0
        var w = log(a / b)
        for _ in 0..<300 {
            let x = 1 / (1 + exp(-w))
            let y = 1 / (1 + exp(w))
            let at = try IncompleteBeta(a: a, b: b, x: x, complement: y)
            let gap = p <= 0.5 ? log(at.p / p) : -log(at.q / (1 - p))
            if gap > 0 { high = w } else { low = w }
            let slope = scale(a, b, x, y) / (p <= 0.5 ? at.p : at.q)
            var next = w - gap / slope
            if !(next > low && next < high) { next = (low + high) / 2 }
            if next == w || abs(next - w) < 1e-16 * max(1, abs(w)) || gap == 0 { break }
            w = next
        }
        return 1 / (1 + exp(-w))
    }
}
