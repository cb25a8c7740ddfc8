internal import Foundation
internal import Statistics
internal import Tables
internal import Vocabulary

/// The columns that questions about predictions and labels share, read with their checks.
extension Frame {
    /// A column of two values as 1 and 0; NaN for missing.
    ///
    /// - Parameter positive: the text (or number) that counts as 1; nil for `1` or `true`. What is said counts against all others;
    ///   what is not said is only taken from a column that has it, or nothing but numbers, beside at most one other value.
    /// - Throws: ``TableError`` for a third value, for two values of which none is the positive one, or for one that seems to be a word.
    func binary(_ column: String, positive: String?) throws -> [Double] {
        let texts = try texts(column)
        let number = parseNumber(positive ?? "1")
        var values: [String: Double] = [:]
        var distinct: [String] = []  // as numbers where they are some
        var firstRows: [Int] = []
        var out: [Double] = []
        out.reserveCapacity(texts.count)
        for (row, text) in texts.enumerated() {
            guard let text else { out.append(.nan); continue }
            if let value = values[text] { out.append(value); continue }
            let parsed = parseNumber(text)
            let isPositive =
                text == positive || (number != nil && parsed == number) || (positive == nil && text.lowercased() == "true")
            values[text] = isPositive ? 1 : 0
            out.append(isPositive ? 1 : 0)
            let name = isPositive ? "\u{0}" : parsed.map { "\($0)" } ?? text
            if !distinct.contains(name), distinct.count < 3 {
                distinct.append(name)
                firstRows.append(row)
            }
        }
        let wanted = positive ?? "1"
        let hasPositive = distinct.contains("\u{0}")
        if positive == nil, distinct.count == 3 {
            let row = firstRows[2]
            throw error(column, row: row, "a third value \"\(texts[row] ?? "")\" in \(column), expected two values, or --positive to name one of them")
        }
        if !hasPositive, let row = firstRows.first {
            let isWord = positive == nil && !["false"].contains(distinct[0].lowercased()) && parseNumber(distinct[0]) == nil
            if distinct.count > 1 || isWord {
                throw error(
                    column, row: row,
                    "\"\(texts[row] ?? "")\" in \(column), expected \"\(wanted)\" somewhere in it as the positive value; --positive names another")
            }
        }
        return out
    }

    /// Weights: numbers ≥ 0; NaN for missing.
    func weights(_ column: String) throws -> [Double] {
        let weights = try numbers(column)
        if let row = weights.firstIndex(where: { $0 < 0 || $0.isInfinite }) {
            throw error(column, row: row, "\(weights[row]) in \(column), expected a weight: a finite number of at least 0")
        }
        return weights
    }

    /// Scores that are probabilities; NaN for missing.
    func probabilities(_ column: String) throws -> [Double] {
        let scores = try numbers(column)
        if let row = scores.firstIndex(where: { $0 < 0 || $0 > 1 }) {
            throw error(column, row: row, "\(scores[row]) in \(column), expected a probability from 0 to 1")
        }
        return scores
    }

    /// The class numbers of a column; −1 for missing.
    func classNumbers(_ column: String, _ classes: [String]) throws -> [Int] {
        var places = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let byNumber = Dictionary(
            classes.enumerated().compactMap { place, name in parseNumber(name).map { ($0, place) } }, uniquingKeysWith: { first, _ in first })
        return try texts(column).enumerated().map { row, text in
            guard let text else { return -1 }
            if let place = places[text] { return place }
            if let number = parseNumber(text), let place = byNumber[number] {
                places[text] = place
                return place
            }
            throw error(column, row: row, "\"\(text)\" in \(column), expected a class: \(classes.joined(separator: ", "))")
        }
    }

    /// The distinct texts of columns, in the order of their code points; numbers that are equal count once.
    func classesSeen(_ columns: [String]) throws -> [String] {
        var seen: Set<String> = []
        for column in columns {
            for text in try texts(column) { if let text { seen.insert(text) } }
        }
        var numbers: Set<Double> = []
        return seen.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }.filter { name in
            parseNumber(name).map { numbers.insert($0).inserted } ?? true
        }
    }
}

/// `CLASS=column` of `--scores`.
public struct ClassScore: Sendable, Equatable {
    public var name: String
    public var column: String
    public init(name: String, column: String) {
        self.name = name
        self.column = column
    }

    /// - Throws: ``AnalysisError`` for a pair without `=`, or a class named twice.
    public static func list(_ pairs: [String]) throws -> [ClassScore] {
        var out: [ClassScore] = []
        for pair in pairs {
            guard let equals = pair.lastIndex(of: "="), equals > pair.startIndex, pair.index(after: equals) < pair.endIndex else {
                throw AnalysisError("--scores \(pair), expected CLASS=column")
            }
            let name = String(pair[..<equals])
            guard !out.contains(where: { $0.name == name }) else { throw AnalysisError("--scores names the class \(name) twice, expected once") }
            out.append(ClassScore(name: name, column: String(pair[pair.index(after: equals)...])))
        }
        return out
    }
}

extension Interval {
    /// `[lower, upper]`.
    var json: JSON { JSON.statistics([lower, upper]) }
    var text: String { "\(tableNumber(lower)) to \(tableNumber(upper))" }
}

/// Four significant digits for tables; "–" for nothing.
func tableNumber(_ value: Double?) -> String {
    guard let value, !value.isNaN else { return "–" }
    if value.isInfinite { return value < 0 ? "-∞" : "∞" }
    if value == 0 { return "0" }
    let size = abs(value)
    if size >= 1e15 || size < 1e-4 {
        let exponent = Int(log10(size).rounded(.down))
        let mantissa = (value / pow(10, Double(exponent)) * 1000).rounded() / 1000
        return abs(mantissa) >= 10 ? "\(mantissa / 10)e\(exponent + 1)" : "\(mantissa)e\(exponent)"
    }
    if size >= 1000 { return "\(Int((value).rounded()))" }
    let digits = 3 - Int(log10(size).rounded(.down))
    let scale = pow(10, Double(max(digits, 0)))
    return "\((value * scale).rounded() / scale)"
}
