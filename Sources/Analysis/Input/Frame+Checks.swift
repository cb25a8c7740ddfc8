internal import Tables

/// The columns that several questions share, read with their checks.
extension Frame {
    /// - Throws: `TableError` for the first of these names that is no column, whether or not it will be read.
    func requireColumns(_ names: [String]) throws(TableError) {
        for name in names where !has(name) { _ = try texts(name) }
    }

    /// The positive weights that squares and sums of many rows neither overflow nor lose.
    static let weightRange = 1e-100...1e100

    /// Weights: 0, or numbers in ``weightRange``; NaN for missing.
    func weights(_ column: String) throws(TableError) -> [Double] {
        let weights = try numbers(column)
        if let row = weights.firstIndex(where: { !$0.isNaN && $0 != 0 && !Self.weightRange.contains($0) }) {
            throw error(column, row: row, "\(weights[row]) in \(column), expected a weight: 0, or from 1e-100 to 1e+100")
        }
        return weights
    }

    /// Scores that are probabilities; NaN for missing.
    func probabilities(_ column: String) throws(TableError) -> [Double] {
        let scores = try numbers(column)
        if let row = scores.firstIndex(where: { $0 < 0 || $0 > 1 }) {
            throw error(column, row: row, "\(scores[row]) in \(column), expected a probability from 0 to 1")
        }
        return scores
    }

    /// Squares of larger numbers, summed over rows, would overflow.
    static let sizeMax = 1e150

    /// A column of finite numbers of bearable size, NaN for missing.
    func finiteNumbers(_ column: String) throws(TableError) -> [Double] {
        let values = try numbers(column)
        if let row = values.firstIndex(where: { abs($0) > Self.sizeMax }) {
            let expected = values[row].isInfinite ? "a finite number" : "a number of at most \(Self.sizeMax) in size"
            throw error(column, row: row, "\(values[row]) in \(column), expected \(expected)")
        }
        return values
    }

    /// The rows cut into chunks.
    ///
    /// - Parameter timestamp: column of times, for chunks of calendar time.
    /// - Throws: `TableError` for a row without a time, ``AnalysisError`` for chunks that cannot be cut.
    func chunks(_ chunking: Chunking, timestamp: String?) throws -> [Chunking.Chunk] {
        guard case .period = chunking, let timestamp else { return try chunking.chunks(rows: rows, times: nil) }
        let times = try times(timestamp)
        if let row = times.firstIndex(where: \.isNaN) {
            throw error(timestamp, row: row, "no time in \(timestamp), expected one in every row for --chunk-period")
        }
        return try chunking.chunks(rows: rows, times: times)
    }

    /// A file that can answer nothing is bad input, not a result in which everything is null.
    ///
    /// - Parameters:
    ///   - usable: whether a row has all that is needed, in `columns`.
    ///   - weights: a column of weights that sum to more than nothing.
    /// - Throws: ``AnalysisError`` without any such row, or when all of them have no weight.
    func requireRows(_ usable: some Collection<Int>, in columns: [String], weights: (name: String, values: [Double])? = nil)
        throws(AnalysisError)
    {
        if usable.isEmpty {
            throw AnalysisError(
                rows == 0
                    ? "\(file): no rows, expected at least one"
                    : "\(file): no row has a value in \(columns.count > 1 ? "each of " : "")\(columns.joined(separator: ", ")), "
                        + "expected at least one of \(rows)")
        }
        if let weights, !usable.contains(where: { weights.values[$0] > 0 }) {
            throw AnalysisError("\(file): every weight in \(weights.name) is 0, expected some above 0")
        }
    }
}
