internal import Reporting
internal import Vocabulary

/// Statistics of many windows as lines over time.
struct SeriesCharts {
    let windows: [EvaluationHead]
    let statistics: [PlacedFinding]
    static let width = 420.0

    /// One statistic as a line; nil without values.
    func series(_ name: String, _ monitor: Monitor, _ subject: String, _ statistic: String) -> Report.Chart.Series? {
        var series = Report.Chart.Series(name, x: [], y: [])
        for entry in statistics {
            let finding = entry.finding
            guard finding.monitor == monitor, finding.subject == subject, finding.statistic == statistic, finding.group.isEmpty,
                let value = finding.value, windows.indices.contains(entry.place)
            else { continue }
            series.x.append(windows[entry.place].window.start.seconds(since: Timestamp(seconds: 0)))
            series.y.append(value)
            series.lower.append(finding.lower ?? .nan)
            series.upper.append(finding.upper ?? .nan)
        }
        return series.x.isEmpty ? nil : series
    }

    func chart(
        _ title: String, _ series: [Report.Chart.Series?], summary: String, yLabel: String = "", isZoomed: Bool = false,
        level: Double? = nil
    ) -> String {
        let lines = series.compactMap { $0 }
        guard !lines.isEmpty else { return "" }
        var chart = Report.Chart(title, summary: summary, shape: .lines, series: lines, yLabel: yLabel, isZoomed: isZoomed)
        chart.isOverTime = true
        chart.hasBands = true
        chart.level = level
        return SVGChart(chart, width: Self.width).text
    }

    /// Of a line its newest value, in words.
    func newest(_ series: Report.Chart.Series?) -> String {
        guard let series, let value = series.y.last else { return "" }
        return "\(series.name) \(shortNumber(value))"
    }

    /// Rows and labels of each window.
    var volume: String {
        let x = windows.map { $0.window.start.seconds(since: Timestamp(seconds: 0)) }
        guard !x.isEmpty else { return "" }
        return chart(
            "Volume",
            [
                .init("predictions", x: x, y: windows.map { Double($0.rows) }),
                .init("labelled", x: x, y: windows.map { Double($0.labelled) }),
            ],
            summary: "Predictions of each window, and how many of them have their label.")
    }

    func subjects(_ monitor: Monitor) -> [String] {
        var seen: [String] = []
        for entry in statistics
        where entry.finding.monitor == monitor && !entry.finding.subject.isEmpty && !seen.contains(entry.finding.subject) {
            seen.append(entry.finding.subject)
        }
        return seen
    }

    func names(_ monitor: Monitor) -> [String] {
        var seen: [String] = []
        for entry in statistics
        where entry.finding.monitor == monitor && entry.finding.subject.isEmpty && !seen.contains(entry.finding.statistic) {
            seen.append(entry.finding.statistic)
        }
        return seen
    }
}
