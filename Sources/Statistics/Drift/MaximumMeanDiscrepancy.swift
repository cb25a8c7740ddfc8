internal import Glibc

/// The maximum mean discrepancy: how far two samples of rows lie apart in the space of a Gaussian kernel
/// k(a, b) = exp(−|a − b|² / 2σ²), which sees any difference of their joint distributions.
///
/// `biased` averages over all pairs (≥ 0), `unbiased` leaves each row's pair with itself out (may be negative; 0 on average under no
/// drift). Both are squared distances, at most 2. Rows must be on comparable scales; the bandwidth σ is a distance between rows.
/// > Source: A. Gretton, K. Borgwardt, M. Rasch, B. Schölkopf, A. Smola, "A Kernel Two-Sample Test", 2012.
public struct MaximumMeanDiscrepancy: Sendable, Equatable {
    /// nil, as `unbiased` is, for a median distance of 0: then there is no bandwidth to go by.
    public var biased: Double?
    /// nil also with a single row on a side.
    public var unbiased: Double?
    public var bandwidth: Double

    private let kernel: [Double]  // of the pooled rows, row by row
    private let n: Int
    private let m: Int

    /// The pooled rows up to which the exact form (its memory grows with their square) is made.
    public static let rowsMax = 4000

    /// - Parameter bandwidth: nil for the median distance between different rows of the pool.
    /// - Throws: ``StatisticsError`` for no rows, rows of unequal length, NaN or infinities, too many rows, or a bandwidth that is not above 0.
    /// - Complexity: O((n + m)²·d).
    public init(reference: [[Double]], current: [[Double]], bandwidth: Double? = nil) throws(StatisticsError) {
        guard !reference.isEmpty, !current.isEmpty else { throw StatisticsError(.empty, "no rows on one side") }
        let rows = reference + current
        guard rows.allSatisfy({ $0.count == rows[0].count }), !rows[0].isEmpty else {
            throw StatisticsError(.unequalLengths, "rows of different lengths, expected as many numbers in each")
        }
        guard rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { throw StatisticsError(.outOfRange, "a value that is no finite number") }
        guard rows.count <= Self.rowsMax else {
            throw StatisticsError(.outOfRange, "\(rows.count) rows, expected at most \(Self.rowsMax) for the exact form")
        }
        n = reference.count
        m = current.count
        var squares = [Double](repeating: 0, count: rows.count * rows.count)
        var distances: [Double] = []
        for i in rows.indices {
            for j in 0..<i {
                let square = squaredDistance(rows[i], rows[j])
                squares[i * rows.count + j] = square
                squares[j * rows.count + i] = square
                if bandwidth == nil { distances.append(square) }
            }
        }
        let sigma = if let bandwidth { bandwidth } else { try Self.median(ofSquares: distances) }
        guard sigma > 0 || bandwidth == nil, sigma.isFinite else {
            throw StatisticsError(.outOfRange, "a bandwidth of \(sigma), expected a number above 0")
        }
        self.bandwidth = sigma
        guard sigma > 0 else {
            kernel = []
            return
        }
        for i in squares.indices { squares[i] = exp(-squares[i] / (2 * sigma * sigma)) }
        kernel = squares
        let sums = Self.sums(kernel, rows.indices.map { $0 < reference.count })
        let (a, b) = (Double(reference.count), Double(current.count))
        biased = (sums.within + a) / (a * a) + (sums.other + b) / (b * b) - 2 * sums.between / (a * b)
        unbiased = Self.unbiased(sums, n: n, m: m)
    }

    private static func median(ofSquares squares: [Double]) throws(StatisticsError) -> Double {
        guard !squares.isEmpty else { throw StatisticsError(.undefined, "a single row has no distances") }
        let sorted = squares.map { $0.squareRoot() }.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    private typealias Sums = (within: Double, other: Double, between: Double)

    /// Sums of the kernel over ordered pairs of different rows, by side.
    private static func sums(_ kernel: [Double], _ isReference: [Bool]) -> Sums {
        var out: Sums = (0, 0, 0)
        let size = isReference.count
        for i in 0..<size {
            for j in 0..<i {
                let value = kernel[i * size + j]
                switch (isReference[i], isReference[j]) {
                case (true, true): out.within += 2 * value
                case (false, false): out.other += 2 * value
                default: out.between += value
                }
            }
        }
        return out
    }

    private static func unbiased(_ sums: Sums, n: Int, m: Int) -> Double? {
        guard n > 1, m > 1 else { return nil }
        let (a, b) = (Double(n), Double(m))
        return sums.within / (a * (a - 1)) + sums.other / (b * (b - 1)) - 2 * sums.between / (a * b)
    }

    /// The permutation test: among ways to split the pooled rows, those whose unbiased discrepancy is at least the observed one.
    public struct Permutation: Sendable, Equatable {
        public var pValue: Double
        public var countAtLeast: Int
        public var splits: Int
    }

    /// All C(n + m, n) splits, the observed one among them: the p-value is exact.
    ///
    /// - Throws: ``StatisticsError`` `.outOfRange` for more than 2,000,000 splits, `.undefined` with a single row on a side.
    public func exactPermutation() throws(StatisticsError) -> Permutation {
        let splits = exp(lgamma(Double(n + m + 1)) - lgamma(Double(n + 1)) - lgamma(Double(m + 1)))
        guard splits < 2_000_000 else {
            throw StatisticsError(
                .outOfRange, "about \(splits.rounded()) splits, expected at most 2000000: ask for a number of random ones")
        }
        guard let observed = unbiased else { throw StatisticsError(.undefined, "a single row on a side, or no bandwidth") }
        var chosen = Array(0..<n)
        var count = 0
        var atLeast = 0
        while true {
            var isReference = [Bool](repeating: false, count: n + m)
            for row in chosen { isReference[row] = true }
            if isAtLeast(observed, isReference) { atLeast += 1 }
            count += 1
            // The next combination in lexicographic order.
            guard let place = chosen.indices.last(where: { chosen[$0] < m + $0 }) else { break }
            chosen[place] += 1
            for next in (place + 1)..<max(place + 1, n) { chosen[next] = chosen[next - 1] + 1 }
        }
        return Permutation(pValue: Double(atLeast) / Double(count), countAtLeast: atLeast, splits: count)
    }

    /// Random splits and the observed one: p = (1 + number at least as large) / (1 + splits).
    public func permutation(_ splits: Int, seed: UInt64) throws(StatisticsError) -> Permutation {
        guard splits > 0, splits <= 1_000_000 else {
            throw StatisticsError(.outOfRange, "\(splits) permutations, expected 1 to 1000000")
        }
        guard let observed = unbiased else { throw StatisticsError(.undefined, "a single row on a side, or no bandwidth") }
        var random = SeededRandom(seed: seed)
        var isReference = (0..<(n + m)).map { $0 < n }
        var atLeast = 1
        for _ in 0..<splits {
            isReference.shuffle(using: &random)
            if isAtLeast(observed, isReference) { atLeast += 1 }
        }
        return Permutation(pValue: Double(atLeast) / Double(splits + 1), countAtLeast: atLeast, splits: splits + 1)
    }

    /// Equal splits may differ in the last digits, hence the small allowance.
    private func isAtLeast(_ observed: Double, _ isReference: [Bool]) -> Bool {
        (Self.unbiased(Self.sums(kernel, isReference), n: n, m: m) ?? -.infinity) >= observed - 1e-12
    }
}

func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += (a[i] - b[i]) * (a[i] - b[i]) }
    return sum
}
