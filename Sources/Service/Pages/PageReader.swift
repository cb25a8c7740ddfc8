internal import Hummingbird
internal import Pages
internal import Profiles
internal import Storage
internal import Vocabulary

/// Reads what each page shows: a handful of queries, the same number however many features a model has.
struct PageReader: Sendable {
    let engine: Engine
    let overview: OverviewStore

    init(engine: Engine) {
        self.engine = engine
        overview = OverviewStore(database: engine.database)
    }

    /// Windows side by side when the URL names no stretch.
    static let windowsShown: Int64 = 48
    /// Cells of the heat map of features: of very many features fewer windows are read.
    static let cellsMax = 6000
    static let windowsMin = 4

    // MARK: One model

    /// - Throws: 403 for a segment of a sensitive attribute without the role audit.
    func frame(_ model: String, _ query: PageQuery, _ caller: Caller) async throws -> ModelFrame {
        let versions = try await overview.versions(of: model)
        guard !versions.isEmpty else { throw HTTPError(.notFound, message: "model: \(model) is not registered") }
        var version: RegisteredVersion
        if let wanted = query.version {
            guard let found = versions.first(where: { $0.key.version == wanted }) else {
                throw HTTPError(.notFound, message: "version: \(model) has no version \(wanted)")
            }
            version = found
        } else {
            version = versions.first { $0.stage == .champion } ?? versions.first { $0.stage != .retired } ?? versions[0]
        }
        // An empty one is what the form sends for all records.
        if let segment = query.segment, !segment.isEmpty {
            guard let part = version.parts.first(where: { $0.segment?.name == segment }) else {
                throw HTTPError(.notFound, message: "segment: \(version.key) has no segment \(segment)")
            }
            guard caller.seesGroups || part.segment?.isOfGroups(part.schema) != true else {
                throw HTTPError(.forbidden, message: "segment: \(segment) is of a sensitive attribute, which needs the role audit")
            }
            version = part
        }
        let head = try await overview.heads(of: [version.streamID], kinds: version.windows + [.custom])[0]
        let kind = query.window ?? Self.suited(query, head)
        let newest = head.evaluations.first { $0.window.kind == kind }?.window.end ?? head.newest ?? Engine.systemClock()
        let to = query.to ?? newest
        let from = query.from ?? to.adding(seconds: -Self.windowsShown * (kind.seconds ?? 86_400))
        let limit = max(Self.windowsMin, min(OverviewStore.windowsMax, Self.cellsMax / max(1, version.schema.features.count)))
        let windows = try await overview.windows(kind, of: version.streamID, from: from, to: to, limit: limit)
        return ModelFrame(
            version: version, versions: versions, head: head, kind: kind, from: from, to: to, windows: windows,
            shown: query.at.flatMap { at in windows.first { $0.window.start == at } } ?? windows.last)
    }

    /// The shortest windows that are not too many for the stretch, of those that were evaluated.
    private static func suited(_ query: PageQuery, _ head: StreamHead) -> WindowKind {
        let there = head.kinds
        guard let from = query.from else { return there.first ?? .hour }
        let newest = head.evaluations.map(\.window.end).max() ?? head.newest ?? Engine.systemClock()
        let days = (query.to ?? newest).seconds(since: from) / 86_400
        let wanted: WindowKind = days <= 2.6 ? .hour : days <= 61 ? .day : .week
        return there.contains(wanted) ? wanted : there.first ?? wanted
    }

    func model(_ model: String, _ query: PageQuery, _ caller: Caller) async throws -> ModelPage {
        let frame = try await frame(model, query, caller)
        let marks = try await overview.marks(frame.windows)
        let shown = frame.shown.map { [$0] } ?? []
        let findings = try await overview.worst(shown, limit: ModelPage.findingsMax).map(\.finding)
        let statistics = try await overview.statistics(
            [.performance, .estimatedPerformance, .calibration, .predictionDrift, .serviceLevel], of: frame.windows)
        var sums = WindowSums()
        if let window = frame.shown?.window {
            do {
                let (reference, profile) = try await self.sums(frame.version, window)
                sums = WindowSums(reference: reference, window: profile)
            } catch let error as StoreError where error.isUnanswerable { sums = WindowSums(problem: Self.gone) }
        }
        let firing = try await engine.alerts.firing().reduce(0) { $1.model == model ? $0 + $1.count : $0 }
        let changes = try await engine.errors.changes(
            ofStreams: [frame.version.streamID], from: frame.from, to: frame.to, limit: ModelPage.changesMax
        ).map(\.change)
        let page = ModelPage(
            frame: frame, marks: marks, findings: findings, statistics: statistics, sums: sums, changes: changes, firing: firing,
            segments: try await segments(frame))
        return caller.seesGroups ? page : page.redacted
    }

