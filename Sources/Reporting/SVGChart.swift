public import Vocabulary

/// A chart as SVG, for pages and reports: nothing loaded, readable in print and in the dark, told in words to a screen reader.
///
/// Series differ by colour and by stroke or hatching, so that colour is not needed to tell them apart. Nothing is styled in place: what the
/// sheet of the page does not say stands in presentation attributes, so that a strict content security policy takes nothing away.
public struct SVGChart {
    let chart: Report.Chart
    /// Of the drawing; text keeps its size, so that a narrow chart is one for a narrow place.
    let width: Double
    /// Of a second drawing for a phone, of which the style sheet shows one or the other; nil where the one drawing is narrow already.
    let narrow: Double?

    /// What is readable on a phone without scrolling: letters keep their size.
    public static let phone = 360.0

    public init(_ chart: Report.Chart, width: Double = 640, narrow: Double? = nil) {
        self.chart = chart
        self.width = width
        self.narrow = narrow
    }

    static let left = 56.0
    static let right = 16.0
    /// Rows of the table behind a chart; a chart of more has none.
    static let numbersMax = 120
    private static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
    static let dashes = ["", "7 3", "2 3", "10 3 2 3", "4 4", "1 4"]

    /// A picture, and the numbers behind it.
    struct Drawing {
        var height: Double
        var content: String
        var numbers: String
    }

    /// A `<figure>`.
    public var text: String {
        let drawing = drawing
        let own = svg(drawing, narrow == nil ? "" : "broad")
        let second = narrow.map { width in
            let small = SVGChart(chart, width: width)
            return small.svg(small.drawing, "narrow")
        }
        return
            "<figure><figcaption>\(escaped(chart.title))</figcaption>\(own)\(second ?? "")<p>\(escaped(chart.summary))</p>\(drawing.numbers)</figure>\n"
    }

    private func svg(_ drawing: Drawing, _ kind: String) -> String {
        let kind = kind.isEmpty ? "" : " class=\"\(kind)\""
        return
            "<svg\(kind) viewBox=\"0 0 \(short(width)) \(short(drawing.height))\" role=\"img\" aria-label=\"\(escaped("\(chart.title): \(chart.summary)"))\">\(drawing.content)</svg>"
    }

    private var drawing: Drawing {
        switch chart.shape {
        case .bars(let labels): bars(labels)
        case .histogram(let edges): histogram(edges)
        case .lines: lines
        }
    }

    // MARK: Bars, one row a label

    private func bars(_ labels: [String]) -> Drawing {
        let thickness = 14.0
        let gap = 10.0
        let nameWidth = min(width < 500 ? 140 : 200, Double(labels.map(\.count).max() ?? 0) * 7 + 12)
        let rowHeight = Double(chart.series.count) * thickness + gap
        let top = legendHeight
        let height = top + Double(labels.count) * rowHeight + 34
        let ends = chart.series.flatMap { $0.y + $0.upper }.filter(\.isFinite)
        let scale = Axis(low: 0, high: ends.max() ?? 1)
        func x(_ value: Double) -> Double { nameWidth + scale.place(value) * (width - nameWidth - Self.right) }
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
        return frame(
            height, legend + out + label((nameWidth + width) / 2, height - 1, chart.xLabel, anchor: "middle"),
            numbers: numbers("", labels, chart.series.map { series in labels.indices.map { cell(series, $0) } }))
    }

    private var namesMax: Int { width < 500 ? 18 : 27 }
    private func clipped(_ name: String) -> String { name.count > namesMax ? name.prefix(namesMax - 1) + "…" : name }

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
    func frame(_ height: Double, _ content: String, numbers: String = "") -> Drawing {
        Drawing(height: height, content: content, numbers: numbers)
    }

    /// A value with its interval.
    func cell(_ series: Report.Chart.Series, _ place: Int) -> String {
        guard place < series.y.count, series.y[place].isFinite else { return "" }
        guard place < series.lower.count, place < series.upper.count, series.lower[place].isFinite, series.upper[place].isFinite else {
            return shortNumber(series.y[place])
        }
        return "\(shortNumber(series.y[place])) (\(shortNumber(series.lower[place])) to \(shortNumber(series.upper[place])))"
    }

    /// - Parameter columns: of each series its cells.
    func numbers(_ head: String, _ names: [String], _ columns: [[String]]) -> String {
        guard !names.isEmpty, names.count <= Self.numbersMax else { return "" }
        let header = ([head] + chart.series.map(\.name)).map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        let rows = names.enumerated().map { row, name in
            "<tr><td>\(escaped(name))</td>\(columns.map { "<td class=\"number\">\(escaped($0[row]))</td>" }.joined())</tr>"
        }
        return
            "<details><summary>The numbers</summary><div class=\"wide\"><table><thead><tr>\(header)</tr></thead><tbody>\(rows.joined())</tbody></table></div></details>"
    }

    /// - Parameter colour: nil for that of the kind.
    func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String, colour: String? = nil) -> String {
        let look = colour.map { "stroke=\"\($0)\" stroke-width=\"1.5\"" } ?? "class=\"\(kind)\""
        return "<line \(look) x1=\"\(short(x1))\" y1=\"\(short(y1))\" x2=\"\(short(x2))\" y2=\"\(short(y2))\"/>"
    }

    /// The name of the upright axis.
    func sideLabel(_ top: Double, _ bottom: Double) -> String {
        let middle = short((top + bottom) / 2)
        return chart.yLabel.isEmpty
            ? ""
            : "<text x=\"14\" y=\"\(middle)\" text-anchor=\"middle\" transform=\"rotate(-90 14 \(middle))\">\(escaped(chart.yLabel))</text>"
    }
    func label(_ x: Double, _ y: Double, _ text: String, anchor: String) -> String {
        text.isEmpty ? "" : "<text x=\"\(short(x))\" y=\"\(short(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>"
    }
    func colour(_ number: Int) -> String { Self.colours[number % Self.colours.count] }
    func short(_ x: Double) -> String { shortNumber((x * 10).rounded() / 10) }
}
