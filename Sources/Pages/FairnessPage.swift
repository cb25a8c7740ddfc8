internal import Reporting
public import Vocabulary

/// How groups fare: their rates with intervals, the disparities with their verdicts, and how these went.
public struct FairnessPage: Sendable {
    public var frame: ModelFrame
    /// Of the shown window, groups and disparities.
    public var findings: [Finding]
    /// The disparities over the windows.
    public var statistics: [PlacedFinding]

    public init(frame: ModelFrame, findings: [Finding], statistics: [PlacedFinding]) {
        self.frame = frame
        self.findings = findings
        self.statistics = statistics
    }

    /// Groups in a chart, those with most rows first.
    static let groupsMax = 24
    static let rates = [("selection_rate", "Selection rate"), ("tpr", "True positive rate"), ("fpr", "False positive rate")]

    public func html(_ page: PageFrame) -> String {
        let path = frame.path + ["fairness"]
        var content = ""
        if frame.version.schema.sensitive.isEmpty {
            content = empty(
                "This version has no sensitive attribute.",
                "Register a version with <code>--sensitive sex,age_group</code> and send <code>\"groups\"</code> with each prediction: rates of every group and their disparities follow. A version is frozen, so it has to be a new one."
            )
        } else if frame.shown == nil {
            content = frame.nothing(page, path)
        } else if findings.isEmpty {
            content = empty(
                "No group was measured in this window.",
                "Send <code>\"groups\": {\"\(escaped(frame.version.schema.sensitive[0]))\": …}</code> with the predictions; <a href=\"\(page.query.showing(nil).href(path))\">the newest window</a> may have some."
            )
        } else {
            content =
                "<p class=\"lead\">Window: \(escaped(frame.shown.map { span($0.window) } ?? "")). The rates of every group, and how far they are apart. A difference is no proof of discrimination, and none is no proof of its absence: it says where to look.</p>"
            if !page.reader.seesGroups {
                content += PageReaderRights.leftOut("The rates of single groups, and which groups are farthest apart, are")
            }
            for attribute in attributes { content += section(attribute) }
        }
        return frame.page(page, .fairness, title: "Fairness", path: path, content)
    }

    private var attributes: [String] {
        var seen: [String] = []
        for finding in findings where !seen.contains(finding.subject) { seen.append(finding.subject) }
        // Single attributes as the schema has them, then their intersection.
        let order = frame.version.schema.sensitive
        return seen.sorted { (order.firstIndex(of: $0) ?? .max, $0) < (order.firstIndex(of: $1) ?? .max, $1) }
    }

    private func section(_ attribute: String) -> String {
        let own = findings.filter { $0.subject == attribute }
        let disparities = own.filter { $0.group.isEmpty }
        let verdicts = disparities.compactMap(\.verdict)
        let name = attribute.split(separator: "*").joined(separator: " and ")
        var out = "<h2>\(escaped(name)) \(verdicts.isEmpty ? "" : badge(Verdict.combined(verdicts)))</h2>"
        if let worst = disparities.first(where: { $0.verdict?.isFinding == true && $0.drivers.count > 1 })
            ?? disparities.first(where: { $0.drivers.count > 1 })
        {
            let (low, high) = (worst.drivers[0], worst.drivers[1])
            out +=
                "<p>Farthest apart by \(escaped(spoken(worst.statistic))): <strong>\(escaped(low.what))</strong> \(low.after.map(percent) ?? "") of \(low.count.map(counted) ?? "") and <strong>\(escaped(high.what))</strong> \(high.after.map(percent) ?? "") of \(high.count.map(counted) ?? "").</p>"
        }
        out += Pages.table(
            ["disparity", "value", "interval", "adjusted p", "verdict", "why"],
            disparities.map {
                [
                    escaped(spoken($0.statistic)), shortNumber($0.value),
                    $0.lower != nil || $0.upper != nil ? "\(shortNumber($0.lower)) to \(shortNumber($0.upper))" : "",
                    pValue($0.adjustedP),
                    $0.verdict.map { badge($0) } ?? "", ownWhy($0),
                ]
            }, numeric: [1, 2, 3], caption: "Disparities between groups of \(name)")
        let lines = SeriesCharts(windows: frame.windows, statistics: statistics)
        let charts = Self.rates.map { chart($0.1, own.filter { !$0.group.isEmpty }, $0.0) }.joined()
        let history = ["demographic_parity_difference", "equalized_odds_difference"].map { statistic in
            let series = lines.series(spoken(statistic), .fairness, attribute, statistic)
            return lines.chart(
                "\(spoken(statistic)) over time", [series],
                summary: "Newest: \(lines.newest(series)). 0 is parity; the band is its interval.")
        }.joined()
        return out + "<div class=\"charts\">\(charts)\(history)</div>"
    }

    private func chart(_ title: String, _ own: [Finding], _ statistic: String) -> String {
        let rates = own.filter { $0.statistic == statistic && $0.value != nil }.sorted {
            ($1.currentCount, $0.group) < ($0.currentCount, $1.group)
        }
        if rates.isEmpty { return "" }
        let shown = rates.prefix(Self.groupsMax)
        let cut = rates.count > shown.count ? " The \(shown.count) largest of \(rates.count) groups." : ""
        let chart = Report.Chart(
            title, summary: "By group, with 95 % intervals.\(cut)",
            shape: .bars(labels: shown.map { "\($0.group) (\(counted($0.currentCount)))" }),
            series: [
                .init(
                    title.lowercased(), y: shown.map { $0.value ?? .nan }, lower: shown.map { $0.lower ?? .nan },
                    upper: shown.map { $0.upper ?? .nan })
            ])
        return SVGChart(chart, width: SeriesCharts.width).text
    }
}
