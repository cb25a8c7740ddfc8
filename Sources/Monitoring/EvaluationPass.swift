public import Profiles
public import Vocabulary

/// One round of the evaluator: every window that ended and changed is evaluated, saved and handed to the alerts.
///
/// A mark is cleared after its window is saved, and only if no later batch renewed it: a crash in between evaluates once more.
public struct EvaluationPass: Sendable {
    private let reader: any ProfileReader
    private let store: any EvaluationStore
    private let directory: any VersionDirectory
    private let errors: (any ErrorLog)?
    private let rowLog: (any RowWindowLog)?
    private let explainer: (any ModelExplainer)?
    private let settings: @Sendable (RegisteredVersion) -> MonitorSettings
    private let delaySeconds: Int64
    private let clock: @Sendable () -> Timestamp
    private let report: @Sendable (String) -> Void
    private let announce: @Sendable (Evaluation, RegisteredVersion) async throws -> Void

    /// Windows evaluated in one round; what is left waits for the next.
    public static let windowsMax = 500
    private typealias Span = (first: Timestamp, last: Timestamp)

    /// How far before the newest record it is looked how late records come.
    static let arrivalSeconds: Int64 = 2 * 86_400
    /// Marks read at once.
    static let pageMarks = 500

    /// - Parameters:
    ///   - evaluator: with the settings of the service.
    ///   - errors: where the changes are that detectors saw.
    ///   - rowLog: what windows by rows are made of; without it there are none.
    ///   - explainer: what asks models for the causes of findings; without it drifted features are named.
    ///   - settings: of a version, where it has its own.
    public init(
        reader: any ProfileReader, store: any EvaluationStore, directory: any VersionDirectory, evaluator: WindowEvaluator,
        errors: (any ErrorLog)? = nil, rowLog: (any RowWindowLog)? = nil, explainer: (any ModelExplainer)? = nil,
        settings: (@Sendable (RegisteredVersion) -> MonitorSettings)? = nil,
        clock: @escaping @Sendable () -> Timestamp,
        report: @escaping @Sendable (String) -> Void = { _ in },
        announce: @escaping @Sendable (Evaluation, RegisteredVersion) async throws -> Void
    ) {
        self.reader = reader
        self.store = store
        self.directory = directory
        self.errors = errors
        self.rowLog = rowLog
        self.explainer = explainer
        self.settings = settings ?? { _ in evaluator.settings }
        delaySeconds = evaluator.settings.delaySeconds
        self.clock = clock
        self.report = report
        self.announce = announce
    }

    /// A window that cannot be evaluated is reported and stays marked; the others go on. Only a database that is away ends the round.
    ///
    /// - Parameter looksOnly: results are stored, but no alert is raised and every mark stays, for the service that has the policies.
    /// - Returns: the evaluations made, the earliest window first.
    public func run(looksOnly: Bool = false) async throws -> [Evaluation] {
        let now = clock()
        let ended = now.adding(seconds: -delaySeconds)
        var made: [Evaluation] = []
        var spans: [Int64: Span] = [:]
        // Page by page, so that windows which fill or fail do not hold up those behind them.
        var page = try await reader.dirtyWindows(endedBy: ended, after: nil, limit: Self.pageMarks)
        let versions = Dictionary(try await directory.versions().map { ($0.versionID, $0) }, uniquingKeysWith: { a, _ in a })
        while let last = page.last, made.count < Self.windowsMax {
            made += try await evaluate(page, versions, spans: &spans, now: now, limit: Self.windowsMax - made.count, looksOnly: looksOnly)
            page = try await reader.dirtyWindows(endedBy: ended, after: last, limit: Self.pageMarks)
        }
        for version in versions.values.sorted(by: { $0.versionID < $1.versionID }) where version.stage != .retired && !looksOnly {
            if spans[version.versionID] == nil { spans[version.versionID] = try await reader.span(of: version) }
            guard let span = spans[version.versionID] else { continue }
            made += try await evaluateFilled(version, span, now: now, limit: Self.windowsMax - made.count)
            if version.stage == .champion { made += try await evaluateEmpty(version, span, endedBy: ended) }
        }
        return made
    }

