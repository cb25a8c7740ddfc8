@testable import Tables

/// The reader that the fast one is compared with: from front to back, field by field, in plain Swift.
struct PlainTable {
    let file: String
    var names: [String] = []
    var columns: [[String?]] = []
    /// The line on which each row starts, for error messages.
    var lines: [Int] = []

    var rowCount: Int { lines.count }

    /// - Throws: ``TableError`` for a row with another number of fields than the header, an open quote, a repeated or empty
    ///   header name, invalid UTF-8, or no header at all.
    init(_ bytes: [UInt8], file: String, missing: Set<String> = CSVTable.defaultMissing) throws(TableError) {
        self.file = file
        var scanner = PlainScanner(bytes, file: file)
        guard let header = try scanner.row() else {
            throw TableError(file: file, line: 1, message: "no header line, expected column names")
        }
        for (i, field) in header.enumerated() {
            if field.text.isEmpty {
                throw TableError(file: file, line: 1, column: i + 1, message: "an empty column name, expected a name in every column")
            }
            if names.contains(field.text) {
                throw TableError(
                    file: file, line: 1, column: i + 1,
                    message: "the column \(field.text) stands twice in the header, expected each name once")
            }
            names.append(field.text)
        }
        columns = names.map { _ in [] }
        while true {
            let line = scanner.line
            guard let row = try scanner.row() else { break }
            if row.count == 1, names.count > 1, row[0].text.isEmpty, !row[0].isQuoted { continue }  // an empty line
            guard row.count == names.count else {
                throw TableError(
                    file: file, line: line, column: min(row.count, names.count) + 1,
                    message: "\(row.count) fields, expected \(names.count) as in the header")
            }
            lines.append(line)
            for (i, field) in row.enumerated() {
                let isMissing = !field.isQuoted && (field.text.isEmpty || missing.contains(field.text))
                columns[i].append(isMissing ? nil : field.text)
            }
        }
        // Among numbers an empty field in quotes is missing.
        for i in columns.indices where columns[i].allSatisfy({ $0.map { $0.isEmpty || plainNumber($0) != nil } ?? true }) {
            columns[i] = columns[i].map { $0 == "" ? nil : $0 }
        }
    }
}

/// `parseNumber` by the standard library.
func plainNumber(_ text: String) -> Double? {
    guard let first = text.utf8.first else { return nil }
    if first == UInt8(ascii: "+") || first == UInt8(ascii: "-") || first == UInt8(ascii: ".") || (first >= 48 && first <= 57) {
        if text.utf8.contains(where: { $0 == UInt8(ascii: "x") || $0 == UInt8(ascii: "X") }) { return nil }
        guard let value = Double(text), !value.isNaN else { return nil }
        return value
    }
    switch text.lowercased() {
    case "inf", "infinity": return .infinity
    default: return nil
    }
}

private struct PlainScanner {
    struct Field {
        var text: String
        var isQuoted: Bool
    }
    private let bytes: [UInt8]
    private let file: String
    private var at = 0
    private(set) var line = 1

    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }  // a byte order mark
    }

    /// The next row; nil at the end.
    mutating func row() throws(TableError) -> [Field]? {
        if at >= bytes.count { return nil }
        var fields: [Field] = []
        while true {
            fields.append(try field(number: fields.count + 1))
            if at >= bytes.count { return fields }
            let c = bytes[at]
            at += 1
            if c == UInt8(ascii: ",") { continue }
            if c == 13, at < bytes.count, bytes[at] == 10 { at += 1 }
            line += 1
            return fields
        }
    }

    private mutating func field(number: Int) throws(TableError) -> Field {
        if at < bytes.count, bytes[at] == UInt8(ascii: "\"") { return try quoted(number: number) }
        let start = at
        while at < bytes.count, bytes[at] != UInt8(ascii: ","), bytes[at] != 10, bytes[at] != 13 { at += 1 }
        return Field(text: try text(bytes[start..<at], number, line), isQuoted: false)
    }

    private mutating func quoted(number: Int) throws(TableError) -> Field {
        let startLine = line
        at += 1
        var out: [UInt8] = []
        while at < bytes.count {
            let c = bytes[at]
            at += 1
            if c == UInt8(ascii: "\"") {
                if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
                    out.append(c)
                    at += 1
                    continue
                }
                guard at >= bytes.count || bytes[at] == UInt8(ascii: ",") || bytes[at] == 10 || bytes[at] == 13 else {
                    throw TableError(
                        file: file, line: line, column: number,
                        message: "text after a closing quote, expected a comma or the end of the line")
                }
                return Field(text: try text(out[...], number, startLine), isQuoted: true)
            }
            if c == 10 { line += 1 }
            out.append(c)
        }
        throw TableError(
            file: file, line: startLine, column: number, message: "the quote that opens here is never closed, expected another quote")
    }

    private func text(_ raw: ArraySlice<UInt8>, _ number: Int, _ line: Int) throws(TableError) -> String {
        guard let text = String(validating: raw, as: UTF8.self), !raw.contains(0) else {
            throw TableError(file: file, line: line, column: number, message: "invalid UTF-8 or a zero byte, expected text")
        }
        return text
    }
}

/// What a column of texts seems to be.
func inferKind(_ column: [String?]) -> InferredKind {
    let texts = column.compactMap { $0 }
    var seen: Set<String> = []
    let distinct = texts.filter { seen.insert($0).inserted }
    return inferKind(distinct: distinct.count, present: texts.count) { distinct[$0] }
}
