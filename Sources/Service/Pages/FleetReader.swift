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
        let parts = try await segments(of: chosen.map(\.streamID))
        try await learn(current.flatMap { $0 } + parts.flatMap { $0.flatMap(\.evaluations) })
        let worst = chosen.indices.map { place in
            self.worst(
                current[place].map { (head: $0, segment: "") } + parts[place].flatMap { part in part.evaluations.map { ($0, part.name) } })
        }
        try await follow(worst)
        let firing = Dictionary(try await engine.alerts.firing().map { ($0.model, $0.count) }, uniquingKeysWith: +)
        let models = chosen.indices.map { place in
            let model = chosen[place].key.model
            return FleetPage.Model(
                version: chosen[place], head: heads[place], verdicts: verdicts(current[place]),
                segments: parts[place].map { FleetPage.SegmentVerdicts(name: $0.name, verdicts: verdicts($0.evaluations)) },
                worst: worst[place]?.finding, trail: worst[place].flatMap { trails[$0.head]?.values } ?? [], firing: firing[model] ?? 0,
                otherVersions: (byModel[model]?.count ?? 1) - 1)
        }
        return FleetPage(models: models, isCut: versions.count == OverviewStore.versionsMax)
    }

    /// By stream, in their order.
    private func segments(of streams: [Int64]) async throws -> [[(name: String, evaluations: [EvaluationHead])]] {
        let declared = try await overview.segments(of: streams)
        let all = streams.flatMap { declared[$0] ?? [] }
        let heads = Dictionary(
            zip(all.map(\.streamID), try await overview.heads(of: all.map(\.streamID))), uniquingKeysWith: { first, _ in first })
        return streams.map { stream in
            (declared[stream] ?? []).map { ($0.name, heads[$0.streamID].map(Self.current) ?? []) }
        }
    }

    private func verdicts(_ evaluations: [EvaluationHead]) -> [Monitor: Verdict] {
        var found: [Monitor: [Verdict]] = [:]
        for evaluation in evaluations {
            for (monitor, verdict) in known[evaluation]?.verdicts ?? [:] { found[monitor, default: []].append(verdict) }
        }
        return found.mapValues { Verdict.combined($0) }
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

    /// A finding before none, the whole before a segment, an effect before a test statistic, the shorter window before the longer: its line has more to tell.
    private func worst(_ evaluations: [(head: EvaluationHead, segment: String)]) -> (head: EvaluationHead, finding: Finding)? {
        let all = evaluations.flatMap { entry in
            (known[entry.head]?.worst ?? []).map { finding -> (head: EvaluationHead, finding: Finding) in
                var finding = finding
                finding.segment = entry.segment
                return (entry.head, finding)
            }
        }
        return all.max { a, b in
            func rank(_ entry: (head: EvaluationHead, finding: Finding)) -> (Int, Int, Int, Int64, Double) {
                (
                    entry.finding.verdict?.isFinding == true ? 1 : 0, entry.finding.segment.isEmpty ? 1 : 0,
                    entry.finding.statistic == "chi_squared" ? 0 : 1,
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
