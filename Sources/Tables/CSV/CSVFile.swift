internal import Kernels

/// A CSV file whose header is read: where its rows start, and what is wrong with single ones.
struct CSVFile: Sendable {
    let file: String
    let source: ByteSource
    let missing: Set<String>
    private(set) var names: [String] = []
    /// The offset of the first row and the line on which it stands.
    private(set) var bodyStart = 0
    private(set) var bodyLine = 1

    /// - Throws: ``TableError`` for no header, or a repeated or empty name in it.
    init(_ source: ByteSource, file: String, missing: Set<String>) throws(TableError) {
        self.source = source
        self.file = file
        self.missing = missing
        let mark = try piece(0..<3) == [0xEF, 0xBB, 0xBF] ? 3 : 0
        guard source.count > mark else { throw TableError(file: file, line: 1, message: "no header line, expected column names") }
        let header = try row(at: mark)
        if let failure = header.failure {
            throw TableError(file: file, line: 1 + failure.lines, column: failure.column, message: failure.message)
        }
        var seen: Set<String> = []
        for (i, name) in header.fields.enumerated() {
            if name.isEmpty {
                throw TableError(file: file, line: 1, column: i + 1, message: "an empty column name, expected a name in every column")
            }
            guard seen.insert(name).inserted else {
                throw TableError(
                    file: file, line: 1, column: i + 1, message: "the column \(name) stands twice in the header, expected each name once")
            }
        }
        names = header.fields
        bodyStart = header.end
        bodyLine = 1 + header.lines
    }

    struct Row {
        var fields: [String] = []
        var failure: CSVScanner.Failure?
        /// Where the next row starts, and how many lines further down. After a wrong quote that is the next line of the file.
        var end: Int
        var lines: Int
    }

    /// The row that starts at `offset`, whatever is in it.
    func row(at offset: Int) throws(TableError) -> Row {
        var width = 4096
        while true {
            let isWhole = offset + width >= source.count
            let bytes = try piece(offset..<min(offset + width, source.count))
            var scanner = CSVScanner(bytes)
            do throws(CSVScanner.Failure) {
                let fields = try scanner.row()
                // A carriage return at the very end may have its line feed beyond.
                if isWhole || !scanner.isAtEnd { return Row(fields: fields, end: offset + scanner.at, lines: scanner.lines) }
            } catch {
                if isWhole || !(error.isCutOff || scanner.isAtEnd) {
                    if !error.hidesEnd { return Row(failure: error, end: offset + scanner.at, lines: scanner.lines) }
                    var next = bytes.firstIndex { $0 == 10 || $0 == 13 } ?? bytes.count
                    if next < bytes.count { next += next + 1 < bytes.count && bytes[next] == 13 && bytes[next + 1] == 10 ? 2 : 1 }
                    return Row(failure: error, end: offset + next, lines: 1)
                }
            }
            width *= 4
        }
    }

    /// A bad row as the reader of rows found it.
    struct Rejection: Sendable {
        var start: Int
        var end: Int
        /// The line on which the row starts, and how many lines it takes.
        var line: Int
        var lines: Int
        var error: TableError
    }

    /// Why the row at `offset` is refused.
    func rejection(at offset: Int, line: Int) throws(TableError) -> Rejection {
        let row = try row(at: offset)
        var error = TableError(file: file, line: line, message: "")
        if let failure = row.failure {
            error.line = line + failure.lines
            error.column = failure.column
            error.message = failure.message
        } else {
            error.column = min(row.fields.count, names.count) + 1
            error.message = "\(row.fields.count) fields, expected \(names.count) as in the header"
        }
        return Rejection(start: offset, end: row.end, line: line, lines: row.lines, error: error)
    }

    /// The row as it stands in the file.
    func rejectedRow(_ rejection: Rejection) throws(TableError) -> RejectedRow {
        var bytes = try piece(rejection.start..<rejection.end)
        if bytes.last == 10 { bytes.removeLast() }
        if bytes.last == 13 { bytes.removeLast() }
        return RejectedRow(line: rejection.error.line, column: rejection.error.column, message: rejection.error.message, bytes: bytes)
    }

    func failure(_ error: ByteSourceError) -> TableError {
        TableError(file: file, line: 1, message: "cannot be read: \(error.reason), expected a file that stays as it is")
    }

    private func piece(_ range: Range<Int>) throws(TableError) -> [UInt8] {
        do throws(ByteSourceError) { return try source.bytes(range) } catch { throw failure(error) }
    }
}
