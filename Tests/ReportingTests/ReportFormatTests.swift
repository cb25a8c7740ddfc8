import Reporting
import Testing
import Vocabulary

@Suite("A report in every format")
struct ReportFormatTests {
    private let report = Report(
        title: "Drift of <b>current</b>", json: .object(["command": "drift", "n": 3, "d": .statistic(.infinity), "u": .statistic(.nan)]),
        blocks: [
            .heading("Columns"), .text("One column & more drifted."),
            .table(Report.Table(["column", "psi"], [["age|x", "0.25"], ["ci_ty", ""]], tones: [.bad])),
            .chart(
                Report.Chart(
                    "Shares", summary: "age rose", shape: .bars(labels: ["up to 10", "above <10>"]),
                    series: [
                        .init("reference", y: [0.5, 0.5], lower: [0.4, 0.4], upper: [0.6, 0.6]), .init("current", y: [0.25, .nan]),
                    ])),
            .chart(
                Report.Chart(
                    "ROC", summary: "AUC 0.8", shape: .lines, series: [.init("model", x: [0, 0.2, 1], y: [0, 0.8, 1])], xLabel: "false",
                    yLabel: "true", hasDiagonal: true)),
        ], hasFinding: true)

    @Test("JSON is the JSON, with infinity as a word and the undefined as null")
    func json() throws {
        let parsed = try JSON.parse(ReportText.render(report, as: .json))
        #expect(parsed == report.json)
        #expect(parsed["d"] == "Infinity" && parsed["u"] == .null)
    }

    @Test("a terminal gets aligned columns and bars; colour only there")
    func plain() {
        let text = ReportText.render(report, as: .table)
        #expect(text.hasPrefix("Drift of <b>current</b>\n\nColumns\nOne column & more drifted.\ncolumn   psi\nage|x   0.25\nci_ty\n"))
        #expect(text.contains("up to 10") && text.contains("0.5  ████████████████████"))
        #expect(text.contains("ROC: AUC 0.8"))
        #expect(!text.contains("\u{1B}"))
        #expect(ReportText.render(report, as: .table, isTerminal: true).contains("\u{1B}[31mage|x   0.25\u{1B}[0m"))
    }

    @Test("Markdown is escaped, so that no name changes the page")
    func markdown() {
        let text = ReportText.render(report, as: .markdown)
        #expect(text.hasPrefix("# Drift of \\<b\\>current\\</b\\>\n"))
        #expect(text.contains("| column | psi |\n| --- | --- |\n| age\\|x | 0.25 |\n| ci\\_ty |  |\n"))
    }

    @Test("HTML loads nothing, escapes every name, and tells its pictures in words")
    func html() {
        let text = ReportText.render(report, as: .html)
        #expect(!text.contains("<b>current") && text.contains("Drift of &lt;b&gt;current&lt;/b&gt;"))
        #expect(text.contains("above &lt;10&gt;"))
        #expect(!text.contains("http://") && !text.contains("https://") && !text.contains("<script"))
        #expect(text.contains("role=\"img\" aria-label=\"ROC: AUC 0.8\""))
        #expect(text.contains("<tr class=\"bad\"><td>age|x</td><td class=\"number\">0.25</td></tr>"))
        #expect(text.ranges(of: "<svg").count == 2 && text.ranges(of: "</svg>").count == 2)
        // The gap leaves no bar: three bars and two squares of the legend.
        #expect(text.ranges(of: "<rect").count == 5)
        #expect(!text.contains("nan") && !text.contains("inf\""))
    }

    private let histogram = Report.Chart(
        "age", summary: "older", shape: .histogram(edges: [0, 10, 20, 30]),
        series: [.init("reference", y: [0.5, 0.5, 0]), .init("current", y: [0, 0.25, 0.75])], xLabel: "age")

    @Test("a histogram has an outline for each side, one of them dashed, and its numbers as a table")
    func histograms() {
        let text = ReportText.render(Report(title: "t", json: .null, blocks: [.chart(histogram)]), as: .html)
        #expect(text.ranges(of: "<path").count == 2 && text.contains("stroke-dasharray=\"7 3\"") && text.contains("stroke-dasharray=\"\""))
        #expect(text.contains("<tr><td>20 to 30</td><td class=\"number\">0</td><td class=\"number\">0.75</td></tr>"))
        #expect(text.contains("<title>0 to 10: reference 0.5, current 0</title>") && text.contains("aria-label=\"age: older\""))
    }

    @Test("a histogram on a terminal is a line of blocks for each side")
    func plainHistogram() {
        let text = ReportText.render(Report(title: "t", json: .null, blocks: [.chart(histogram)]), as: .table)
        #expect(text == "t\nage        0 to 30\nreference  ▅▅\ncurrent     ▃█\n")
    }

    @Test("a histogram of nothing, or of one endless bin, is drawn without numbers", arguments: [[], [0], [1, 1], [0, .infinity]])
    func emptyHistogram(edges: [Double]) {
        let chart = Report.Chart("t", summary: "s", shape: .histogram(edges: edges), series: [.init("a", y: [1])])
        for format in ReportFormat.allCases {
            #expect(!ReportText.render(Report(title: "t", json: .null, blocks: [.chart(chart)]), as: format).contains("nan"))
        }
    }

    @Test("charts of nothing, of one value and of huge values are drawn")
    func edges() {
        for y in [[], [Double.nan], [0], [5], [-3, 7], [1e300, -1e300], [1e-300]] {
            for shape in [Report.Chart.Shape.lines, .bars(labels: y.map { _ in "x" })] {
                let chart = Report.Chart("t", summary: "s", shape: shape, series: [.init("a", x: y.map { _ in 1 }, y: y)])
                let text = ReportText.render(Report(title: "t", json: .null, blocks: [.chart(chart)]), as: .html)
                #expect(!text.contains("nan") && !text.contains("inf"), "\(y)")
            }
        }
    }
}
