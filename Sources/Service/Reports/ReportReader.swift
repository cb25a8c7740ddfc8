internal import Monitoring
internal import Pages
internal import Profiles
public import Reporting
internal import Storage
public import Vocabulary

/// What a report is about.
public struct ReportRequest: Sendable {
    /// Monitoring is what happened; card, datasheet and audit are documents of a model.
    public enum Kind: String, Sendable, CaseIterable { case monitoring, card, datasheet, audit }

    public var kind: Kind
    public var model: String
    /// nil for the champion.
    public var version: String?
    /// nil for ``ReportReader/daysShown`` before the end.
    public var from: Timestamp?
    /// nil for the end of what is known.
    public var to: Timestamp?
    /// The length of the windows side by side; nil for the one that suits the stretch.
    public var window: WindowKind?
    public var notes: [ReportNote]

    public init(
        _ kind: Kind, model: String, version: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil, window: WindowKind? = nil,
        notes: [ReportNote] = []
    ) {
        (self.kind, self.model, self.version, self.from, self.to) = (kind, model, version, from, to)
        (self.window, self.notes) = (window, notes)
    }
}

/// Reads what a report says from the stored results and sums.
public struct ReportReader: Sendable {
    private let engine: Engine
    private let overview: OverviewStore
    public init(_ engine: Engine) {
        self.engine = engine
        overview = OverviewStore(database: engine.database)
    }

    /// When no stretch is named.
    public static let daysShown: Int64 = 30
    /// Alerts of a model that are looked through for those of the stretch.
    static let alertsMax = 1000

    /// - Parameter seesGroups: else values of single groups are left out, and the report says so first.
    /// - Throws: ``ConfigurationError`` for a model or version that is not registered, and for a stretch that is none.
    public func report(_ request: ReportRequest, seesGroups: Bool = true) async throws -> Report {
        var facts = try await facts(request)
        if !seesGroups { facts = facts.redacted }
        var report =
            switch request.kind {
            case .monitoring: MonitoringReport(facts).report
            case .card: ModelCard(facts).report
            case .datasheet: Datasheet(facts).report
            case .audit: FairnessAudit(facts).report
            }
        if !seesGroups {
            report.blocks.insert(.text("Left out here: \(ProtectedValues.note)."), at: 0)
            if case .object(var json) = report.json { json["left_out"] = .string(ProtectedValues.note); report.json = .object(json) }
        }
        return report
    }

    /// Looks at an audit file, and whether this database still says the same.
    public func verify(_ audit: AuditVerification) async throws -> [AuditVerification.Check] {
        var checks = audit.ofTheFile
        guard try await engine.registry.version(audit.version) != nil else {
            return checks + [.init("database", .open, "\(audit.version) is not registered in this database")]
        }
        let request = ReportRequest(.audit, model: audit.version.model, version: audit.version.version, from: audit.from, to: audit.to)
        checks += audit.ofTheDatabase(FairnessAudit(try await facts(request, conventions: audit.conventions)))
        return checks
    }

