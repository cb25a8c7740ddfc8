internal import Reporting
public import Vocabulary

/// One feature: its two distributions, one over the other, and its statistics over time.
public struct FeaturePage: Sendable {
    public var frame: ModelFrame
    public var feature: Feature
    /// Of this feature, over the windows.
    public var statistics: [PlacedFinding]
    /// nil where there are no sums to show.
    public var distribution: Distribution?
    /// Why there is none.
    public var problem: String?

    public init(
        frame: ModelFrame, feature: Feature, statistics: [PlacedFinding], distribution: Distribution?, problem: String?
    ) {
        self.frame = frame
        self.feature = feature
        self.statistics = statistics
        self.distribution = distribution
        self.problem = problem
    }

    public func html(_ page: PageFrame) -> String {
        let path = frame.path + ["features", feature.name]
        guard let shown = frame.shown else {
            return frame.page(page, .other, title: feature.name, path: path, frame.nothing(page, path))
        }
        let place = frame.windows.firstIndex(of: shown)
        let own = statistics.filter { $0.place == place }.map(\.finding)
        let verdict = own.compactMap(\.verdict)
        var content =
            "<div class=\"badges\">\(verdict.isEmpty ? "" : badge(Verdict.combined(verdict)))<span class=\"muted\">\(feature.kind.rawValue), \(escaped(span(shown.window)))</span></div>"
        content += steps(page, path, place)
        if let why = own.first(where: { $0.verdict?.isFinding == true && !$0.why.isEmpty })?.why { content += "<p>\(escaped(why))</p>" }
        if let distribution {
            content += distribution.chart(
                "\(feature.name): reference and window", of: feature.kind == .vector ? "length of the vector" : feature.name, shown.window,
                width: 900, narrow: SVGChart.phone)
        } else if let problem {
            content += "<p class=\"note\">\(escaped(problem))</p>"
        }
        content += table(own) + drivers(own) + history(page, path)
        return frame.page(page, .other, title: feature.name, path: path, content)
    }

    /// To the window before and after.
    private func steps(_ page: PageFrame, _ path: [String], _ place: Int?) -> String {
        guard let place else { return "" }
        func link(_ to: Int, _ name: String) -> String {
            frame.windows.indices.contains(to)
                ? "<a href=\"\(page.query.showing(frame.windows[to].window.start).href(path))\">\(name)</a>"
                : "<span class=\"muted\">\(name)</span>"
        }
        return "<p>\(link(place - 1, "← the \(frame.kind.rawValue) before")) · \(link(place + 1, "the \(frame.kind.rawValue) after →"))</p>"
    }

    private func table(_ own: [Finding]) -> String {
        let rows = own.map { finding in
            [
                escaped(spoken(finding.monitor.rawValue)), escaped(spoken(finding.statistic)), shortNumber(finding.value),
                finding.lower != nil || finding.upper != nil ? "\(shortNumber(finding.lower)) to \(shortNumber(finding.upper))" : "",
                pValue(finding.pValue), pValue(finding.adjustedP), finding.verdict.map { badge($0) } ?? "",
            ]
        }
        return rows.isEmpty
            ? ""
            : "<h2>Statistics of this window</h2>"
                + Pages.table(
                    ["monitor", "statistic", "value", "interval or bound", "p", "adjusted p", "verdict"], rows, numeric: [2, 3, 4, 5],
                    caption: "Statistics")
    }

    private func drivers(_ own: [Finding]) -> String {
        guard let drivers = own.first(where: { !$0.drivers.isEmpty })?.drivers else { return "" }
        let rows = drivers.map { driver in
            [escaped(driver.what), driver.before.map(percent) ?? "", driver.after.map(percent) ?? "", driver.count.map(counted) ?? ""]
        }
        return "<h2>What moved most</h2>"
            + Pages.table(["what", "before", "now", "rows now"], rows, numeric: [1, 2, 3], caption: "What moved most")
    }

    private func history(_ page: PageFrame, _ path: [String]) -> String {
        let row = HeatTable.Row(
            name: feature.name, href: nil,
            verdicts: frame.windows.indices.map { place in
                // That values are there says nothing of what they are.
                let own = statistics.filter { $0.place == place && $0.finding.verdict != nil }.map(\.finding)
                let telling = own.filter { $0.statistic != "missing_ratio" || $0.verdict?.isFinding == true }
                return own.isEmpty ? nil : Verdict.combined((telling.isEmpty ? own : telling).compactMap(\.verdict))
            })
        let map = HeatTable(
            caption: "\(feature.name), by \(frame.kind.rawValue)", windows: frame.windows, rows: [row],
            link: { _ in page.query.showing(nil).href(path) })
        let lines = SeriesCharts(windows: frame.windows, statistics: statistics)
        var seen: [String] = []
        var charts = ""
        for entry in statistics where !seen.contains("\(entry.finding.monitor) \(entry.finding.statistic)") {
            let finding = entry.finding
            seen.append("\(finding.monitor) \(finding.statistic)")
            let series = lines.series(spoken(finding.statistic), finding.monitor, finding.subject, finding.statistic)
            // What never was anything but 0 is told by the table.
            if series?.y.allSatisfy({ $0 == 0 }) ?? true { continue }
            charts += lines.chart(spoken(finding.statistic), [series], summary: "Newest: \(lines.newest(series)).")
        }
        return "<h2>Over time</h2>\(HeatTable.legend)\(map.text)<div class=\"charts\">\(charts)</div>"
    }
}
