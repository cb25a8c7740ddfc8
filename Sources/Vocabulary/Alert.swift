public enum AlertState: String, Sendable { case pending, firing, resolved }
public enum AlertSeverity: String, Sendable, CaseIterable { case info, warning, critical }

/// Something that is wrong with a version, from the first sign to its end.
public struct Alert: Sendable, Equatable {
    /// nil until it is stored.
    public var id: Int64?
    public var version: ModelVersion
    public var monitor: Monitor
    /// The policy that watches; one policy has at most one open alert per version and monitor.
    public var policy: String
    public var severity: AlertSeverity
    public var state: AlertState
    public var memory: AlertMemory
    /// One sentence for the on-call.
    public var summary: String
    /// The findings behind it, as JSON.
    public var detail: JSON
    public var startedAt: Timestamp
    public var firedAt: Timestamp?
    public var resolvedAt: Timestamp?
    public var acknowledgedAt: Timestamp?
    public var acknowledgedBy: String?

    public init(
        id: Int64? = nil, version: ModelVersion, monitor: Monitor, policy: String, severity: AlertSeverity, state: AlertState,
        memory: AlertMemory, summary: String, detail: JSON, startedAt: Timestamp, firedAt: Timestamp? = nil,
        resolvedAt: Timestamp? = nil, acknowledgedAt: Timestamp? = nil, acknowledgedBy: String? = nil
    ) {
        self.id = id
        self.version = version
        self.monitor = monitor
        self.policy = policy
        self.severity = severity
        self.state = state
        self.memory = memory
        self.summary = summary
        self.detail = detail
        self.startedAt = startedAt
        self.firedAt = firedAt
        self.resolvedAt = resolvedAt
        self.acknowledgedAt = acknowledgedAt
        self.acknowledgedBy = acknowledgedBy
    }
}

/// What the lifecycle remembers of the last windows, newest last.
public struct AlertMemory: Sendable, Equatable {
    public struct Seen: Sendable, Equatable {
        public var windowEnd: Timestamp
        public var isFinding: Bool
        public init(windowEnd: Timestamp, isFinding: Bool) {
            self.windowEnd = windowEnd
            self.isFinding = isFinding
        }
    }
    /// A feature or a group of an attribute, both empty for the score; within a segment where one is named.
    public struct Place: Sendable, Hashable {
        public var subject: String
        public var group: String
        public var segment: String
        public init(subject: String, group: String, segment: String = "") {
            self.subject = subject
            self.group = group
            self.segment = segment
        }
        public init(_ finding: Finding) { self.init(subject: finding.subject, group: finding.group, segment: finding.segment) }

        fileprivate var json: JSON {
            var object = JSONObject([("subject", .string(subject)), ("group", .string(group))])
            if !segment.isEmpty { object["segment"] = .string(segment) }
            return .object(object)
        }
    }
    public var seen: [Seen]
    /// Where the last findings were, at most ``placesMax``: calm is calm only where something was wrong.
    public var places: [Place]
    /// Whether people were told that it fires: not while a silence lasts, but after it.
    public var isAnnounced: Bool
    /// When people were told the last time, and how often they were reminded since the first.
    public var announcedAt: Timestamp?
    public var reminders = 0
    /// The ends of the windows in which this and the alerts before it began to fire, newest last; at most ``firedMax``.
    public var fired: [Timestamp] = []
    /// It came and went so often that it takes longer to believe in its end.
    public var isFlapping = false
    public static let placesMax = 20
    public static let firedMax = 20

    public init(seen: [Seen] = [], places: [Place] = [], isAnnounced: Bool = false) {
        self.seen = seen
        self.places = places
        self.isAnnounced = isAnnounced
    }

