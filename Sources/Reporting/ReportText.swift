public import Vocabulary

public enum ReportFormat: String, Sendable, CaseIterable { case table, json, markdown, html }

/// A report as text, in any format.
public enum ReportText {
    /// The source expression by which a content security policy allows the style sheet within a page of ours, and no other.
    public static let stylePolicy = "'sha256-\(Digest.base64(Digest.sha256(Array(HTMLReport.style.utf8))))'"

    /// - Parameters:
    ///   - isTerminal: whether it shows colours.
    ///   - width: of the terminal, in columns; nil for no end.
    public static func render(_ report: Report, as format: ReportFormat, isTerminal: Bool = false, width: Int? = nil) -> String {
        switch format {
        case .json: report.json.prettyText + "\n"
        case .table: PlainReport.render(report, isColoured: isTerminal, width: width)
        case .markdown: MarkdownReport.render(report)
        case .html: HTMLReport.render(report)
        }
    }
}
