internal import Vocabulary

/// Alerts in the words of other tools. `data` is an alert as at `GET /v1/alerts`.
enum DestinationBodies {
    private static func text(_ data: JSON, _ name: String) -> String { data[name]?.stringValue ?? "" }

    /// The same for all messages of an alert, so that its end finds its beginning. News of a retraining are an incident of their own.
    static func key(_ data: JSON) -> String {
        data["retraining_id"]?.stringValue.map { "evenkeel-retraining-" + $0 } ?? "evenkeel-alert-\(data["id"]?.intValue ?? 0)"
    }

    /// `loan 1: feature_drift`.
    private static func title(_ data: JSON) -> String {
        let monitors = data["alerts"]?.arrayValue?.map { text($0, "monitor") } ?? [text(data, "monitor")]
        return "\(text(data, "model")) \(text(data, "version")): \(monitors.joined(separator: ", "))"
    }

    /// The beginning of a text that has at most `length` UTF-16 units, in which the strictest receivers count; `sign` says how a character is
    /// written there.
    private static func cut(_ text: String, _ length: Int, _ sign: (Character) -> String = { String($0) }) -> String {
        var (out, used, whole) = ("", 0, 0)
        for character in text {
            let written = sign(character)
            used += written.utf16.count
            if used > length { return String(decoding: out.utf8.prefix(whole), as: UTF8.self) + "…" }
            out += written
            if used < length { whole = out.utf8.count }
        }
        return out
    }

    /// How long an alert lasts in Alertmanager if its end never reaches it: without an end it would resolve by itself in minutes.
    static let alertmanagerSeconds: Int64 = 365 * 86_400
    /// News of a retraining have no end that could be told.
    static let newsSeconds: Int64 = 86_400

    /// A push of one alert. > Source: Alertmanager's OpenAPI, `POST /api/v2/alerts`.
    static func alertmanager(_ data: JSON, at now: Timestamp) -> JSON {
        .array((data["alerts"]?.arrayValue ?? [data]).map { alertmanagerAlert($0, at: now) })
    }

    private static func alertmanagerAlert(_ data: JSON, at now: Timestamp) -> JSON {
        let words = text(data, "monitor").split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
        var labels = JSONObject([("alertname", .string("Evenkeel" + words.joined()))])
        for name in ["model", "version", "monitor", "policy", "severity"] { labels[name] = .string(text(data, name)) }
        return .object([
            "labels": .object(labels),
            "annotations": .object(["summary": .string(title(data)), "description": .string(text(data, "summary"))]),
            "startsAt": data["fired_at"] ?? .string(now.rfc3339),
            "endsAt": .string(
                data["resolved_at"]?.stringValue
                    ?? now.adding(seconds: data["retraining_id"] == nil ? alertmanagerSeconds : newsSeconds).rfc3339),
        ])
    }

    private static let slackText = 3000

    /// An incoming webhook's message in blocks. > Source: Slack's Block Kit reference: a header has at most 150 characters, a section 3,000.
    static func slack(_ data: JSON) -> JSON {
        func escaped(_ text: String) -> String {
            cut(text, slackText) { $0 == "&" ? "&amp;" : $0 == "<" ? "&lt;" : $0 == ">" ? "&gt;" : String($0) }
        }
        let state = text(data, "state") == AlertState.resolved.rawValue ? "Resolved" : "Firing"
        let context = "severity \(text(data, "severity")), policy \(text(data, "policy")), since \(text(data, "started_at"))"
        func words(_ kind: String, _ text: String) -> JSON { .object(["type": .string(kind), "text": .string(text)]) }
        return .object([
            "text": .string(escaped("\(state): \(text(data, "summary"))")),
            "blocks": .array([
                .object(["type": .string("header"), "text": words("plain_text", cut("\(state): \(title(data))", 150))]),
                .object(["type": .string("section"), "text": words("mrkdwn", escaped(text(data, "summary")))]),
                .object(["type": .string("context"), "elements": .array([words("mrkdwn", escaped(context))])]),
            ]),
        ])
    }

    /// > Source: PagerDuty's Events API v2; a summary has at most 1,024 characters.
    static func pagerDuty(_ data: JSON, routingKey: String) -> JSON {
        var event = JSONObject([("routing_key", .string(routingKey)), ("dedup_key", .string(key(data)))])
        if text(data, "state") == AlertState.resolved.rawValue {
            event["event_action"] = .string("resolve")
            return .object(event)
        }
        event["event_action"] = .string("trigger")
        var payload = JSONObject([
            ("summary", .string(cut(text(data, "summary"), 1024))), ("source", .string("evenkeel")),
            ("severity", .string(text(data, "severity"))), ("component", .string(text(data, "model"))),
            ("group", .string(text(data, "version"))), ("class", .string(text(data, "monitor"))),
        ])
        // Both may be left out, but not be null.
        for (name, member) in [("timestamp", "fired_at"), ("custom_details", "detail")] {
            if let value = data[member], value != .null { payload[name] = value }
        }
        event["payload"] = .object(payload)
        return .object(event)
    }

    /// > Source: Opsgenie's Alert API v2; a message has at most 130 characters, a description 15,000.
    static func opsgenie(_ data: JSON, isResolved: Bool) -> JSON {
        if isResolved { return .object(["source": .string("evenkeel"), "note": .string("resolved")]) }
        let priority = ["critical": "P1", "warning": "P3", "info": "P5"][text(data, "severity")] ?? "P3"
        var details = JSONObject([])
        for name in ["model", "version", "monitor", "policy", "started_at"] { details[name] = .string(text(data, name)) }
        return .object([
            "message": .string(cut(title(data), 130)), "alias": .string(key(data)),
            "description": .string(cut(text(data, "summary"), 15_000)), "priority": .string(priority),
            "source": .string("evenkeel"), "details": .object(details),
        ])
    }

    /// GitHub refuses a payload of 64 KB; this leaves room for the rest of the body.
    static let gitHubBytes = 60_000

    /// A `repository_dispatch`. What is too long for it are the findings, which the alert's page has.
    /// > Source: GitHub's REST API, `POST /repos/{owner}/{repo}/dispatches`: ten members at most, less than 64 KB.
    static func gitHub(_ data: JSON) -> JSON {
        var payload = data
        if case .object(var members) = data, data.text.utf8.count > gitHubBytes, case .object(var detail)? = members["detail"] {
            detail["findings"] = .array([])
            members["detail"] = .object(detail)
            payload = .object(members)
        }
        return .object(["event_type": .string("evenkeel-retraining"), "client_payload": payload])
    }
}
