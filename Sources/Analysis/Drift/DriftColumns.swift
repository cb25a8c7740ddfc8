internal import Statistics
internal import Tables
internal import Vocabulary

/// What a column is compared as.
enum ColumnKind: String { case numeric, categorical }

/// A level of a categorical column. Unlike texts, levels that merely look alike (é in one or two code points) are different.
struct Level: Hashable, Comparable {
    let text: String
    static func == (a: Level, b: Level) -> Bool { a.text == b.text && a.text.utf8.elementsEqual(b.text.utf8) }
    /// By code point, which is the order of UTF-8 bytes.
    static func < (a: Level, b: Level) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }
    func hash(into hasher: inout Hasher) { text.hash(into: &hasher) }
}

/// One side of a column, as it is compared.
enum ColumnData {
    case numbers([Double])  // NaN for missing
    case levels(CodedLevels)

    /// A pass over all rows.
    var missing: Int {
        switch self {
        case .numbers(let values): missingCount(values)
        case .levels(let levels): levels.codes.count { $0 < 0 }
        }
    }
    var hasValues: Bool {
        switch self {
        case .numbers(let values): values.contains { !$0.isNaN }
        case .levels(let levels): levels.codes.contains { $0 >= 0 }
        }
    }
    var count: Int {
        switch self {
        case .numbers(let values): values.count
        case .levels(let levels): levels.codes.count
        }
    }
    func rows(_ rows: [Int]) -> ColumnData {
        switch self {
        case .numbers(let values): .numbers(rows.map { values[$0] })
        case .levels(let levels): .levels(CodedLevels(codes: rows.map { levels.codes[$0] }, names: levels.names))
        }
    }
}

/// A categorical column of one side: a number for each row, -1 for missing, and the levels they stand for.
struct CodedLevels {
    var codes: [Int32]
    /// May hold a level twice.
    var names: [Level]

    /// The rows of each level that has any.
    var tally: [Level: Int64] {
        var counts = [Int64](repeating: 0, count: names.count)
        for code in codes where code >= 0 { counts[Int(code)] += 1 }
        var byLevel: [Level: Int64] = [:]
        for (name, count) in zip(names, counts) where count > 0 { byLevel[name, default: 0] += count }
        return byLevel
    }
}

/// A column of both files, ready to be compared, or the reason why it is not.
enum DriftColumn {
    case compared(name: String, kind: ColumnKind, reference: ColumnData, current: ColumnData)
    /// Something a user would want to know: the column is missing or empty on a side.
    case without(name: String, kind: String, why: String, missing: (reference: Double?, current: Double?))
    /// Not something to compare: a time, a name of the row.
    case leftOut(name: String, kind: String, why: String)
}

/// Reads the columns of both files and decides what each of them is.
struct DriftColumns {
    let reference: Frame
    let current: Frame
    let options: DriftOptions

    /// The columns to compare, in the order of the files.
    ///
    /// - Throws: `TableError` for a column that is in neither file; it names those that there are. ``AnalysisError`` for files without a common one.
    func names() throws -> [String] {
        let known = reference.names + current.names.filter { !reference.has($0) }
        let named =
            options.columns + options.numeric + options.categorical + options.edges.keys.sorted() + [options.timestamp].compactMap { $0 }
        try reference.requireColumns(named.filter { !current.has($0) })
        guard known.count < reference.names.count + current.names.count else { throw nothingInCommon() }
        return options.columns.isEmpty ? known : known.filter(options.columns.contains)
    }

    private func nothingInCommon() -> AnalysisError {
        let names = [reference, current].map { frame in
            "\(frame.file) has \(frame.names.prefix(5).map { $0.shown() }.joined(separator: ", "))\(frame.names.count > 5 ? ", …" : "")"
        }
        // The usual reason: one name that holds all of them.
        let separator: String? = [";", "\t", "|"].first { mark in
            [reference, current].contains { $0.names.count == 1 && $0.names[0].contains(mark) }
        }
        return AnalysisError(
            "no column in common: \(names.joined(separator: ", ")), expected the same names\(separator.map { "; fields are separated by commas, not by \($0.visible)" } ?? "")"
        )
    }

    func column(_ name: String) throws -> DriftColumn {
        guard reference.has(name) else {
            return .without(name: name, kind: "unknown", why: "the reference has no such column", missing: (nil, nil))
        }
        guard current.has(name) else {
            return .without(name: name, kind: "unknown", why: "the current file has no such column", missing: (nil, nil))
        }
        if options.numeric.contains(name) { return try numeric(name) }
        if options.categorical.contains(name) { return try categorical(name) }
        if name == options.timestamp { return .leftOut(name: name, kind: "timestamp", why: "the times that cut the chunks") }
        switch (try reference.kind(name), try current.kind(name)) {
        case (.empty, .empty): return .without(name: name, kind: "empty", why: "no values on either side", missing: (1, 1))
        case (.numeric, .numeric), (.empty, .numeric), (.numeric, .empty):
            let sides = (try reference.numbers(name), try current.numbers(name))
            if !options.columns.contains(name), let why = rowNumbers(name, sides) {
                return .leftOut(name: name, kind: "identifier", why: why)
            }
            return try numericOrBoolean(name, sides)
        case (.timestamp, .timestamp), (.timestamp, .empty), (.empty, .timestamp):
            if options.columns.contains(name) { return try numeric(name) }
            return .leftOut(name: name, kind: "timestamp", why: "times always move on; --columns or --numeric \(name) compares them")
        case (.identifier, .identifier), (.identifier, .empty), (.empty, .identifier):
            if options.columns.contains(name) { return try categorical(name) }
            return .leftOut(
                name: name, kind: "identifier",
                why:
                    "nearly every row has a value of its own, so there is no distribution to compare; --columns or --categorical \(name) compares it"
            )
        case (.numeric, _): return try mixed(name, in: current)
        case (_, .numeric): return try mixed(name, in: reference)
        default: return try categorical(name)
        }
    }

