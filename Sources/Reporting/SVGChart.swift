internal import Vocabulary

/// A chart as SVG: nothing loaded, readable in print and in the dark, told in words to a screen reader.
///
/// Series differ by colour and by stroke or hatching, so that colour is not needed to tell them apart.
struct SVGChart {
    let chart: Report.Chart

    static let width = 640.0
    static let left = 56.0
    static let right = 16.0
    private static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
    static let dashes = ["", "7 3", "2 3", "10 3 2 3", "4 4", "1 4"]

    var text: String {
        switch chart.shape {
        case .bars(let labels): bars(labels)
        case .histogram(let edges): histogram(edges)
        case .lines: lines
        }
    }

    // MARK: Bars, one row a label

    private func bars(_ labels: [String]) -> String {
        let thickness = 14.0
        let gap = 10.0
        let nameWidth = min(200, Double(labels.map(\.count).max() ?? 0) * 7 + 12)
        let rowHeight = Double(chart.series.count) * thickness + gap
        let top = legendHeight
        let height = top + Double(labels.count) * rowHeight + 34
        let ends = chart.series.flatMap { $0.y + $0.upper }.filter(\.isFinite)
        let scale = Axis(low: 0, high: ends.max() ?? 1)
        func x(_ value: Double) -> Double { nameWidth + scale.place(value) * (Self.width - nameWidth - Self.right) }
        var out = ""
        for tick in scale.ticks {
            out += line(x(tick), top, x(tick), height - 30, "grid") + label(x(tick), height - 14, shortNumber(tick), anchor: "middle")
        }
        for (row, name) in labels.enumerated() {
            let y = top + Double(row) * rowHeight + gap / 2
            out += label(nameWidth - 8, y + rowHeight / 2 - gap / 2 + 4, clipped(name), anchor: "end")
            for (number, series) in chart.series.enumerated() where row < series.y.count && series.y[row].isFinite {
                let bar = y + Double(number) * thickness
                let end = x(max(0, series.y[row]))
                out +=
                    "<rect x=\"\(short(nameWidth))\" y=\"\(short(bar))\" width=\"\(short(max(0.5, end - nameWidth)))\" height=\"\(short(thickness - 3))\" fill=\"\(colour(number))\"><title>\(escaped("\(name), \(series.name): \(shortNumber(series.y[row]))"))</title></rect>"
                guard row < series.lower.count, row < series.upper.count, series.lower[row].isFinite, series.upper[row].isFinite else {
                    continue
                }
                let middle = bar + (thickness - 3) / 2
                out += line(x(max(0, series.lower[row])), middle, x(series.upper[row]), middle, "whisker")
            }
        }
        return frame(height, legend + out + label((nameWidth + Self.width) / 2, height - 1, chart.xLabel, anchor: "middle"))
    }

    private func clipped(_ name: String) -> String { name.count > 27 ? name.prefix(26) + "…" : name }

    // MARK: Lines

    private var lines: String {
        let height = 360.0
        let top = legendHeight
        let bottom = height - 44
        let finite = chart.series.map { series in
            series.x.indices.filter { $0 < series.y.count && series.x[$0].isFinite && series.y[$0].isFinite }
        }
        var xs: [Double] = chart.hasDiagonal ? [0, 1] : []
        var ys = xs
        for (series, places) in zip(chart.series, finite) {
            xs += places.map { series.x[$0] }
            ys += places.map { series.y[$0] }
            ys += series.lower.filter(\.isFinite) + series.upper.filter(\.isFinite)
        }
        let across = Axis(low: xs.min() ?? 0, high: xs.max() ?? 1)
        let up = Axis(low: chart.isZoomed ? ys.min() ?? 0 : min(0, ys.min() ?? 0), high: ys.max() ?? 1)
        func x(_ value: Double) -> Double { Self.left + across.place(value) * (Self.width - Self.left - Self.right) }
        func y(_ value: Double) -> Double { bottom - up.place(value) * (bottom - top) }
        var out = ""
        for tick in across.ticks {
            out += line(x(tick), top, x(tick), bottom, "grid") + label(x(tick), bottom + 16, shortNumber(tick), anchor: "middle")
        }
        for tick in up.ticks {
            out +=
                line(Self.left, y(tick), Self.width - Self.right, y(tick), "grid")
                + label(Self.left - 6, y(tick) + 4, shortNumber(tick), anchor: "end")
        }
        if chart.hasDiagonal { out += line(x(0), y(0), x(1), y(1), "diagonal") }
        for (number, series) in chart.series.enumerated() {
            let places = finite[number]
            for place in places
            where place < series.lower.count && place < series.upper.count && series.lower[place].isFinite && series.upper[place].isFinite {
                out += line(
                    x(series.x[place]), y(series.lower[place]), x(series.x[place]), y(series.upper[place]), "whisker",
                    colour: chart.series.count > 1 ? colour(number) : nil)
            }
            let points = places.map { "\(short(x(series.x[$0]))),\(short(y(series.y[$0])))" }
            let dash = Self.dashes[number % Self.dashes.count]
            out +=
                "<polyline fill=\"none\" stroke=\"\(colour(number))\" stroke-width=\"2\" stroke-dasharray=\"\(dash)\" points=\"\(points.joined(separator: " "))\"/>"
            if places.count <= 60 {
                for place in places {
                    out +=
                        "<circle cx=\"\(short(x(series.x[place])))\" cy=\"\(short(y(series.y[place])))\" r=\"3\" fill=\"\(colour(number))\"><title>\(escaped("\(series.name): \(shortNumber(series.x[place])), \(shortNumber(series.y[place]))"))</title></circle>"
                }
            }
        }
        out += label((Self.left + Self.width) / 2, height - 8, chart.xLabel, anchor: "middle")
        out +=
            "<text x=\"14\" y=\"\(short((top + bottom) / 2))\" text-anchor=\"middle\" transform=\"rotate(-90 14 \(short((top + bottom) / 2)))\">\(escaped(chart.yLabel))</text>"
        return frame(height, legend + out)
    }

