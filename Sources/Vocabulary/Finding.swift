/// What a monitor says of one window. Never silently "ok": too little data has verdicts of its own.
public enum Verdict: String, Sendable, CaseIterable {
    case ok
    /// Significant, but smaller than the effect floor.
    case negligible
    /// Significant after correction, and at or above the floor.
    case drifted
    /// Too few rows to see an effect of the floor's size.
    case insufficient
    case noData = "no_data"
    case fair
    case unfair

    /// Whether on-call should hear of it.
    public var isFinding: Bool { self == .drifted || self == .unfair }

    /// Whether there was enough data to judge.
    public var isInformed: Bool { self != .insufficient && self != .noData }

    /// The worst of the informed verdicts, or of all when none is; `no_data` for none.
    public static func combined(_ verdicts: some Sequence<Verdict>) -> Verdict {
        let all = Array(verdicts)
        let informed = all.filter(\.isInformed)
        return (informed.isEmpty ? all : informed).max { $0.severity < $1.severity } ?? .noData
    }

    /// Order for "the worst of": a finding first, then what keeps us from knowing, then calm.
    public var severity: Int {
        switch self {
        case .drifted, .unfair: 4
        case .insufficient: 3
        case .noData: 2
        case .negligible: 1
        case .ok, .fair: 0
        }
    }
}

/// The jobs a monitor can have. The raw value stands in results, metric labels and alerts.
public enum Monitor: String, Sendable, CaseIterable {
    case featureDrift = "feature_drift"
    case predictionDrift = "prediction_drift"
    case jointDrift = "joint_drift"
    case calibration
    case performance
    case estimatedPerformance = "estimated_performance"
    case labelDrift = "label_drift"
    case fairness
    case dataQuality = "data_quality"
    case serviceLevel = "service_level"
    case volume
    /// Detectors that follow the errors of labelled predictions.
    case conceptDrift = "concept_drift"

    /// Those that a policy watches unless it names others: their findings have p-values, which a budget of false alarms holds down.
    public static let budgeted = allCases.filter { !$0.isOfEvents }

    /// Whether a finding is an event, seen in one window and no more, that somebody decided already: it is told at once, whatever number of
    /// windows a policy asks for, and its false alarms are its own.
    public var isOfEvents: Bool { self == .conceptDrift }
}

/// What a window is compared with.
public enum Baseline: String, Sendable, CaseIterable {
    /// The reference that the version was registered with.
    case frozen
    /// The windows before it.
    case rolling
    /// The same hour of the week (of a day: the same weekday) in the weeks before it.
    case seasonal
}

/// One number about one window, with what is needed to believe it.
public struct Finding: Sendable, Equatable {
    public var monitor: Monitor
    /// The feature, the sensitive attribute, or empty for the whole model.
    public var subject: String
    /// For fairness rates: the group within the attribute. Else empty.
    public var group: String
    /// `psi`, `ks`, `roc_auc`, `demographic_parity_difference`, … (CONTRACTS.md names).
    public var statistic: String
    /// nil when it cannot be computed; `why` says the reason.
    public var value: Double?
    /// For a statistic with an interval or a rigorous bound: its ends.
    public var lower: Double?
    public var upper: Double?
    public var pValue: Double?
    public var adjustedP: Double?
    public var referenceCount: Int64
    public var currentCount: Int64
    /// nil for a number that is only shown, such as a group's rate.
    public var verdict: Verdict?
    /// One plain sentence.
    public var why: String
    /// What moved most, first; at most ``Driver/max``.
    public var drivers: [Driver] = []
    /// The segment that it is about; empty for the whole.
    public var segment = ""

    public init(
        monitor: Monitor, subject: String, group: String = "", statistic: String, value: Double?, lower: Double? = nil,
        upper: Double? = nil, pValue: Double? = nil, adjustedP: Double? = nil, referenceCount: Int64, currentCount: Int64,
        verdict: Verdict? = nil, why: String = ""
    ) {
        self.monitor = monitor
        self.subject = subject
        self.group = group
        self.statistic = statistic
        self.value = value
        self.lower = lower
        self.upper = upper
        self.pValue = pValue
        self.adjustedP = adjustedP
        self.referenceCount = referenceCount
        self.currentCount = currentCount
        self.verdict = verdict
        self.why = why
    }
}

