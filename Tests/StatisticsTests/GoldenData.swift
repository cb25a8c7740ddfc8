import Synchronization
import TestSupport
import Testing
import Vocabulary

/// The inputs of golden cases: lists that stand in the case, or selections of rows from the files in `../shared/data`.
enum GoldenData {
    /// The values as text, "" where one is missing.
    static func texts(_ input: JSON) throws -> [String] {
        if let list = input.arrayValue {
            return list.map { value in
                switch value {
                case .null: ""
                case .integer(let i): String(i)
                case .number(let d): String(d)
                default: value.stringValue ?? value.text
                }
            }
        }
        let table = try CSVTable.named(#require(input["csv"]?.stringValue))
        var rows = Array(
            stride(
                from: Int(input["start"]?.intValue ?? 0), to: min(table.rowCount, Int(input["stop"]?.intValue ?? .max)),
                by: Int(input["step"]?.intValue ?? 1)))
        for condition in input["where"]?.arrayValue ?? [] {
            let texts = try table.column(#require(condition["column"]?.stringValue))
            let holds = try test(condition)
            rows = rows.filter { holds(texts[$0]) }
        }
        let column = try table.column(#require(input["column"]?.stringValue))
        return rows.map { column[$0] }
    }

    /// The values as numbers, NaN where one is missing.
    static func numbers(_ input: JSON) throws -> [Double] {
        // Not by #require, which would take seconds for the rows of a file.
        try texts(input).map { text in
            guard let number = text.isEmpty ? .nan : Double(text) else { throw Unreadable(text: text) }
            return number
        }
    }

    /// The values as 0/1 labels.
    static func labels(_ input: JSON) throws -> [Bool] {
        try numbers(input).map { number in
            guard number == 0 || number == 1 else { throw Unreadable(text: "label \(number)") }
            return number == 1
        }
    }

    static func counts(_ list: JSON) throws -> [Int64] {
        try #require(list.arrayValue).map { try #require($0.intValue) }
    }

    private struct Unreadable: Error { var text: String }

    /// What one `where` asks of a field: the operators that the cases use.
    private static func test(_ condition: JSON) throws -> (String) -> Bool {
        func equals(_ value: JSON) -> (String) -> Bool {
            if let number = value.doubleValue { return { Double($0) == number } }
            return { $0 == value.stringValue }
        }
        let value = try #require(condition["value"])
        switch condition["op"]?.stringValue {
        case "==": return equals(value)
        case "in":
            let any = try #require(value.arrayValue).map(equals)
            return { text in any.contains { $0(text) } }
        case "notnull": return { !$0.isEmpty }
        default: throw Unreadable(text: condition.text)
        }
    }
}

/// A CSV file without quoted fields, which is what those in `../shared/data` are.
private struct CSVTable {
    private(set) var rowCount = 0
    private var names: [String] = []
    private var columns: [[String]] = []

    init(_ bytes: [UInt8]) {
        let (comma, newline) = (UInt8(ascii: ","), UInt8(ascii: "\n"))
        var row: [String] = []
        var start = 0
        var i = 0
        while i < bytes.count {  // a plain loop: in debug builds an iterator is ten times slower
            let byte = bytes[i]
            i += 1
            guard byte == comma || byte == newline else { continue }
            row.append(String(decoding: bytes[start..<i - 1], as: UTF8.self))
            start = i
            guard byte == newline else { continue }
            if names.isEmpty {
                names = row
                columns = row.map { _ in [] }
            } else {
                for (at, field) in row.enumerated() { columns[at].append(field) }
                rowCount += 1
            }
            row.removeAll(keepingCapacity: true)
        }
    }

    /// A file of `../shared/data`, read once for all tests.
    static func named(_ file: String) throws -> CSVTable {
        try read.withLock { tables in
            if let table = tables[file] { return table }
            let table = CSVTable(try SharedFiles.bytes("data/\(file)"))
            tables[file] = table
            return table
        }
    }
    private static let read = Mutex<[String: CSVTable]>([:])

    func column(_ name: String) throws -> [String] {
        columns[try #require(names.firstIndex(of: name), "no column \(name)")]
    }
}
