/// A plain table for the terminal: columns aligned, numbers to the right.
public struct TextTable: Sendable {
    private let header: [String]
    private var rows: [[String]] = []

    public init(_ header: [String]) { self.header = header }

    public mutating func add(_ row: [String]) {
        precondition(row.count == header.count, "one cell a column")
        rows.append(row)
    }

    public var text: String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let isNumeric = header.indices.map { column in
            rows.contains { !$0[column].isEmpty } && rows.allSatisfy { $0[column].isEmpty || Double($0[column]) != nil }
        }
        return all.map { row in
            let cells = header.indices.map { column -> String in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return isNumeric[column] ? space + row[column] : row[column] + space
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
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
