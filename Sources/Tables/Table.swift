internal import Kernels

/// A file as a table: columns by name, as numbers or as texts. Made by reading CSV by RFC 4180 with a header, or NDJSON.
///
/// A column whose cells are all numbers or missing is held as numbers, any other as codes of its distinct texts; what else is asked for
/// is made when it is asked for, from the file itself where need be.
///
/// A field that is one of the missing words (the empty one always) is missing, unless it stood in quotes.
public struct Table: Sendable {
    public let file: String
    public let names: [String]
    public let rowCount: Int
    /// Bad rows that were set aside; they are not among the rows of the table.
    public let rejected: [RejectedRow]
    /// Of the file's bytes, if that was asked for.
    public internal(set) var digest: FileDigest?
    let cells: TableCells
    let jumps: [(row: Int, line: Int)]

    public static let defaultMissing: Set<String> = ["NA", "NaN", "null"]

    init(
        file: String, names: [String], rowCount: Int, jumps: [(row: Int, line: Int)], rejected: [RejectedRow], cells: TableCells
    ) {
        self.file = file
        self.names = names
        self.rowCount = rowCount
        self.jumps = jumps
        self.rejected = rejected
        self.cells = cells
    }

    // MARK: Columns

    /// - Throws: ``TableError`` when there is no such column; it names those that there are.
    func index(of name: String) throws(TableError) -> Int {
        guard let index = names.firstIndex(of: name) else {
            let shown = name.isEmpty ? "\"\"" : name
            throw TableError(file: file, line: 1, message: "no column \(shown), expected one of \(names.joined(separator: ", "))")
        }
        return index
    }

    /// A column as numbers, NaN for missing.
    /// - Throws: ``TableError`` with file, line and column of the first cell that is no number.
    public func numbers(_ name: String) throws(TableError) -> [Double] {
        let index = try index(of: name)
        switch try cells.column(index) {
        case .numbers(let numbers, _): return numbers
        case .texts(let codes, let levels):
            let values = (0..<levels.count).map { parseNumber(levels[$0]) ?? .nan }
            if values.contains(where: \.isNaN), let row = codes.firstIndex(where: { $0 >= 0 && values[Int($0)].isNaN }) {
                throw error(row: row, column: index, "\"\(levels[Int(codes[row])])\" in \(name), expected a number")
            }
            return codes.map { $0 < 0 ? .nan : values[Int($0)] }
        }
    }

    /// A column's numbers if every cell is a number or missing, else nil. It does not name the cell that is none, but costs nothing.
    public func numbersIfAll(_ name: String) throws(TableError) -> [Double]? {
        guard case .numbers(let numbers, _) = try cells.column(index(of: name)) else { return nil }
        return numbers
    }

    /// Whether every cell is missing or an integer of at most 15 digits in the usual way of writing, so that its number is as good as its text.
    public func isPlainIntegers(_ name: String) throws(TableError) -> Bool {
        guard case .numbers(_, true) = try cells.column(index(of: name)) else { return false }
        return true
    }

    /// A column as codes of its distinct texts, which stand in the order of their first appearance; -1 for missing.
    public func levels(_ name: String) throws(TableError) -> (codes: [Int32], names: [String]) {
        let (codes, levels) = try cells.texts(index(of: name))
        return (codes, levels.strings)
    }

    /// A column as texts, nil for missing.
    public func requiredColumn(_ name: String) throws(TableError) -> [String?] { try texts(index(of: name)) }

    private func texts(_ index: Int) throws(TableError) -> [String?] {
        let (codes, levels) = try cells.texts(index)
        let strings = levels.strings
        return codes.map { $0 < 0 ? nil : strings[Int($0)] }
    }

    /// A column as texts; nil if there is none of that name, or if the file has changed so that it cannot be read again.
    public func column(_ name: String) -> [String?]? { try? requiredColumn(name) }

    /// All columns as texts; one that cannot be read again because the file has changed is all missing.
    public var columns: [[String?]] {
        names.indices.map { (try? texts($0)) ?? [String?](repeating: nil, count: rowCount) }
    }

    /// What the column seems to be.
    public func kind(_ name: String) throws(TableError) -> InferredKind {
        switch try cells.column(index(of: name)) {
        case .numbers(let numbers, _): return numbers.contains { !$0.isNaN } ? .numeric : .empty
        case .texts(let codes, let levels):
            return inferKind(distinct: levels.count, present: codes.count { $0 >= 0 }) { levels[$0] }
        }
    }

    // MARK: Places

    /// The line on which each row starts.
    public var lines: [Int] {
        var out: [Int] = []
        out.reserveCapacity(rowCount)
        for (i, jump) in ([(row: 0, line: 2)] + jumps).enumerated() {
            let end = i < jumps.count ? jumps[i].row : rowCount
            for row in jump.row..<max(end, jump.row) { out.append(jump.line + row - jump.row) }
        }
        return out
    }

    /// The line on which a row starts.
    public func line(ofRow row: Int) -> Int {
        // The last jump at or before the row.
        var low = 0
        var high = jumps.count
        while low < high {
            let middle = (low + high) / 2
            if jumps[middle].row <= row { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? row + 2 : jumps[low - 1].line + row - jumps[low - 1].row
    }

    /// An error about the cell of a row in a column of this name.
    public func error(row: Int, column name: String, _ message: String) -> TableError {
        error(row: row, column: names.firstIndex(of: name) ?? 0, message)
    }

    private func error(row: Int, column index: Int, _ message: String) -> TableError {
        TableError(file: file, line: line(ofRow: row), column: index + 1, message: message)
    }
}

/// The table of a CSV file. NDJSON gives the same kind of table.
public typealias CSVTable = Table
