internal import Foundation
internal import Statistics
internal import Tables
internal import Vocabulary

/// A column's texts, and how to say that one of them is wrong: of a file, or labels that were joined to it.
struct Cells {
    var name: String
    /// When every cell is a number or missing: then nobody need ask for the texts of a million of them.
    var allNumbers: [Double]?
    /// The column as it is written.
    var texts: () throws -> CodedColumn
    /// The same of a yes and a no, perhaps as numbers are usually written.
    var outcomes: () throws -> CodedColumn
    /// The problem with a row's cell, with its place in the file that it came from.
    var error: (_ row: Int, _ message: String) -> TableError

    /// As 1 and 0; NaN for missing.
    ///
    /// - Parameter positive: the text (or number) that counts as 1, against all others; nil for `1` or `true` in a column of at most
    ///   two values.
    /// - Throws: ``TableError`` for a third value, and for values of which none is the positive one where that cannot be chance: two, or a
    ///   word.
    func binary(positive: String?) throws -> [Double] {
        let number = parseNumber(positive ?? "1")
        var others: [(name: String, row: Int)] = []  // distinct values that are not the positive one
        var hasPositive = false
        let texts = try outcomes()
        let out = texts.map(missing: Double.nan) { text, row in
            let parsed = parseNumber(text)
            let isPositive = text == positive || (number != nil && parsed == number) || (positive == nil && text.lowercased() == "true")
            hasPositive = hasPositive || isPositive
            let name = parsed.map { "\($0)" } ?? text
            if !isPositive, others.count < 3, !others.contains(where: { $0.name == name }) { others.append((name, row)) }
            return isPositive ? 1 : 0
        }
        if positive == nil, others.count + (hasPositive ? 1 : 0) > 2, let row = others.last?.row {
            throw error(row, "\"\(texts[row] ?? "")\" in \(name), expected two values, or --positive to name the one that counts")
        }
        if !hasPositive, let first = others.first {
            let isWord = positive == nil && parseNumber(first.name) == nil && first.name.lowercased() != "false"
            if others.count > 1 || isWord {
                throw error(
                    first.row, "\"\(texts[first.row] ?? "")\" in \(name), expected \(positive ?? "1") in some row; --positive names another"
                )
            }
        }
        return out
    }

    /// As numbers; NaN for missing.
    func numbers() throws -> [Double] {
        if let allNumbers { return allNumbers }
        return try texts().map(missing: .nan) { text, row in
            guard let number = parseNumber(text) else { throw error(row, "\"\(text)\" in \(name), expected a number") }
            return number
        }
    }

    /// As places in a list of classes; −1 for missing.
    func places(_ classes: [String]) throws -> [Int] {
        let places = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let byNumber = Dictionary(
            classes.enumerated().compactMap { place, name in parseNumber(name).map { ($0, place) } },
            uniquingKeysWith: { first, _ in first })
        return try texts().map(missing: -1) { text, row in
            if let place = places[text] { return place }
            if let number = parseNumber(text), let place = byNumber[number] { return place }
            throw error(row, "\"\(text)\" in \(name), expected one of \(classes.joined(separator: ", "))")
        }
    }

    /// The distinct texts of some columns in the order of their code points; numbers that are equal count once.
    static func classes(_ columns: [Cells]) throws -> [String] {
        classes(
            try columns.flatMap { column in
                let texts = try column.texts()
                return texts.present.map { texts.names[$0.code] }
            })
    }

    static func classes(_ texts: [String]) -> [String] {
        var numbers: Set<Double> = []
        return Set(texts).sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }.filter { name in
            parseNumber(name).map { numbers.insert($0).inserted } ?? true
        }
    }
}

/// The columns that questions about predictions and labels share, read with their checks.
extension Frame {
    func cells(_ column: String) throws -> Cells {
        Cells(
            name: column, allNumbers: try numbersIfAll(column), texts: { try coded(column) }, outcomes: { try codedOutcomes(column) },
            error: { row, message in error(column, row: row, message) })
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
            guard !out.contains(where: { $0.name == name }) else {
                throw AnalysisError("--scores names the class \(name) twice, expected once")
            }
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
