/// Rows of equal width, one after the other: a record is added with one copy, and its columns are taken out at the end.
public struct RowMajor<Element: Sendable>: Sendable {
    public let width: Int
    public private(set) var values: [Element] = []

    public init(width: Int) { self.width = width }

    public mutating func append(_ row: ArraySlice<Element>) {
        precondition(row.count == width, "a whole row")
        values.append(contentsOf: row)
    }
}

extension RowMajor<Double> {
    /// Changes a value of the last row.
    public mutating func setLast(_ column: Int, _ value: Double) { values[values.count - width + column] = value }
    public func column(_ column: Int) -> [Double] { strided(values, width, column, zero: 0) }
}

extension RowMajor<Int32> {
    public mutating func append(_ value: Int32) { values.append(value) }
    public func column(_ column: Int) -> [Int32] { strided(values, width, column, zero: 0) }
}

@inline(__always)
private func strided<T>(_ values: [T], _ width: Int, _ column: Int, zero: T) -> [T] {
    var out = [T](repeating: zero, count: values.count / width)
    var at = column
    for row in out.indices {
        out[row] = values[at]
        at += width
    }
    return out
}
