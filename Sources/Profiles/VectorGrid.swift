internal import Vocabulary

/// On what a vector feature is counted: its length (the norm), and its projections together.
///
/// Each coordinate is standardised by its mean and standard deviation in the reference. Up to ``projectionsMax`` coordinates are summed
/// as they are; of more, that many projections on directions of ±1, drawn once for all, divided by √dimension. Sums over them are those
/// of ``JointGrid``.
/// > Source: D. Achlioptas, "Database-friendly Random Projections", 2003.
public struct VectorGrid: Sendable, Equatable {
    public let norm: NumericGrid
    /// Of the projections, as if they were features; nil where they say nothing: few complete rows, or none that varies.
    public let joint: JointGrid?
    let centers: [Double]
    /// 1 / standard deviation; 0 for a coordinate that does not vary.
    let inverses: [Double]
    /// Direction after direction; none where coordinates are taken as they are.
    private let directions: [Double]

    public static let projectionsMax = 32

    public var dimension: Int { centers.count }
    var projections: Int { min(dimension, Self.projectionsMax) }

    init(norm: NumericGrid, joint: JointGrid?, centers: [Double], inverses: [Double]) {
        (self.norm, self.joint, self.centers, self.inverses) = (norm, joint, centers, inverses)
        directions = centers.count > Self.projectionsMax ? Self.directions(dimension: centers.count) : []
    }

    public static func == (a: VectorGrid, b: VectorGrid) -> Bool {
        a.norm == b.norm && a.joint == b.joint && a.centers == b.centers && a.inverses == b.inverses
    }

    /// - Parameter joint: makes the joint grid of the projections of complete rows.
    init(reference column: VectorColumn, quantileEdges: ([Double]) -> [Double], joint: ([Column]) -> JointGrid?) {
        let rows = (0..<column.count).filter { !column.isMissing($0) }
        var centers = [Double](repeating: 0, count: column.dimension)
        var inverses = centers
        let n = Double(rows.count)
        for row in rows { for (i, x) in column[row].enumerated() { centers[i] += x / n } }
        for row in rows { for (i, x) in column[row].enumerated() { inverses[i] += (x - centers[i]) * (x - centers[i]) / n } }
        for i in centers.indices {
            let inverse = 1 / inverses[i].squareRoot()
            // What overflows says nothing that can be summed.
            inverses[i] = inverse.isFinite && centers[i].isFinite ? inverse : 0
            if !centers[i].isFinite { centers[i] = 0 }
        }
        let norm = NumericGrid(reference: column.norms, quantileEdges: quantileEdges)
        let still = VectorGrid(norm: norm, joint: nil, centers: centers, inverses: inverses)
        let complete = VectorColumn(dimension: column.dimension, values: rows.flatMap { column[$0] })
        self.init(norm: norm, joint: joint(still.project(complete).map(Column.numeric)), centers: centers, inverses: inverses)
    }

    /// SplitMix64's bits, the same on every machine.
    private static func directions(dimension: Int) -> [Double] {
        var state: UInt64 = 0x6576_656e_6b65_656c
        let scale = 1 / Double(dimension).squareRoot()
        return (0..<projectionsMax * dimension).map { _ in
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = state
            bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
            return (bits ^ bits >> 31) & 1 == 0 ? scale : -scale
        }
    }

    /// The projections of every row, column by column; NaN for a missing row. Terms are added in their order, so that sums do not change
    /// with the machine.
    func project(_ column: VectorColumn) -> [[Double]] {
        var out = [[Double]](repeating: [Double](repeating: .nan, count: column.count), count: projections)
        var z = [Double](repeating: 0, count: dimension)
        for row in 0..<column.count where !column.isMissing(row) {
            let start = row * dimension
            for i in 0..<dimension { z[i] = (column.values[start + i] - centers[i]) * inverses[i] }
            for place in out.indices {
                if directions.isEmpty {
                    out[place][row] = z[place]
                } else {
                    var sum = 0.0
                    let first = place * dimension
                    for i in 0..<dimension { sum += z[i] * directions[first + i] }
                    out[place][row] = sum
                }
            }
        }
        return out
    }
}

extension VectorColumn {
    /// NaN for a missing row.
    var norms: [Double] { (0..<count).map { row in self[row].reduce(0) { $0 + $1 * $1 }.squareRoot() } }
}

/// The sums of a vector feature.
public struct VectorCells: Sendable, Equatable {
    public internal(set) var norm: NumericCells
    /// nil where the grid has none.
    public internal(set) var joint: JointSums?

    init(grid: VectorGrid) {
        norm = NumericCells(cellCount: grid.norm.cellCount)
        joint = grid.joint.map { JointSums(grid: $0) }
    }

    mutating func fold(_ column: VectorColumn, grid: VectorGrid) {
        norm.fold(column.norms, grid: grid.norm)
        guard let jointGrid = grid.joint else { return }
        let projections = grid.project(column)
        joint?.fold(jointGrid.features.map { projections[$0] }, grid: jointGrid)
    }

    mutating func merge(_ other: VectorCells) {
        norm.merge(other.norm)
        if let theirs = other.joint { joint?.merge(theirs) }
    }
}
