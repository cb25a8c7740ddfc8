internal import Reporting
public import Vocabulary

/// Alerts: when, why, who was told; and what people do about them.
public struct AlertsPage: Sendable {
    public var alerts: [Alert]
    /// By alert, newest first.
    public var deliveries: [Int64: [DeliveryRecord]]
    public var silences: [Silence]
    /// Only alerts of this model are listed; nil for all.
    public var model: String?
    /// Those that can be silenced.
    public var models: [String]
    /// What shows that a form came from this page.
    public var acknowledgeToken: String
    public var silenceToken: String
    public var endToken: String
    /// What was done just now.
    public var notice: Notice?

    public enum Notice: String, Sendable {
        case acknowledged
        case silenced
        case gone
        case ended
        var text: String {
            switch self {
            case .acknowledged: "Acknowledged. Messages go on as before: silence the model to stop them."
            case .silenced: "Silenced. Alerts are still listed here."
            case .ended: "The silence is over: alerts that fire are told from now on."
            case .gone: "That alert does not fire any more, so there was nothing to acknowledge."
            }
        }
    }

    public static let acknowledgePath = "/alerts/acknowledge"
    public static let silencePath = "/alerts/silence"
    public static let endPath = "/alerts/end"
    /// Alerts on a page, newest first.
    public static let alertsMax = 40
    /// Findings and messages of one alert.
    static let findingsMax = 5
    static let deliveriesMax = 5
    /// What a form takes.
    public static let textMax = 200

    public init(
        alerts: [Alert], deliveries: [Int64: [DeliveryRecord]], silences: [Silence], model: String?, models: [String],
        acknowledgeToken: String,
        silenceToken: String, endToken: String, notice: Notice? = nil
    ) {
        self.alerts = alerts
        self.deliveries = deliveries
        self.silences = silences
        self.model = model
        self.models = models
        self.acknowledgeToken = acknowledgeToken
        self.silenceToken = silenceToken
        self.endToken = endToken
        self.notice = notice
    }

    public func html(_ frame: PageFrame) -> String {
        let firing = alerts.filter { $0.state == .firing }
        let over = alerts.filter { $0.state != .firing }
        var content = "<h1>Alerts\(model.map { " of \(escaped($0))" } ?? "")</h1>"
        if let notice { content += "<p class=\"note\" role=\"status\">\(notice.text)</p>" }
        if let model {
            content +=
                "<p><a href=\"\(frame.query.common.href(["models", model]))\">\(escaped(model))</a> · <a href=\"\(frame.query.common.href(["alerts"]))\">alerts of all models</a></p>"
        }
        if alerts.isEmpty {
            content += empty(
                "No alert has fired.",
                "Alerts come from policies in the configuration file (<code>policies:</code> and <code>destinations:</code>); without a policy nobody is told of a finding."
            )
        } else {
            let rows = alerts.compactMap { alert in
                alert.firedAt.map {
                    Timeline.Row(name: "\(alert.version.model): \(spoken(alert.monitor.rawValue))", from: $0, to: alert.resolvedAt)
                }
            }
            content +=
                "<div class=\"wide box\" tabindex=\"0\" role=\"region\" aria-label=\"Timeline\">\(Timeline("Alerts over time", rows: rows, now: frame.now).text)</div>"
            content +=
                "<h2>Firing (\(firing.count))</h2>" + (firing.isEmpty ? "<p>Nothing fires.</p>" : firing.map { card($0, frame) }.joined())
            if !over.isEmpty { content += "<h2>Resolved (\(over.count))</h2>" + over.map { card($0, frame) }.joined() }
        }
        return frame.page("Alerts", .alerts, content + silencePart(frame))
    }

