internal import CKernels

/// Which features of a path let rows through, a bit each, and what follows from it: the loops of TreeSHAP over many rows.
public struct PathPatterns: Sendable {
    /// Features that a pattern has room for.
    public static let depthMax = 8

    public private(set) var patterns: [UInt8] = []
    private var distinct = [UInt8](repeating: 0, count: 256)
    private var table = [Double](repeating: 0, count: depthMax << depthMax)

    public init() {}

    /// Begins a path over so many rows.
    public mutating func begin(rows: Int) {
        if patterns.count != rows { patterns = [UInt8](repeating: 0, count: rows) } else { for i in patterns.indices { patterns[i] = 0 } }
    }

    /// Sets a feature's bit where low < x ≤ high, or, where it allows the lowest, x ≤ high; NaN passes where missing values do.
    public mutating func mark(
        _ feature: Int, _ column: [Double], from start: Int, low: Double, high: Double, allowsLowest: Bool, missingPasses: Bool
    ) {
        precondition(feature < Self.depthMax && start + patterns.count <= column.count, "rows of the column")
        unsafe ek_shap_mark(
            column, start, patterns.count, low, high, allowsLowest ? 1 : 0, missingPasses ? 1 : 0, 1 << UInt32(feature), &patterns)
    }

    /// Sets a feature's bit where a row passes.
    public mutating func mark(_ feature: Int, where isPassed: (Int) -> Bool) {
        for row in patterns.indices where isPassed(row) { patterns[row] |= 1 << UInt8(feature) }
    }

    /// Computes the weights of all features for the patterns that there are.
    ///
    /// - Parameter zeros: the share of training rows that each feature lets through.
    public mutating func weigh(_ zeros: [Double]) {
        precondition(zeros.count <= Self.depthMax, "a short path")
        let count = unsafe ek_shap_distinct(patterns, patterns.count, &distinct)
        unsafe ek_shap_weights(zeros, zeros.count, distinct, count, &table)
    }

    /// Adds a feature's weight times the leaf's value to each row's sum.
    public func add(_ feature: Int, depth: Int, value: Double, to sums: inout [Double], at start: Int) {
        precondition(feature < depth && depth <= Self.depthMax && start + patterns.count <= sums.count, "a sum for each row")
        unsafe ek_shap_add(table, feature << depth, 1 << depth, value, patterns, patterns.count, start, &sums)
    }
}
