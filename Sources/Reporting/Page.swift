public import Vocabulary

/// The first page: every model with its verdicts, and the alerts. Plain HTML, made on the server, nothing loaded from elsewhere.
public struct Page: Sendable {
    public struct Row: Sendable {
        public var version: RegisteredVersion
        /// At most one evaluation for each kind of window.
        public var latest: [Evaluation]
        public init(version: RegisteredVersion, latest: [Evaluation]) {
            self.version = version
            self.latest = latest
        }
    }
    public var rows: [Row]
    public var alerts: [Alert]
    public var now: Timestamp
    public var buildVersion: String

    public init(rows: [Row], alerts: [Alert], now: Timestamp, buildVersion: String) {
        self.rows = rows
        self.alerts = alerts
        self.now = now
        self.buildVersion = buildVersion
    }

    public var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="refresh" content="15"><title>Evenkeel</title><style>\(Self.style)</style></head>
        <body><header><h1>Evenkeel</h1><p>Is the model still right, and for everyone? As of \(escaped(now.rfc3339.prefix(19)))Z.</p></header>
        <main>\(models)\(alertList)</main>
        <footer>evenkeel \(escaped(buildVersion)) · <a href="/metrics">metrics</a> · <a href="/v1/models">models as JSON</a> · <a href="/v1/alerts">alerts as JSON</a></footer>
        </body></html>

        """
    }

    private var models: String {
        if rows.isEmpty {
            return
                "<section><h2>Models</h2><p>No model yet. Register one: <code>evenkeel model register --name credit --version 1 --reference reference.csv --score score --label label</code></p></section>"
        }
        return "<section><h2>Models</h2>" + rows.map(model).joined() + "</section>"
    }

    private func model(_ row: Row) -> String {
        let verdicts = EvaluationMetrics.verdicts(row.latest)
        let badges = verdicts.map { badge($0.monitor.rawValue, $0.verdict) }.joined(separator: " ")
        let windows = row.latest.map { evaluation in
            let coverage = evaluation.rows > 0 ? Int((Double(evaluation.labelled) / Double(evaluation.rows) * 100).rounded()) : 0
            return
                "\(evaluation.window.kind.rawValue) from \(evaluation.window.start.rfc3339): \(evaluation.rows) predictions, \(coverage) % labelled"
        }.joined(separator: " · ")
        return """
            <article><h3>\(escaped(row.version.key.model)) <small>\(escaped(row.version.key.version)) · \(row.version.stage.rawValue)</small></h3>
            <p>\(badges.isEmpty ? "Not evaluated yet: a window is evaluated when it has ended." : badges)</p>
            <p class="muted">\(escaped(windows))</p>\(findings(row))</article>
            """
    }

    private func findings(_ row: Row) -> String {
        let shown = row.latest.flatMap { evaluation in
            evaluation.findings.filter { $0.verdict?.isFinding == true }.map { (evaluation.window.kind, $0) }
        }
        if shown.isEmpty { return "" }
        let lines = shown.prefix(30).map { kind, finding in
            "<tr><td>\(kind.rawValue)</td><td>\(finding.monitor.rawValue)</td><td>\(escaped(finding.subject))</td><td>\(finding.statistic)</td><td class=\"number\">\(shortNumber(finding.value))</td><td class=\"number\">\(shortNumber(finding.adjustedP))</td><td>\(escaped(finding.why))</td></tr>"
        }
        return """
            <table><caption>What was found</caption><thead><tr><th scope="col">window</th><th scope="col">monitor</th><th scope="col">of</th>
            <th scope="col">statistic</th><th scope="col">value</th><th scope="col">adjusted p</th><th scope="col">why</th></tr></thead>
            <tbody>\(lines.joined())</tbody></table>
            """
    }

    private var alertList: String {
        if alerts.isEmpty { return "<section><h2>Alerts</h2><p>No alert has fired.</p></section>" }
        let lines = alerts.prefix(20).map { alert in
            "<tr><td>\(alert.id.map(String.init) ?? "")</td><td><span class=\"\(alert.state == .firing ? "bad" : "good")\">\(alert.state.rawValue)</span></td><td>\(alert.severity.rawValue)</td><td>\(escaped(alert.firedAt?.rfc3339.prefix(19) ?? ""))</td><td>\(escaped(alert.summary))</td></tr>"
        }
        return """
            <section><h2>Alerts</h2><table><thead><tr><th scope="col">id</th><th scope="col">state</th><th scope="col">severity</th>
            <th scope="col">fired</th><th scope="col">what</th></tr></thead><tbody>\(lines.joined())</tbody></table></section>
            """
    }

    private func badge(_ monitor: String, _ verdict: Verdict) -> String {
        let tone = verdict.isFinding ? "bad" : verdict.severity >= 2 ? "unknown" : "good"
        return
            "<span class=\"\(tone)\">\(monitor.split(separator: "_").joined(separator: " ")): \(verdict.rawValue.split(separator: "_").joined(separator: " "))</span>"
    }

    private static let style = """
        :root{color-scheme:light dark;--line:#8884;--muted:#777}body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:75rem;padding:1rem}
        h1{margin:0}article{border:1px solid var(--line);border-radius:.5rem;padding:.5rem 1rem;margin:1rem 0;overflow-x:auto}
        .muted,footer,small{color:var(--muted)}span.good,span.bad,span.unknown{display:inline-block;border-radius:1rem;padding:0 .7rem;border:2px solid}
        span.good{border-color:#2a7ab0}span.bad{border-color:#c8500a;background:#c8500a;color:#fff}span.unknown{border-color:#999;border-style:dashed}
        table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
        td.number{text-align:right;font-variant-numeric:tabular-nums}caption{text-align:left;font-weight:600}
        """
}
