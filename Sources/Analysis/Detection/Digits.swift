internal import Foundation

/// Numbers as people read them in the reports of `detect` and `estimate`.
enum Digits {
    /// `1 row`, `2 rows`.
    static func count(_ number: Int, _ thing: String) -> String { "\(number) \(thing)\(number == 1 ? "" : "s")" }

    /// Four significant digits, or a dash for what is undefined.
    static func short(_ value: Double?) -> String {
        guard let value, !value.isNaN else { return "–" }
        if value.isInfinite { return value < 0 ? "-∞" : "∞" }
        if value == value.rounded(), abs(value) < 1e6 { return String(Int(value)) }
        return String(format: abs(value) >= 1000 ? "%.1f" : "%.4g", value)
    }
}
