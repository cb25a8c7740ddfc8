public import Vocabulary

/// The arguments of one call of `evenkeel stat`, read with the words of an error at hand. Null is NaN in a list of numbers, and
/// "not given" elsewhere.
public struct StatArguments: Sendable {
    private let object: JSONObject

    public init(_ object: JSONObject) { self.object = object }

    public func has(_ name: String) -> Bool { object[name].map { $0 != .null } ?? false }

    /// The argument as it was given.
    public func json(_ name: String) throws -> JSON {
        guard let value = object[name] else { throw AnalysisError("\(name) is missing, expected it among the arguments") }
        return value
    }

    private func failure(_ name: String, _ value: JSON, _ expected: String) -> AnalysisError {
        AnalysisError("\(name) is \(Self.shown(value)), expected \(expected)")
    }

    private static func shown(_ value: JSON) -> String {
        switch value {
        case .array, .object, .null: value.kind
        default: value.text.count <= 40 ? value.text : value.kind
        }
    }

    // MARK: - One value

    public func number(_ name: String) throws -> Double {
        let value = try json(name)
        guard let number = value.doubleValue else { throw failure(name, value, "a number") }
        return number
    }
    public func number(_ name: String, preset: Double) throws -> Double { has(name) ? try number(name) : preset }

    public func integer(_ name: String) throws -> Int64 {
        let value = try json(name)
        guard let integer = value.intValue else { throw failure(name, value, "a whole number") }
        return integer
    }
    public func integer(_ name: String, preset: Int64) throws -> Int64 { has(name) ? try integer(name) : preset }

    /// A level or a share: strictly between 0 and 1.
    public func share(_ name: String, preset: Double) throws -> Double {
        guard has(name) else { return preset }
        let value = try number(name)
        guard value >= 1e-300, value < 1 else { throw failure(name, try json(name), "a number between 0 and 1") }
        return value
    }
    public func confidence() throws -> Double {
        let value = try number("confidence", preset: 0.95)
        guard ConfidenceLevel.range.contains(value) else {
            throw failure("confidence", try json("confidence"), ConfidenceLevel.expected)
        }
        return value
    }

    public func boolean(_ name: String, preset: Bool) throws -> Bool {
        guard has(name) else { return preset }
        guard let value = try json(name).boolValue else { throw failure(name, try json(name), "true or false") }
        return value
    }

    /// One of a few words; without a preset it must be given.
    public func word(_ name: String, of words: [String], preset: String? = nil) throws -> String {
        if !has(name), let preset { return preset }
        let value = try json(name)
        guard let word = value.stringValue, words.contains(word) else { throw failure(name, value, words.joined(separator: ", ")) }
        return word
    }

    // MARK: - Lists

    /// Numbers; null is NaN. A single number counts as a list of one.
    public func numbers(_ name: String) throws -> [Double] {
        let value = try json(name)
        guard let items = value.arrayValue ?? value.doubleValue.map({ [.number($0)] }) else {
            throw failure(name, value, "a list of numbers")
        }
        return try Self.numbers(items, name)
    }

    private static func numbers(_ items: [JSON], _ name: String) throws -> [Double] {
        var out: [Double] = []
        out.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            if case .null = item {
                out.append(.nan)
            } else if let number = item.doubleValue {
                out.append(number)
            } else {
                throw AnalysisError("\(name)[\(index)] is \(shown(item)), expected a number")
            }
        }
        return out
    }

    /// Several lists of one length, as the columns of a table: for functions that work row by row.
    public func columns(_ names: String...) throws -> [[Double]] {
        let lists = try names.map { try numbers($0) }
        for (name, list) in zip(names, lists) where list.count != lists[0].count {
            throw AnalysisError("\(name) has \(list.count) numbers, expected \(lists[0].count) as in \(names[0])")
        }
        return lists
    }

    /// Samples after `nan_policy`: NaN left out, or refused, or - then nil - it makes the result undefined.
    public func samples(_ names: String...) throws -> [[Double]]? {
        let policy = try word("nan_policy", of: ["omit", "propagate", "raise"], preset: "omit")
        var out: [[Double]] = []
        var holes = false
        for name in names {
            let all = try numbers(name)
            let present = all.filter { !$0.isNaN }
            if present.count < all.count {
                if policy == "raise" { throw AnalysisError("\(name) holds a missing value, expected none with nan_policy raise") }
                holes = true
            }
            out.append(present)
        }
        return holes && policy == "propagate" ? nil : out
    }

    /// Rows of numbers of equal length.
    public func rows(_ name: String) throws -> [[Double]] {
        let value = try json(name)
        guard let items = value.arrayValue else { throw failure(name, value, "a list of rows") }
        var out: [[Double]] = []
        for (index, item) in items.enumerated() {
            guard let row = item.arrayValue else { throw failure("\(name)[\(index)]", item, "a list of numbers") }
            out.append(try Self.numbers(row, "\(name)[\(index)]"))
            guard out[index].count == out[0].count else {
                throw AnalysisError("\(name)[\(index)] has \(out[index].count) numbers, expected \(out[0].count) as in \(name)[0]")
            }
        }
        return out
    }

    /// A table of counts: whole numbers ≥ 0, in rows of equal length.
    public func counts(_ name: String) throws -> [[Int64]] {
        let rows = try rows(name)
        return try rows.map { row in
            try row.map { value in
                guard let count = Int64(exactly: value), count >= 0 else {
                    throw AnalysisError("\(name) holds \(JSON.number(value).text), expected whole numbers of at least 0")
                }
                return count
            }
        }
    }

    /// A table [[a, b], [c, d]] of counts.
    public func fourfold(_ name: String) throws -> [[Int64]] {
        let table = try counts(name)
        guard table.count == 2, table[0].count == 2 else { throw AnalysisError("\(name) is not 2 by 2, expected [[a, b], [c, d]]") }
        return table
    }
}
