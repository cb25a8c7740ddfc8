internal import CKernels

extension CompiledTrees {
    /// The outputs of one row: base + Σ leaves, as `sums(columns:rows:base:)` has them, without what only blocks of rows need.
    ///
    /// - Parameter row: the features; NaN is missing.
    public func sums(row: [Double], base: [Double]) -> [Double] {
        precondition(row.count >= ensemble.featureCount && base.count == ensemble.outputCount, "a whole row, and a base for each output")
        guard hasLeafValues, !base.isEmpty else { return sums(columns: row.map { [$0] }, rows: 0..<1, base: base).map { $0[0] } }
        return unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: looks.count + 1) { views in
            guard let seen = views.baseAddress else { return base }
            unsafe ek_tree_row(looks, looks.count, cuts, row, ensemble.roundsInputs ? 1 : 0, seen)
            if ensemble.isSingle {
                var sums = base.map { Float($0) }
                unsafe ek_tree_row_add_f32(nodes, roots, depths, outputs, roots.count, tables, seen, &sums)
                return sums.map { Double($0) }
            }
            var sums = base
            unsafe ek_tree_row_add_f64(nodes, roots, depths, outputs, roots.count, tables, seen, &sums)
            return sums
        }
    }
}
