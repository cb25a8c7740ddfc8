internal import Alerting
internal import Logging
internal import Shadowing
internal import Statistics
internal import Storage
internal import Vocabulary

/// Follows the logs of champions and scores their candidates: rows once, labels when they come, in steps of a bounded size.
///
/// It works on connections of its own and one step at a time. A candidate that fails, answers with something that is no number, or is slow
/// trips its circuit breaker and is left alone; the champion is never touched.
actor ShadowRunner {
    private let engine: Engine
    private let store: ShadowStore
    private let settings: ShadowSettings
    private let clock: @Sendable () -> Timestamp

    private var models: [ShadowPair.Key: CandidateModel] = [:]
    /// Batches of the next step: as many as gave a good number of rows before.
    private var stretches: [ShadowPair.Key: Int64] = [:]
    private var paces: [ShadowPair.Key: Pace] = [:]
    private var kept: [ShadowPair.Key: ShadowLook] = [:]
    /// When the rows that both serve may be summed again, by model that is rolled out.
    private var armsDue: [String: Timestamp] = [:]

    /// Steps of one pair before the others have their turn.
    static let stepsMax = 20
    static let stretchMax: Int64 = 1 << 20
    /// Rows over which the time for a row is taken, and how often in a row it must be too long.
    static let pacedRows = 1000
    static let strikesMax = 3

    private struct Pace {
        var rows = 0
        var seconds = 0.0
        var strikes = 0
    }

    init(engine: Engine, store: ShadowStore, settings: ShadowSettings, clock: @escaping @Sendable () -> Timestamp) {
        self.engine = engine
        self.store = store
        self.settings = settings
        self.clock = clock
    }

    /// One round over all candidates.
    ///
    /// - Returns: whether one of them has not caught up.
    func run() async throws -> Bool {
        let versions = try await engine.registry.versions()
        let pairs = ShadowPair.all(versions, try await store.files())
        let known = Set(pairs.map(\.key))
        models = models.filter { known.contains($0.key) }
        var isBehind = false
        if !pairs.isEmpty {
            for pair in pairs { try await store.start(pair.champion, pair.candidate, at: clock()) }
            try await store.summarize()
            let runs = try await store.runs()
            for pair in pairs {
                guard let run = runs.of(pair.champion, pair.candidate.versionID)
                else { continue }
                if run.breaker != nil {
                    paces[pair.key] = nil
                    continue
                }
                do {
                    let (isDone, hasMoved) = try await follow(pair)
                    if !isDone { isBehind = true }
                    // Time alone may end a hold.
                    let days = clock().seconds(since: run.startedAt) / 86_400
                    let isOver = run.verdict == RolloutVerdict.hold.rawValue && settings.policy.daysMax.map { days > $0 } ?? false
                    // Whoever made the last step may have ended before its look.
                    let isUnseen = run.lookedCursor < run.cursor
                    if hasMoved || isUnseen || run.verdict == nil || isOver { try await look(pair) }
                } catch let fault as ShadowFault { try await trip(pair, fault) }
            }
        }
        armsDue = try await engine.stepRollouts(versions, store: store, settings: settings, armsDue: armsDue, at: clock())
        return isBehind
    }

    private func model(_ pair: ShadowPair) async throws -> CandidateModel {
        if let model = models[pair.key] { return model }
        guard let data = try await store.data(of: pair.candidate.versionID) else {
            throw ShadowFault("the model file is not there any more")
        }
        let model = try CandidateModel(
            data, file: "\(pair.candidate.key)", schema: pair.champion.schema, threshold: pair.candidate.schema.threshold)
        models[pair.key] = model
        return model
    }

    private func follow(_ pair: ShadowPair) async throws -> (isDone: Bool, hasMoved: Bool) {
        let model = try await model(pair)
        let horizon = try await store.horizon(of: pair.champion)
        var hasMoved = false
        for _ in 0..<Self.stepsMax {
            let stretch = stretches[pair.key] ?? 64
            let schema = pair.champion.schema
            let outcome = try await store.step(
                pair.champion, pair.candidate, stretch: stretch, horizon: horizon, rowsMax: settings.rowsMax, at: clock()
            ) { new, labelled, bytes in try ShadowStep.make(new, labelled, bytes, schema, model) }
            switch outcome {
            case .none: return (true, hasMoved)
            case .tooMany: stretches[pair.key] = max(1, stretch / 4)
            case .done(let cursor, let made):
                if let made {
                    hasMoved = true
                    try judgePace(made, of: pair)
                }
                if made.map({ $0.taken + $0.skipped < settings.rowsMax / 4 }) ?? true {
                    stretches[pair.key] = min(Self.stretchMax, stretch * 2)
                }
                if cursor >= horizon { return (true, hasMoved) }
            }
        }
        return (false, hasMoved)
    }

    /// - Throws: ``ShadowFault`` for a candidate that was too slow three times in a row.
    private func judgePace(_ made: ShadowStore.Made, of pair: ShadowPair) throws {
        var pace = paces[pair.key] ?? Pace()
        pace.rows += made.taken
        pace.seconds += made.seconds
        if pace.rows >= min(Self.pacedRows, settings.rowsMax) {
            let perRow = pace.seconds / Double(pace.rows)
            pace = Pace(strikes: perRow > settings.rowSecondsMax ? pace.strikes + 1 : 0)
            if pace.strikes >= Self.strikesMax {
                paces[pair.key] = nil
                throw ShadowFault(
                    "\(pair.candidate.key): too slow: \(fourDigits(perRow * 1000)) ms a row, \(fourDigits(settings.rowSecondsMax * 1000)) ms are allowed"
                )
            }
        }
        paces[pair.key] = pace
    }

    private func trip(_ pair: ShadowPair, _ fault: ShadowFault) async throws {
        let now = clock()
        let data = JSON.object([
            "model": .string(pair.champion.key.model), "champion": .string(pair.champion.key.version),
            "candidate": .string(pair.candidate.key.version),
            "summary": .string("\(pair.candidate.key) is not scored any more: \(fault)"), "reason": .string(fault.description),
        ])
        let messages = ShadowMessages(engine.configuration, pair.champion)
            .messages("shadow.broken", at: now, data, newID: Messages.randomID)
        if try await store.trip(pair.champion, pair.candidate, why: fault.description, at: now, messages: messages) {
            engine.logger.error("the circuit breaker of \(pair.candidate.key) is open: \(fault)")
        }
        models[pair.key] = nil
    }

    // MARK: Looks

    /// Labelled rows grow by this share, or so many seconds pass, before the next look is kept to be shown over time.
    static let growth = 1.02
    static let keptSeconds = 3600.0

    private func look(_ pair: ShadowPair) async throws {
        guard
            let run = try await store.runs().of(pair.champion, pair.candidate.versionID),
            let bytes = try await store.sums(pair.champion, pair.candidate), let sums = PairedSums(bytes: bytes)
        else { return }
        let now = clock()
        let view = ShadowComparison(pair, run, sums, settings, at: now)
        let look = ShadowLook(
            at: now, taken: run.taken, labelled: Int64(sums.labelled), verdict: view.decision.verdict.rawValue, report: view.json)
        let isNew = run.verdict != look.verdict
        let before = kept[pair.key]
        let isKept =
            isNew || before == nil || Double(look.labelled) >= Double(before?.labelled ?? 0) * Self.growth + 1
            || now.seconds(since: before?.at ?? now) >= Self.keptSeconds
        // The first verdict is no news unless it says something.
        let isTold = isNew && (run.verdict != nil || view.decision.verdict != .hold || !view.decision.broken.isEmpty)
        // A candidate that is held begins to break a guardrail: the reason is the news.
        let wasBroken = !(run.report?["broken"]?.arrayValue ?? []).isEmpty
        let isTurn = !isNew && !wasBroken && !view.decision.broken.isEmpty
        let messages =
            isTold || isTurn
            ? ShadowMessages(engine.configuration, pair.champion)
                .messages("shadow.verdict", at: now, view.message(former: run.verdict), newID: Messages.randomID) : []
        let isMine = try await store.keep(
            look, of: pair.champion, pair.candidate, cursor: run.cursor, former: run.verdict, short: isKept || isTurn ? view.short : nil,
            messages: messages)
        guard isMine else { return }
        if isKept || isTurn { kept[pair.key] = look }
        if isTold || isTurn { engine.logger.notice("shadow: \(view.summary)") }
    }
}
