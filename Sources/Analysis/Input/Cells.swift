internal import Tables

/// What a cell of labels or decisions says: a number, however it is written, with `true` and `false` in any case as 1 and 0; else a word.
enum Outcome: Hashable {
    case number(Double)
    case word(String)

    init(_ text: String) {
        if let number = parseNumber(text) {
            self = .number(number)
            return
        }
        switch text.lowercased() {
        case "true": self = .number(1)
        case "false": self = .number(0)
        default: self = .word(text)
        }
    }
}

/// A column of labels or decisions, and how to say that one of its cells is wrong: of a file, or labels that were joined to it.
struct Cells {
    var name: String
    /// When every cell is a number or missing: then nobody need ask for the texts of a million of them.
    var allNumbers: [Double]?
    /// The column as it is written.
    var texts: () throws(TableError) -> CodedColumn
    /// The same of a yes and a no, perhaps as numbers are usually written.
    var outcomes: () throws(TableError) -> CodedColumn
    /// The problem with a row's cell, with its place in the file that it came from.
    var error: (_ row: Int, _ message: String) -> TableError

    /// As 1 and 0; NaN for missing.
    ///
    /// - Parameter positive: the text (or number) that counts as 1, against all others; nil for `1` or `true` in a column of at most
    ///   two values.
    /// - Throws: ``TableError`` for a third value, and for values of which none is the positive one where that cannot be chance.
    func binary(positive: String?) throws(TableError) -> [Double] {
        let wanted = Outcome(positive ?? "1")
        let column = try outcomes()
        var others: [(value: Outcome, row: Int)] = []  // distinct values that are not the positive one
        var values = [Double](repeating: 0, count: column.names.count)
        var hasPositive = false
        for (code, row) in column.present {
            let value = Outcome(column.names[code])
            if value == wanted {
                values[code] = 1
                hasPositive = true
            } else if others.count < 3, !others.contains(where: { $0.value == value }) {
                others.append((value, row))
            }
        }
        if positive == nil, others.count + (hasPositive ? 1 : 0) > 2, let row = others.last?.row {
            throw error(row, "\"\(column[row] ?? "")\" in \(name), expected two values, or --positive to name the one that counts")
        }
        // All rows may well be negative, but then they must look like the other side of the positive value.
        if !hasPositive, let first = others.first, others.count > 1 || !Self.isOther(first.value, than: wanted) {
            throw error(
                first.row, "\"\(column[first.row] ?? "")\" in \(name), expected \(positive ?? "1") in some row; --positive names another")
        }
        return column.codes.map { $0 < 0 ? .nan : values[Int($0)] }
    }

    private static func isOther(_ value: Outcome, than positive: Outcome) -> Bool {
        switch positive {
        case .number(1): value == .number(0)
        case .number(0): value == .number(1)
        default: true
        }
    }

    /// As numbers; NaN for missing.
    func numbers() throws(TableError) -> [Double] {
        if let allNumbers { return allNumbers }
        let column = try texts()
        let values = column.names.map { parseNumber($0) ?? .nan }
        for (row, code) in column.codes.enumerated() where code >= 0 && values[Int(code)].isNaN {
            throw error(row, "\"\(column.names[Int(code)])\" in \(name), expected a number")
        }
        return column.codes.map { $0 < 0 ? .nan : values[Int($0)] }
    }

    /// As places in a list of classes; −1 for missing.
    func places(_ classes: [String]) throws(TableError) -> [Int] {
        let column = try texts()
        let known = column.names.map(Self.place(in: classes))
        for (row, code) in column.codes.enumerated() where code >= 0 && known[Int(code)] == nil {
            throw error(row, "\"\(column.names[Int(code)])\" in \(name), expected one of \(classes.joined(separator: ", "))")
        }
        return column.codes.map { $0 < 0 ? -1 : known[Int($0)] ?? -1 }
    }

    /// Where a text is in a list of classes: by its letters, else as the same number.
    static func place(in classes: [String]) -> (String) -> Int? {
        let places = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let byNumber = Dictionary(
            classes.enumerated().compactMap { place, name in parseNumber(name).map { ($0, place) } },
            uniquingKeysWith: { first, _ in first })
        return { places[$0] ?? parseNumber($0).flatMap { byNumber[$0] } }
    }

    /// The different things that the cells of some columns say.
    static func outcomes(_ columns: [Cells]) throws(TableError) -> Set<Outcome> {
        var out: Set<Outcome> = []
        for cells in columns {
            let column = try cells.texts()
            for (code, _) in column.present { out.insert(Outcome(column.names[code])) }
        }
        return out
    }

    /// The distinct texts of some columns in the order of their code points; numbers that are equal count once.
    static func classes(_ columns: [Cells]) throws(TableError) -> [String] {
        var texts: [String] = []
        for cells in columns {
            let column = try cells.texts()
            texts += column.present.map { column.names[$0.code] }
        }
        return classes(texts)
    }

    static func classes(_ texts: [String]) -> [String] {
        var numbers: Set<Double> = []
        return Set(texts).sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }.filter { name in
            parseNumber(name).map { numbers.insert($0).inserted } ?? true
        }
    }
}

extension Frame {
    func cells(_ column: String) throws(TableError) -> Cells {
        Cells(
            name: column, allNumbers: try numbersIfAll(column), texts: { () throws(TableError) in try coded(column) },
            outcomes: { () throws(TableError) in try codedOutcomes(column) },
            error: { row, message in error(column, row: row, message) })
    }
}
