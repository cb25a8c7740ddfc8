internal import Reporting
internal import Vocabulary

/// Verdicts by subject and time. A table and no picture: it scrolls under a thumb with its names in place, and a screen reader reads it as it is.
struct HeatTable {
    struct Row {
        var name: String
        /// Of the name; nil for none.
        var href: String?
        /// By window.
        var verdicts: [Verdict?]
    }
    var caption: String
    var windows: [EvaluationHead]
    var rows: [Row]
    /// Where a cell with a finding leads; nil for nowhere.
    var link: (Row, EvaluationHead) -> String?

    /// Links in a table: beyond, the sign stands without one, and the name of its row leads further.
    static let linksMax = 200

    var text: String {
        var links = 0
        let body = rows.map { row in
            let cells = zip(windows, row.verdicts).map { window, verdict -> String in
                switch verdict {
                case .ok?, .fair?: return "<td class=\"k\">✓"
                case .negligible?: return "<td class=\"n\">≈"
                case .insufficient?: return "<td class=\"u\">…"
                case .noData?: return "<td>∅"
                case nil: return "<td>"
                case .drifted?, .unfair?:
                    guard links < Self.linksMax, let href = link(row, window) else { return "<td class=\"b\">▲" }
                    links += 1
                    return "<td class=\"b\"><a href=\"\(href)\" title=\"\(window.window.start.rfc3339.dropFirst(5).prefix(11))\">▲</a>"
                }
            }.joined(separator: "</td>")
            let name = row.href.map { "<a href=\"\($0)\">\(escaped(row.name))</a>" } ?? escaped(row.name)
            return "<tr><th scope=\"row\">\(name)</th>\(cells)</td></tr>"
        }.joined(separator: "\n")
        return
            "<div class=\"wide box\" tabindex=\"0\" role=\"region\" aria-label=\"\(escaped(caption))\"><table class=\"heat\"><caption class=\"hidden\">\(escaped(caption))</caption><thead><tr><th scope=\"col\"><span class=\"hidden\">of</span></th>\(times)</tr></thead><tbody>\n\(body)</tbody></table></div>\n"
    }

    /// A time over every few columns.
    private var times: String {
        let step = windows.first?.window.kind == .hour ? 6 : 7
        return stride(from: 0, to: windows.count, by: step).map { first in
            let width = min(step, windows.count - first)
            let text = windows[first].window.start.rfc3339
            let hour = text.dropFirst(11).prefix(5)
            let name = windows[first].window.kind == .hour && first > 0 && hour != "00:00" ? hour : text.dropFirst(5).prefix(5)
            return "<th scope=\"colgroup\" colspan=\"\(width)\">\(width * 3 > name.utf8.count ? String(name) : "")</th>"
        }.joined()
    }

    static let legend =
        "<p class=\"legend\"><span><span class=\"b\">▲</span>drifted or unfair</span><span><span class=\"n\">≈</span>significant, but small</span><span><span class=\"k\">✓</span>calm</span><span><span class=\"u\">…</span>too little data</span><span><span>∅</span>no data</span></p>"
}
