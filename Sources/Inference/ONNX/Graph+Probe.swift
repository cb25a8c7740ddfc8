extension Graph {
    /// Runs the operators once over made-up rows, so that shapes that cannot fit are said before the first row.
    ///
    /// What other rows may do better counts as fine: an unknown category, an index beyond a list. Where two rows do not pass, one may:
    /// some graphs are written for a row at a time.
    /// - Parameter columns: how many the table has, for an input that leaves that to it.
    func probe(columns: Int = 0) throws(InferenceError) {
        guard session == nil, !shapesFollowRows else { return }
        if let batchRows { return try probe(columns, rows: min(batchRows, InferenceLimits.graphRows)) }
        do throws(InferenceError) { try probe(columns, rows: 2) } catch {
            do throws(InferenceError) { try probe(columns, rows: 1) } catch _ { throw error }
        }
    }

    private func probe(_ columns: Int, rows: Int) throws(InferenceError) {
        let made = inputs.flatMap { input in
            (0..<(input.width < 0 ? columns : input.width)).map { _ in
                input.type == 8
                    ? InputColumn.texts([String?](repeating: "", count: rows)) : .numbers([Double](repeating: 0, count: rows))
            }
        }
        do throws(InferenceError) { _ = try run(made, 0..<rows) } catch { if error.code != .input { throw error } }
    }
}