    /// Windows by rows that have filled since the one before. Like other windows they wait until what comes late has had its time.
    private func evaluateFilled(_ version: RegisteredVersion, _ span: Span, now: Timestamp, limit: Int) async throws -> [Evaluation] {
        guard let rowLog else { return [] }
        let settings = settings(version)
        var made: [Evaluation] = []
        for kind in version.windows where kind.rows != nil {
            let since = try await store.lastEvaluated(kind, of: version) ?? span.first
            let filled = try await RowWindows(log: rowLog).filled(
                kind, of: version, since: since, endedBy: now.adding(seconds: -settings.delaySeconds))
            for window in filled.prefix(max(0, limit - made.count)) {
                guard span.last >= window.end || window.end.adding(seconds: settings.quietSeconds) <= now else { break }
                // The next window begins where this one ends: one that cannot be judged is not passed over.
                guard let evaluation = try await attempt(version, window, since: span.first) else { break }
                made.append(evaluation)
            }
        }
        return made
    }

    /// The windows by rows that something came into which was not there when they were evaluated.
    private func evaluateChanged(_ version: RegisteredVersion, in hour: Window, since first: Timestamp?) async throws -> [Evaluation] {
        let kinds = version.windows.filter { $0.rows != nil }
        guard let rowLog, !kinds.isEmpty, hour.kind == .hour else { return [] }
        var made: [Evaluation] = []
        for window in try await rowLog.changed(kinds, of: version, in: hour) {
            if let evaluation = try await attempt(version, window, since: first) { made.append(evaluation) }
        }
        return made
    }

    /// The newest windows, where nothing came: nothing marked them. A version that never had a record is not missed; nor is a window for which
    /// records may still be on their way, as those of a nightly file are.
    private func evaluateEmpty(_ version: RegisteredVersion, _ span: Span, endedBy ended: Timestamp) async throws -> [Evaluation] {
        guard span.last < ended.adding(seconds: -3600) else { return [] }
        guard let lag = try await reader.arrivalLag(of: version, since: span.last.adding(seconds: -Self.arrivalSeconds)) else { return [] }
        let arrived = ended.adding(seconds: -lag - lag / 4)
        var made: [Evaluation] = []
        for kind in version.windows {
            guard let window = kind.newest(endedBy: arrived), span.last < window.start,
                try await store.lastEvaluated(kind, of: version) ?? .earliest < window.end,
                let earlier = try await EarlierRowsReader(reader: reader).rows(of: version, for: window, since: span.first)
            else { continue }
            let evaluation = WindowEvaluator(settings: settings(version)).evaluateEmpty(version, window, earlier: earlier, at: clock())
            // Long after its last record a model is not missed any more.
            if evaluation.findings.isEmpty { continue }
            // The other way round a crash in between would leave nobody told: there is no mark that brings it back.
            try await announce(evaluation, version)
            try await store.save(evaluation, of: version)
            made.append(evaluation)
        }
        return made
    }

    private func evaluate(
        _ marks: [DirtyWindow], _ versions: [Int64: RegisteredVersion], spans: inout [Int64: Span], now: Timestamp, limit: Int,
        looksOnly: Bool
    ) async throws -> [Evaluation] {
        var made: [Evaluation] = []
        for mark in marks where made.count < limit {
            if let version = versions[mark.versionID], version.stage != .retired {
                if spans[mark.versionID] == nil { spans[mark.versionID] = try await reader.span(of: version) }
                let span = spans[mark.versionID]
                guard isComplete(mark, newest: span?.last, now: now, settings(version)) else { continue }
                var isUnanswerable = false
                if let evaluation = try await attempt(
                    version, mark.window, since: span?.first, isAnnounced: !looksOnly, isUnanswerable: &isUnanswerable)
                {
                    made.append(evaluation)
                } else if !isUnanswerable {
                    continue
                }
                if !looksOnly { made += try await evaluateChanged(version, in: mark.window, since: span?.first) }
            }
            if !looksOnly { try await reader.clear([mark]) }
        }
        return made
    }

    private func attempt(_ version: RegisteredVersion, _ window: Window, since first: Timestamp?) async throws -> Evaluation? {
        var isUnanswerable = false
        return try await attempt(version, window, since: first, isAnnounced: true, isUnanswerable: &isUnanswerable)
    }

