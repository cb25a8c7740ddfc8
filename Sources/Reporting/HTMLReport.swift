internal import Vocabulary

/// A report as one self-contained HTML page, for the screen, for print and for a screen reader.
enum HTMLReport {
    static func render(_ report: Report) -> String {
        let body = report.blocks.enumerated().map { number, block in
            switch block {
            case .heading(let text): "<h2>\(escaped(text))</h2>\n"
            case .text(let text): "<p>\(escaped(text))</p>\n"
            case .table(let table): self.table(table, number)
            case .chart(let chart): SVGChart(chart).text
            case .footnote(let text): "<p class=\"footnote\">\(escaped(text))</p>\n"
            }
        }.joined()
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <link rel="icon" href="data:,"><title>\(escaped(report.title))</title><style>\(style)</style></head>
            <body><main><h1>\(escaped(report.title))</h1>
            \(body)</main></body></html>

            """
    }

    /// - Parameter number: of the block, so that every table has a name of its own.
    private static func table(_ table: Report.Table, _ number: Int) -> String {
        let isNumeric = table.header.indices.map { column in
            table.rows.contains { column < $0.count && !$0[column].isEmpty }
                && table.rows.allSatisfy { column >= $0.count || $0[column].isEmpty || Double($0[column]) != nil }
        }
        let header = table.header.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        let rows = table.rows.enumerated().map { number, row in
            let tone = number < table.tones.count ? table.tones[number] : .plain
            let cells = row.enumerated().map { column, cell in
                let isNumber = column < isNumeric.count && isNumeric[column]
                let kind = isNumber ? " class=\"number\"" : cell.count > Self.longText ? " class=\"long\"" : ""
                return "<td\(kind)>\(escaped(cell))</td>"
            }
            return (tone == .plain ? "<tr>" : "<tr class=\"\(tone)\">") + cells.joined() + "</tr>\n"
        }
        let name = escaped("Table \(number): " + table.header.prefix(3).joined(separator: ", "))
        return
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"\(name)\"><table><thead><tr>\(header)</tr></thead><tbody>\n\(rows.joined())</tbody></table></div>\n"
    }

    /// A cell of more characters than this is a sentence, and gets room.
    private static let longText = 40

    static let style = """
        :root{color-scheme:light dark}:focus-visible{outline:3px solid #2d7fc1;outline-offset:2px}body{overflow-wrap:anywhere;font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
        h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem}.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}
        th,td{overflow-wrap:break-word;max-width:30rem;padding:.25rem .6rem;text-align:left;border-bottom:1px solid #8884;vertical-align:top}.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.long{min-width:16rem}
        tr.bad td:first-child{border-left:4px solid #d55e00}tr.good td:first-child{border-left:4px solid #009e73}tr.faint{opacity:.7}
        figure{margin:1rem 0}figcaption{font-weight:600}figure p{margin:.2rem 0;font-size:.9rem}svg{max-width:100%;height:auto;font:12px system-ui,sans-serif}@media screen and (max-width:40rem){figure{overflow-x:auto}figure svg{min-width:36rem}figcaption,figure p,details{position:sticky;left:0;max-width:calc(100vw - 2rem)}}
        svg text{fill:currentColor}.grid{stroke:#8883}.diagonal{stroke:#888;stroke-dasharray:4 4}.whisker{stroke:currentColor;stroke-width:1.5}
        .touch{fill:transparent}details{font-size:.85rem}summary{cursor:pointer}
        .footnote{font-size:.75rem;opacity:.75;overflow-wrap:anywhere;border-top:1px solid #8884;margin-top:2rem;padding-top:.5rem}
        @page{size:A4;margin:15mm}@media print{body{max-width:none;margin:0;padding:0;font-size:11pt}.wide{overflow:visible}table{font-size:8pt}.long{min-width:0}figure,tr{break-inside:avoid}h2{break-after:avoid}details{display:none}}
        """
}
