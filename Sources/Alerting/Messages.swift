public import Vocabulary

/// The bodies of our webhooks.
public enum Messages {
    /// About alerts of one version that changed with the same evaluation: one message a destination for those that fire and one for those that
    /// ended, and one that asks for retraining.
    public static func messages(
        for alerts: [Alert], policy: AlertPolicy, facts: RetrainingFacts? = nil, newID: () -> String
    ) -> [OutgoingMessage] {
        if alerts.count == 1 || !policy.groups { return alerts.flatMap { messages(for: $0, policy: policy, facts: facts, newID: newID) } }
        var out: [OutgoingMessage] = []
        for state in [AlertState.firing, .resolved] {
            let group = alerts.filter { $0.state == state }
            if group.isEmpty { continue }
            let texts = group.map { body($0).text }
            let text = group.count == 1 ? texts[0] : body(group).text
            for destination in policy.destinations {
                if group.count == 1 || policy.singles.contains(destination) {
                    out += zip(group, texts).map { message(to: destination, about: [$0], $1, id: newID()) }
                } else {
                    out.append(message(to: destination, about: group, text, id: newID()))
                }
            }
        }
        if let first = alerts.first(where: { $0.state == .firing && $0.memory.reminders == 0 }) {
            var policy = policy
            policy.destinations = []
            out += messages(for: first, policy: policy, facts: facts, newID: newID)
        }
        return out
    }

    private static func message(to destination: String, about alerts: [Alert], _ text: String, id: String) -> OutgoingMessage {
        var message = OutgoingMessage(destination: destination, messageID: id, type: "alert." + alerts[0].state.rawValue, body: text)
        message.alertIDs = alerts.compactMap(\.id)
        return message
    }

    /// One message a destination of the policy, and one that asks for retraining when an alert fires.
    public static func messages(
        for alert: Alert, policy: AlertPolicy, facts: RetrainingFacts? = nil, newID: () -> String
    ) -> [OutgoingMessage] {
        // Made once: it may be long, and the same goes to all.
        let text = body(alert).text
        var out = policy.destinations.map { message(to: $0, about: [alert], text, id: newID()) }
        // A reminder is for people: the job was started when the alert began.
        if alert.state == .firing, alert.memory.reminders == 0, let retraining = policy.retraining {
            let id = newID()
            let manifest = RetrainingManifest.make(alert, policy: policy, id: id, facts: facts)
            var message = OutgoingMessage(
                destination: retraining, messageID: id, type: retrainingType, body: retrainingBody(alert, manifest: manifest).text,
                cooldownSeconds: policy.retrainingCooldownSeconds)
            message.alertIDs = alert.id.map { [$0] } ?? []
            message.retraining = RetrainingRequest(
                policy: policy.name, reason: alert.summary, manifest: manifest,
                deadline: RetrainingManifest.deadline(alert, policy), perMonth: policy.retrainingPerMonth)
            out.append(message)
        }
        return out
    }

    /// An alert of a model that is not there: its beginning and its end.
    static func test(at now: Timestamp, to destination: String) -> [OutgoingMessage] {
        [AlertState.firing, .resolved].map { state in
            OutgoingMessage(
                destination: destination, messageID: randomID(), type: "alert." + state.rawValue, body: body(testAlert(state, now)).text)
        }
    }

    static func testRetraining(at now: Timestamp, to destination: String) -> OutgoingMessage {
        OutgoingMessage(
            destination: destination, messageID: randomID(), type: retrainingType, body: retrainingBody(testAlert(.firing, now)).text)
    }

    /// One message of each kind with all that such a message may have, for looking at what a template makes of them.
    public static var samples: [JSON] {
        let now = Timestamp(seconds: 1_780_000_000)
        let window = Window(kind: .hour, start: now.adding(seconds: -3600), end: now)
        var finding = Finding(
            monitor: .featureDrift, subject: "income", statistic: "psi", value: 0.3, lower: 0.2, upper: 0.4, pValue: 0.001,
            adjustedP: 0.002, referenceCount: 1000, currentCount: 500, verdict: .drifted, why: "income moved")
        finding.drivers = [Driver("[0, 10)", before: 0.2, after: 0.4, count: 200)]
        func alert(_ id: Int64, _ state: AlertState) -> Alert {
            var alert = testAlert(state, now)
            alert.id = id
            alert.detail = AlertLifecycle.detail(window, rows: 500, labelled: 100, [finding])
            return alert
        }
        let firing = [alert(1, .firing), alert(2, .firing)]
        let resolved = [alert(1, .resolved), alert(2, .resolved)]
        let facts = RetrainingFacts(baseline: "frozen", referenceRows: 1000, registeredAt: now) { _, _ in "select 1" }
        let manifest = RetrainingManifest.make(firing[0], policy: AlertPolicy(name: "test"), id: "msg_0", facts: facts)
        var job = Retraining(
            id: "msg_0", version: firing[0].version, alertID: 1, policy: "test", reason: firing[0].summary, manifest: manifest,
            state: .failed, requestedAt: now)
        job.note = "no memory"
        return [
            body(firing[0]), body(resolved[0]), body(firing), body(resolved), retrainingBody(firing[0], manifest: manifest),
            RetrainingManifest.escalation(job, at: now) ?? .null,
        ]
    }

