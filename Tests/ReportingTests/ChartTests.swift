import Reporting
import Testing
import Vocabulary

@Suite("Charts of pages") struct ChartTests {
    private func overTime(_ hours: [Double], _ y: [Double], bands: Bool = true) -> String {
        let start = Timestamp(rfc3339: "2026-06-01T00:00:00Z")!.seconds(since: Timestamp(seconds: 0))
        var chart = Report.Chart(
            "PSI", summary: "rose", shape: .lines,
            series: [.init("psi", x: hours.map { start + $0 * 3600 }, y: y, lower: y.map { $0 - 0.1 }, upper: y.map { $0 + 0.1 })])
        (chart.isOverTime, chart.hasBands, chart.level) = (true, bands, 0.25)
        return SVGChart(chart, width: 420).text
    }

    @Test("over time the ticks are round hours or days, and the numbers stand below") func time() {
        let day = overTime([0, 12, 24], [0.1, 0.2, 0.3])
        #expect(day.contains(">06-01</text>") && day.contains(">12:00</text>") && day.contains(">06-02</text>"))
        #expect(day.contains("<tr><td>2026-06-01T12:00</td><td class=\"number\">0.2 (0.1 to 0.3)</td></tr>"))
        let weeks = overTime([0, 24 * 70], [0.1, 0.2])
        #expect(!weeks.contains(":00</text>") && weeks.ranges(of: "text-anchor=\"middle\"").count <= 6)
    }

    @Test("intervals are a band, or whiskers where there is one point only") func bands() {
        #expect(overTime([0, 1, 2], [0.1, 0.2, 0.3]).ranges(of: "<polygon").count == 1)
        #expect(overTime([0], [0.1]).ranges(of: "<polygon").isEmpty && overTime([0], [0.1]).contains("class=\"whisker\""))
        #expect(overTime([0, 1], [0.1, 0.2], bands: false).ranges(of: "class=\"whisker\"").count == 2)
        #expect(overTime([0, 1], [0.1, 0.2]).contains("class=\"level\""))
    }

    @Test("nothing is styled in place, which a strict content security policy would take away") func policy() {
        #expect(!overTime([0, 1], [0.1, 0.2], bands: false).contains("style="))
    }

    @Test("a sparkline rings its findings, skips gaps, and is nothing for nothing") func sparkline() {
        let line = Sparkline([0.1, nil, 0.4], isFinding: [false, false, true], summary: "psi <up>").text
        #expect(line.ranges(of: "<circle").count == 1 && line.contains("aria-label=\"psi &lt;up&gt;\""))
        #expect(line.firstMatch(of: /points="([^"]*)"/)?.1.split(separator: " ").count == 2)
        #expect(Sparkline([], isFinding: [], summary: "").text.isEmpty && Sparkline([.nan], isFinding: [], summary: "").text.isEmpty)
        #expect(!Sparkline([3], isFinding: [true], summary: "").text.contains("nan"))
    }

    @Test("a timeline tells what lasts from what is over") func timeline() {
        let from = Timestamp(rfc3339: "2026-06-01T00:00:00Z")!
        let text = Timeline(
            "Alerts", rows: [.init(name: "a<b", from: from, to: nil), .init(name: "c", from: from, to: from.adding(seconds: 60))],
            now: from.adding(seconds: 7200)
        ).text
        #expect(
            text.contains("fill-opacity=\"1\"") && text.contains("fill-opacity=\".15\"") && text.contains("a&lt;b")
                && text.contains("until now"))
        #expect(Timeline("Alerts", rows: [], now: from).text.isEmpty)
    }
}
