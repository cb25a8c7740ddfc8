/// The fields of CSV text without a header, as a request of a model carries them; blank lines are left out.
///
/// - Throws: ``TableError`` for an open quote or bytes that are no text.
public func csvRows(_ bytes: [UInt8], file: String) throws(TableError) -> [[String]] {
    var scanner = CSVScanner(bytes)
    var rows: [[String]] = []
    while !scanner.isAtEnd {
        let line = scanner.lines
        let fields: [String]
        do throws(CSVScanner.Failure) { fields = try scanner.row() } catch {
            throw TableError(file: file, line: line + error.lines + 1, column: error.column, message: error.message)
        }
        if fields != [""] { rows.append(fields) }
    }
    return rows
}
