internal import Vocabulary

/// A report as GitHub-flavoured Markdown.
enum MarkdownReport {
    static func render(_ report: Report) -> String {
        var out = "# \(escape(report.title))\n"
        for block in report.blocks {
            switch block {
            case .heading(let text): out += "\n## \(escape(text))\n\n"
            case .text(let text): out += "\n\(escape(text))\n\n"
            case .table(let table):
                out += "\n" + row(table.header) + row(table.header.map { _ in "---" }) + table.rows.map(row).joined() + "\n"
            case .footnote(let text): out += "\n<sub>\(escape(text))</sub>\n"
            case .chart(let chart): out += "\n**\(escape(chart.title))**: \(escape(chart.summary))\n\n"
            }
        }
        return out
    }

    private static func row(_ cells: [String]) -> String { "| " + cells.map(escape).joined(separator: " | ") + " |\n" }

    private static func escape(_ text: String) -> String {
        text.visibleLines.reduce(into: "") { out, c in
            if c == "\n" { out += " "; return }
            if "\\`*_{}[]<>|#".contains(c) { out.append("\\") }
            out.append(c)
        }
    }
}
