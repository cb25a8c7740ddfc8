public import Vocabulary

/// What is known of a version when its retraining is asked for.
public struct RetrainingFacts: Sendable {
    public var baseline: String
    public var referenceRows: Int64
    public var registeredAt: Timestamp
    /// The statement that reads the training rows of a stretch.
    public var sql: @Sendable (_ from: Timestamp, _ to: Timestamp) -> String

    public init(
        baseline: String, referenceRows: Int64, registeredAt: Timestamp,
        sql: @escaping @Sendable (_ from: Timestamp, _ to: Timestamp) -> String
    ) {
        self.baseline = baseline
        self.referenceRows = referenceRows
        self.registeredAt = registeredAt
        self.sql = sql
    }
}

/// What a job needs to know: why, on which rows, and where to say what became of it.
public enum RetrainingManifest {
    /// From when the alert was told, which a silence may have put off for longer than a job may take.
    static func deadline(_ alert: Alert, _ policy: AlertPolicy) -> Timestamp? {
        policy.retrainingDeadlineSeconds > 0
            ? (alert.memory.announcedAt ?? alert.firedAt ?? alert.startedAt).adding(seconds: policy.retrainingDeadlineSeconds) : nil
    }

    static func make(_ alert: Alert, policy: AlertPolicy, id: String, facts: RetrainingFacts?) -> JSON {
        var manifest = JSONObject([
            ("retraining_id", .string(id)), ("policy", .string(policy.name)), ("severity", .string(alert.severity.rawValue)),
            ("callback", .string("/v1/retraining/" + id)), ("deadline", JSON(deadline(alert, policy)?.rfc3339)),
            ("window", alert.detail["window"] ?? .null), ("rows", alert.detail["rows"] ?? .null),
            ("labelled", alert.detail["labelled"] ?? .null),
        ])
        if let facts {
            let end = alert.detail["window"]?["end"]?.stringValue.flatMap(Timestamp.init(rfc3339:)) ?? alert.startedAt
            let start = end.adding(seconds: -policy.retrainingDays * 86_400)
            manifest["baseline"] = .string(facts.baseline)
            manifest["reference_rows"] = .integer(facts.referenceRows)
            manifest["registered_at"] = .string(facts.registeredAt.rfc3339)
            manifest["training"] = .object([
                "from": .string(start.rfc3339), "to": .string(end.rfc3339), "sql": .string(facts.sql(start, end)),
            ])
        }
        return .object(manifest)
    }

    /// What people are told when a job failed, or nothing came back of it, and when it came back after all; nil for what is well.
    ///
    /// The data is that of an alert, so that every format has words for it.
    public static func escalation(_ retraining: Retraining, at now: Timestamp) -> JSON? {
        let what: String
        var state = AlertState.firing
        switch retraining.state {
        case .failed: what = "failed" + (retraining.note.map { ": \($0)" } ?? "")
        case .overdue:
            what = retraining.startedAt == nil ? "was not started in time" : "was started and did not come back in time"
        case .succeeded:
            guard let deadline = retraining.manifest["deadline"]?.stringValue.flatMap(Timestamp.init(rfc3339:)), deadline <= now else {
                return nil
            }
            what = "succeeded late" + (retraining.newVersion.map { ", as version \($0)" } ?? "")
            state = .resolved
        case .requested, .started: return nil
        }
        return .object([
            "type": .string("retraining." + retraining.state.rawValue), "timestamp": .string(now.rfc3339),
            "data": .object([
                "id": retraining.alertID.map(JSON.integer) ?? .null, "model": .string(retraining.version.model),
                "version": .string(retraining.version.version),
                "monitor": "retraining",
                "policy": .string(retraining.policy), "severity": .string(AlertSeverity.critical.rawValue),
                "state": .string(state.rawValue),
                "summary": .string("the retraining of \(retraining.version) \(what); it was asked for because of: \(retraining.reason)"),
                "started_at": .string(retraining.requestedAt.rfc3339),
                "fired_at": .string((state == .firing ? now : retraining.requestedAt).rfc3339),
                "resolved_at": state == .firing ? .null : .string(now.rfc3339),
                "retraining_id": .string(retraining.id), "detail": retraining.manifest,
            ]),
        ])
    }
}