    /// The segments of a page of the whole.
    private func segments(_ frame: ModelFrame) async throws -> [ModelPage.SegmentRow] {
        guard let shown = frame.shown?.window, frame.version.segment == nil, !frame.version.parts.isEmpty else { return [] }
        var heads: [EvaluationHead] = []
        for part in frame.version.parts {
            heads += try await overview.windows(shown.kind, of: part.streamID, from: shown.start, to: shown.end, limit: 1)
                .filter { $0.window == shown }
        }
        let marks = Dictionary(grouping: try await overview.marks(heads), by: \.place)
        return frame.version.parts.compactMap { part in
            guard let segment = part.segment else { return nil }
            let place = heads.firstIndex { $0.streamID == part.streamID }
            return ModelPage.SegmentRow(
                segment: segment, rows: place.map { heads[$0].rows }, verdicts: VerdictMark.combined(place.flatMap { marks[$0] } ?? []))
        }
    }

    private static let gone =
        "The sums of just this window are not kept any more (retention.profile_days), so its distributions cannot be drawn."

    private func sums(_ version: RegisteredVersion, _ window: Window) async throws -> (ReferenceProfile, Profile) {
        let reference = try await engine.profiles.reference(of: version)
        return (reference, try await engine.profiles.profile(of: version, from: window.start, to: window.end))
    }

    func feature(_ name: String, of model: String, _ query: PageQuery, _ caller: Caller) async throws -> FeaturePage {
        let frame = try await frame(model, query, caller)
        guard let place = frame.version.schema.features.firstIndex(where: { $0.name == name }) else {
            throw HTTPError(.notFound, message: "feature: \(frame.version.key) has no feature \(name)")
        }
        let statistics = try await overview.statistics([.featureDrift, .dataQuality, .jointDrift], of: frame.windows, subject: name)
        var page = FeaturePage(
            frame: frame, feature: frame.version.schema.features[place], statistics: statistics, distribution: nil, problem: nil)
        if let window = frame.shown?.window {
            do {
                let (reference, profile) = try await sums(frame.version, window)
                page.distribution = Distribution(place, reference: reference, window: profile)
            } catch let error as StoreError where error.isUnanswerable { page.problem = Self.gone }
        }
        return caller.seesGroups ? page : page.redacted
    }

    func fairness(_ model: String, _ query: PageQuery, _ caller: Caller) async throws -> FairnessPage {
        let frame = try await frame(model, query, caller)
        let shown = frame.shown.map { [$0] } ?? []
        let findings = try await overview.statistics([.fairness], of: shown, includesGroups: true).map(\.finding)
        let page = FairnessPage(
            frame: frame, findings: findings, statistics: try await overview.statistics([.fairness], of: frame.windows))
        return caller.seesGroups ? page : page.redacted
    }

    /// Looks in the chart of a candidate.
    static let looksMax = 400

    /// What it leaves out for whom, the page itself knows.
    func shadow(_ model: String, _ query: PageQuery, _ test: LiveTest, _ caller: Caller) async throws -> ShadowPage {
        let frame = try await frame(model, query, caller)
        let store = engine.shadow
        let runs = try await store.runs()
        var candidates: [ShadowPage.Candidate] = []
        for pair in ShadowPair.all(frame.versions, try await store.files()) {
            let run = runs.of(pair.champion, pair.candidate.versionID)
            let looks = try await store.looks(pair.champion, pair.candidate, limit: Self.looksMax)
            candidates.append(
                ShadowPage.Candidate(
                    champion: pair.champion.key.version, version: pair.candidate.key.version, format: pair.file.format,
                    breaker: run?.breaker, brokenAt: run?.brokenAt, report: run?.report,
                    looks: looks.map { ShadowPage.Look(at: $0.at, verdict: $0.verdict, report: $0.report) }))
        }
        return ShadowPage(
            frame: frame, candidates: candidates, rollout: try await engine.rolloutAnswer(of: model),
            live: try await answered(test, of: model, query))
    }

    private func answered(_ test: LiveTest, of model: String, _ query: PageQuery) async throws -> LiveTest {
        if test.arms.isEmpty { return test }
        var test = test
        do {
            let asked = try ArmsQuery(arms: test.arms, shares: test.shares.isEmpty ? nil : test.shares)
            let report = try await engine.abComparison(of: model, arms: asked.arms, shares: asked.shares, from: query.from, to: query.to)
            test.answer = report.map { .report($0) }
        } catch let error as ConfigurationError {
            // Said beside the fields that were filled in.
            test.answer = .problem("\(error)")
        }
        return test
    }

    // MARK: Alerts

    /// Messages on a page.
    static let deliveriesMax = 400

    func alerts(_ model: String?, forms: FormGuard, notice: AlertsPage.Notice?, _ caller: Caller) async throws -> AlertsPage {
        let now = Engine.systemClock()
        var alerts = try await engine.alerts.alerts(of: model, limit: AlertsPage.alertsMax)
        let deliveries = try await engine.alerts.deliveries(of: alerts.compactMap(\.id), limit: Self.deliveriesMax)
        if !caller.seesGroups { alerts = try await engine.redacted(alerts) }
        var models: [String] = []
        for version in try await overview.versions() where models.last != version.key.model { models.append(version.key.model) }
        return AlertsPage(
            alerts: alerts, deliveries: deliveries, silences: try await engine.alerts.silences(at: now), model: model, models: models,
            acknowledgeToken: forms.token(for: AlertsPage.acknowledgePath, at: now),
            silenceToken: forms.token(for: AlertsPage.silencePath, at: now),
            endToken: forms.token(for: AlertsPage.endPath, at: now), notice: notice)
    }
}