    // MARK: Parts

    var legendHeight: Double { chart.series.count > 1 ? 30 : 10 }

    var legend: String {
        guard chart.series.count > 1 else { return "" }
        var at = 8.0
        return chart.series.enumerated().map { number, series in
            let place = at
            at += (isBars ? 34 : 46) + Double(series.name.count) * 7.2
            return mark(number, at: place) + label(place + (isBars ? 17 : 29), 16, series.name, anchor: "start")
        }.joined()
    }

    private var isBars: Bool { if case .bars = chart.shape { true } else { false } }

    /// What a series looks like in the picture: a square of its bars, or its stroke.
    private func mark(_ number: Int, at x: Double) -> String {
        if isBars { return "<rect x=\"\(short(x))\" y=\"6\" width=\"12\" height=\"12\" fill=\"\(colour(number))\"/>" }
        return
            "<line x1=\"\(short(x))\" y1=\"12\" x2=\"\(short(x + 24))\" y2=\"12\" stroke=\"\(colour(number))\" stroke-width=\"2.5\" stroke-dasharray=\"\(Self.dashes[number % Self.dashes.count])\"/>"
    }

    /// - Parameter numbers: the values as a table, for who cannot see the picture.
    func frame(_ height: Double, _ content: String, numbers: String = "") -> String {
        "<figure><figcaption>\(escaped(chart.title))</figcaption><svg viewBox=\"0 0 \(short(Self.width)) \(short(height))\" role=\"img\" aria-label=\"\(escaped("\(chart.title): \(chart.summary)"))\">\(content)</svg><p>\(escaped(chart.summary))</p>\(numbers)</figure>\n"
    }

    func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String, colour: String? = nil) -> String {
        "<line class=\"\(kind)\"\(colour.map { " style=\"stroke:\($0)\"" } ?? "") x1=\"\(short(x1))\" y1=\"\(short(y1))\" x2=\"\(short(x2))\" y2=\"\(short(y2))\"/>"
    }
    func label(_ x: Double, _ y: Double, _ text: String, anchor: String) -> String {
        text.isEmpty ? "" : "<text x=\"\(short(x))\" y=\"\(short(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>"
    }
    func colour(_ number: Int) -> String { Self.colours[number % Self.colours.count] }
    func short(_ x: Double) -> String { shortNumber((x * 10).rounded() / 10) }
}

/// Round numbers along an axis.
struct Axis {
    let low: Double
    let high: Double
    let ticks: [Double]

    /// At most about six ticks at 1, 2 or 5 times a power of ten, which enclose the values.
    init(low: Double, high: Double) {
        let span = high > low ? high - low : max(abs(high), 1)
        var step = 1.0
        while step * 10 <= span / 5 { step *= 10 }
        while step > span / 5 { step /= 10 }
        // Now step ≤ span / 5 < 10 step.
        step = [1.0, 2, 5, 10].map { $0 * step }.first { span / $0 <= 6 } ?? step
        let first = (low / step).rounded(.down)
        let last = max((high / step).rounded(.up), first + 1)
        self.low = first * step
        self.high = last * step
        ticks = (0...Int(last - first)).map { (first + Double($0)) * step }
    }

    /// 0 at the low end, 1 at the high end.
    func place(_ value: Double) -> Double { (value - low) / (high - low) }
}
