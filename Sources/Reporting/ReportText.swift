public import Vocabulary

public enum ReportFormat: String, Sendable, CaseIterable { case table, json, markdown, html }

/// A report as text, in any format.
public enum ReportText {
    public static func render(_ report: Report, as format: ReportFormat, isTerminal: Bool = false) -> String {
        switch format {
        case .json: report.json.prettyText + "\n"
        case .table: PlainReport.render(report, isColoured: isTerminal)
        case .markdown: MarkdownReport.render(report)
        case .html: HTMLReport.render(report)
        }
    }
}