    private func card(_ alert: Alert, _ frame: PageFrame) -> String {
        let isFiring = alert.state == .firing
        let findings = (alert.detail["findings"]?.arrayValue ?? []).prefix(Self.findingsMax)
        let why = findings.map { finding in
            let subject = finding["subject"]?.stringValue ?? ""
            return [
                subject.isEmpty ? "<span class=\"muted\">the model</span>" : escaped(subject),
                escaped(spoken(finding["statistic"]?.stringValue ?? "")), shortNumber(finding["value"]?.doubleValue),
                "<span class=\"why\">\(escaped(finding["why"]?.stringValue ?? ""))</span>",
            ]
        }
        let sent = deliveries[alert.id ?? 0] ?? []
        let messages = sent.prefix(Self.deliveriesMax).map { record in
            let state =
                switch record.state {
                case .sent: badge("✓", "sent", "good")
                case .waiting: badge("…", "waiting", "unknown")
                case .dead: badge("✗", "given up", "bad")
                }
            return [
                escaped(record.destination), escaped(record.type), state, "\(record.attempts)",
                escaped(
                    [record.lastStatus.map { "HTTP \($0)" } ?? "", record.lastError ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")),
                moment(record.sentAt ?? record.createdAt),
            ]
        }
        let acknowledged = alert.acknowledgedAt.map {
            "<p class=\"muted\">Acknowledged by \(escaped(alert.acknowledgedBy ?? "somebody")) at \(moment($0)).</p>"
        }
        var form = ""
        if isFiring, acknowledged == nil, frame.reader.operates, let id = alert.id {
            form = """
                <form method="post" action="\(Self.acknowledgePath)"><input type="hidden" name="token" value="\(escaped(acknowledgeToken))">
                <input type="hidden" name="alert" value="\(id)">
                <div class="field"><label for="by\(id)">your name</label><input id="by\(id)" name="by" required maxlength="\(Self.textMax)" autocomplete="name"></div>
                <button type="submit">Acknowledge</button></form>
                """
        }
        let window = alert.detail["window"]
        let at = window?["start"]?.stringValue.flatMap(Timestamp.init(rfc3339:))
        var link = frame.query.common
        link.version = alert.version.version
        let path = ["models", alert.version.model] + (alert.monitor == .fairness ? ["fairness"] : [])
        let told = sent.isEmpty ? "nobody was told" : "\(sent.count) \(sent.count == 1 ? "message" : "messages")"
        return """
            <article class="card alert \(isFiring ? "bad" : "good")" id="alert-\(alert.id ?? 0)"><div class="row"><h3>\(escaped(alert.version.model)) \(escaped(alert.version.version)): \(escaped(spoken(alert.monitor.rawValue)))</h3>
            <div class="badges">\(isFiring ? badge("▲", "firing", "bad") : badge("✓", "resolved", "good"))\(badge("●", alert.severity.rawValue, "unknown"))</div></div>
            <p>\(escaped(alert.summary))</p>
            <dl class="facts"><div><dt>first window</dt><dd>\(moment(alert.startedAt))</dd></div><div><dt>fired</dt><dd>\(alert.firedAt.map(moment) ?? "–")</dd></div>
            <div><dt>resolved</dt><dd>\(alert.resolvedAt.map(moment) ?? "not yet")</dd></div><div><dt>policy</dt><dd>\(escaped(alert.policy))</dd></div></dl>
            \(acknowledged ?? "")<p><a href="\(link.showing(at).href(path))">Look at the model</a></p>
            <details><summary>Why: \(findings.count) \(findings.count == 1 ? "finding" : "findings")</summary>\(why.isEmpty ? "<p>No findings were kept.</p>" : table(["of", "statistic", "value", "why"], why, numeric: [2], caption: "Findings"))</details>
            <details><summary>Deliveries: \(told)</summary>\(messages.isEmpty ? "<p>No destination was due: a silence lasted, or the policy names none.</p>" : table(["to", "message", "state", "attempts", "answer", "at"], messages, numeric: [3], caption: "Messages"))</details>
            \(form)</article>

            """
    }

    private func end(_ silence: Silence, _ frame: PageFrame) -> String {
        guard let id = silence.id, frame.reader.operates else { return "" }
        return """
            <form method="post" action="\(Self.endPath)"><input type="hidden" name="token" value="\(escaped(endToken))">
            <input type="hidden" name="silence" value="\(id)"><button type="submit" aria-label="End the silence of \(escaped(silence.model))">End now</button></form>
            """
    }

    private func silencePart(_ frame: PageFrame) -> String {
        let rows = silences.map {
            [
                escaped($0.model), $0.monitor.map { escaped(spoken($0.rawValue)) } ?? "all", moment($0.until), escaped($0.reason),
                end($0, frame),
            ]
        }
        let list =
            rows.isEmpty
            ? "<p>Nothing is silenced.</p>"
            : table(["model", "monitor", "until (UTC)", "reason", "end"], rows, caption: "Silences that last")
        if !frame.reader.operates {
            return
                "<h2>Silences</h2>\(list)<p class=\"note\" role=\"note\">To acknowledge and to silence needs a token with the role <code>operate</code>.</p>"
        }
        if models.isEmpty { return "<h2>Silences</h2>" + list }
        let options = models.map { "<option\($0 == model ? " selected" : "")>\(escaped($0))</option>" }.joined()
        let monitors =
            "<option value=\"\">all</option>"
            + Monitor.allCases.map { "<option value=\"\($0.rawValue)\">\(spoken($0.rawValue))</option>" }.joined()
        return """
            <h2>Silences</h2>\(list)
            <form class="box range" method="post" action="\(Self.silencePath)" aria-label="Silence a model"><input type="hidden" name="token" value="\(escaped(silenceToken))">
            <div class="field"><label for="model">model</label><select id="model" name="model">\(options)</select></div>
            <div class="field"><label for="monitor">monitor</label><select id="monitor" name="monitor">\(monitors)</select></div>
            <div class="field"><label for="hours">for</label><select id="hours" name="hours"><option value="1">1 hour</option><option value="8">8 hours</option><option value="24">1 day</option><option value="168">1 week</option></select></div>
            <div class="field"><label for="reason">reason</label><input id="reason" name="reason" required maxlength="\(Self.textMax)"></div>
            <div class="field"><label for="by">your name</label><input id="by" name="by" required maxlength="\(Self.textMax)" autocomplete="name"></div>
            <button type="submit">Silence</button></form>

            """
    }
}
