internal import Vocabulary

extension SVGChart {
    /// Distributions as outlines over translucent fills: the first one solid, the others dashed, so that print and colour blindness lose nothing.
    func histogram(_ edges: [Double]) -> Drawing {
        let height = 280.0
        let top = legendHeight
        let bottom = height - 44
        let bins = max(0, edges.count - 1)
        guard bins > 0, let low = edges.first, let high = edges.last, high > low, (high - low).isFinite else { return frame(top, legend) }
        let values = chart.series.map { series in (0..<bins).map { $0 < series.y.count && series.y[$0].isFinite ? max(0, series.y[$0]) : 0 }
        }
        let up = Axis(low: 0, high: values.joined().max() ?? 1)
        func x(_ value: Double) -> Double { Self.left + (value - low) / (high - low) * (width - Self.left - Self.right) }
        func y(_ value: Double) -> Double { bottom - up.place(value) * (bottom - top) }
        var out = ""
        for tick in Axis(low: low, high: high).ticks where tick >= low && tick <= high {
            out += line(x(tick), bottom, x(tick), bottom + 4, "whisker") + label(x(tick), bottom + 17, shortNumber(tick), anchor: "middle")
        }
        for tick in up.ticks {
            out +=
                line(Self.left, y(tick), width - Self.right, y(tick), "grid")
                + label(Self.left - 6, y(tick) + 4, shortNumber(tick), anchor: "end")
        }
        for (number, shares) in values.enumerated() {
            var path = "M\(short(x(low))) \(short(bottom))"
            for bin in 0..<bins { path += "V\(short(y(shares[bin])))H\(short(x(edges[bin + 1])))" }
            path += "V\(short(bottom))"
            out +=
                "<path d=\"\(path)\" fill=\"\(colour(number))\" fill-opacity=\".25\" stroke=\"\(colour(number))\" stroke-width=\"1.5\" "
                + "stroke-dasharray=\"\(Self.dashes[number % Self.dashes.count])\"/>"
        }
        // Where the pointer rests, the numbers of that bin.
        for bin in 0..<bins {
            let words = zip(chart.series, values).map { "\($0.name) \(shortNumber($1[bin]))" }.joined(separator: ", ")
            out +=
                "<rect class=\"touch\" x=\"\(short(x(edges[bin])))\" y=\"\(short(top))\" width=\"\(short(x(edges[bin + 1]) - x(edges[bin])))\" height=\"\(short(bottom - top))\"><title>\(escaped("\(name(edges, bin)): \(words)"))</title></rect>"
        }
        out += label((Self.left + width) / 2, height - 8, chart.xLabel, anchor: "middle")
        out += sideLabel(top, bottom)
        return frame(
            height, legend + out, numbers: numbers("values", (0..<bins).map { name(edges, $0) }, values.map { $0.map { shortNumber($0) } }))
    }

    private func name(_ edges: [Double], _ bin: Int) -> String { "\(shortNumber(edges[bin])) to \(shortNumber(edges[bin + 1]))" }
}
