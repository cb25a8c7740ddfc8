internal import Dispatch
internal import Monitoring
internal import Statistics
internal import Storage
internal import Synchronization
internal import Vocabulary

/// Asks the model of a version which features made a finding, over a few raw rows of its window and of windows before.
///
/// Models are scored on a queue of their own: they take long, and none of the threads that the service lives on.
final class ModelAttributor: ModelExplainer {
    private struct State {
        /// By version, the newest last.
        var models: [(id: Int64, model: CandidateModel)] = []
        /// When models were asked, within the last minute.
        var asked: [Timestamp] = []
    }
    private let store: RowSampleStore
    private let files: ShadowStore
    private let clock: @Sendable () -> Timestamp
    private let state = Mutex(State())
    private static let queue = DispatchQueue(label: "evenkeel.attribution")

    /// Findings explained in a minute: a round over many windows goes on without.
    static let perMinuteMax = 30
    /// Model files kept in memory.
    static let modelsMax = 4
    /// What all answers may take, as the first ones took.
    static let secondsMax = 10.0
    /// Windows before whose rows are taken where the baseline has none of its own.
    static let windowsMax = 4
    /// How far the model's answers may be from the logged scores, as a share of their standard deviation.
    static let mismatchMax = 0.05

    init(database: Database, clock: @escaping @Sendable () -> Timestamp) {
        store = RowSampleStore(database: database)
        files = ShadowStore(database: database)
        self.clock = clock
    }

    func explain(_ version: RegisteredVersion, _ question: AttributionQuestion) async -> AttributionAnswer {
        do {
            guard let bytes = try await model(of: version) else { return .none }
            return .found(try await attribution(version, question, bytes))
        } catch let fault as ShadowFault { return .impossible(fault.description) } catch let fault as AttributionFault {
            return .impossible(fault.description)
        } catch { return .impossible("\(error)") }
    }

    /// Nil where no file is registered.
    private func model(of version: RegisteredVersion) async throws -> CandidateModel? {
        if let known = state.withLock({ $0.models.first { $0.id == version.versionID }?.model }) { return known }
        guard let file = try await files.files().first(where: { $0.versionID == version.versionID }) else { return nil }
        if version.schema.raw == .none { throw ShadowFault("raw rows are not kept (raw: none)") }
        guard let data = try await files.data(of: version.versionID) else { return nil }
        let model = try await onQueue {
            try CandidateModel(data, file: "its \(file.format) file", schema: version.schema, threshold: version.schema.threshold)
        }
        state.withLock { state in
            state.models.removeAll { $0.id == version.versionID }
            state.models.append((version.versionID, model))
            if state.models.count > Self.modelsMax { state.models.removeFirst() }
        }
        return model
    }

    private func attribution(
        _ version: RegisteredVersion, _ question: AttributionQuestion, _ model: CandidateModel
    ) async throws -> Attribution {
        guard take() else { throw AttributionFault("\(Self.perMinuteMax) findings were explained within a minute") }
        let (windows, compared) = try await before(version, question)
        guard !windows.isEmpty else {
            throw AttributionFault("the reference keeps no rows, and no window before was judged to be without this finding")
        }
        var wantsLabels = (before: false, after: false)
        if case .losses(let needsLabels) = question.subject { wantsLabels = (true, needsLabels) }
        let now = [RowSampleStore.Counted(window: question.window, rows: question.rows)]
        let before = try await store.rows(
            of: version, in: windows, segment: question.segment, withLabels: wantsLabels.before, limit: Attribution.rowsMax)
        let after = try await store.rows(
            of: version, in: now, segment: question.segment, withLabels: wantsLabels.after, limit: Attribution.rowsMax)
        return try await onQueue {
            let was = try ScoredRows(before, model, version.schema)
            let present = try ScoredRows(after, model, version.schema)
            for side in [was, present] { try side.check(Self.mismatchMax) }
            let names = model.columns.map { version.schema.features[$0].name }
            let rows = was.rows.count + present.rows.count
            let pace = (was.seconds + present.seconds) / Double(max(1, rows))
            let answers = Double(min(Attribution.answersMax, 2 * (names.count + 1) * min(was.rows.count, present.rows.count)))
            guard pace * answers <= Self.secondsMax else {
                throw AttributionFault("the model takes \(fourDigits(pace * 1000)) ms a row, \(Int(answers)) answers are too many")
            }
            return try Attribution(
                question.subject, task: version.schema.task, classes: version.schema.classes, features: names, before: was.side,
                after: present.side, compared: compared
            ) { pairs, isAfter in
                var mixed = was.rows.picked(pairs.map(\.before), columns: [])
                for (place, column) in model.columns.enumerated() {
                    mixed.features[column] = was.rows.features[column].mixed(
                        present.rows.features[column], pairs, isSecond: isAfter[place])
                }
                return try model.answers(mixed)
            }
        }
    }

