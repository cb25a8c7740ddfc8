internal import Kernels

/// One pass over an NDJSON file: an object a line, its values appended to the columns of their paths.
struct NDJSONScan {
    let source: ByteSource
    let file: String
    let missing: Set<[UInt8]>
    var maxErrors = 0
    /// Only this column is kept, as texts.
    var onlyTexts: String?

    struct Result {
        var names: [String] = []
        var columns: [TableColumn] = []
        var rows = 0
        var jumps: [(row: Int, line: Int)] = []
        var rejected: [RejectedRow] = []
    }

    private static let pieceBytes = 1 << 20
    /// A table of more cells than this, and than 16 for every byte of the file, is refused: a few bytes a line must not take all memory.
    private static let cellsMax = 1 << 24

    init(_ source: ByteSource, file: String, missing: Set<String>) {
        self.source = source
        self.file = file
        self.missing = Set(missing.map { Array($0.utf8) })
    }

    /// - Throws: ``TableError`` for the first bad line beyond `maxErrors`.
    func run() throws(TableError) -> Result {
        var result = Result()
        var builder = NDJSONColumns(missing: missing, onlyTexts: onlyTexts)
        var line = 0
        var isSparse = false
        var expectedLine = 2  // tables count from a header line, which there is none of here
        var position = 0
        var width = NDJSONScan.pieceBytes
        while position < source.count {
            let isLast = position + width >= source.count
            let bytes = try piece(position, width)
            var at = position == 0 && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            let begin = at
            while at < bytes.count {
                guard let end = bytes[at...].firstIndex(of: 10) ?? (isLast ? bytes.count : nil) else { break }
                line += 1
                var parser = NDJSONParser(bytes, at..<end)
                if !parser.isBlank() {
                    do throws(NDJSONParser.Failure) {
                        try parser.line(&builder.paths)
                        try builder.append(parser.found, bytes, row: result.rows)
                        if line != expectedLine { result.jumps.append((result.rows, line)) }
                        expectedLine = line + 1
                        result.rows += 1
                        let cells = builder.count.multipliedReportingOverflow(by: result.rows)
                        isSparse = cells.overflow || cells.partialValue > max(NDJSONScan.cellsMax, 16 * source.count)
                    } catch {
                        let failure = TableError(file: file, line: line, column: error.column, message: error.message)
                        guard result.rejected.count < maxErrors else { throw failure }
                        var raw = Array(bytes[at..<end])
                        if raw.last == 13 { raw.removeLast() }
                        result.rejected.append(RejectedRow(line: line, column: failure.column, message: failure.message, bytes: raw))
                    }
                }
                if isSparse {
                    throw TableError(
                        file: file, line: line, message: "\(builder.count) different keys in a file of short lines, expected fewer")
                }
                at = min(end + 1, bytes.count)
            }
            position += at
            // A line longer than the piece.
            width = at == begin ? 4 * width : NDJSONScan.pieceBytes
        }
        (result.names, result.columns) = builder.finish(rows: result.rows)
        // Columns with numbers before their first text are read once more as texts.
        for c in builder.mixed {
            var again = self
            again.onlyTexts = result.names[c]
            let texts = try again.run()
            if let place = texts.names.firstIndex(of: result.names[c]) { result.columns[c] = texts.columns[place] }
        }
        return result
    }

    private func piece(_ position: Int, _ width: Int) throws(TableError) -> [UInt8] {
        do throws(ByteSourceError) { return try source.bytes(position..<min(position + width, source.count)) } catch {
            throw TableError(file: file, line: 1, message: "cannot be read: \(error.reason), expected a file that stays as it is")
        }
    }
}

extension Table {
    /// Reads NDJSON: an object a line. Values of nested objects and arrays are columns with dotted names (`a.b`, `a.0`), a key that a line
    /// lacks is missing, and so are null and texts that are missing words or empty, for in JSON quotes are no choice. Columns stand in the
    /// order in which their names appear. An error's column is the byte of the line.
    ///
    /// - Parameter maxErrors: so many bad lines are set aside as ``rejected``; one more is an error.
    /// - Throws: ``TableError`` for a line that is no object or holds a key twice, and for a file without any line.
    public init(ndjson bytes: [UInt8], file: String, missing: Set<String> = defaultMissing, maxErrors: Int = 0) throws(TableError) {
        try self.init(ndjson: ByteSource(bytes), file: file, missing: missing, maxErrors: maxErrors)
    }

    init(ndjson source: ByteSource, file: String, missing: Set<String> = defaultMissing, maxErrors: Int = 0) throws(TableError) {
        var scan = NDJSONScan(source, file: file, missing: missing)
        scan.maxErrors = maxErrors
        let result = try scan.run()
        guard !result.names.isEmpty else {
            throw TableError(file: file, line: 1, message: "no object with a key, expected one a line")
        }
        let rows = result.rows
        let names = result.names
        let cells = TableCells(result.columns) { [scan] index, _ throws(TableError) in
            var again = scan
            again.onlyTexts = names[index]
            let result = try again.run()
            guard result.rows == rows, let place = result.names.firstIndex(of: names[index]) else {
                throw TableError(file: file, line: 1, message: "changed while it was read, expected a file that stays as it is")
            }
            return result.columns[place]
        }
        self.init(file: file, names: names, rowCount: rows, jumps: result.jumps, rejected: result.rejected, cells: cells)
    }
}
