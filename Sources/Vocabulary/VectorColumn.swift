/// A feature whose values are vectors of one length, row after row. A row of NaN is missing.
public struct VectorColumn: Sendable, Equatable {
    public let dimension: Int
    public private(set) var values: [Double] = []

    public init(dimension: Int) { self.dimension = dimension }

    /// - Parameter values: of whole rows.
    public init(dimension: Int, values: [Double]) {
        precondition(dimension > 0 && values.count % dimension == 0, "whole rows")
        self.dimension = dimension
        self.values = values
    }

    public var count: Int { values.count / dimension }
    public func isMissing(_ row: Int) -> Bool { values[row * dimension].isNaN }
    public subscript(row: Int) -> ArraySlice<Double> { values[row * dimension..<(row + 1) * dimension] }

    /// - Parameter row: `dimension` numbers; nil for missing.
    public mutating func append(_ row: [Double]?) {
        precondition(row.map { $0.count == dimension } ?? true, "a whole row")
        if let row { values += row } else { values.append(contentsOf: repeatElement(.nan, count: dimension)) }
    }

    public mutating func append(_ other: VectorColumn) { values += other.values }

    func rows(at positions: [Int]) -> VectorColumn {
        VectorColumn(dimension: dimension, values: positions.flatMap { self[$0] })
    }
}
