internal import Glibc

/// Random numbers that a seed repeats exactly: splitmix64, a counter put through a mixing function.
///
/// Streams of one seed are independent for our purposes, so work that is cut into parts draws from stream 0, 1, 2, ... and
/// its result does not depend on the number of threads. Not for secrets.
/// > Source: G. L. Steele, D. Lea, C. H. Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64, stream: UInt64 = 0) {
        state = seed &+ Self.mix(stream)  // stream 0 is splitmix64 as published
    }

    mutating func visit(_ memory: inout DetectorMemory) { memory.word(&state) }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// Uniform in [0, 1), a multiple of 2⁻⁵³.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in (0, 1), neither end.
    private mutating func uniformInside() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

    /// A standard normal number, by the quantile of a uniform one: each takes exactly one draw.
    public mutating func normal() -> Double { Distributions.normalQuantile(uniformInside()) }

    /// An integer in 0 ..< n, each equally likely (by rejection of the draws that would favour some).
    ///
    /// > Source: D. Lemire, "Fast Random Integer Generation in an Interval", 2019.
    public mutating func below(_ n: Int) -> Int {
        precondition(n > 0, "a range has at least one number")
        let range = UInt64(n)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let short = (0 &- range) % range  // 2⁶⁴ mod n
            while product.low < short { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }

    /// The number of successes in `n` trials of probability `p`.
    ///
    /// - Complexity: O(1), whatever `n`.
    /// > Source: W. Hörmann, "The Generation of Binomial Random Variates" (BTRS), 1993; small means by inversion.
    public mutating func binomial(_ n: Int64, _ p: Double) -> Int64 {
        precondition(n >= 0 && p >= 0 && p <= 1, "n ≥ 0 and 0 ≤ p ≤ 1")
        if n == 0 || p == 0 { return 0 }
        if p == 1 { return n }
        if p > 0.5 { return n - binomial(n, 1 - p) }
        return Double(n) * p < 10 ? binomialByInversion(n, p) : binomialByRejection(n, p)
    }

    private mutating func binomialByInversion(_ n: Int64, _ p: Double) -> Int64 {
        let odds = p / (1 - p)
        let first = exp(Double(n) * log1p(-p))
        while true {
            var rest = uniform()
            var term = first
            var k: Int64 = 0
            // 200 is out of reach of a mean below 10; rounding alone can bring us there, then another number is drawn.
            while k <= min(n, 200) {
                if rest < term { return k }
                rest -= term
                k += 1
                term *= odds * Double(n - k + 1) / Double(k)
            }
        }
    }

    private mutating func binomialByRejection(_ n: Int64, _ p: Double) -> Int64 {
        let size = Double(n)
        let deviation = (size * p * (1 - p)).squareRoot()
        let b = 1.15 + 2.53 * deviation
        let a = -0.0873 + 0.0248 * b + 0.01 * p
        let center = size * p + 0.5
        let quick = 0.92 - 4.2 / b
        let alpha = (2.83 + 5.1 / b) * deviation
        let odds = p / (1 - p)
        let mode = ((size + 1) * p).rounded(.down)
        while true {
            let u = uniform() - 0.5
            let v = uniformInside()
            let edge = 0.5 - abs(u)
            let k = ((2 * a / edge + b) * u + center).rounded(.down)
            guard k >= 0, k <= size else { continue }  // an edge of 0 gives an infinite k
            if edge >= 0.07, v <= quick { return Int64(k) }
            let height = log(v * alpha / (a / (edge * edge) + b))
            let density =
                (mode + 0.5) * log((mode + 1) / (odds * (size - mode + 1)))
                + (size + 1) * log((size - mode + 1) / (size - k + 1))
                + (k + 0.5) * log(odds * (size - k + 1) / (k + 1))
                + Self.stirlingRest(mode) + Self.stirlingRest(size - mode) - Self.stirlingRest(k) - Self.stirlingRest(size - k)
            if height <= density { return Int64(k) }
        }
    }

    /// log k! minus Stirling's formula for it in k + 1.
    private static func stirlingRest(_ k: Double) -> Double {
        if k < 10 { return smallRests[Int(k)] }
        let square = (k + 1) * (k + 1)
        return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)
    }
    private static let smallRests: [Double] = (0..<10).map { k in
        let next = Double(k + 1)
        return lgamma(next) - (0.5 * log(2 * Double.pi) + (next - 0.5) * log(next) - next)
    }

    /// A bootstrap of a table of counts: as many rows as it has, drawn with replacement, counted again by cell.
    ///
    /// - Complexity: O(cells), whatever the counts.
    public mutating func multinomial(counts: [Int64]) -> [Int64] {
        var out = [Int64](repeating: 0, count: counts.count)
        var rowsLeft = counts.reduce(0, +)
        var drawsLeft = rowsLeft
        for (cell, count) in counts.enumerated() {
            precondition(count >= 0, "counts are not negative")
            guard drawsLeft > 0, count > 0 else { continue }
            let drawn = count == rowsLeft ? drawsLeft : binomial(drawsLeft, Double(count) / Double(rowsLeft))
            out[cell] = drawn
            drawsLeft -= drawn
            rowsLeft -= count
        }
        return out
    }
}
