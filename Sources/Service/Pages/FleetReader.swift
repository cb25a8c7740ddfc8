internal import Pages
internal import Storage
internal import Vocabulary

/// Reads the fleet. What an evaluation says never changes, so it is read once, when it is new.
actor FleetReader {
    /// What one evaluation says.
    private struct Known {
        var verdicts: [Monitor: Verdict]
        /// The findings that weigh most.
        var worst: [Finding]
    }
    private let engine: Engine
    private let overview: OverviewStore
    private var known: [EvaluationHead: Known] = [:]
    /// By the newest evaluation.
    private var trails: [EvaluationHead: (finding: Finding, values: [WindowValue])] = [:]

    /// Points of a sparkline.
    static let trailWindows: Int64 = 24
    /// Findings of an evaluation among which the one that is shown is chosen.
    static let candidates = 3

    init(engine: Engine) {
        self.engine = engine
        overview = OverviewStore(database: engine.database)
    }

    func read() async throws -> FleetPage {
        let versions = try await overview.versions()
        var order: [String] = []
        let byModel = Dictionary(grouping: versions, by: \.key.model)
        for version in versions where order.last != version.key.model { order.append(version.key.model) }
        let chosen = order.compactMap { model in byModel[model].flatMap { $0.first { $0.stage == .champion } ?? $0.last } }
        let heads = try await overview.heads(of: chosen.map(\.streamID))
        let current = heads.map(Self.current)
        try await learn(current.flatMap { $0 })
        let worst = current.map(worst)
        try await follow(worst)
        let firing = Dictionary(try await engine.alerts.firing().map { ($0.model, $0.count) }, uniquingKeysWith: +)
        let models = chosen.indices.map { place in
            var verdicts: [Monitor: [Verdict]] = [:]
            for evaluation in current[place] {
                for (monitor, verdict) in known[evaluation]?.verdicts ?? [:] { verdicts[monitor, default: []].append(verdict) }
            }
            let model = chosen[place].key.model
            return FleetPage.Model(
                version: chosen[place], head: heads[place], verdicts: verdicts.mapValues { Verdict.combined($0) },
                worst: worst[place]?.finding, trail: worst[place].flatMap { trails[$0.head]?.values } ?? [], firing: firing[model] ?? 0,
                otherVersions: (byModel[model]?.count ?? 1) - 1)
        }
        return FleetPage(models: models, isCut: versions.count == OverviewStore.versionsMax)
    }

    /// The hour and the day say how it is now, as the verdict gauge does; a model without them speaks by what it has.
    private static func current(_ head: StreamHead) -> [EvaluationHead] {
        let now = head.evaluations.filter { [.hour, .day].contains($0.window.kind) }
        return now.isEmpty ? head.evaluations : now
    }

    /// Reads the evaluations that are new, and forgets those that are not the newest any more.
    private func learn(_ evaluations: [EvaluationHead]) async throws {
        let fresh = evaluations.filter { known[$0] == nil }
        let marks = Dictionary(grouping: try await overview.marks(fresh), by: \.place)
        let worst = Dictionary(grouping: try await overview.worst(fresh, limit: Self.candidates), by: \.place)
        let wanted = Set(evaluations)
        known = known.filter { wanted.contains($0.key) }
        for (place, head) in fresh.enumerated() {
            known[head] = Known(verdicts: VerdictMark.combined(marks[place] ?? []), worst: worst[place]?.map(\.finding) ?? [])
        }
    }

    /// A finding before none, an effect before a test statistic, the shorter window before the longer: its line has more to tell.
    private func worst(_ evaluations: [EvaluationHead]) -> (head: EvaluationHead, finding: Finding)? {
        let all = evaluations.flatMap { head in (known[head]?.worst ?? []).map { (head: head, finding: $0) } }
        return all.max { a, b in
            func rank(_ entry: (head: EvaluationHead, finding: Finding)) -> (Int, Int, Int64, Double) {
                (
                    entry.finding.verdict?.isFinding == true ? 1 : 0, entry.finding.statistic == "chi_squared" ? 0 : 1,
                    -(entry.head.window.kind.seconds ?? .max), -(entry.finding.adjustedP ?? 1)
                )
            }
            return rank(a) < rank(b)
        }
    }

    /// Reads how the statistics went whose newest window is new.
    private func follow(_ worst: [(head: EvaluationHead, finding: Finding)?]) async throws {
        let entries = worst.compactMap { $0 }
        let fresh = entries.filter { trails[$0.head]?.finding != $0.finding }
        let values = try await overview.values(
            fresh.map { entry in
                let seconds = (entry.head.window.kind.seconds ?? 86_400) * (Self.trailWindows - 1)
                return ValueTrail(head: entry.head, first: entry.head.window.start.adding(seconds: -seconds), finding: entry.finding)
            })
        let wanted = Set(entries.map(\.head))
        trails = trails.filter { wanted.contains($0.key) }
        for (entry, line) in zip(fresh, values) { trails[entry.head] = (entry.finding, line) }
    }
}
