internal import Glibc

/// The regularised incomplete gamma functions P(a, x) = ∫₀ˣ tᵃ⁻¹e⁻ᵗ dt / Γ(a) and Q = 1 − P, each with small relative error also
/// where it is tiny.
///
/// - Complexity: O(√a) near x = a, less elsewhere.
/// > Source: NIST Digital Library of Mathematical Functions, 8.7.1 (series below a + 1) and 8.9.2 (continued fraction above);
/// > the factor before both in C. Loader's form, 2000.
public struct IncompleteGamma: Sendable, Equatable {
    public var p: Double
    public var q: Double

    /// - Throws: ``StatisticsError`` `.outOfRange` unless a is positive and finite and x ≥ 0.
    public init(a: Double, x: Double) throws(StatisticsError) {
        guard a > 0, a <= 1e14, x >= 0 else {
            throw StatisticsError(.outOfRange, "a = \(a), x = \(x), expected 0 < a ≤ 1e14 and x ≥ 0")
        }
        if x == 0 || x == .infinity {
            p = x == 0 ? 0 : 1
            q = 1 - p
            return
        }
        // xᵃ e⁻ˣ / Γ(a); the difference form keeps its digits near x = a, the plain one elsewhere.
        let deviance = abs(x - a) < 0.2 * a ? a * log1pMinusX((x - a) / a) : a * log(x / a) - (x - a)
        let scale = (a / (2 * Double.pi)).squareRoot() * exp(deviance - stirlingRest(a))
        if x < a + 1 {
            p = min(1, scale * Self.series(a, x))
            q = 1 - p
        } else {
            q = min(1, scale * Self.fraction(a, x))
            p = 1 - q
        }
    }

    /// Σ xᵏ / (a (a+1) ... (a+k)).
    private static func series(_ a: Double, _ x: Double) -> Double {
        var term = 1 / a
        var sum = term
        var next = a
        repeat {
            next += 1
            term *= x / next
            sum += term
        } while term > sum * 1e-17
        return sum
    }

    /// 1 / (x + 1 − a − 1(1 − a) / (x + 3 − a − 2(2 − a) / ...)), by Lentz's method.
    private static func fraction(_ a: Double, _ x: Double) -> Double {
        var b = x + 1 - a
        var c = 1e300
        var d = 1 / b
        var value = d
        var k = 1.0
        while true {
            let coefficient = -k * (k - a)
            b += 2
            d = 1 / nonzero(coefficient * d + b)
            c = nonzero(b + coefficient / c)
            let factor = c * d
            value *= factor
            if abs(factor - 1) < 1e-16 || k > 1e8 { return value }
            k += 1
        }
    }
}

/// Lentz's method divides by what may come out as 0; a tiny number in its place is right in the limit.
func nonzero(_ x: Double) -> Double { abs(x) < 1e-300 ? 1e-300 : x }
