internal import Glibc

/// Fisher's exact test of a table [[a, b], [c, d]]: given the sums of rows and columns, a is hypergeometric if they are independent.
///
/// Two-sided p sums the tables that are no more likely than this one. With an empty row or column every p is 1 and the odds ratio
/// ad / bc is undefined.
/// - Complexity: O(√n): both tails are summed from their heads until the terms no longer count.
/// > Source: R. A. Fisher, "The Logic of Inductive Inference", 1935; the density in the form of C. Loader, 2000.
public struct FisherExact: Sendable, Equatable {
    /// Infinite when only bc is 0.
    public var oddsRatio: Double?
    public var pValue: Double
    /// P(A ≤ a).
    public var pValueLess: Double
    /// P(A ≥ a).
    public var pValueGreater: Double

    /// - Throws: ``StatisticsError`` `.outOfRange` for a negative count or more than 10¹⁵ rows.
    public init(a: Int64, b: Int64, c: Int64, d: Int64) throws(StatisticsError) {
        guard min(a, b, c, d) >= 0, [a, b, c, d].allSatisfy({ $0 <= 250_000_000_000_000 }) else {
            throw StatisticsError(.outOfRange, "the table holds a negative or too large number, expected counts of at least 0")
        }
        guard a + b > 0, c + d > 0, a + c > 0, b + d > 0 else {
            (oddsRatio, pValue, pValueLess, pValueGreater) = (nil, 1, 1, 1)
            return
        }
        oddsRatio = b == 0 || c == 0 ? .infinity : Double(a) / Double(b) * (Double(d) / Double(c))
        let law = Hypergeometric(first: Double(a + b), second: Double(c + d), drawn: Double(a + c))
        let x = Double(a)
        let here = exp(law.logDensity(x))
        // The tail that starts at a and leads away from the mode is summed; the other one holds the rest.
        let tail = x <= law.mode ? law.sum(from: x, step: -1) : law.sum(from: x, step: 1)
        let rest = max(0, min(1, 1 - tail + here))
        (pValueLess, pValueGreater) = x <= law.mode ? (min(1, tail), rest) : (rest, min(1, tail))
        pValue = min(1, tail + law.oppositeTail(x))
    }
}

/// The number of the first kind among `drawn` of `first` + `second` things.
private struct Hypergeometric {
    let first: Double
    let second: Double
    let drawn: Double
    let low: Double
    let high: Double
    let mode: Double

    init(first: Double, second: Double, drawn: Double) {
        self.first = first
        self.second = second
        self.drawn = drawn
        low = max(0, drawn - second)
        high = min(first, drawn)
        mode = min(high, max(low, ((drawn + 1) * ((first + 1) / (first + second + 2))).rounded(.down)))
    }

    func logDensity(_ x: Double) -> Double {
        let total = first + second
        return logBinomial(x, first, drawn / total) + logBinomial(drawn - x, second, drawn / total)
            - logBinomial(drawn, total, drawn / total)
    }

    private func logBinomial(_ x: Double, _ n: Double, _ p: Double) -> Double {
        let y = n - x
        if n == 0 { return 0 }
        if x == 0 { return p == 1 ? (n == 0 ? 0 : -.infinity) : n * log1p(-p) }
        if y == 0 { return n * log(p) }
        let rests = stirlingRest(n) - stirlingRest(x) - stirlingRest(y)
        let gap = n * p - x
        return rests + x * log1pMinusX(gap / x) + y * log1pMinusX(-gap / y) + 0.5 * log(n / (2 * Double.pi * x * y))
    }

    /// Densities from `x` on in steps of 1 or −1, away from the mode.
    func sum(from x: Double, step: Double) -> Double {
        guard x >= low, x <= high else { return 0 }
        var term = exp(logDensity(x))
        var sum = term
        var at = x
        while term > sum * 1e-18 {
            // The ratio of neighbours, of which the upper one is `upper`.
            let upper = step > 0 ? at + 1 : at
            let ratio = (first - upper + 1) * (drawn - upper + 1) / (upper * (second - drawn + upper))
            term *= step > 0 ? ratio : 1 / ratio
            at += step
            guard at >= low, at <= high else { break }
            sum += term
        }
        return sum
    }

    /// What lies on the other side of the mode and is no likelier than x; equal ones may differ by rounding.
    func oppositeTail(_ x: Double) -> Double {
        let limit = logDensity(x) + 1e-9
        let step: Double = x <= mode ? 1 : -1
        // First place on the way from the mode to the far end where the density is at or below the limit.
        var near = x <= mode ? max(mode, x + 1) : min(mode, x - 1)
        guard near >= low, near <= high else { return 0 }
        if logDensity(near) > limit {
            var far = step > 0 ? high : low
            guard logDensity(far) <= limit else { return 0 }
            while abs(far - near) > 1 {
                let middle = ((near + far) / 2).rounded(.down)
                if logDensity(middle) <= limit { far = middle } else { near = middle }
            }
            near = far
        }
        return sum(from: near, step: step)
    }
}
