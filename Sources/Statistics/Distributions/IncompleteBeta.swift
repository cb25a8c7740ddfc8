internal import Glibc

/// The regularised incomplete beta function p = Iₓ(a, b) and q = 1 − p = I₁₋ₓ(b, a), each with small relative error also where it is tiny.
///
/// - Complexity: O(√max(a, b)) near the mean a / (a + b), less elsewhere.
/// > Source: A. R. DiDonato and A. H. Morris, "Significant Digit Computation of the Incomplete Beta Function Ratios" (continued
/// > fraction), 1992; the factor before it in C. Loader's form, "Fast and Accurate Computation of Binomial Probabilities", 2000.
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
            p = min(1, scale * Self.fraction(a, b, x, y))
            q = 1 - p
        } else {
            q = min(1, scale * Self.fraction(b, a, y, x))
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

    /// Iₓ(a, b) / (xᵃ yᵇ / B(a, b)) as 1 / (β₁ + α₂ / (β₂ + ...)), by Lentz's method. x and y both appear, so that it keeps its digits
    /// also where x is all but 1.
    private static func fraction(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
        let start = 1 + (a * y - b * x)
        var c = nonzero(a / (a + 1) * start)
        var d = 1 / c
        var value = d
        c = 1e300
        var n = 1.0
        while true {
            let odd = a + 2 * n - 1
            let step = n * (b - n) * x / odd
            let alpha = (a + n - 1) / odd * (a + b + n - 1) * step * x
            let beta = n + step + (a + n) / (odd + 2) * (start + n * (1 + y))
            d = 1 / nonzero(beta + alpha * d)
            c = nonzero(beta + alpha / c)
            let factor = c * d
            value *= factor
            if abs(factor - 1) < 1e-16 || n > 1e8 { return value }
            n += 1
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
