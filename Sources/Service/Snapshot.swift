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

/// Evaluations that were read before. One does not change, and a fleet has thousands, of hundreds of findings each.
private actor KnownEvaluations {
    private struct Place: Hashable {
        var stream: Int64
        var kind: WindowKind
    }
    private var newest: [Place: Evaluation] = [:]

    func evaluation(_ head: EvaluationHead, of stream: Int64) -> Evaluation? {
        guard let known = newest[Place(stream: stream, kind: head.window.kind)], known.window == head.window,
            known.evaluatedAt == head.evaluatedAt
        else { return nil }
        return known
    }

    func remember(_ evaluation: Evaluation, of stream: Int64) { newest[Place(stream: stream, kind: evaluation.window.kind)] = evaluation }
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
        /// By version.
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
                if let newest = newest[version.versionID] {
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

    init(engine: Engine) {
        let known = KnownEvaluations()
        let overview = OverviewStore(database: engine.database)
        kept = Kept(for: .seconds(2)) {
            let now = Engine.systemClock()
            var rows: [Row] = []
            var newest: [Int64: Timestamp] = [:]
            var retired: Set<[String]> = []
            let versions = try await engine.registry.versions()
            let parts = versions.filter { $0.stage != .retired }.flatMap(\.all)
            let kinds = Set(parts.flatMap(\.windows)).sorted { $0.rawValue < $1.rawValue }
            let heads = Dictionary(
                zip(parts.map(\.streamID), try await overview.heads(of: parts.map(\.streamID), kinds: kinds)),
                uniquingKeysWith: { a, _ in a })
            for version in versions {
                if version.stage == .retired {
                    retired.insert([version.key.model, version.key.version])
                    continue
                }
                func latest(_ part: RegisteredVersion) async throws -> [Evaluation] {
                    var latest: [Evaluation] = []
                    for kind in part.windows {
                        guard let head = heads[part.streamID]?.evaluations.first(where: { $0.window.kind == kind }) else { continue }
                        if let evaluation = await known.evaluation(head, of: part.streamID) {
                            latest.append(evaluation)
                        } else if let evaluation = try await engine.results.latest(kind, of: part, by: now) {
                            await known.remember(evaluation, of: part.streamID)
                            latest.append(evaluation)
                        }
                    }
                    return latest
                }
                var segments: [(part: RegisteredVersion, latest: [Evaluation])] = []
                for part in version.parts { segments.append((part, try await latest(part))) }
                newest[version.versionID] = heads[version.streamID]?.newest
                rows.append(Row(version: version, latest: try await latest(version), segments: segments))
            }
            return State(
                rows: rows, newest: newest, firing: try await engine.alerts.firing(), budgets: try await engine.alertBudgets(at: now),
                shadows: try await ShadowMetrics.samples(engine),
                changes: try await ErrorChanges.samples(engine, rows.map(\.version)),
                windowsWaiting: try await engine.results.windowsWaiting(at: now), retired: retired, readAt: now)
        }
    }

    func current() async throws -> State { try await kept.current() }

    /// The last that was read, while the next one takes its time.
    func last() async -> State? { await kept.last(within: Self.lastFor) }
    /// An older one is not shown: it would hide that no new one comes.
    static let lastFor = Duration.seconds(120)
}