    private func facts(_ request: ReportRequest, conventions: AuditConventions? = nil) async throws -> ModelFacts {
        let versions = try await overview.versions(of: request.model)
        guard !versions.isEmpty else { throw ConfigurationError(["\(request.model) is not registered: see evenkeel model list"]) }
        let chosen =
            request.version.map { wanted in versions.first { $0.key.version == wanted } }
            ?? (versions.first { $0.stage == .champion } ?? versions.first { $0.stage != .retired } ?? versions[0])
        guard let chosen, let version = try await engine.registry.version(chosen.key) else {
            throw ConfigurationError([
                "\(request.model) has no version \(request.version ?? ""), expected \(versions.map(\.key.version).joined(separator: ", "))"
            ])
        }
        let head = try await overview.heads(of: [version.streamID], kinds: version.windows + [.custom])[0]
        let newest = head.evaluations.map(\.window.end).max() ?? head.newest?.adding(seconds: 3600) ?? Engine.systemClock()
        let to = request.to ?? newest
        let from = request.from ?? to.adding(seconds: -Self.daysShown * 86_400)
        guard from < to else { throw ConfigurationError(["--from \(from) is not before --to \(to)"]) }
        let data = try await engine.profiles.span(of: version)
        let kind = request.window ?? suitedWindow(from: max(from, data?.first ?? from), to: min(to, data?.last ?? to), head)
        var settings = engine.configuration.monitors(of: version)
        conventions?.apply(to: &settings)
        var facts = ModelFacts(
            version: version, from: from, to: to, kind: kind, conventions: AuditConventions(settings), generatedAt: Engine.systemClock())
        facts.notes = request.notes
        let inside = try await windows(of: version.streamID, facts)
        facts.windows = inside.suffix(OverviewStore.windowsMax)
        facts.isCut = inside.count > OverviewStore.windowsMax
        if request.kind == .monitoring {
            // The end of what is known is that of what was evaluated: what waits may be later.
            let end = request.to ?? Engine.systemClock()
            facts.waiting = try await engine.results.windowsWaiting(kind, of: version, from: from, to: end)
        }
        facts.marks = try await overview.marks(facts.windows)
        facts.worst = try await overview.worstOfEach(facts.windows)
        for part in version.parts where request.kind == .monitoring {
            guard let segment = part.segment else { continue }
            let own = try await windows(of: part.streamID, facts).suffix(OverviewStore.windowsMax)
            facts.segments.append(
                SegmentFacts(
                    segment: segment, windows: Array(own), marks: try await overview.marks(Array(own)),
                    worst: try await overview.worstOfEach(Array(own))))
        }
        facts.statistics = try await overview.statistics(
            [.performance, .estimatedPerformance, .calibration, .predictionDrift, .fairness], of: facts.windows)
        facts.alerts = try await engine.alerts.alerts(of: request.model, limit: Self.alertsMax).filter {
            $0.version == version.key && $0.startedAt < to && $0.resolvedAt.map { $0 >= from } ?? true
        }
        try await judge(&facts, settings)
        return facts
    }

    /// A window that only overlaps the stretch is of another one: one at each end.
    private func windows(of stream: Int64, _ facts: ModelFacts) async throws -> [EvaluationHead] {
        try await overview.windows(facts.kind, of: stream, from: facts.from, to: facts.to, limit: OverviewStore.windowsMax + 2)
            .filter { $0.window.start >= facts.from && $0.window.end <= facts.to }
    }

    /// The sums of the stretch as one window. Nothing is stored.
    private func judge(_ facts: inout ModelFacts, _ settings: MonitorSettings) async throws {
        let version = facts.version
        let reference = try await engine.profiles.reference(of: version)
        facts.digests = AuditDigests(
            schema: Digest.hex(Digest.sha256(Array(version.schema.json.text.utf8))),
            reference: Digest.hex(Digest.sha256(reference.grid.encoded() + reference.profile.encoded())), sums: nil)
        var current: Profile?
        do {
            let sums = try await engine.profiles.profile(of: version, from: facts.from, to: facts.to)
            current = sums
            facts.digests.sums = Digest.hex(Digest.sha256(sums.encoded()))
            let window = Window(kind: .custom, start: facts.from, end: facts.to)
            facts.whole = WindowEvaluator(settings: settings).evaluate(
                version, window, reference: reference, current: sums, at: facts.generatedAt)
            let pictures = WindowSums(reference: reference, window: sums)
            facts.pictures = [
                pictures.scores?.picture("Scores, reference and stretch", of: "score", window), pictures.reliabilityPicture(window),
            ]
            .compactMap { $0 }
            if reference.grid.outcome == .binary { facts.counts = OutcomeCount.all(sums.outcomes) }
        } catch let error as StoreError where error.isUnanswerable { facts.wholeProblem = "\(error)" }
        facts.columns = ColumnFacts.all(version, reference, current)
    }

    /// The shortest windows that are not too many for the data in the stretch, of those that were evaluated.
    private func suitedWindow(from: Timestamp, to: Timestamp, _ head: StreamHead) -> WindowKind {
        let there = head.kinds
        let days = to.seconds(since: from) / 86_400
        let wanted: WindowKind = days <= 2.5 ? .hour : days <= 60 ? .day : .week
        return there.contains(wanted) ? wanted : there.first ?? wanted
    }
}