    /// Numbers on one side and not on the other: levels, unless this side's are mostly numbers too, with words among them.
    private func mixed(_ name: String, in frame: Frame) throws -> DriftColumn {
        let (codes, names) = try frame.levels(name)
        let isWord = names.map { parseNumber($0) == nil }
        let words = codes.count { $0 >= 0 && isWord[Int($0)] }
        if words * 2 < codes.count(where: { $0 >= 0 }) { _ = try frame.numbers(name) }  // throws at the first word, with its place
        return try categorical(name)
    }

    private func numeric(_ name: String) throws -> DriftColumn {
        try compared(name, .numeric, .numbers(try Self.numbers(reference, name)), .numbers(try Self.numbers(current, name)))
    }

    /// Times as seconds since 1970.
    private static func numbers(_ frame: Frame, _ name: String) throws -> [Double] {
        try frame.kind(name) == .timestamp ? try frame.times(name) : try frame.numbers(name)
    }

    /// Numbers with at most two values are a yes and a no, not a quantity.
    private func numericOrBoolean(_ name: String, _ sides: ([Double], [Double])) throws -> DriftColumn {
        var values: Set<Double> = []
        for value in [sides.0, sides.1].joined() where !value.isNaN {
            values.insert(value)
            if values.count > 2 { return try compared(name, .numeric, .numbers(sides.0), .numbers(sides.1)) }
        }
        guard values == [0, 1] else { return try compared(name, .numeric, .numbers(sides.0), .numbers(sides.1)) }
        // The same number may be written as 1 in one file and as 1.0 in the other.
        func levels(_ side: [Double]) -> ColumnData {
            .levels(CodedLevels(codes: side.map { $0.isNaN ? -1 : $0 == 0 ? 0 : 1 }, names: [Level(text: "0"), Level(text: "1")]))
        }
        return try compared(name, .categorical, levels(sides.0), levels(sides.1))
    }

    private func categorical(_ name: String) throws -> DriftColumn {
        let sides = (try reference.levels(name), try current.levels(name))
        // True in one file and true in the other are the same answer.
        let isBoolean = [sides.0.names, sides.1.names].joined().allSatisfy { text in
            text.utf8.count <= 5 && ["true", "false"].contains(text.lowercased())
        }
        func levels(_ side: (codes: [Int32], names: [String])) -> ColumnData {
            .levels(CodedLevels(codes: side.codes, names: side.names.map { Level(text: isBoolean ? $0.lowercased() : $0) }))
        }
        return try compared(name, .categorical, levels(sides.0), levels(sides.1))
    }

    private func compared(_ name: String, _ kind: ColumnKind, _ r: ColumnData, _ a: ColumnData) throws -> DriftColumn {
        if r.count == 0 || a.count == 0 {
            let side = r.count == 0 ? a.count == 0 ? "both files have" : "the reference has" : "the current file has"
            return .without(name: name, kind: kind.rawValue, why: "\(side) no rows", missing: (nil, nil))
        }
        if !r.hasValues, !a.hasValues {
            return .without(name: name, kind: kind.rawValue, why: "no values on either side", missing: (1, 1))
        }
        return .compared(name: name, kind: kind, reference: r, current: a)
    }

    /// Whole numbers that name rows: all different in a column called an id, or counting on in the current file where the reference stopped.
    private func rowNumbers(_ name: String, _ sides: ([Double], [Double])) -> String? {
        // Of most columns the first values tell.
        guard sides.0.allSatisfy({ $0.isNaN || ($0 == $0.rounded() && abs($0) < 0x1p53) }) else { return nil }
        let values = sides.0.filter { !$0.isNaN }
        guard values.count >= 50 else { return nil }
        let word = name.lowercased()
        let isNamedID =
            ["id", "index", "row", "row_number"].contains(word) || word.hasSuffix("_id") || word.hasSuffix("-id") || name.hasSuffix("Id")
        if isNamedID, Set(values).count == values.count {
            return "every row has a whole number of its own; --numeric \(name) compares it"
        }
        guard sides.0[0] + 1 == sides.0[1] else { return nil }
        let both = sides.0 + sides.1
        if both.count > sides.0.count, zip(both, both.dropFirst()).allSatisfy({ $1 == $0 + 1 }) {
            return "it counts the rows on from file to file; --numeric \(name) compares it"
        }
        return nil
    }
}
