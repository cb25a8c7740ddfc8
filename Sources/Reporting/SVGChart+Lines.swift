internal import Vocabulary

extension SVGChart {
    /// Points joined by lines, with whiskers or bands for their intervals.
    var lines: Drawing {
        let height = width < 500 ? 260.0 : 360.0
        let top = legendHeight
        let bottom = height - (chart.xLabel.isEmpty ? 28 : 44)
        let finite = chart.series.map { series in
            series.x.indices.filter { $0 < series.y.count && series.x[$0].isFinite && series.y[$0].isFinite }
        }
        var xs: [Double] = chart.hasDiagonal ? [0, 1] : []
        var ys = xs + (chart.level.map { [$0] } ?? [])
        for (series, places) in zip(chart.series, finite) {
            xs += places.map { series.x[$0] }
            ys += places.map { series.y[$0] }
            ys += series.lower.filter(\.isFinite) + series.upper.filter(\.isFinite)
        }
        let (first, last) = (xs.min() ?? 0, xs.max() ?? 1)
        let across = chart.isOverTime ? Axis(from: first, to: last, ticksMax: width < 500 ? 4 : 7) : Axis(low: first, high: last)
        let up = Axis(low: chart.isZoomed ? ys.min() ?? 0 : min(0, ys.min() ?? 0), high: ys.max() ?? 1)
        func x(_ value: Double) -> Double { Self.left + across.place(value) * (width - Self.left - Self.right) }
        func y(_ value: Double) -> Double { bottom - up.place(value) * (bottom - top) }
        var out = ""
        let step = across.ticks.count > 1 ? across.ticks[1] - across.ticks[0] : 0
        for tick in across.ticks {
            let name = chart.isOverTime ? Self.moment(tick, step: step) : shortNumber(tick)
            out += line(x(tick), top, x(tick), bottom, "grid") + label(x(tick), bottom + 16, name, anchor: "middle")
        }
        for tick in up.ticks {
            out +=
                line(Self.left, y(tick), width - Self.right, y(tick), "grid")
                + label(Self.left - 6, y(tick) + 4, shortNumber(tick), anchor: "end")
        }
        if chart.hasDiagonal { out += line(x(0), y(0), x(1), y(1), "diagonal") }
        if let level = chart.level { out += line(Self.left, y(level), width - Self.right, y(level), "level") }
        for (number, series) in chart.series.enumerated() {
            out += chart.hasBands ? band(number, series, finite[number], x, y) : whiskers(number, series, finite[number], x, y)
            out += strokes(number, series, finite[number], x, y)
        }
        out += label((Self.left + width) / 2, height - 8, chart.xLabel, anchor: "middle") + sideLabel(top, bottom)
        return frame(height, legend + out, numbers: numbers)
    }

    private func hasEnds(_ series: Report.Chart.Series, _ place: Int) -> Bool {
        place < series.lower.count && place < series.upper.count && series.lower[place].isFinite && series.upper[place].isFinite
    }

    private func whiskers(
        _ number: Int, _ series: Report.Chart.Series, _ places: [Int], _ x: (Double) -> Double, _ y: (Double) -> Double
    ) -> String {
        places.filter { hasEnds(series, $0) }.map {
            line(
                x(series.x[$0]), y(series.lower[$0]), x(series.x[$0]), y(series.upper[$0]), "whisker",
                colour: chart.series.count > 1 ? colour(number) : nil)
        }.joined()
    }

    private func band(
        _ number: Int, _ series: Report.Chart.Series, _ places: [Int], _ x: (Double) -> Double, _ y: (Double) -> Double
    ) -> String {
        let there = places.filter { hasEnds(series, $0) }
        guard there.count > 1 else { return whiskers(number, series, places, x, y) }
        let over = there.map { "\(short(x(series.x[$0]))),\(short(y(series.upper[$0])))" }
        let under = there.reversed().map { "\(short(x(series.x[$0]))),\(short(y(series.lower[$0])))" }
        return "<polygon fill=\"\(colour(number))\" fill-opacity=\".16\" points=\"\((over + under).joined(separator: " "))\"/>"
    }

    private func strokes(
        _ number: Int, _ series: Report.Chart.Series, _ places: [Int], _ x: (Double) -> Double, _ y: (Double) -> Double
    ) -> String {
        let points = places.map { "\(short(x(series.x[$0]))),\(short(y(series.y[$0])))" }
        let dash = Self.dashes[number % Self.dashes.count]
        let stroke =
            "<polyline fill=\"none\" stroke=\"\(colour(number))\" stroke-width=\"2\" stroke-dasharray=\"\(dash)\" points=\"\(points.joined(separator: " "))\"/>"
        guard places.count <= (width < 500 ? 24 : 60) else { return stroke }
        return stroke
            + places.map {
                let words = "\(series.name): \(name(series.x[$0])), \(cell(series, $0))"
                return
                    "<circle cx=\"\(short(x(series.x[$0])))\" cy=\"\(short(y(series.y[$0])))\" r=\"3\" fill=\"\(colour(number))\"><title>\(escaped(words))</title></circle>"
            }.joined()
    }

    private func name(_ x: Double) -> String {
        chart.isOverTime ? String(Timestamp(seconds: Int64(x)).rfc3339.prefix(16)) : shortNumber(x)
    }

    /// By x, with a column for each series.
    private var numbers: String {
        let xs = Set(chart.series.flatMap(\.x).filter(\.isFinite)).sorted()
        guard xs.count <= Self.numbersMax else { return "" }
        let columns = chart.series.map { series in
            let places = Dictionary(series.x.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            return xs.map { places[$0].map { cell(series, $0) } ?? "" }
        }
        return numbers(chart.isOverTime ? "time (UTC)" : chart.xLabel, xs.map(name), columns)
    }

    /// A tick of time: the day, and where ticks are closer the hour.
    static func moment(_ seconds: Double, step: Double) -> String {
        let text = Timestamp(seconds: Int64(seconds)).rfc3339
        let day = text.dropFirst(5).prefix(5)
        let hour = text.dropFirst(11).prefix(5)
        return step < 86_400 && hour != "00:00" ? String(hour) : String(day)
    }
}
