internal import Tables

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
    case levels([Level?])

    var missing: Int {
        switch self {
        case .numbers(let values): values.count(where: \.isNaN)
        case .levels(let values): values.count { $0 == nil }
        }
    }
    var count: Int {
        switch self {
        case .numbers(let values): values.count
        case .levels(let values): values.count
        }
    }
    func rows(_ rows: [Int]) -> ColumnData {
        switch self {
        case .numbers(let values): .numbers(rows.map { values[$0] })
        case .levels(let values): .levels(rows.map { values[$0] })
        }
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
    /// - Throws: `TableError` for a column that is in neither file; it names those that there are.
    func names() throws -> [String] {
        let known = reference.names + current.names.filter { !reference.has($0) }
        let named = options.columns + options.numeric + options.categorical + options.edges.keys.sorted()
        for name in named where !reference.has(name) && !current.has(name) {
            _ = try reference.texts(name)
        }
        return options.columns.isEmpty ? known : known.filter(options.columns.contains)
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
        let texts = (try reference.texts(name), try current.texts(name))
        switch (inferKind(texts.0), inferKind(texts.1)) {
        case (.empty, .empty): return .without(name: name, kind: "empty", why: "no values on either side", missing: (1, 1))
        case (.numeric, .numeric), (.empty, .numeric), (.numeric, .empty):
            let sides = (try reference.numbers(name), try current.numbers(name))
            if !options.columns.contains(name), let why = rowNumbers(name, sides) {
                return .leftOut(name: name, kind: "identifier", why: why)
            }
            return try numericOrBoolean(name, sides)
        case (.timestamp, .timestamp), (.timestamp, .empty), (.empty, .timestamp):
            return .leftOut(name: name, kind: "timestamp", why: "times always move on; --categorical \(name) compares them as levels")
        case (.identifier, .identifier), (.identifier, .empty), (.empty, .identifier):
            return .leftOut(
                name: name, kind: "identifier",
                why: "nearly every row has a value of its own, so there is no distribution to compare; --categorical \(name) compares it")
        case (.numeric, _): return try mixed(name, texts.1, in: current, other: reference)
        case (_, .numeric): return try mixed(name, texts.0, in: reference, other: current)
        default: return try categorical(name)
        }
    }

    /// Numbers on one side and not on the other: levels, unless the other side's are mostly numbers too, with words among them.
    private func mixed(_ name: String, _ texts: [String?], in frame: Frame, other: Frame) throws -> DriftColumn {
        let present = texts.lazy.compactMap { $0 }
        let words = present.filter { parseNumber($0) == nil }
        if words.count * 2 < present.count { _ = try frame.numbers(name) }  // throws at the first word, with its place
        return try categorical(name)
    }

    private func numeric(_ name: String) throws -> DriftColumn {
        try compared(name, .numeric, .numbers(try reference.numbers(name)), .numbers(try current.numbers(name)))
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
        func levels(_ side: [Double]) -> ColumnData { .levels(side.map { $0.isNaN ? nil : Level(text: $0 == 0 ? "0" : "1") }) }
        return try compared(name, .categorical, levels(sides.0), levels(sides.1))
    }

    private func categorical(_ name: String) throws -> DriftColumn {
        let sides = (try reference.texts(name), try current.texts(name))
        // True in one file and true in the other are the same answer.
        let isBoolean = [sides.0, sides.1].joined().allSatisfy { text in
            text.map { $0.utf8.count <= 5 && ["true", "false"].contains($0.lowercased()) } ?? true
        }
        func levels(_ side: [String?]) -> ColumnData {
            .levels(side.map { $0.map { Level(text: isBoolean ? $0.lowercased() : $0) } })
        }
        return try compared(name, .categorical, levels(sides.0), levels(sides.1))
    }

    private func compared(_ name: String, _ kind: ColumnKind, _ r: ColumnData, _ a: ColumnData) throws -> DriftColumn {
        if r.count == 0 || a.count == 0 {
            let side = r.count == 0 ? a.count == 0 ? "both files have" : "the reference has" : "the current file has"
            return .without(name: name, kind: kind.rawValue, why: "\(side) no rows", missing: (nil, nil))
        }
        if r.missing == r.count, a.missing == a.count {
            return .without(name: name, kind: kind.rawValue, why: "no values on either side", missing: (1, 1))
        }
        return .compared(name: name, kind: kind, reference: r, current: a)
    }

    /// Whole numbers that name rows: all different in a column called an id, or counting on in the current file where the reference stopped.
    private func rowNumbers(_ name: String, _ sides: ([Double], [Double])) -> String? {
        let values = sides.0.filter { !$0.isNaN }
        guard values.count >= 50, values.allSatisfy({ $0 == $0.rounded() && abs($0) < 0x1p53 }) else { return nil }
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
