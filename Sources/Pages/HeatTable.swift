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
    /// Where the marks of a row lead, but for the window, which is added; nil for nowhere.
    var link: (Row) -> String?

    /// What the links of a table may weigh: beyond, the sign stands without one, and the name of its row leads further.
    static let linkBytesMax = 40_000

    private struct Place: Hashable {
        var row: Int
        var column: Int
    }

    /// The links that are not too heavy: findings first, what is calm last, the newest windows before older ones.
    private var links: [Place: String] {
        var out: [Place: String] = [:]
        var weight = 0
        // What is alike in many links is made once.
        let bases = rows.map { row in link(row).map { $0 + ($0.contains("?") ? "&amp;" : "?") + "at=" } }
        let names = rows.map { escaped($0.name) }
        let starts = windows.map(\.window.start.rfc3339)
        let moments = starts.map { $0.dropFirst(5).prefix(8) }
        for marks in Self.marksInTurn {
            // Who goes by the keyboard is not held up by every calm cell: the name of the row leads there too.
            let stop = marks.contains(.ok) ? " tabindex=\"-1\"" : ""
            for column in windows.indices.reversed() {
                for (row, entry) in rows.enumerated() where column < entry.verdicts.count {
                    guard let verdict = entry.verdicts[column], let base = bases[row], marks.contains(verdict) else { continue }
                    let text = "<a href=\"\(base)\(starts[column])\"\(stop) aria-label=\"\(names[row]) \(moments[column])\">"
                    weight += text.utf8.count + 4
                    guard weight <= Self.linkBytesMax else { return out }
                    out[Place(row: row, column: column)] = text
                }
            }
        }
        return out
    }

    private static let marksInTurn: [Set<Verdict>] = [[.drifted, .unfair], [.negligible], [.insufficient, .noData], [.ok, .fair]]

    var text: String {
        let links = links
        let body = rows.enumerated().map { number, row in
            let cells = row.verdicts.prefix(windows.count).enumerated().map { column, verdict -> String in
                let (kind, mark) =
                    switch verdict {
                    case .ok?, .fair?: ("k", "✓")
                    case .negligible?: ("n", "≈")
                    case .insufficient?: ("u", "…")
                    case .drifted?, .unfair?: ("b", "▲")
                    case .noData?: ("", "∅")
                    case nil: ("", "")
                    }
                let link = links[Place(row: number, column: column)]
                return (kind.isEmpty ? "<td>" : "<td class=\"\(kind)\">") + (link.map { $0 + mark + "</a>" } ?? mark)
            }.joined(separator: "</td>")
            let name = row.href.map { "<a href=\"\($0)\">\(escaped(row.name))</a>" } ?? escaped(row.name)
            return "<tr><th scope=\"row\">\(name)</th>\(cells)</td></tr>"
        }.joined(separator: "\n")
        return
            "<div class=\"wide box\" tabindex=\"0\" role=\"region\" aria-label=\"\(escaped(caption))\"><table class=\"heat\"><caption class=\"hidden\">\(escaped(caption))</caption><thead><tr><th scope=\"col\"><span class=\"hidden\">of</span></th>\(times)</tr></thead><tbody>\n\(body)</tbody></table></div>\n"
    }

    /// A time over every few columns: of hours those of a quarter of a day, the first of which has the date.
    private var times: String {
        var groups: [(start: Timestamp, count: Int)] = []
        for window in windows.map(\.window) {
            let isNext =
                window.kind == .hour
                ? groups.last.map { $0.start.floored(toSeconds: 6 * 3600) != window.start.floored(toSeconds: 6 * 3600) } ?? true
                : groups.last.map { $0.count == 7 } ?? true
            if isNext { groups.append((window.start, 1)) } else { groups[groups.count - 1].count += 1 }
        }
        return groups.enumerated().map { place, group in
            let text = group.start.rfc3339
            let isFirstOfDay = place == 0 || groups[place - 1].start.floored(toSeconds: 86_400) != group.start.floored(toSeconds: 86_400)
            let name = windows[0].window.kind == .hour && !isFirstOfDay ? text.dropFirst(11).prefix(5) : text.dropFirst(5).prefix(5)
            return "<th scope=\"colgroup\" colspan=\"\(group.count)\">\(group.count * 3 > name.utf8.count ? String(name) : "")</th>"
        }.joined()
    }

    static let legend =
        "<p class=\"legend\"><span><span class=\"b\">▲</span>drifted or unfair</span><span><span class=\"n\">≈</span>significant, but small</span><span><span class=\"k\">✓</span>calm</span><span><span class=\"u\">…</span>too little data</span><span><span>∅</span>no data</span></p>"
}
