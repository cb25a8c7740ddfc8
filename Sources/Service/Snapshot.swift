internal import Reporting
internal import Storage
internal import Vocabulary

/// What the page and `/metrics` show: the newest evaluations and the alerts, read at most every other second whatever the number of readers.
actor Snapshot {
    struct State: Sendable {
        var rows: [Page.Row]
        /// By version.
        var newest: [Int64: Timestamp]
        var alerts: [Alert]
        var firing: [FiringCount]
        var budgets: [AlertBudget]
    }
    private let engine: Engine
    private var reading: Task<State, any Error>?
    private var readAt: ContinuousClock.Instant?

    static let maximumAge = Duration.seconds(2)

    init(engine: Engine) { self.engine = engine }

    func current() async throws -> State {
        if let reading, let readAt, ContinuousClock.now - readAt < Self.maximumAge { return try await reading.value }
        let engine = engine
        let task = Task {
            let now = Engine.systemClock()
            var rows: [Page.Row] = []
            var newest: [Int64: Timestamp] = [:]
            for version in try await engine.registry.versions() where version.stage != .retired {
                var latest: [Evaluation] = []
                for kind in WindowKind.scheduled {
                    if let evaluation = try await engine.results.latest(kind, of: version, by: now) { latest.append(evaluation) }
                }
                newest[version.versionID] = try await engine.profiles.span(of: version)?.last
                rows.append(Page.Row(version: version, latest: latest))
            }
            return State(
                rows: rows, newest: newest, alerts: try await engine.alerts.alerts(), firing: try await engine.alerts.firing(),
                budgets: try await engine.alertBudgets(at: now))
        }
        reading = task
        readAt = .now
        do { return try await task.value } catch {
            reading = nil  // the next reader tries again
            throw error
        }
    }
}
