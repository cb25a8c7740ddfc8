internal import CKernels

/// Two samples counted on the same cells: their gap, their Wasserstein distance, order statistics and counts up to any value, all exact and
/// without sorting: only the cells in which something happens are looked into.
/// - Complexity: O(n + m), about 10 ns a value for all of it.
public struct SamplePair: Sendable {
    private let x: [Double]
    private let y: [Double]
    /// Nil for small samples and where all values are equal: then both are sorted.
    private let cells: Cells?
    public let gap: DistributionGap

    private struct Cells: Sendable {
        var map: CellMap
        /// Where each cell starts, and the end of the last one.
        var ends: [Double]
        var x: (counts: [UInt32], sums: [Double])
        var y: (counts: [UInt32], sums: [Double])
    }

    /// - Parameters: samples without NaN.
    public init(reference x: [Double], current y: [Double]) {
        if x.count + y.count > 4096, let map = CellMap.fitting(x, y) {
            self.x = x
            self.y = y
            let range = CellMap.range(x, y) ?? (0, 0)
            let inner = (0..<map.count - 1).map { min(max(map.roughEnd(of: $0), range.low), range.high) }
            let ends = [range.low] + inner + [range.high]
            let cells = Cells(map: map, ends: ends, x: map.sums(x, starts: ends), y: map.sums(y, starts: ends))
            gap = DistributionGap(x, y, map, cells.x.counts, cells.y.counts)
            self.cells = cells
        } else {
            self.x = x.sorted()
            self.y = y.sorted()
            cells = nil
            gap = DistributionGap(self.x, self.y)
        }
    }

    /// ∫ |F − G|, the Wasserstein-1 distance; nil without values on a side or with infinite ones.
    public var wasserstein: Double? {
        if x.isEmpty || y.isEmpty { return nil }
        guard let cells else {
            guard (x + y).allSatisfy(\.isFinite) else { return nil }
            var sum = Area(n: Double(x.count), m: Double(y.count))
            sum.add(sortedX: x[...], sortedY: y[...])
            return sum.sum
        }
        let isFinite = (cells.x.sums + cells.y.sums).allSatisfy(\.isFinite)
        return isFinite ? area(cells) : nil
    }

    /// Within a cell the gap can change its sign only if it is small; elsewhere the area is that of the signed gap, which sums tell.
    private func area(_ cells: Cells) -> Double {
        let (n, m) = (Int64(x.count), Int64(y.count))
        let (cx, cy) = (cells.x.counts, cells.y.counts)
        var gap: Int64 = 0
        var total = 0.0
        var open: [(cell: Int, gap: Int64)] = []
        for cell in cx.indices {
            let (i, j) = (Int64(cx[cell]), Int64(cy[cell]))
            let width = cells.ends[cell + 1] - cells.ends[cell]
            if gap - j * n >= 0 || gap + i * m <= 0 {
                // Each value counts from where it lies to the end of the cell.
                let fromX = Double(i) * width - cells.x.sums[cell]
                let fromY = Double(j) * width - cells.y.sums[cell]
                total += abs(Double(gap) / Double(n) / Double(m) * width + fromX / Double(n) - fromY / Double(m))
            } else {
                open.append((cell, gap))
            }
            gap += i * m - j * n
        }
        let xs = values(x, cx, cells.map, of: open.map(\.cell))
        let ys = values(y, cy, cells.map, of: open.map(\.cell))
        for ((cell, gap), (a, b)) in zip(open, zip(xs, ys)) {
            var area = Area(n: Double(n), m: Double(m), gap: Double(gap), at: cells.ends[cell])
            area.add(sortedX: a.sorted()[...], sortedY: b.sorted()[...])
            area.move(to: cells.ends[cell + 1])
            total += area.sum
        }
        return total
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
        let inside = Dictionary(uniqueKeysWithValues: zip(looked, values(x, cells.x.counts, cells.map, of: looked).map { $0.sorted() }))
        let found = Dictionary(wanted.map { ($0.rank, inside[$0.cell]?[$0.within] ?? .nan) }, uniquingKeysWith: { a, _ in a })
        return ranks.map { found[$0] ?? .nan }
    }

