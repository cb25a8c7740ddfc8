internal import CKernels

/// What a column adds to its sums beside counts and moments.
public struct ColumnFold: Sendable, Equatable {
    /// NaN.
    public var missing: Int64
    /// Values within ``distanceMax`` of the center: those whose squares can be summed.
    public var finite: Int64
    /// +∞ and −∞ where there is no value.
    public var minimum: Double
    public var maximum: Double

    public static let distanceMax = 1e150
}

extension Locator {
    /// Counts a column's values by cell and adds their distances from `center`, and the squares of these, to exact sums.
    ///
    /// - Complexity: about 6 ns a value, most of it the two sums.
    public func fold(
        _ values: [Double], around center: Double, counts: inout [Int64], sum: inout ExactSum, squares: inout ExactSum
    ) -> ColumnFold {
        precondition(counts.count == cellCount, "one count a cell")
        sum.prepare(additions: values.count)
        squares.prepare(additions: values.count)
        var out = ek_column_fold()
        unsafe ek_fold_column(values, cells(of: values), values.count, center, &counts, &sum.digits, &squares.digits, &out)
        return ColumnFold(missing: out.missing, finite: out.finite, minimum: out.minimum, maximum: out.maximum)
    }
}
