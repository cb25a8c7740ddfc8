internal import Glibc

/// The laws of the Kolmogorov-Smirnov distance between a continuous distribution and the empirical one of n values, at finite n.
///
/// Of two samples of n and m values, the law at round(nm / (n + m)) is a better approximation than Kolmogorov's limit.
/// > Source: R. Simard and P. L'Ecuyer, "Computing the Two-Sided Kolmogorov-Smirnov Distribution", 2011; the choice of method as in
/// > SciPy's kstwo.
public enum KolmogorovLaw {
    /// P(Dₙ ≥ d), two-sided.
    ///
    /// - Throws: ``StatisticsError`` `.outOfRange` unless n is whole and positive.
    /// - Complexity: below about a millisecond at any n.
    public static func tail(_ d: Double, n: Double) throws(StatisticsError) -> Double {
        try check(d, n)
        if d >= 1 { return 0 }
        let t = n * d
        if t <= 0.5 { return 1 }
        if t <= 1 {  // n! (2d − 1/n)ⁿ are below (Ruben and Gambino)
            let logOfBelow = stirlingRest(n) + 0.5 * log(2 * Double.pi * n) - n + n * log(2 * t - 1)
            return 1 - exp(logOfBelow)
        }
        if t >= n - 1 { return 2 * exp(n * log1p(-d)) }
        let square = t * d
        // From here on the distance is passed on one side only, or all but certainly so.
        if d >= 0.5 || square >= (n <= 140 ? 4 : 2.2) { return min(1, 2 * oneSided(d, n)) }
        if n <= 140 || (n <= 4000 && t * d.squareRoot() <= 1.4) { return 1 - marsagliaTsangWang(d, n) }
        return max(0, min(1, 1 - pelzGood(d, n)))
    }

    /// P(Dₙ⁺ ≥ d), one-sided.
    ///
    /// - Throws: ``StatisticsError`` `.outOfRange` unless n is whole and positive.
    public static func oneSidedTail(_ d: Double, n: Double) throws(StatisticsError) -> Double {
        try check(d, n)
        if d <= 0 { return 1 }
        if d >= 1 { return 0 }
        return min(1, oneSided(d, n))
    }

    private static func check(_ d: Double, _ n: Double) throws(StatisticsError) {
        guard n >= 1, n == n.rounded(), n <= 1e12, !d.isNaN else {
            throw StatisticsError(.outOfRange, "d = \(d), n = \(n), expected a number and a whole n of at least 1")
        }
    }

    // MARK: - One side

    /// Smirnov's sum d Σⱼ C(n, j) (d + j/n)ʲ⁻¹ (1 − d − j/n)ⁿ⁻ʲ over j ≤ n(1 − d).
    ///
    /// All terms are positive. Beyond 6,000 of them the inner ones, which are smooth, become an integral: the sum over j from a to b is
    /// ∫ f from a − ½ to b + ½ − (f′(b + ½) − f′(a − ½)) / 24 + ..., and what follows is below the rounding when a and n − b are large.
    private static func oneSided(_ d: Double, _ n: Double) -> Double {
        let last = (n * (1 - d)).rounded(.down)
        let edge = 1500.0
        let term = SmirnovTerm(n: n, d: d)
        var sum = exp(n * log1p(-d))
        func add(_ from: Double, _ to: Double) {
            var j = from
            while j <= to {
                sum += term.value(j)
                j += 1
            }
        }
        // The end of the sum needs the room of the other end too, so that every inner term is far from 0 and from n(1 − d).
        guard last > 4 * edge else {
            add(1, last)
            return sum
        }
        add(1, edge)
        add(last - edge + 1, last)
        let a = edge + 0.5
        let b = last - edge + 0.5
        let slopes = term.slope(b) - term.slope(a)
        return sum + term.integral(a, b) - slopes / 24
    }

    /// One term of Smirnov's sum, for any real j in (0, n(1 − d)).
    private struct SmirnovTerm {
        let n: Double
        let d: Double

        func value(_ j: Double) -> Double {
            let rest = n - j
            let t = n * d
            guard rest > t else { return 0 }
            let deviance = part(j, t / j, t) + part(rest, -t / rest, -t)
            guard deviance > -745 else { return 0 }
            let sizes = (n / (2 * Double.pi * j * rest)).squareRoot()
            return t / (t + j) * sizes * exp(deviance + stirlingRest(n) - stirlingRest(j) - stirlingRest(rest))
        }

        /// j (log(1 + x) − x) with j·x = t.
        private func part(_ j: Double, _ x: Double, _ t: Double) -> Double { abs(x) < 0.2 ? j * log1pMinusX(x) : j * log1p(x) - t }

        func slope(_ j: Double) -> Double { value(j + 0.5) - value(j - 0.5) }

        /// By Gauss-Legendre in the log-odds of j/n, in which the term is smooth on one scale from end to end.
        func integral(_ a: Double, _ b: Double) -> Double {
            let from = log(a / (n - a))
            let to = log(b / (n - b))
            let panels = max(1, ((to - from) / 0.2).rounded(.up))
            let half = (to - from) / panels / 2
            var sum = 0.0
            for panel in 0..<Int(panels) {
                let middle = from + (2 * Double(panel) + 1) * half
                for (node, weight) in KolmogorovLaw.gaussLegendre {
                    let share = 1 / (1 + exp(-(middle + half * node)))
                    sum += weight * half * value(n * share) * n * share * (1 - share)
                }
            }
            return sum
        }
    }