    /// The finite values' range; nil when there are none.
    public var range: (low: Double, high: Double)? { CellMap.range(x, y) }

    /// The numbers of values up to each edge, on both sides.
    ///
    /// - Parameter edges: ascending, without NaN.
    public func counts(upTo edges: [Double]) -> (reference: [Int64], current: [Int64]) {
        (counts(x, edges, { $0.x.counts }), counts(y, edges, { $0.y.counts }))
    }

    private func counts(_ sample: [Double], _ edges: [Double], _ counted: (Cells) -> [UInt32]) -> [Int64] {
        guard let cells else {
            var i = 0
            return edges.map { edge in
                while i < sample.count, sample[i] <= edge { i += 1 }
                return Int64(i)
            }
        }
        let counts = counted(cells)
        let places = edges.map { cells.map.cell(of: $0) }
        let looked = Array(Set(places)).sorted()
        let inside = Dictionary(uniqueKeysWithValues: zip(looked, values(sample, counts, cells.map, of: looked)))
        var before: [Int64] = [0]
        before.reserveCapacity(counts.count + 1)
        for count in counts { before.append(before[before.count - 1] + Int64(count)) }
        return zip(edges, places).map { edge, place in before[place] + Int64(inside[place]?.count { $0 <= edge } ?? 0) }
    }

    /// The values of some cells, a list each.
    private func values(_ sample: [Double], _ counts: [UInt32], _ map: CellMap, of cells: [Int]) -> [[Double]] {
        var flags = [UInt8](repeating: 0, count: counts.count)
        var starts = [UInt32](repeating: 0, count: counts.count)
        var total: UInt32 = 0
        for cell in cells {
            flags[cell] = 1
            starts[cell] = total
            total += counts[cell]
        }
        let split = map.split(map.pick(sample, flags, count: Int(total)), starts: starts)
        return cells.map { Array(split[Int(starts[$0])..<Int(starts[$0] + counts[$0])]) }
    }
}

/// ∫ |i·m − j·n| / nm along the line of numbers.
private struct Area {
    let n: Double
    let m: Double
    private(set) var sum = 0.0
    private var gap: Double
    private var at: Double?

    init(n: Double, m: Double, gap: Double = 0, at: Double? = nil) {
        self.n = n
        self.m = m
        self.gap = gap
        self.at = at
    }

    mutating func move(to value: Double) {
        if let at { sum += abs(gap) / n / m * (value - at) }
        at = value
    }

    mutating func add(sortedX x: ArraySlice<Double>, sortedY y: ArraySlice<Double>) {
        var (i, j) = (x.startIndex, y.startIndex)
        while i < x.endIndex || j < y.endIndex {
            if j >= y.endIndex || (i < x.endIndex && x[i] <= y[j]) {
                move(to: x[i])
                gap += m
                i += 1
            } else {
                move(to: y[j])
                gap -= n
                j += 1
            }
        }
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
        // Two passes: the squares are of distances from the mean, so that a large mean costs no digits.
        var (sum, squares) = (0.0, 0.0)
        unsafe ek_moments(x, x.count, x.first ?? 0, &sum, &squares)
        mean = (x.first ?? 0) + sum / Double(x.count)
        unsafe ek_moments(x, x.count, mean, &sum, &squares)
        mean += sum / Double(x.count)
        standardDeviation = (max(0, squares - sum * sum / Double(x.count)) / Double(x.count)).squareRoot()
    }
}

/// The values that are not NaN.
public func present(_ x: [Double]) -> [Double] {
    unsafe [Double](unsafeUninitializedCapacity: x.count + 1) { out, count in
        if let base = out.baseAddress { count = unsafe ek_present(x, x.count, base) }
    }
}
