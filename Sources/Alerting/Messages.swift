public import Vocabulary

/// The bodies of our webhooks.
public enum Messages {
    /// One message a destination of the policy, and one that asks for retraining when an alert fires.
    public static func messages(for alert: Alert, policy: AlertPolicy, newID: () -> String) -> [OutgoingMessage] {
        var out = policy.destinations.map {
            OutgoingMessage(destination: $0, messageID: newID(), type: type(of: alert), body: body(alert).text)
        }
        // A reminder is for people: the job was started when the alert began.
        if alert.state == .firing, alert.memory.reminders == 0, let retraining = policy.retraining {
            out.append(
                OutgoingMessage(
                    destination: retraining, messageID: newID(), type: retrainingType, body: retrainingBody(alert).text,
                    cooldownSeconds: policy.retrainingCooldownSeconds))
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

    public static func retrainingBody(_ alert: Alert) -> JSON {
        .object([
            "type": .string(retrainingType),
            "timestamp": .string((alert.firedAt ?? alert.startedAt).rfc3339),
            "data": .object([
                "model": .string(alert.version.model), "version": .string(alert.version.version), "reason": .string(alert.summary),
                "alert_id": alert.id.map(JSON.integer) ?? .null, "monitor": .string(alert.monitor.rawValue), "detail": alert.detail,
            ]),
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
            "detail": alert.detail,
        ])
    }

    /// The signature headers: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.
    /// > Source: The Standard Webhooks specification, 1.0.
    public static func headers(_ message: OutgoingMessage, secret: Secret?, at now: Timestamp) -> [(name: String, value: String)] {
        let seconds = String(now.microseconds / 1_000_000)
        var headers = [
            (name: "content-type", value: "application/json"), (name: "webhook-id", value: message.messageID),
            (name: "webhook-timestamp", value: seconds),
        ]
        if let secret {
            headers.append(
                (name: "webhook-signature", value: signature(id: message.messageID, timestamp: seconds, body: message.body, secret: secret))
            )
        }
        return headers
    }

    public static func signature(id: String, timestamp: String, body: String, secret: Secret) -> String {
        let text = secret.reveal()
        let key = text.hasPrefix("whsec_") ? Digest.fromBase64(String(text.dropFirst(6))) ?? Array(text.utf8) : Array(text.utf8)
        return "v1," + Digest.base64(Digest.hmacSHA256(key: key, Array("\(id).\(timestamp).\(body)".utf8)))
    }
}
