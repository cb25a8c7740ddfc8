internal import Reporting
internal import Vocabulary

// How verdicts, times and shares are written on every page.

/// How a verdict looks. The sign and the word tell it without the colour.
struct Sign {
    var mark: String
    var word: String
    /// The class in the style sheet.
    var tone: String

    init(_ verdict: Verdict) {
        switch verdict {
        case .ok: (mark, word, tone) = ("✓", "ok", "good")
        case .fair: (mark, word, tone) = ("✓", "fair", "good")
        case .negligible: (mark, word, tone) = ("≈", "negligible", "small")
        case .drifted: (mark, word, tone) = ("▲", "drifted", "bad")
        case .unfair: (mark, word, tone) = ("▲", "unfair", "bad")
        case .insufficient: (mark, word, tone) = ("…", "too little data", "unknown")
        case .noData: (mark, word, tone) = ("∅", "no data", "unknown")
        }
    }
}

/// - Parameter what: of which monitor; empty for none.
func badge(_ verdict: Verdict, _ what: String = "") -> String {
    let sign = Sign(verdict)
    return badge(sign.mark, what.isEmpty ? sign.word : "\(what): \(sign.word)", sign.tone)
}

func badge(_ mark: String, _ word: String, _ tone: String) -> String {
    "<span class=\"badge \(tone)\"><span aria-hidden=\"true\">\(mark)</span> \(escaped(word))</span>"
}

/// To the minute, UTC.
func moment(_ time: Timestamp) -> String {
    let text = time.rfc3339
    return "<time datetime=\"\(text)\">\(text.prefix(10)) \(text.dropFirst(11).prefix(5))</time>"
}

/// How long ago, in the largest unit that says enough.
func ago(_ time: Timestamp, _ now: Timestamp) -> String {
    let seconds = max(0, now.seconds(since: time))
    let words: (Double, String) =
        seconds < 120
        ? (seconds, "s") : seconds < 7200 ? (seconds / 60, "min") : seconds < 172_800 ? (seconds / 3600, "h") : (seconds / 86_400, "days")
    return "\(Int(words.0)) \(words.1) ago"
}

/// A p-value as a cell of a table.
func pValue(_ p: Double?) -> String { escaped(shortP(p)) }

/// Why, as a cell of a table.
func ownWhy(_ finding: Finding) -> String { "<span class=\"why\">\(escaped(ownReason(finding)))</span>" }

/// A table; cells are HTML already.
///
/// - Parameter numeric: columns that are numbers.
func table(_ header: [String], _ rows: [[String]], numeric: Set<Int> = [], caption: String = "") -> String {
    let head = header.enumerated().map { "<th scope=\"col\"\(numeric.contains($0) ? " class=\"number\"" : "")>\($1)</th>" }.joined()
    let body = rows.map { row in
        "<tr>" + row.enumerated().map { "<td\(numeric.contains($0) ? " class=\"number\"" : "")>\($1)</td>" }.joined() + "</tr>"
    }.joined(separator: "\n")
    let title = caption.isEmpty ? "" : "<caption class=\"hidden\">\(escaped(caption))</caption>"
    return
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"\(escaped(caption.isEmpty ? "table" : caption))\"><table>\(title)<thead><tr>\(head)</tr></thead><tbody>\n\(body)</tbody></table></div>\n"
}

/// What an empty place says, and what to do next; the text is HTML already.
func empty(_ title: String, _ next: String) -> String {
    "<div class=\"empty\"><p><strong>\(escaped(title))</strong></p><p>\(next)</p></div>\n"
}
