internal import Vocabulary

/// A report as one self-contained HTML page.
enum HTMLReport {
    static func render(_ report: Report) -> String {
        var body = "<h1>\(escape(report.title))</h1>\n"
        for block in report.blocks {
            switch block {
            case .heading(let text): body += "<h2>\(escape(text))</h2>\n"
            case .text(let text): body += "<p>\(escape(text))</p>\n"
            case .table(let table): body += self.table(table)
            case .chart(let chart): body += "<p><strong>\(escape(chart.title))</strong>: \(escape(chart.summary))</p>\n"
            }
        }
        return
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>\(escape(report.title))</title></head>\n<body>\(body)</body></html>\n"
    }

    private static func table(_ table: Report.Table) -> String {
        let header = table.header.map { "<th scope=\"col\">\(escape($0))</th>" }.joined()
        let rows = table.rows.map { "<tr>" + $0.map { "<td>\(escape($0))</td>" }.joined() + "</tr>" }.joined(separator: "\n")
        return "<table><thead><tr>\(header)</tr></thead><tbody>\n\(rows)\n</tbody></table>\n"
    }

    private static func escape(_ text: String) -> String {
        text.reduce(into: "") { out, c in
            switch c {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(c)
            }
        }
    }
}
