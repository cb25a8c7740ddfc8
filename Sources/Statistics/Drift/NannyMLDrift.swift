internal import Glibc

/// Distances of chunks from a whole numeric reference, by NannyML's rules.
///
/// They differ from the statistics of the same names: Jensen-Shannon (base 2) and Hellinger use bins of equal width by Doane's rule over
/// the reference's range, and one more for what lies outside; from 10,000 reference values on, Kolmogorov-Smirnov and Wasserstein are taken from
/// 10,000 bins of equal width, which one far outlier in the reference makes blind.
/// > Source: NannyML's `drift.univariate.methods`, version 0.13; D. P. Doane, "Aesthetic Frequency Classifications", 1976.
public struct NannyMLNumericDrift: Sendable {
    private let reference: SortedSample
    private let edges: [Double]
    private let shares: [Double]
    private let fine: [Double]
    /// Values of the reference below each of the fine edges, for the last one up to it.
    private let fineCounts: [Int]
    private let prepared: PreparedReference

    public static let binnedFrom = 10_000

    /// - Throws: ``StatisticsError`` `.undefined` with infinite values, which have no bins.
    public init(reference: SortedSample) throws(StatisticsError) {
        guard reference.isFinite else { throw StatisticsError(.undefined, "infinite values have no bins of equal width") }
        self.reference = reference
        edges = Self.doaneEdges(reference)
        shares = Self.histogram(reference, edges).map { Double($0) / Double(reference.count) }
        fine = reference.count < Self.binnedFrom ? [] : Self.equalEdges(reference, Self.binnedFrom)
        fineCounts = Self.counts(reference, below: fine)
        prepared = PreparedReference(reference)
    }

    private static func counts(_ sample: SortedSample, below edges: [Double]) -> [Int] {
        var place = 0
        return edges.enumerated().map { i, edge in
            let isLast = i == edges.count - 1
            while place < sample.count, isLast ? sample.values[place] <= edge : sample.values[place] < edge { place += 1 }
            return place
        }
    }

    public func kolmogorovSmirnov(_ chunk: SortedSample) -> Double {
        if fine.isEmpty { return prepared.kolmogorovSmirnov(chunk, isPart: false) }
        let counts = Self.counts(chunk, below: fine)
        var largest = 0.0
        for i in 1..<fine.count {
            largest = max(largest, abs(Double(fineCounts[i]) / Double(reference.count) - Double(counts[i]) / Double(chunk.count)))
        }
        return largest
    }

    /// - Throws: ``StatisticsError`` `.undefined` with infinite values.
    public func wasserstein(_ chunk: SortedSample) throws(StatisticsError) -> Double {
        if fine.isEmpty { return try Wasserstein(reference: reference, current: chunk).statistic }
        guard chunk.isFinite else { throw StatisticsError(.undefined, "infinite values have no finite distance") }
        let size = Double(chunk.count)
        let (low, high) = (fine[0], fine[fine.count - 1])
        let smaller = chunk.count(below: low)
        let bigger = chunk.count - chunk.count(upTo: high)
        // Below and above the reference's range its end counts as one more value of the chunk.
        let shareSmaller = smaller > 0 ? Double(smaller + 1) / size : 0
        let shareBigger = bigger > 0 ? Double(bigger + 1) / size : 0
        var outside = 0.0
        for i in 0..<smaller {
            let next = i + 1 < smaller ? chunk.values[i + 1] : low
            outside += Double(i + 1) / Double(smaller + 1) * (next - chunk.values[i]) * shareSmaller
        }
        var last = high
        for i in 0..<bigger {
            let x = chunk.values[chunk.count - bigger + i]
            outside += (1 - Double(i + 1) / Double(bigger + 1)) * (x - last) * shareBigger
            last = x
        }
        var inside = 0.0
        let width = fine[1] - fine[0]
        let counts = Self.counts(chunk, below: fine)
        for i in 1..<fine.count {
            let a = counts[i] - smaller
            inside += abs(Double(fineCounts[i]) / Double(reference.count) - (Double(a) / size + shareSmaller)) * width
        }
        return inside + outside
    }

    public func jensenShannon(_ chunk: SortedSample) -> Double {
        let (r, a) = sharesOfBoth(chunk)
        return nannyMLJensenShannon(r, a)
    }

    public func hellinger(_ chunk: SortedSample) -> Double {
        let (r, a) = sharesOfBoth(chunk)
        return nannyMLHellinger(r, a)
    }

    private func sharesOfBoth(_ chunk: SortedSample) -> ([Double], [Double]) {
        let counts = Self.histogram(chunk, edges)
        return withLeftover(shares, counts, total: chunk.count)
    }

