internal import Alerting
internal import Reporting
internal import Storage
internal import Vocabulary

/// A value that is read at most so often, whatever the number of readers. Those that come meanwhile share the reading, however long it takes: one
/// beside it would only make both slower.
actor Kept<Value: Sendable> {
    private let maximumAge: Duration
    private let read: @Sendable () async throws -> Value
    private var reading: Task<Value, any Error>?
    private var last: (value: Value, readAt: ContinuousClock.Instant)?

    init(for maximumAge: Duration, read: @escaping @Sendable () async throws -> Value) {
        self.maximumAge = maximumAge
        self.read = read
    }

    func current() async throws -> Value {
        if let kept = last(within: maximumAge) { return kept }
        if let reading { return try await reading.value }
        let task = Task {
            // After an error the next reader tries again.
            defer { reading = nil }
            let value = try await read()
            last = (value, .now)
            return value
        }
        reading = task
        return try await task.value
    }

    /// What was read last, unless it is older.
    func last(within age: Duration) -> Value? { last.flatMap { ContinuousClock.now - $0.readAt < age ? $0.value : nil } }
}

/// What `/metrics` shows: the newest evaluations and the alerts, read at most every other second.
struct Snapshot: Sendable {
    struct Row: Sendable {
        var version: RegisteredVersion
        /// At most one evaluation for each kind of window.
        var latest: [Evaluation]
        /// The same of each segment.
        var segments: [(part: RegisteredVersion, latest: [Evaluation])]
    }
    struct State: Sendable {
        var rows: [Row]
        /// By stream.
        var newest: [Int64: Timestamp]
        var firing: [FiringCount]
        var budgets: [AlertBudget]
        /// Of candidates in shadow and rollouts.
        var shadows: [MetricSample]
        /// What detectors saw.
        var changes: [MetricSample]
        /// Windows that ended and wait for their evaluation.
        var windowsWaiting: Int64
        /// Model and version of those that serve no more.
        var retired: Set<[String]>
        var readAt: Timestamp

        /// Whether it is of a version that serves no more: what a process counted of one ends with it.
        func isRetired(_ sample: MetricSample) -> Bool {
            sample.metric.labels.starts(with: ["model", "version"]) && retired.contains(Array(sample.labels.prefix(2)))
        }
        /// ``samples`` as text.
        let texts = MetricTexts()

        var samples: [MetricSample] {
            var samples = [MetricSample(.windowsWaiting, [], Double(windowsWaiting))]
            for row in rows {
                let version = row.version
                let labels = [version.key.model, version.key.version, version.stage.rawValue, version.schema.task.rawValue]
                samples.append(MetricSample(.modelInfo, labels, 1))
                samples += EvaluationMetrics.samples(version, latest: row.latest, now: readAt)
                for (part, latest) in row.segments { samples += EvaluationMetrics.segmentSamples(part, latest: latest) }
                if let newest = newest[version.streamID] {
                    let key = [version.key.model, version.key.version]
                    samples.append(MetricSample(.lastPrediction, key, newest.seconds(since: Timestamp(seconds: 0))))
                }
            }
            samples += shadows + changes
            for budget in budgets {
                let key = [budget.model, budget.policy]
                samples.append(MetricSample(.alertBudget, key, budget.budget.alarms))
                samples.append(MetricSample(.alertBudgetFired, key, Double(budget.fired)))
            }
            let firing = Dictionary(firing.map { ([$0.model, $0.severity.rawValue], $0.count) }, uniquingKeysWith: +)
            var models: [String] = []
            for row in rows where models.last != row.version.key.model { models.append(row.version.key.model) }
            for model in models {
                for severity in AlertSeverity.allCases {
                    let labels = [model, severity.rawValue]
                    samples.append(MetricSample(.alertsFiring, labels, Double(firing[labels] ?? 0)))
                }
            }
            return samples
        }
    }
    private let kept: Kept<State>

    /// Findings of single features that are read for the first versions; of the others the verdicts. A metric by feature ends at
    /// ``Metric/seriesMax`` series long before.
    static let featureFindingsMax = 200_000
    /// About so many of a feature and window.
    private static let findingsPerFeature = 6

    init(engine: Engine) {
        let evaluations = NewestEvaluations(database: engine.database)
        kept = Kept(for: .seconds(2)) {
            let now = Engine.systemClock()
            let versions = try await engine.registry.versions()
            let live = versions.filter { $0.stage != .retired }
            let found = try await evaluations.read(Self.wanted(live))
            func latest(_ part: RegisteredVersion) -> [Evaluation] { found[part.streamID]?.latest ?? [] }
            let rows = live.map { version in
                Row(version: version, latest: latest(version), segments: version.parts.map { ($0, latest($0)) })
            }
            return State(
                rows: rows, newest: found.compactMapValues(\.newest), firing: try await engine.alerts.firing(),
                budgets: try await engine.alertBudgets(at: now),
                shadows: try await ShadowMetrics.samples(engine),
                changes: try await ErrorChanges.samples(engine, rows.map(\.version)),
                windowsWaiting: try await engine.results.windowsWaiting(at: now),
                retired: Set(versions.filter { $0.stage == .retired }.map { [$0.key.model, $0.key.version] }), readAt: now)
        }
    }

    private static func wanted(_ versions: [RegisteredVersion]) -> [NewestEvaluations.Wanted] {
        var findings = 0
        return versions.flatMap { version in
            findings += version.windows.count * version.schema.features.count * findingsPerFeature
            // Of segments only the verdicts are exported.
            return [NewestEvaluations.Wanted(part: version, isDetailed: findings <= featureFindingsMax)]
                + version.parts.map { NewestEvaluations.Wanted(part: $0, isDetailed: false) }
        }
    }

    func current() async throws -> State { try await kept.current() }

    /// The last that was read, while the next one takes its time.
    func last() async -> State? { await kept.last(within: Self.lastFor) }
    /// An older one is not shown: it would hide that no new one comes.
    static let lastFor = Duration.seconds(120)
}