    /// - Parameter isUnanswerable: whether it failed and always will: an hour of a day that is one sum, whose mark would be tried in every round.
    /// - Returns: nil for a window that could not be evaluated, which is reported.
    private func attempt(
        _ version: RegisteredVersion, _ window: Window, since first: Timestamp?, isAnnounced: Bool, isUnanswerable: inout Bool
    ) async throws -> Evaluation? {
        do { return try await evaluate(version, window, since: first, isAnnounced: isAnnounced) } catch let error as any RetryableError
            where error.isRetryable
        {
            throw error
        } catch {
            report("\(version.key), \(window.kind.rawValue) from \(window.start): \(error)")
            isUnanswerable = (error as? any UnanswerableWindow)?.isUnanswerable == true
            return nil
        }
    }

    /// A window that is still filling is not looked at: every look is a chance of a false alarm. It is complete when nothing has come
    /// for a while; or once records of a later time have come and its first change is not fresh, so that a stream of late labels
    /// does not evaluate it over and over.
    private func isComplete(_ mark: DirtyWindow, newest: Timestamp?, now: Timestamp, _ settings: MonitorSettings) -> Bool {
        guard mark.window.end.adding(seconds: settings.delaySeconds) <= now else { return false }
        if let newest, newest >= mark.window.end, mark.markedAt.adding(seconds: settings.patienceSeconds) <= now { return true }
        return mark.touchedAt.adding(seconds: settings.quietSeconds) <= now
    }

    /// Evaluates any window now.
    ///
    /// - Returns: the findings of the whole and of every segment.
    public func evaluate(_ version: RegisteredVersion, _ window: Window) async throws -> Evaluation {
        try await evaluate(version, window, since: try await reader.span(of: version)?.first, isAnnounced: true)
    }

    private func evaluate(
        _ version: RegisteredVersion, _ window: Window, since first: Timestamp?, isAnnounced: Bool
    ) async throws -> Evaluation {
        let settings = settings(version)
        var evaluation = try await judge(version, window, settings, since: first, of: version)
        try await store.save(evaluation, of: version)
        for part in version.parts {
            let own = try await judge(part, window, settings, since: first, of: version)
            try await store.save(own, of: part)
            evaluation.findings += own.findings
        }
        // A window asked for by hand answers a question; it does not wake anybody.
        if isAnnounced, window.kind != .custom { try await announce(evaluation, version) }
        return evaluation
    }

    /// - Parameters:
    ///   - version: the whole, or one of its segments: the same monitors over other sums.
    ///   - whole: where the rows of a segment are.
    private func judge(
        _ version: RegisteredVersion, _ window: Window, _ settings: MonitorSettings, since first: Timestamp?, of whole: RegisteredVersion
    ) async throws -> Evaluation {
        let (baseline, reference, windows) = try await BaselineReader(reader: reader, settings: settings).baseline(of: version, for: window)
        let current = try await reader.profile(of: version, from: window.start, to: window.end)
        var earlier: EarlierRows?
        // By rows every window has as many; what changes is how long it takes.
        if let first, window.kind.rows == nil {
            earlier = try await EarlierRowsReader(reader: reader).rows(of: version, for: window, since: first)
        }
        // Detectors follow the errors of all records.
        let changes = version.segment == nil ? try await errors?.changes(of: version, from: window.start, to: window.end) : nil
        let evaluator = WindowEvaluator(settings: settings)
        var evaluation = evaluator.judged(
            version, window, reference: reference, baseline: baseline, current: current, earlier: earlier, changes: changes, at: clock())
        var answers: [Vocabulary.Monitor: AttributionAnswer] = [:]
        if let explainer {
            let place = version.segment.flatMap { whole.schema.segments.firstIndex(of: $0) }
            let questions = evaluator.questions(evaluation, reference: reference, current: current, windows: windows, segment: place)
            for question in questions { answers[question.monitor] = await explainer.explain(whole, question) }
        }
        evaluation.findings = evaluator.explained(evaluation.findings, by: answers)
        guard let segment = version.segment else { return evaluation }
        for i in evaluation.findings.indices { evaluation.findings[i].segment = segment.name }
        return evaluation
    }
}