    /// Counts on [e₀, e₁), [e₁, e₂), …, the last cell closed.
    private static func histogram(_ sample: SortedSample, _ edges: [Double]) -> [Int] {
        (1..<edges.count).map { i in
            let end = i == edges.count - 1 ? sample.count(upTo: edges[i]) : sample.count(below: edges[i])
            return end - sample.count(below: edges[i - 1])
        }
    }

    private static func equalEdges(_ sample: SortedSample, _ bins: Int) -> [Double] {
        var (low, high) = (sample.values[0], sample.values[sample.count - 1])
        if low == high { (low, high) = (low - 0.5, high + 0.5) }
        let step = (high - low) / Double(bins)
        return (0..<bins).map { Double($0) * step + low } + [high]
    }

    private static func doaneEdges(_ sample: SortedSample) -> [Double] {
        let n = Double(sample.count)
        let range = sample.values[sample.count - 1] - sample.values[0]
        let (mean, variance) = sample.moments
        guard n > 2, variance > 0, range.isFinite else { return equalEdges(sample, 1) }
        let deviation = variance.squareRoot()
        let skewness =
            sample.values.reduce(0) { sum, x in
                let z = (x - mean) / deviation
                return sum + z * z * z
            } / n
        let spread = (6 * (n - 2) / ((n + 1) * (n + 3))).squareRoot()
        let width = range / (1 + log2(n) + log2(1 + abs(skewness) / spread))
        return equalEdges(sample, max(1, Int((range / width).rounded(.up))))
    }
}

/// Distances of chunks from a whole categorical reference, by NannyML's rules: levels that the reference does not have share one cell.
public struct NannyMLCategoricalDrift: Sendable {
    private let reference: [Int64]
    private let total: Double

    /// - Parameter reference: counts of the reference's levels, in any order.
    public init(reference: [Int64]) throws(StatisticsError) {
        self.reference = reference
        total = Double(reference.reduce(0, +))
        guard total > 0 else { throw StatisticsError(.empty, "the reference has no values") }
    }

    /// - Parameters: - chunk: counts of the reference's levels, in the same order. - unseen: counts of each other level.
    /// - Throws: ``StatisticsError`` `.empty` for a chunk without values.
    public func jensenShannon(_ chunk: [Int64], unseen: [Int64]) throws(StatisticsError) -> Double {
        let (r, a) = try sharesOfBoth(chunk, unseen)
        return nannyMLJensenShannon(r, a)
    }

    public func hellinger(_ chunk: [Int64], unseen: [Int64]) throws(StatisticsError) -> Double {
        let (r, a) = try sharesOfBoth(chunk, unseen)
        return nannyMLHellinger(r, a)
    }

    /// Each unseen level counts by itself.
    public func lInfinity(_ chunk: [Int64], unseen: [Int64]) throws(StatisticsError) -> Double {
        try CellDistances(reference: reference + unseen.map { _ in 0 }, current: chunk + unseen).lInfinity
    }

    /// With Yates' correction for two levels; the alert is p < 0.05.
    public func chiSquared(_ chunk: [Int64], unseen: [Int64]) throws(StatisticsError) -> ChiSquared {
        try ChiSquared(reference: reference + unseen.map { _ in 0 }, current: chunk + unseen)
    }

    private func sharesOfBoth(_ chunk: [Int64], _ unseen: [Int64]) throws(StatisticsError) -> ([Double], [Double]) {
        let count = chunk.reduce(0, +) + unseen.reduce(0, +)
        guard count > 0 else { throw StatisticsError(.empty, "the chunk has no values") }
        return withLeftover(reference.map { Double($0) / total }, chunk.map(Int.init), total: Int(count))
    }
}

/// Shares of a chunk's counts; what they leave over of `total` gets a cell of its own, empty in the reference.
private func withLeftover(_ reference: [Double], _ counts: [Int], total: Int) -> ([Double], [Double]) {
    let shares = counts.map { Double($0) / Double(total) }
    let rest = total - counts.reduce(0, +)
    return rest > 0 ? (reference + [0], shares + [Double(rest) / Double(total)]) : (reference, shares)
}

private func nannyMLJensenShannon(_ r: [Double], _ a: [Double]) -> Double {
    func part(_ p: Double, _ q: Double) -> Double { p > 0 ? p * log(p / q) : 0 }
    let nats = zip(r, a).reduce(0.0) { sum, pair in
        let middle = (pair.0 + pair.1) / 2
        return sum + (part(pair.0, middle) + part(pair.1, middle)) / 2
    }
    return (max(0, nats) / log(2)).squareRoot()
}

private func nannyMLHellinger(_ r: [Double], _ a: [Double]) -> Double {
    let squares = zip(r, a).reduce(0.0) { sum, pair in
        let gap = pair.0.squareRoot() - pair.1.squareRoot()
        return sum + gap * gap
    }
    return (squares / 2).squareRoot()
}
