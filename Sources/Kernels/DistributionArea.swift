/// The area between the empirical distribution functions of two samples, ∫ |F − G|: exact to rounding, without sorting them.
///
/// Both samples are counted and summed on cells. Within a cell the gap i·m − j·n can change its sign only if it is small against the
/// cell's counts; elsewhere the cell's area is that of the signed gap, which the sums tell. The others are looked into, by the same method
/// on narrower cells, or by sorting when little is left.
struct DistributionArea {
    private let n: Double
    private let m: Double
    private(set) var sum = 0.0

    private static let sortedMax = 128
    private static let depthMax = 8

    init(n: Int, m: Int) {
        self.n = Double(n)
        self.m = Double(m)
    }

    /// Adds the area from `low` to `high`, between which all values lie.
    ///
    /// - Parameter gap: i·m − j·n before the first value.
    mutating func add(_ x: [Double], _ y: [Double], gap: Int64, from low: Double, to high: Double, depth: Int = 0) {
        let total = x.count + y.count
        guard total > Self.sortedMax, depth < Self.depthMax,
            // Within a cell values are spread evenly, or nearly so; a map that fits better costs a sample.
            let map = total > 1 << 15 ? CellMap.fitting(x, y) : CellMap(evenFrom: low, to: high, cells: total / 8)
        else {
            return add(sortedX: x.sorted(), sortedY: y.sorted(), gap: Double(gap), from: low, to: high)
        }
        let cells = SampleCells(x, y, map, from: low, to: high)
        add(x, y, cells, gap: gap, depth: depth)
    }

    mutating func add(_ x: [Double], _ y: [Double], _ cells: SampleCells, gap start: Int64, depth: Int) {
        let (n, m) = (Int64(n), Int64(m))
        var gap = start
        var open: [(cell: Int, gap: Int64)] = []
        var inside = 0
        for cell in 0..<cells.map.count {
            let (i, j) = (Int64(cells.x.counts[cell]), Int64(cells.y.counts[cell]))
            if gap - j * n >= 0 || gap + i * m <= 0 {
                sum += abs(cells.signedArea(cell, gap: Double(gap), n: self.n, m: self.m))
            } else {
                open.append((cell, gap))
                inside += Int(i + j)
            }
            gap += i * m - j * n
        }
        if 4 * inside > x.count + y.count {
            // Ties: where all values of a cell are equal there is nothing to look into.
            let (mixed, values) = cells.map.mixed(x, y)
            open.removeAll { cell, gap in
                if mixed[cell] != 0 { return false }
                let after = gap + Int64(cells.x.counts[cell]) * m - Int64(cells.y.counts[cell]) * n
                add(gap: Double(gap), from: cells.ends[cell], to: values[cell])
                add(gap: Double(after), from: values[cell], to: cells.ends[cell + 1])
                return true
            }
        }
        let wanted = open.map(\.cell)
        let xs = cells.map.values(x, cells.x.counts, of: wanted)
        let ys = cells.map.values(y, cells.y.counts, of: wanted)
        for ((cell, gap), (a, b)) in zip(open, zip(xs, ys)) {
            add(a, b, gap: gap, from: cells.ends[cell], to: cells.ends[cell + 1], depth: depth + 1)
        }
    }

    private mutating func add(gap: Double, from low: Double, to high: Double) { sum += abs(gap) / n / m * (high - low) }

    mutating func add(sortedX x: [Double], sortedY y: [Double], gap start: Double, from low: Double, to high: Double) {
        var (i, j) = (0, 0)
        var gap = start
        var at = low
        while i < x.count || j < y.count {
            let isX = j >= y.count || (i < x.count && x[i] <= y[j])
            let value = isX ? x[i] : y[j]
            add(gap: gap, from: at, to: value)
            at = value
            if isX { (gap, i) = (gap + m, i + 1) } else { (gap, j) = (gap - n, j + 1) }
        }
        add(gap: gap, from: at, to: high)
    }
}

/// Two samples counted and summed on the same cells.
struct SampleCells: Sendable {
    let map: CellMap
    /// Where each cell starts, and the end of the last one.
    let ends: [Double]
    /// Sums of the distances from `base`.
    let x: (counts: [UInt32], sums: [Double])
    let y: (counts: [UInt32], sums: [Double])
    private let base: Double

    /// - Parameters: samples whose finite values lie from `low` to `high`.
    init(_ x: [Double], _ y: [Double], _ map: CellMap, from low: Double, to high: Double) {
        self.map = map
        let inner = (0..<map.count - 1).map { min(max(map.roughEnd(of: $0), low), high) }
        ends = [low] + inner + [high]
        // Near most values, so that the sums lose no digits to a common offset.
        base = ends[map.count / 2]
        self.x = map.sums(x, base: base)
        self.y = map.sums(y, base: base)
    }

    var isFinite: Bool { (x.sums + y.sums).allSatisfy(\.isFinite) }

    /// ∫ (F − G) over a cell: each value counts from where it lies to the end of the cell.
    func signedArea(_ cell: Int, gap: Double, n: Double, m: Double) -> Double {
        let reach = ends[cell + 1] - base
        let fromX = Double(x.counts[cell]) * reach - x.sums[cell]
        let fromY = Double(y.counts[cell]) * reach - y.sums[cell]
        return gap / n / m * (ends[cell + 1] - ends[cell]) + fromX / n - fromY / m
    }
}
