public import Tables
internal import Vocabulary

/// A file read for an analysis: columns by name, as numbers or as texts.
public struct Frame: Sendable {
    private let table: CSVTable
    public var file: String { table.file }
    public var rows: Int { table.rowCount }
    public var names: [String] { table.names }

    public init(_ table: CSVTable) { self.table = table }

    public func has(_ column: String) -> Bool { table.names.contains(column) }

    /// - Throws: ``TableError`` when there is no such column; it names those that there are.
    public func texts(_ column: String) throws(TableError) -> [String?] { try table.requiredColumn(column) }

    /// NaN for missing.
    /// - Throws: ``TableError`` with file, line and column of the first cell that is no number.
    public func numbers(_ column: String) throws(TableError) -> [Double] { try table.numbers(column) }

    /// A problem with one cell, with its place in the file.
    public func error(_ column: String, row: Int, _ message: String) -> TableError {
        TableError(file: file, line: table.lines[row], column: (names.firstIndex(of: column) ?? 0) + 1, message: message)
    }

    public func kind(_ column: String) throws(TableError) -> InferredKind { inferKind(try texts(column)) }

    /// RFC 3339 times or epoch milliseconds, as seconds since 1970; NaN for missing.
    public func times(_ column: String) throws(TableError) -> [Double] {
        let texts = try texts(column)
        let place = (names.firstIndex(of: column) ?? 0) + 1
        var out: [Double] = []
        out.reserveCapacity(texts.count)
        for (row, text) in texts.enumerated() {
            guard let text else { out.append(.nan); continue }
            if let time = Timestamp(lenient: text) {
                out.append(Double(time.microseconds) / 1e6)
            } else {
                throw TableError(
                    file: file, line: table.lines[row], column: place,
                    message: "\"\(text)\" in \(column), expected a time such as 2026-01-31T12:00:00Z or epoch milliseconds")
            }
        }
        return out
    }

    /// The column as 0 and 1: 1 where the text is `positive` (or the same number), NaN for missing.
    public func outcomes(_ column: String, positive: String) throws(TableError) -> [Double] {
        let number = parseNumber(positive)
        return try texts(column).map { text in
            guard let text else { return .nan }
            if text == positive { return 1 }
            if let number, parseNumber(text) == number { return 1 }
            return 0
        }
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