    /// Rows of which windows the window is compared with.
    private func before(
        _ version: RegisteredVersion, _ question: AttributionQuestion
    ) async throws -> (windows: [RowSampleStore.Counted], words: String) {
        func words(_ count: Int, _ what: String) -> String { "\(count == 1 ? "the window" : "\(count) windows") \(what)" }
        if let baseline = question.baseline {
            let windows = baseline.map { RowSampleStore.Counted(window: $0, rows: question.rows) }
            return (windows, words(windows.count, "of the baseline"))
        }
        let kind = question.window.kind == .custom ? .day : question.window.kind
        let part = question.segment.map { version.parts[$0] } ?? version
        let windows = try await store.calmWindows(
            kind, of: part, monitor: question.monitor, endedBy: question.window.start, limit: Self.windowsMax)
        return (windows, words(windows.count, "before that had no such finding"))
    }

    private func take() -> Bool {
        let now = clock()
        return state.withLock { state in
            state.asked.removeAll { $0 <= now.adding(seconds: -60) || $0 > now }
            guard state.asked.count < Self.perMinuteMax else { return false }
            state.asked.append(now)
            return true
        }
    }

    private func onQueue<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            Self.queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}

/// Rows with what the model answers to them, without those that it has no number for.
private struct ScoredRows {
    let rows: ShadowRows
    let side: Attribution.Side
    let seconds: Double
    private let logged: [[Double]]

    init(_ found: ShadowRows, _ model: CandidateModel, _ schema: FeatureSchema) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let answers = try model.answers(found)
        seconds = start.duration(to: clock.now) / .seconds(1)
        let usable = (0..<found.count).filter { row in answers.allSatisfy { $0[row].isFinite } }
        rows = found.picked(usable, columns: model.columns)
        side = Attribution.Side(answers: answers.map { column in usable.map { column[$0] } }, labels: rows.labels)
        logged =
            schema.task == .multiclass
            ? schema.classes.indices.map { place in usable.map { found.classScores[$0].isEmpty ? .nan : found.classScores[$0][place] } }
            : [rows.scores]
    }

    /// The file must be the model that is served.
    func check(_ mismatchMax: Double) throws {
        for (answers, scores) in zip(side.answers, logged) {
            let known = scores.indices.filter { scores[$0].isFinite }
            guard known.count > 1 else { continue }
            let count = Double(known.count)
            let mean = known.reduce(0) { $0 + scores[$1] } / count
            let spread = (known.reduce(0) { $0 + (scores[$1] - mean) * (scores[$1] - mean) } / count).squareRoot()
            let gap = known.reduce(0) { $0 + abs(scores[$1] - answers[$1]) } / count
            guard gap <= mismatchMax * spread + 1e-6 else {
                throw AttributionFault("the registered model's answers are \(fourDigits(gap)) away from the logged scores on average")
            }
        }
    }
}