    public var json: JSON {
        .object([
            "seen": .array(seen.map { .object(["window_end": .string($0.windowEnd.rfc3339), "finding": .bool($0.isFinding)]) }),
            "places": .array(places.map(\.json)),
            "announced": .bool(isAnnounced), "announced_at": JSON(announcedAt?.rfc3339), "reminders": .integer(Int64(reminders)),
            "fired": .array(fired.map { .string($0.rfc3339) }), "flapping": .bool(isFlapping),
        ])
    }
    public init(json: JSON) {
        seen = (json["seen"]?.arrayValue ?? []).compactMap { entry in
            guard let end = entry["window_end"]?.stringValue.flatMap(Timestamp.init(rfc3339:)), let finding = entry["finding"]?.boolValue
            else { return nil }
            return Seen(windowEnd: end, isFinding: finding)
        }
        places = (json["places"]?.arrayValue ?? []).map {
            Place(
                subject: $0["subject"]?.stringValue ?? "", group: $0["group"]?.stringValue ?? "",
                segment: $0["segment"]?.stringValue ?? "")
        }
        isAnnounced = json["announced"]?.boolValue ?? false
        announcedAt = json["announced_at"]?.stringValue.flatMap(Timestamp.init(rfc3339:))
        reminders = Int(clamping: json["reminders"]?.intValue ?? 0)
        fired = (json["fired"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap(Timestamp.init(rfc3339:)) }
        isFlapping = json["flapping"]?.boolValue ?? false
    }
}

/// What is to be done with an alert.
public struct AlertChange: Sendable, Equatable {
    public var alert: Alert
    /// Whether people and machines are told.
    public var isAnnounced: Bool
    /// A pending alert that came to nothing.
    public var isDropped: Bool
    public init(alert: Alert, isAnnounced: Bool = false, isDropped: Bool = false) {
        self.alert = alert
        self.isAnnounced = isAnnounced
        self.isDropped = isDropped
    }
}

/// A message in the outbox: its id is the same in every attempt, so that a receiver can tell a repetition.
public struct OutgoingMessage: Sendable, Equatable {
    public var destination: String
    public var messageID: String
    /// What the message is about: `alert.firing`, `retraining.requested`.
    public var type: String
    public var body: String
    /// Dropped when the destination had a message of the same type about the same model within this time; 0 for never.
    public var cooldownSeconds: Int64
    /// The alerts that it is about.
    public var alertIDs: [Int64] = []
    /// The retraining that it asks for: it is kept with the message, or neither is.
    public var retraining: RetrainingRequest?
    public init(destination: String, messageID: String, type: String, body: String, cooldownSeconds: Int64 = 0) {
        self.destination = destination
        self.messageID = messageID
        self.type = type
        self.body = body
        self.cooldownSeconds = cooldownSeconds
    }
}

public struct Delivery: Sendable, Equatable {
    public var id: Int64
    public var message: OutgoingMessage
    /// This attempt's number, from 1.
    public var attempt: Int
    public var createdAt: Timestamp
    public init(id: Int64, message: OutgoingMessage, attempt: Int, createdAt: Timestamp) {
        self.id = id
        self.message = message
        self.attempt = attempt
        self.createdAt = createdAt
    }
}

public enum DeliveryOutcome: Sendable, Equatable {
    case sent(status: Int)
    case retry(at: Timestamp, status: Int?, error: String)
    /// Given up; listed and replayable.
    case dead(status: Int?, error: String)
}

/// How an attempt ended.
public struct Settlement: Sendable, Equatable {
    public var delivery: Delivery
    public var outcome: DeliveryOutcome
    public var milliseconds: Int64
    public init(delivery: Delivery, outcome: DeliveryOutcome, milliseconds: Int64) {
        self.delivery = delivery
        self.outcome = outcome
        self.milliseconds = milliseconds
    }
    /// For a metric's label.
    public var word: String {
        switch outcome {
        case .sent: "sent"
        case .retry: "retry"
        case .dead: "dead"
        }
    }
}

public struct DueDestination: Sendable, Equatable {
    public var name: String
    /// Why nothing is sent there any more; nil while something is.
    public var disabled: String?
    public init(name: String, disabled: String? = nil) {
        self.name = name
        self.disabled = disabled
    }
}

public enum DeliveryState: String, Sendable, CaseIterable { case waiting, sent, dead }

/// What became of a message.
public struct DeliveryRecord: Sendable, Equatable {
    public var id: Int64
    public var destination: String
    public var messageID: String
    public var type: String
    public var model: String?
    public var state: DeliveryState
    public var attempts: Int64
    public var lastStatus: Int64?
    public var lastError: String?
    public var createdAt: Timestamp
    public var nextAttemptAt: Timestamp?
    public var sentAt: Timestamp?
    public init(
        id: Int64, destination: String, messageID: String, type: String, model: String?, state: DeliveryState, attempts: Int64,
        lastStatus: Int64?, lastError: String?, createdAt: Timestamp, nextAttemptAt: Timestamp?, sentAt: Timestamp?
    ) {
        self.id = id
        self.destination = destination
        self.messageID = messageID
        self.type = type
        self.model = model
        self.state = state
        self.attempts = attempts
        self.lastStatus = lastStatus
        self.lastError = lastError
        self.createdAt = createdAt
        self.nextAttemptAt = nextAttemptAt
        self.sentAt = sentAt
    }

    public var json: JSON {
        .object([
            "id": .integer(id), "destination": .string(destination), "message_id": .string(messageID), "type": .string(type),
            "model": JSON(model), "state": .string(state.rawValue), "attempts": .integer(attempts),
            "last_status": lastStatus.map(JSON.integer) ?? .null, "last_error": JSON(lastError),
            "created_at": .string(createdAt.rfc3339), "next_attempt_at": JSON(nextAttemptAt?.rfc3339), "sent_at": JSON(sentAt?.rfc3339),
        ])
    }
}
