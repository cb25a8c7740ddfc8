public import Profiles
public import Vocabulary

/// One round of the evaluator: every window that ended and changed is evaluated, saved and handed to the alerts.
///
/// A mark is cleared after its window is saved, and only if no later batch renewed it: a crash in between evaluates once more.
public struct EvaluationPass: Sendable {
    private let reader: any ProfileReader
    private let store: any EvaluationStore
    private let directory: any VersionDirectory
    private let evaluator: WindowEvaluator
    private let clock: @Sendable () -> Timestamp
    private let report: @Sendable (String) -> Void
    private let announce: @Sendable (Evaluation, RegisteredVersion) async throws -> Void

    /// Windows evaluated in one round; what is left waits for the next.
    public static let windowsMax = 500
    /// Marks read at once.
    static let pageMarks = 500

    public init(
        reader: any ProfileReader, store: any EvaluationStore, directory: any VersionDirectory, evaluator: WindowEvaluator,
        clock: @escaping @Sendable () -> Timestamp, report: @escaping @Sendable (String) -> Void = { _ in },
        announce: @escaping @Sendable (Evaluation, RegisteredVersion) async throws -> Void
    ) {
        self.reader = reader
        self.store = store
        self.directory = directory
        self.evaluator = evaluator
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
        let ended = now.adding(seconds: -evaluator.settings.delaySeconds)
        var made: [Evaluation] = []
        var newest: [Int64: Timestamp] = [:]
        // Page by page, so that windows which fill or fail do not hold up those behind them.
        var page = try await reader.dirtyWindows(endedBy: ended, after: nil, limit: Self.pageMarks)
        if page.isEmpty { return [] }
        let versions = Dictionary(try await directory.versions().map { ($0.versionID, $0) }, uniquingKeysWith: { a, _ in a })
        while let last = page.last, made.count < Self.windowsMax {
            made += try await evaluate(page, versions, newest: &newest, now: now, limit: Self.windowsMax - made.count, looksOnly: looksOnly)
            page = try await reader.dirtyWindows(endedBy: ended, after: last, limit: Self.pageMarks)
        }
        return made
    }

    private func evaluate(
        _ marks: [DirtyWindow], _ versions: [Int64: RegisteredVersion], newest: inout [Int64: Timestamp], now: Timestamp, limit: Int,
        looksOnly: Bool
    ) async throws -> [Evaluation] {
        var made: [Evaluation] = []
        for mark in marks where made.count < limit {
            if let version = versions[mark.versionID], version.stage != .retired {
                if newest[mark.versionID] == nil { newest[mark.versionID] = try await reader.span(of: version)?.last }
                guard isComplete(mark, newest: newest[mark.versionID], now: now) else { continue }
                do { made.append(try await evaluate(version, mark.window, isAnnounced: !looksOnly)) } catch let error as any RetryableError
                    where error.isRetryable
                {
                    throw error
                } catch {
                    report("\(version.key), \(mark.window.kind.rawValue) from \(mark.window.start): \(error)")
                    continue
                }
            }
            if !looksOnly { try await reader.clear([mark]) }
        }
        return made
    }

    /// A window that is still filling is not looked at: every look is a chance of a false alarm. It is complete when nothing has come
    /// for a while; or once records of a later time have come and its first change is not fresh, so that a stream of late labels
    /// does not evaluate it over and over.
    private func isComplete(_ mark: DirtyWindow, newest: Timestamp?, now: Timestamp) -> Bool {
        if let newest, newest >= mark.window.end, mark.markedAt.adding(seconds: evaluator.settings.patienceSeconds) <= now { return true }
        return mark.touchedAt.adding(seconds: evaluator.settings.quietSeconds) <= now
    }

    /// Evaluates any window now.
    public func evaluate(_ version: RegisteredVersion, _ window: Window, isAnnounced: Bool = true) async throws -> Evaluation {
        let (baseline, reference) = try await BaselineReader(reader: reader, settings: evaluator.settings).baseline(
            of: version, for: window)
        let current = try await reader.profile(of: version, from: window.start, to: window.end)
        let evaluation = evaluator.evaluate(version, window, reference: reference, baseline: baseline, current: current, at: clock())
        try await store.save(evaluation, of: version)
        // A window asked for by hand answers a question; it does not wake anybody.
        if isAnnounced, window.kind != .custom { try await announce(evaluation, version) }
        return evaluation
    }
}
