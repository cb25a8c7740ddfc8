/// A small line without axes: where a number went, with a ring around each window that had a finding.
public struct Sparkline {
    public var values: [Double?]
    public var isFinding: [Bool]
    /// In words, for who cannot see it.
    public var summary: String

    public init(_ values: [Double?], isFinding: [Bool], summary: String) {
        self.values = values
        self.isFinding = isFinding
        self.summary = summary
    }

    static let width = 160.0
    static let height = 36.0

    public var text: String {
        let known = values.compactMap { $0 }.filter(\.isFinite)
        guard let low = known.min(), let high = known.max() else { return "" }
        let span = high > low ? high - low : max(abs(high), 1)
        func x(_ place: Int) -> String { short(5 + (Self.width - 10) * Double(place) / Double(max(1, values.count - 1))) }
        func y(_ value: Double) -> String { short(Self.height - 6 - (value - low) / span * (Self.height - 12)) }
        var (points, marks): ([String], String) = ([], "")
        for (place, value) in values.enumerated() {
            guard let value, value.isFinite else { continue }
            points.append("\(x(place)),\(y(value))")
            if place < isFinding.count, isFinding[place] {
                marks += "<circle cx=\"\(x(place))\" cy=\"\(y(value))\" r=\"3.5\" fill=\"none\" stroke=\"#d55e00\" stroke-width=\"2\"/>"
            }
        }
        return
            "<svg class=\"spark\" viewBox=\"0 0 \(short(Self.width)) \(short(Self.height))\" role=\"img\" aria-label=\"\(escaped(summary))\"><polyline fill=\"none\" stroke=\"#0072b2\" stroke-width=\"2\" points=\"\(points.joined(separator: " "))\"/>\(marks)</svg>"
    }

    private func short(_ x: Double) -> String { shortNumber((x * 10).rounded() / 10) }
}
