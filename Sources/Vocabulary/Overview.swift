// What pages ask of the store: small views over many windows, without the rows behind them.

/// An evaluation without its findings.
public struct EvaluationHead: Sendable, Hashable {
    public var streamID: Int64
    public var window: Window
    public var evaluatedAt: Timestamp
    public var rows: Int64
    public var labelled: Int64
    public init(streamID: Int64, window: Window, evaluatedAt: Timestamp, rows: Int64, labelled: Int64) {
        self.streamID = streamID
        self.window = window
        self.evaluatedAt = evaluatedAt
        self.rows = rows
        self.labelled = labelled
    }

    /// The share of predictions that have their label; nil without predictions.
    public var coverage: Double? { rows > 0 ? Double(labelled) / Double(rows) : nil }
}

/// A version as the first page lists it.
public struct FleetVersion: Sendable, Equatable {
    public var key: ModelVersion
    public var stage: VersionStage
    public var streamID: Int64
    public var features: Int64
    public var registeredAt: Timestamp
    public init(key: ModelVersion, stage: VersionStage, streamID: Int64, features: Int64, registeredAt: Timestamp) {
        self.key = key
        self.stage = stage
        self.streamID = streamID
        self.features = features
        self.registeredAt = registeredAt
    }
}

/// What is newest of a stream.
public struct StreamHead: Sendable, Equatable {
    /// The start of the newest minute, hour or day with data.
    public var newest: Timestamp?
    /// The newest evaluation of each kind of window.
    public var evaluations: [EvaluationHead]
    public init(newest: Timestamp? = nil, evaluations: [EvaluationHead] = []) {
        self.newest = newest
        self.evaluations = evaluations
    }

    /// The kinds of window that were evaluated, the shortest first; those without a length come last.
    public var kinds: [WindowKind] {
        evaluations.map(\.window.kind).sorted { ($0.seconds ?? .max, $0.rawValue) < ($1.seconds ?? .max, $1.rawValue) }
    }
}

/// What a monitor says of one subject in one window.
public struct VerdictMark: Sendable, Equatable {
    /// Which of the evaluations that were asked for.
    public var place: Int
    public var monitor: Monitor
    public var subject: String
    public var verdict: Verdict
    public init(place: Int, monitor: Monitor, subject: String, verdict: Verdict) {
        self.place = place
        self.monitor = monitor
        self.subject = subject
        self.verdict = verdict
    }
}

extension VerdictMark {
    /// What each monitor says over its subjects.
    public static func combined(_ marks: some Sequence<VerdictMark>) -> [Monitor: Verdict] {
        Dictionary(grouping: marks, by: \.monitor).mapValues { Verdict.combined($0.map(\.verdict)) }
    }
}

/// A finding, and to which of the evaluations that were asked for it belongs.
public struct PlacedFinding: Sendable, Equatable {
    public var place: Int
    public var finding: Finding
    public init(place: Int, finding: Finding) {
        self.place = place
        self.finding = finding
    }
}

/// What a sparkline follows: one statistic of a stream, over windows that start between two times.
public struct ValueTrail: Sendable {
    public var head: EvaluationHead
    public var first: Timestamp
    public var finding: Finding
    public init(head: EvaluationHead, first: Timestamp, finding: Finding) {
        self.head = head
        self.first = first
        self.finding = finding
    }
}

/// A statistic in one window.
public struct WindowValue: Sendable, Equatable {
    public var start: Timestamp
    public var value: Double?
    public var isFinding: Bool
    public init(start: Timestamp, value: Double?, isFinding: Bool) {
        self.start = start
        self.value = value
        self.isFinding = isFinding
    }
}
