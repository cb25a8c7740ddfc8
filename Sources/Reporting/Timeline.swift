public import Vocabulary

/// Stretches of time, one row each: when something began and ended.
public struct Timeline {
    public struct Row {
        public var name: String
        public var from: Timestamp
        /// nil while it lasts.
        public var to: Timestamp?
        public init(name: String, from: Timestamp, to: Timestamp?) {
            self.name = name
            self.from = from
            self.to = to
        }
    }
    public var title: String
    public var rows: [Row]
    public var now: Timestamp

    public init(_ title: String, rows: [Row], now: Timestamp) {
        self.title = title
        self.rows = rows
        self.now = now
    }

    static let width = 900.0
    static let names = 250.0
    static let step = 22.0

    public var text: String {
        guard let first = rows.map(\.from).min() else { return "" }
        let zero = Timestamp(seconds: 0)
        let axis = Axis(from: first.seconds(since: zero), to: max(now, first.adding(seconds: 60)).seconds(since: zero), ticksMax: 6)
        func x(_ time: Double) -> Double { Self.names + axis.place(time) * (Self.width - Self.names - 24) }
        func short(_ x: Double) -> String { shortNumber((x * 10).rounded() / 10) }
        let bottom = Double(rows.count) * Self.step + 8
        let tickStep = axis.ticks.count > 1 ? axis.ticks[1] - axis.ticks[0] : 0
        var out = ""
        for tick in axis.ticks {
            out += "<line class=\"grid\" x1=\"\(short(x(tick)))\" y1=\"0\" x2=\"\(short(x(tick)))\" y2=\"\(short(bottom))\"/>"
            out +=
                "<text x=\"\(short(x(tick)))\" y=\"\(short(bottom + 15))\" text-anchor=\"middle\">\(SVGChart.moment(tick, step: tickStep))</text>"
        }
        for (number, row) in rows.enumerated() {
            let y = Double(number) * Self.step + 6
            let from = x(row.from.seconds(since: zero))
            let to = x((row.to ?? now).seconds(since: zero))
            let words = "\(row.name): from \(row.from.rfc3339.prefix(16)) \(row.to.map { "to \($0.rfc3339.prefix(16))" } ?? "until now")"
            let name = row.name.count > 36 ? row.name.prefix(35) + "…" : row.name
            // What lasts is full and has an arrow; what is over is an outline.
            out += "<text x=\"\(short(Self.names - 8))\" y=\"\(short(y + 11))\" text-anchor=\"end\">\(escaped(name))</text>"
            out +=
                "<rect x=\"\(short(from))\" y=\"\(short(y))\" width=\"\(short(max(4, to - from)))\" height=\"13\" rx=\"2\" stroke=\"#d55e00\" stroke-width=\"1.5\" fill=\"#d55e00\" fill-opacity=\"\(row.to == nil ? "1" : ".15")\"><title>\(escaped(words))</title></rect>"
            if row.to == nil {
                out += "<path fill=\"#d55e00\" d=\"M\(short(to + 2)) \(short(y - 1))l9 7.5l-9 7.5z\"/>"
            }
        }
        return
            "<svg class=\"timeline\" viewBox=\"0 0 \(short(Self.width)) \(short(bottom + 20))\" role=\"img\" aria-label=\"\(escaped("\(title): \(rows.count) rows, told one by one below"))\">\(out)</svg>"
    }
}
