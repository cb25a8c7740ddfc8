internal import Foundation
internal import Statistics
internal import Vocabulary

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