    private static func testAlert(_ state: AlertState, _ now: Timestamp) -> Alert {
        Alert(
            version: ModelVersion(model: "evenkeel-test", version: "0"), monitor: .featureDrift, policy: "test", severity: .info,
            state: state, memory: AlertMemory(), summary: "a test by evenkeel alerts test: nothing is wrong",
            detail: .object(["test": .bool(true)]), startedAt: now, firedAt: now, resolvedAt: state == .resolved ? now : nil)
    }

    public static func randomID() -> String { "msg_" + Digest.hex(Digest.random(16)) }

    static let retrainingType = "retraining.requested"
    private static func type(of alert: Alert) -> String { "alert." + alert.state.rawValue }

    public static func body(_ alert: Alert) -> JSON {
        .object([
            "type": .string(type(of: alert)),
            "timestamp": .string((alert.resolvedAt ?? alert.firedAt ?? alert.startedAt).rfc3339),
            "data": data(alert),
        ])
    }

    /// Of several alerts: the data of the gravest, with a summary of all and each of them in `alerts`.
    public static func body(_ alerts: [Alert]) -> JSON {
        let gravest = alerts.max {
            AlertSeverity.allCases.firstIndex(of: $0.severity) ?? 0 < AlertSeverity.allCases.firstIndex(of: $1.severity) ?? 0
        }
        guard let gravest, case .object(var message) = body(gravest), case .object(var all)? = message["data"] else { return .null }
        let verb = gravest.state == .resolved ? "resolved" : "fire"
        all["summary"] = .string(
            "\(gravest.version): \(alerts.count) alerts \(verb): "
                + alerts.map { "\($0.monitor.rawValue)" }.joined(separator: ", ") + ". " + alerts.map(\.summary).joined(separator: "; "))
        all["alerts"] = .array(alerts.map(data))
        message["data"] = .object(all)
        return .object(message)
    }

    /// - Parameter manifest: what a job needs to know; a receiver of a version before has no use for it and loses nothing.
    public static func retrainingBody(_ alert: Alert, manifest: JSON = .object(JSONObject())) -> JSON {
        var data = JSONObject([
            ("model", .string(alert.version.model)), ("version", .string(alert.version.version)), ("reason", .string(alert.summary)),
            ("alert_id", alert.id.map(JSON.integer) ?? .null), ("monitor", .string(alert.monitor.rawValue)), ("detail", alert.detail),
        ])
        // In one member: GitHub takes ten at most.
        if manifest != .object(JSONObject()) { data["manifest"] = manifest }
        return .object([
            "type": .string(retrainingType), "timestamp": .string((alert.firedAt ?? alert.startedAt).rfc3339), "data": .object(data),
        ])
    }

    public static func data(_ alert: Alert) -> JSON {
        .object([
            "id": alert.id.map(JSON.integer) ?? .null,
            "model": .string(alert.version.model),
            "version": .string(alert.version.version),
            "monitor": .string(alert.monitor.rawValue),
            "policy": .string(alert.policy),
            "severity": .string(alert.severity.rawValue),
            "state": .string(alert.state.rawValue),
            "summary": .string(alert.summary),
            "started_at": .string(alert.startedAt.rfc3339),
            "fired_at": JSON(alert.firedAt?.rfc3339),
            "resolved_at": JSON(alert.resolvedAt?.rfc3339),
            "acknowledged_at": JSON(alert.acknowledgedAt?.rfc3339),
            "reminders": .integer(Int64(alert.memory.reminders)),
            "flapping": .bool(alert.memory.isFlapping),
            "detail": alert.detail,
        ])
    }

    /// The signature headers: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, one for each secret with a blank between.
    /// > Source: The Standard Webhooks specification, 1.0.
    public static func headers(
        _ message: OutgoingMessage, body: String? = nil, contentType: String = "application/json", secrets: [Secret], at now: Timestamp
    ) -> [(name: String, value: String)] {
        let seconds = String(now.microseconds / 1_000_000)
        var headers = [
            (name: "content-type", value: contentType), (name: "webhook-id", value: message.messageID),
            (name: "webhook-timestamp", value: seconds),
        ]
        if !secrets.isEmpty {
            let signatures = secrets.map { signature(id: message.messageID, timestamp: seconds, body: body ?? message.body, secret: $0) }
            headers.append((name: "webhook-signature", value: signatures.joined(separator: " ")))
        }
        return headers
    }

    public static func signature(id: String, timestamp: String, body: String, secret: Secret) -> String {
        let text = secret.reveal()
        let key = text.hasPrefix("whsec_") ? Digest.fromBase64(String(text.dropFirst(6))) ?? Array(text.utf8) : Array(text.utf8)
        return "v1," + Digest.base64(Digest.hmacSHA256(key: key, Array("\(id).\(timestamp).\(body)".utf8)))
    }
}