    /// The ten nodes and weights of Gauss and Legendre on [−1, 1], by Newton's method on the Legendre polynomial.
    private static let gaussLegendre: [(Double, Double)] = (1...10).map { k in
        var x = cos(Double.pi * (Double(k) - 0.25) / 10.5)
        var slope = 0.0
        for _ in 0..<8 {
            var before = 1.0
            var value = x
            for degree in 2...10 {
                (before, value) = (value, ((2 * Double(degree) - 1) * x * value - (Double(degree) - 1) * before) / Double(degree))
            }
            slope = 10 * (x * value - before) / (x * x - 1)
            x -= value / slope
        }
        return (x, 2 / ((1 - x * x) * slope * slope))
    }

    // MARK: - Both sides

    /// P(Dₙ < d) by the n-th power of a matrix of size 2⌈nd⌉ − 1.
    ///
    /// > Source: G. Marsaglia, W. W. Tsang, J. Wang, "Evaluating Kolmogorov's Distribution", 2003, after J. Durbin, 1968.
    private static func marsagliaTsangWang(_ d: Double, _ n: Double) -> Double {
        let k = Int(n * d) + 1
        let size = 2 * k - 1
        let h = Double(k) - n * d
        var matrix = [Double](repeating: 0, count: size * size)
        for i in 0..<size { for j in 0..<size where i + 1 >= j { matrix[i * size + j] = 1 } }
        for i in 0..<size {
            let power = pow(h, Double(i + 1))
            matrix[i * size] -= power
            matrix[(size - 1) * size + i] -= pow(h, Double(size - i))
        }
        if 2 * h > 1 { matrix[(size - 1) * size] += pow(2 * h - 1, Double(size)) }
        // Each entry by the factorial of its distance below the upper diagonal.
        for i in 0..<size {
            var factorial = 1.0
            for j in stride(from: i, through: 0, by: -1) {
                factorial *= Double(i - j + 1)
                matrix[i * size + j] /= factorial
            }
        }
        var (power, exponent) = raised(matrix, size, Int(n))
        var value = power[(k - 1) * size + k - 1]
        power = []
        for i in 1...Int(n) {
            value *= Double(i) / n
            if value < 0x1p-400 {
                value *= 0x1p400
                exponent -= 400
            }
        }
        return scalbn(value, exponent)
    }

    /// A power of a matrix as (matrix, binary exponent): the middle entry is kept within range.
    private static func raised(_ matrix: [Double], _ size: Int, _ n: Int) -> ([Double], Int) {
        if n == 1 { return (matrix, 0) }
        let (half, halfExponent) = raised(matrix, size, n / 2)
        var product = multiplied(half, half, size)
        var exponent = 2 * halfExponent
        if n % 2 == 1 { product = multiplied(matrix, product, size) }
        if product[(size / 2) * size + size / 2] > 0x1p400 {
            for i in product.indices { product[i] *= 0x1p-400 }
            exponent += 400
        }
        return (product, exponent)
    }

    private static func multiplied(_ a: [Double], _ b: [Double], _ size: Int) -> [Double] {
        var out = [Double](repeating: 0, count: size * size)
        for i in 0..<size {
            for k in 0..<size {
                let factor = a[i * size + k]
                if factor == 0 { continue }
                for j in 0..<size { out[i * size + j] += factor * b[k * size + j] }
            }
        }
        return out
    }

    /// P(Dₙ < d) by four terms of its expansion in 1/√n.
    ///
    /// > Source: W. Pelz and I. J. Good, "Approximating the Lower Tail-Areas of the Kolmogorov-Smirnov One-Sample Statistic", 1976.
    private static func pelzGood(_ d: Double, _ n: Double) -> Double {
        let z = n.squareRoot() * d
        let z2 = z * z
        let z4 = z2 * z2
        let z6 = z4 * z2
        let p2 = Double.pi * Double.pi
        let p4 = p2 * p2
        var k0 = 0.0
        var k1 = 0.0
        var k2 = 0.0
        var k3 = 0.0
        // Sums over the odd numbers m, 2k − 1, of both signs folded; then over the even ones, in the extra parts of K₂ and K₃.
        for k in 1...30 {
            let m2 = Double((2 * k - 1) * (2 * k - 1))
            let m4 = m2 * m2
            let weight = exp(-p2 * m2 / (8 * z2))
            if weight == 0 { break }
            k0 += weight
            k1 += weight * (p2 / 4 * m2 - z2)
            k2 += weight * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * p2 / 4 * m2 + p4 * (1 - 2 * z2) / 16 * m4)
            let third = p4 * p2 * (5 - 30 * z2) / 64 * m4 * m2 + p4 * (212 * z4 - 60 * z2) / 16 * m4
            k3 += weight * (third + p2 * (135 * z4 - 96 * z6) / 4 * m2 - 30 * z6 - 90 * z4 * z4)
        }
        var extra2 = 0.0
        var extra3 = 0.0
        for k in 1...30 {
            let square = Double(k * k)
            let weight = exp(-p2 * square / (2 * z2))
            if weight == 0 { break }
            extra2 += weight * square
            extra3 += weight * square * (3 * z2 - p2 * square)
        }
        let root = (2 * Double.pi).squareRoot()
        k0 *= root / z
        k1 *= root / (6 * z4)
        k2 = k2 * root / (72 * z6 * z) - extra2 * p2 * root / (36 * z2 * z)
        k3 = k3 * root / (6480 * z6 * z4) + extra3 * p2 * root / (216 * z6)
        return k0 + (k1 + (k2 + k3 / n.squareRoot()) / n.squareRoot()) / n.squareRoot()
    }
}
