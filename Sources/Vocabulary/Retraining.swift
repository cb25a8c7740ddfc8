/// How far a retraining is.
public enum RetrainingState: String, Sendable, CaseIterable {
    case requested, started, succeeded, failed
    /// Nothing came back in time. What comes later counts all the same.
    case overdue

    public var isOver: Bool { self == .succeeded || self == .failed }

    /// Whether the trainer may say this next. To say the same again is fine: callbacks are repeated.
    public func mayBecome(_ next: RetrainingState) -> Bool {
        switch next {
        case .requested, .overdue: false
        case .started: self == .requested || self == .overdue || self == .started
        case .succeeded, .failed: !isOver || self == next
        }
    }
}

/// What is asked of a trainer, as it is kept. Its id is that of the message.
public struct RetrainingRequest: Sendable, Equatable {
    public var policy: String
    public var reason: String
    public var manifest: JSON
    /// Nothing came back by then: people are told. nil when nothing is expected.
    public var deadline: Timestamp?
    /// Of one model within 30 days; more are not asked for.
    public var perMonth: Int
    public init(policy: String, reason: String, manifest: JSON, deadline: Timestamp?, perMonth: Int) {
        self.policy = policy
        self.reason = reason
        self.manifest = manifest
        self.deadline = deadline
        self.perMonth = perMonth
    }
    public static let monthSeconds: Int64 = 30 * 86_400
}

public struct Retraining: Sendable, Equatable {
    /// Whether this may be what came of it: the same that was said before, or the first that is said.
    public func mayBe(_ version: String?) -> Bool { version == nil || newVersion == nil || newVersion == version }

    public var id: String
    public var version: ModelVersion
    public var alertID: Int64?
    public var policy: String
    public var reason: String
    public var manifest: JSON
    public var state: RetrainingState
    public var requestedAt: Timestamp
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?
    public var deadline: Timestamp?
    /// What came of it.
    public var newVersion: String?
    /// What the trainer said.
    public var note: String?

    public init(
        id: String, version: ModelVersion, alertID: Int64?, policy: String, reason: String, manifest: JSON, state: RetrainingState,
        requestedAt: Timestamp
    ) {
        self.id = id
        self.version = version
        self.alertID = alertID
        self.policy = policy
        self.reason = reason
        self.manifest = manifest
        self.state = state
        self.requestedAt = requestedAt
    }

    public var json: JSON {
        .object([
            "id": .string(id), "model": .string(version.model), "version": .string(version.version),
            "alert_id": alertID.map(JSON.integer) ?? .null, "policy": .string(policy), "reason": .string(reason),
            "state": .string(state.rawValue), "requested_at": .string(requestedAt.rfc3339), "started_at": JSON(startedAt?.rfc3339),
            "ended_at": JSON(endedAt?.rfc3339), "deadline": JSON(deadline?.rfc3339), "new_version": JSON(newVersion), "note": JSON(note),
            "manifest": manifest,
        ])
    }
}
