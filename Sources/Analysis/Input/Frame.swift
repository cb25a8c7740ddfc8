public import Tables
internal import Vocabulary

/// A file read for an analysis: columns by name, as numbers or as texts.
public struct Frame: Sendable {
    private let table: Table
    public var file: String { table.file }
    public var rows: Int { table.rowCount }
    public var names: [String] { table.names }
    /// Bad rows that were set aside.
    public var rejected: [RejectedRow] { table.rejected }
    /// Of the bytes of the file, in hexadecimal digits; nil for a table that was not read from a file.
    public var sha256: String? { table.digest?.sha256 }
    public var byteCount: Int? { table.digest?.byteCount }

    public init(_ table: Table) { self.table = table }

    /// Reads CSV, NDJSON or Parquet from a file, or from standard input for `-`.
    ///
    /// - Parameters:
    ///   - maxErrors: so many bad rows are set aside; one more is an error.
    ///   - columns: those that will be asked for, nil for all; any other is read when it is asked for after all.
    ///   - isHashed: whether ``sha256`` will be asked for.
    /// - Throws: ``TableError`` when the file cannot be read, or for the first bad row beyond `maxErrors`.
    public init(
        path: String, missing: Set<String> = Table.defaultMissing, maxErrors: Int = 0, columns: Set<String>? = nil, isHashed: Bool = true
    ) throws(TableError) {
        table = try Table(path: path, missing: missing, maxErrors: maxErrors, columns: columns, isHashed: isHashed)
    }

    public func has(_ column: String) -> Bool { table.names.contains(column) }

    /// - Throws: ``TableError`` when there is no such column; it names those that there are.
    public func texts(_ column: String) throws(TableError) -> [String?] { try table.requiredColumn(column) }

    /// The column as codes of its distinct texts, which stand in the order of their first appearance; -1 for missing.
    /// - Throws: ``TableError`` when there is no such column; it names those that there are.
    public func levels(_ column: String) throws(TableError) -> (codes: [Int32], names: [String]) { try table.levels(column) }

    /// NaN for missing.
    /// - Throws: ``TableError`` with file, line and column of the first cell that is no number.
    public func numbers(_ column: String) throws(TableError) -> [Double] { try table.numbers(column) }

    /// The numbers of a column in which every cell is one or missing, else nil.
    func numbersIfAll(_ column: String) throws(TableError) -> [Double]? { try table.numbersIfAll(column) }

    /// The same, unless they are integers as usually written, whose texts are had without reading the file again.
    func fractions(_ column: String) throws(TableError) -> [Double]? {
        try table.isPlainIntegers(column) ? nil : table.numbersIfAll(column)
    }

    /// A problem with one cell, with its place in the file.
    public func error(_ column: String, row: Int, _ message: String) -> TableError { table.error(row: row, column: column, message) }

    public func kind(_ column: String) throws(TableError) -> InferredKind { try table.kind(column) }

    /// RFC 3339 times or epoch milliseconds, as seconds since 1970; NaN for missing.
    public func times(_ column: String) throws(TableError) -> [Double] {
        let (codes, names) = try table.levels(column)
        let seconds = names.map { Timestamp(lenient: $0).map { Double($0.microseconds) / 1e6 } }
        var out: [Double] = []
        out.reserveCapacity(codes.count)
        for (row, code) in codes.enumerated() {
            if code < 0 { out.append(.nan); continue }
            guard let time = seconds[Int(code)] else {
                throw table.error(
                    row: row, column: column,
                    "\"\(names[Int(code)])\" in \(column), expected a time such as 2026-01-31T12:00:00Z or epoch milliseconds")
            }
            out.append(time)
        }
        return out
    }
}

extension Timestamp {
    /// What people write in files: RFC 3339, a date alone, a blank instead of the T, no zone (then UTC), or epoch milliseconds.
    init?(lenient text: String) {
        if let time = Timestamp(rfc3339: text) { self = time; return }
        if let milliseconds = Int64(text), milliseconds.magnitude < 9_000_000_000_000 {
            self.init(microseconds: milliseconds * 1000)
            return
        }
        let bytes = Array(text.utf8)
        guard bytes.count >= 10, bytes[4] == UInt8(ascii: "-") else { return nil }
        let day = String(text.prefix(10))
        if bytes.count == 10 {
            guard let time = Timestamp(rfc3339: day + "T00:00:00Z") else { return nil }
            self = time
            return
        }
        guard bytes[10] == UInt8(ascii: " ") || bytes[10] == UInt8(ascii: "T") else { return nil }
        var clock = String(text.dropFirst(11))
        if clock.utf8.count == 5 { clock += ":00" }
        let hasZone = clock.last == "Z" || clock.contains("+") || clock.contains("-")
        guard let time = Timestamp(rfc3339: "\(day)T\(clock)\(hasZone ? "" : "Z")") else { return nil }
        self = time
    }
}