/// All findings of one window of one version, as known at `evaluatedAt`.
public struct Evaluation: Sendable, Equatable {
    public var version: ModelVersion
    public var window: Window
    public var evaluatedAt: Timestamp
    public var rows: Int64
    public var labelled: Int64
    public var baseline: Baseline
    public var findings: [Finding]

    public init(
        version: ModelVersion, window: Window, evaluatedAt: Timestamp, rows: Int64, labelled: Int64, baseline: Baseline = .frozen,
        findings: [Finding]
    ) {
        self.version = version
        self.window = window
        self.evaluatedAt = evaluatedAt
        self.rows = rows
        self.labelled = labelled
        self.baseline = baseline
        self.findings = findings
    }

    /// What a monitor says over all its statistics: a finding if there is one, else the word of those that had enough data. It is
    /// `insufficient` or `no_data` only when none of them could judge.
    public func verdict(of monitor: Monitor) -> Verdict { verdict(findings.indices.filter { findings[$0].monitor == monitor }) }

    /// - Parameter places: those of one monitor.
    private func verdict(_ places: [Int]) -> Verdict {
        var counting: [Verdict] = []
        // That a feature's values are there says nothing of what they are: it counts where something else was judged.
        var presences: [(place: [String], verdict: Verdict)] = []
        var judged: Set<[String]> = []
        for place in places {
            guard let verdict = findings[place].verdict else { continue }
            if findings[place].statistic != "missing_ratio" {
                counting.append(verdict)
                if verdict.isInformed { judged.insert([findings[place].segment, findings[place].subject]) }
            } else if verdict.isFinding {
                counting.append(verdict)
            } else {
                presences.append(([findings[place].segment, findings[place].subject], verdict))
            }
        }
        counting += presences.filter { judged.contains($0.place) }.map(\.verdict)
        return Verdict.combined(counting.isEmpty ? presences.map(\.verdict) : counting)
    }
    public var monitors: [Monitor] { verdicts.map(\.monitor) }

    /// What each monitor says that says anything.
    public var verdicts: [(monitor: Monitor, verdict: Verdict)] {
        var places: [Monitor: [Int]] = [:]
        for place in findings.indices where findings[place].verdict != nil { places[findings[place].monitor, default: []].append(place) }
        return Monitor.allCases.compactMap { monitor in places[monitor].map { (monitor, verdict($0)) } }
    }
}

extension Finding {
    /// As it stands in results, alerts and API answers.
    public var json: JSON {
        var object = JSONObject([
            ("monitor", .string(monitor.rawValue)), ("subject", .string(subject)), ("statistic", .string(statistic)),
            ("value", JSON(value)),
            ("lower", JSON(lower)), ("upper", JSON(upper)), ("p_value", JSON(pValue)), ("p_adjusted", JSON(adjustedP)),
            ("reference_n", .integer(referenceCount)), ("n", .integer(currentCount)), ("verdict", JSON(verdict?.rawValue)),
            ("why", .string(why)), ("drivers", .array(drivers.map(\.json))),
        ])
        if !group.isEmpty { object["group"] = .string(group) }
        if !segment.isEmpty { object["segment"] = .string(segment) }
        return .object(object)
    }
}

extension Evaluation {
    public var json: JSON {
        .object([
            "model": .string(version.model), "version": .string(version.version), "window": .string(window.kind.rawValue),
            "from": .string(window.start.rfc3339), "to": .string(window.end.rfc3339), "evaluated_at": .string(evaluatedAt.rfc3339),
            "rows": .integer(rows), "labelled": .integer(labelled), "baseline": .string(baseline.rawValue),
            "findings": .array(findings.map(\.json)),
        ])
    }
}
