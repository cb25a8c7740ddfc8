internal import Vocabulary

/// A report for the terminal.
enum PlainReport {
    static func render(_ report: Report, isColoured: Bool, width: Int? = nil) -> String {
        var out = report.title.visible + "\n"
        for block in report.blocks {
            switch block {
            case .heading(let text): out += "\n" + text.visible + "\n"
            case .text(let text): out += folded(text.visibleLines, width) + "\n"
            case .table(let table): out += self.table(table, isColoured: isColoured, width)
            case .chart(let chart): out += self.chart(chart)
            case .footnote(let footnote):
                let text = footnote.visibleLines
                out += "\n" + (isColoured ? "\u{1B}[2m\(text)\u{1B}[0m" : text) + "\n"
            }
        }
        return out
    }

    private static func table(_ table: Report.Table, isColoured: Bool, _ width: Int?) -> String {
        var text = TextTable(table.header)
        for row in table.rows { text.add(row) }
        return text.lines(width: width).enumerated().map { number, lines in
            let tone = isColoured && number > 0 && number <= table.tones.count ? table.tones[number - 1] : .plain
            return lines.map { line in (colour(tone).map { "\u{1B}[\($0)m\(line)\u{1B}[0m" } ?? line) + "\n" }.joined()
        }.joined()
    }

    /// A paragraph, broken between words where the terminal ends.
    private static func folded(_ text: String, _ width: Int?) -> String {
        guard let width, text.count > width else { return text }
        var lines = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if !last.isEmpty, last.count + 1 + word.count > width {
                lines.append(String(word))
            } else {
                lines[lines.count - 1] = last.isEmpty ? String(word) : last + " " + word
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func colour(_ tone: Report.Tone) -> String? {
        switch tone {
        case .plain: nil
        case .good: "32"
        case .bad: "31"
        case .faint: "2"
        }
    }

    /// Each distribution as a line of blocks, one a bin, of a common scale.
    private static func histogram(_ chart: Report.Chart, _ edges: [Double]) -> String {
        let most = chart.series.flatMap(\.y).filter(\.isFinite).max() ?? 0
        guard most > 0, let low = edges.first, let high = edges.last else { return "" }
        let blocks = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
        var table = TextTable([chart.title, "\(shortNumber(low)) to \(shortNumber(high))"])
        for series in chart.series {
            let line = series.y.map { share -> String in
                guard share.isFinite, share > 0 else { return blocks[0] }
                return blocks[max(1, Int((share / most * 8).rounded()))]
            }
            table.add([series.name, line.joined()])
        }
        return table.text
    }

    /// Bars as lines of blocks; of other shapes the words.
    private static func chart(_ chart: Report.Chart) -> String {
        if case .histogram(let edges) = chart.shape { return histogram(chart, edges) }
        guard case .bars(let labels) = chart.shape, let most = chart.series.flatMap(\.y).filter(\.isFinite).max(), most > 0 else {
            return "\(chart.title): \(chart.summary)\n"
        }
        var table = TextTable([chart.title] + chart.series.flatMap { [$0.name, ""] })
        for (i, label) in labels.enumerated() {
            table.add(
                [label]
                    + chart.series.flatMap { series -> [String] in
                        guard i < series.y.count, series.y[i].isFinite else { return ["", ""] }
                        return [shortNumber(series.y[i]), String(repeating: "█", count: max(0, Int((series.y[i] / most * 20).rounded())))]
                    })
        }
        return table.text
    }
}
