internal import Vocabulary

/// A plain table for the terminal: columns aligned, numbers to the right.
public struct TextTable: Sendable {
    private let header: [String]
    private var rows: [[String]] = []

    public init(_ header: [String]) { self.header = header }

    public mutating func add(_ row: [String]) {
        precondition(row.count == header.count, "one cell a column")
        rows.append(row.map(\.visible))
    }

    public var text: String { text(width: nil) }

    /// - Parameter width: columns of a terminal; nil for as wide as it gets. Long texts go on in the next line, below where they began.
    public func text(width: Int?) -> String { lines(width: width).joined().map { $0 + "\n" }.joined() }

    /// A column of words is not made narrower than this.
    static let wordsMin = 12

    /// The lines of the header and of each row.
    func lines(width: Int?) -> [[String]] {
        let all = [header] + rows
        let isNumeric = header.indices.map { column in
            rows.contains { !$0[column].isEmpty } && rows.allSatisfy { $0[column].isEmpty || Double($0[column]) != nil }
        }
        var widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        if let width {
            func tooMuch() -> Int { widths.reduce(2 * (widths.count - 1), +) - width }
            // The widest column of words gives way first, and words are broken only where nothing else helps.
            let words = header.indices.map { column in all.flatMap { $0[column].split(separator: " ").map(\.count) }.max() ?? 0 }
            for least in [words.map { max($0, Self.wordsMin) }, words.map { _ in Self.wordsMin }] {
                while tooMuch() > 0,
                    let widest = widths.indices.filter({ !isNumeric[$0] && widths[$0] > least[$0] }).max(by: { widths[$0] < widths[$1] })
                {
                    widths[widest] -= 1
                }
            }
        }
        return all.map { row in
            let cells = header.indices.map { Self.wrapped(row[$0], widths[$0]) }
            return (0..<(cells.map(\.count).max() ?? 0)).map { number in
                let parts = header.indices.map { column -> String in
                    let cell = number < cells[column].count ? cells[column][number] : ""
                    let space = String(repeating: " ", count: max(0, widths[column] - cell.count))
                    return isNumeric[column] ? space + cell : cell + space
                }
                var line = parts.joined(separator: "  ")
                while line.last == " " { line.removeLast() }
                return line
            }
        }
    }

    /// Broken between words; a word that is too long is broken within.
    private static func wrapped(_ text: String, _ width: Int) -> [String] {
        guard text.count > width, width > 0 else { return [text] }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            var rest = word[...]
            if !line.isEmpty, line.count + 1 + rest.count > width {
                lines.append(line)
                line = ""
            }
            while rest.count > width {
                lines.append(String(rest.prefix(width)))
                rest = rest.dropFirst(width)
            }
            line += line.isEmpty ? String(rest) : " " + rest
        }
        if !line.isEmpty { lines.append(line) }
        return lines.isEmpty ? [""] : lines
    }
}

/// Four significant digits; empty for nothing.
public func shortNumber(_ x: Double?) -> String {
    guard let x else { return "" }
    if x == 0 || !x.isFinite { return x == 0 ? "0" : "\(x)" }
    if abs(x) < 1e-4 {
        // In the form 3.2e-09, which stays short.
        var exponent = 0
        var mantissa = x
        while abs(mantissa) < 1, exponent > -400 { mantissa *= 10; exponent -= 1 }
        var shown = (mantissa * 10).rounded() / 10
        if abs(shown) >= 10 { (shown, exponent) = (shown / 10, exponent + 1) }
        return (shown == shown.rounded() ? "\(Int(shown))" : "\(shown)") + "e\(exponent)"
    }
    var scale = 1.0
    while abs(x) * scale < 1000, scale < 1e8 { scale *= 10 }
    let rounded = (x * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : "\(rounded)"
}
