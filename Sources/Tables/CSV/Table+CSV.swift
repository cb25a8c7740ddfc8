internal import Kernels

extension Table {
    /// Reads CSV.
    ///
    /// - Parameter maxErrors: so many bad rows are set aside as ``rejected``; one more is an error.
    /// - Throws: ``TableError`` for a row with another number of fields than the header, an open quote, invalid UTF-8, a repeated or
    ///   empty header name, or no header at all.
    public init(_ bytes: [UInt8], file: String, missing: Set<String> = defaultMissing, maxErrors: Int = 0) throws(TableError) {
        try self.init(csv: ByteSource(bytes), file: file, missing: missing, maxErrors: maxErrors)
    }

    /// The same with everything that must not matter: for tests.
    init(
        _ bytes: [UInt8], file: String, missing: Set<String> = defaultMissing, maxErrors: Int, threads: Int, chunkBytes: Int, isWide: Bool
    ) throws(TableError) {
        try self.init(
            csv: ByteSource(bytes), file: file, missing: missing, maxErrors: maxErrors, threads: threads, chunkBytes: chunkBytes,
            isWide: isWide)
    }

    /// - Parameters:
    ///   - columns: those that will be asked for; the others are read when they are after all.
    ///   - threads: nil for as many as there are cores; the table does not depend on it.
    init(
        csv source: ByteSource, file: String, missing: Set<String> = defaultMissing, maxErrors: Int = 0, columns: Set<String>? = nil,
        threads: Int? = nil, chunkBytes: Int? = nil, isWide: Bool = true
    ) throws(TableError) {
        let csv = try CSVFile(source, file: file, missing: missing)
        var scan = CSVScan(csv: csv, kinds: csv.names.map { columns?.contains($0) ?? true ? .number : .skip })
        scan.maxErrors = maxErrors
        scan.threads = threads
        scan.isWide = isWide
        if let chunkBytes { scan.chunkBytes = chunkBytes }
        let result = try scan.run()
        var again = scan
        again.known = result.rejected
        again.maxErrors = 0
        let rows = result.rows
        let cells = TableCells(result.columns) { [again] index, reading throws(TableError) in
            var scan = again
            scan.kinds = csv.names.indices.map { $0 != index ? .skip : reading == .texts ? .text : .number }
            let result = try scan.run()
            guard result.rows == rows, let column = result.columns[index] else {
                throw TableError(file: file, line: 1, message: "changed while it was read, expected a file that stays as it is")
            }
            return column
        }
        var rejected: [RejectedRow] = []
        for rejection in result.rejected { rejected.append(try csv.rejectedRow(rejection)) }
        self.init(file: file, names: csv.names, rowCount: rows, jumps: result.jumps, rejected: rejected, cells: cells)
    }
}
