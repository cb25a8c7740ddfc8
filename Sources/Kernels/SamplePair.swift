internal import CKernels

/// Two samples counted on the same cells: their gap, their Wasserstein distance, order statistics and counts up to any value, all exact and
/// without sorting: only the cells in which something happens are looked into.
/// - Complexity: O(n + m), about 15 ns a value for all of it.
public struct SamplePair: Sendable {
    private let x: [Double]
    private let y: [Double]
    /// Nil for small samples and where all values are equal: then both are sorted.
    private let cells: SampleCells?
    public let gap: DistributionGap
    /// The finite values' range; nil when there are none.
    public let range: (low: Double, high: Double)?

    /// - Parameters: samples without NaN.
    public init(reference x: [Double], current y: [Double]) {
        if x.count + y.count > 4096, let map = CellMap.fitting(x, y) {
            self.x = x
            self.y = y
            range = CellMap.range(x, y)
            let cells = SampleCells(x, y, map, from: range?.low ?? 0, to: range?.high ?? 0)
            gap = DistributionGap(x, y, map, cells.x.counts, cells.y.counts)
            self.cells = cells
        } else {
            range = CellMap.range(x, y)
            self.x = x.sorted()
            self.y = y.sorted()
            cells = nil
            gap = DistributionGap(self.x, self.y)
        }
    }

    /// ∫ |F − G|, the Wasserstein-1 distance; nil without values on a side or with infinite ones.
    public var wasserstein: Double? {
        if x.isEmpty || y.isEmpty { return nil }
        var area = DistributionArea(n: x.count, m: y.count)
        if let cells {
            guard cells.isFinite else { return nil }
            area.add(x, y, cells, gap: 0, depth: 0)
        } else {
            guard let first = [x[0], y[0]].min(), let last = [x[x.count - 1], y[y.count - 1]].max(), (last - first).isFinite else {
                return nil
            }
            area.add(sortedX: x, sortedY: y, gap: 0, from: first, to: last)
        }
        return area.sum
    }

    /// The reference's values at these places of its order, from 0.
    public func orderStatistics(_ ranks: [Int]) -> [Double] {
        guard let cells else { return ranks.map { x[$0] } }
        var before = 0
        var cell = 0
        var wanted: [(rank: Int, cell: Int, within: Int)] = []
        for rank in ranks.sorted() {
            while before + Int(cells.x.counts[cell]) <= rank {
                before += Int(cells.x.counts[cell])
                cell += 1
            }
            wanted.append((rank, cell, rank - before))
        }
        let looked = Array(Set(wanted.map(\.cell))).sorted()
        let inside = Dictionary(uniqueKeysWithValues: zip(looked, cells.map.values(x, cells.x.counts, of: looked).map { $0.sorted() }))
        let found = Dictionary(wanted.map { ($0.rank, inside[$0.cell]?[$0.within] ?? .nan) }, uniquingKeysWith: { a, _ in a })
        return ranks.map { found[$0] ?? .nan }
    }

    /// The numbers of values up to each edge, on both sides.
    public func counts(upTo edges: [Double]) -> (reference: [Int64], current: [Int64]) {
        let bins = BinCounter(edges: edges)
        return (bins.countsUpTo(x), bins.countsUpTo(y))
    }
}

/// Numbers of one sample.
public struct SampleMoments: Sendable, Equatable {
    public var count: Int
    public var mean: Double
    /// Over n, not n − 1.
    public var standardDeviation: Double

    /// - Parameter x: without NaN, not empty.
    public init(_ x: [Double]) {
        count = x.count
        let n = Double(x.count)
        var base = x[x.count / 2]
        var (sum, squares) = (0.0, 0.0)
        unsafe ek_moments(x, x.count, base, &sum, &squares)
        // Squares of distances from far off the mean would lose digits; then they are taken once more, from the mean.
        if !(sum * sum / n * 64 < squares) {
            base += sum / n
            unsafe ek_moments(x, x.count, base, &sum, &squares)
        }
        mean = base + sum / n
        standardDeviation = (max(0, squares - sum * sum / n) / n).squareRoot()
    }
}

/// How many values are not NaN.
public func presentCount(_ x: [Double]) -> Int { unsafe ek_present_count(x, x.count) }

/// The values that are not NaN; a sample without any is not copied.
public func present(_ x: [Double]) -> [Double] {
    if presentCount(x) == x.count { return x }
    return unsafe [Double](unsafeUninitializedCapacity: x.count + 1) { out, count in
        if let base = out.baseAddress { count = unsafe ek_present(x, x.count, base) }
    }
}
