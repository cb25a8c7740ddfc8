import Monitoring
import Profiles
import TestSupport
import Testing
import Vocabulary

/// Windows whose rows follow from their start, since a first one.
private struct History: ProfileReader {
    struct Gone: UnanswerableWindow { let isUnanswerable: Bool }
    var isDamaged = false
    let bench: MonitoringBench
    var first: Timestamp
    let rows: @Sendable (Timestamp) -> Rows?

    func reference(of version: RegisteredVersion) async throws -> ReferenceProfile { bench.reference }
    func profile(of version: RegisteredVersion, from start: Timestamp, to end: Timestamp) async throws -> Profile {
        guard let rows = rows(start) else { throw Gone(isUnanswerable: !isDamaged) }
        return rows.profile(bench.version.schema, bench.reference.grid)
    }
    func arrivalLag(of version: RegisteredVersion, since time: Timestamp) async throws -> Int64? { nil }
    func rows(of version: RegisteredVersion, from starts: [Timestamp], seconds: Int64) async throws -> [Int64?] { starts.map { _ in nil } }
    func span(of version: RegisteredVersion) async throws -> (first: Timestamp, last: Timestamp)? { (first, BaselineTests.now) }
    func dirtyWindows(endedBy time: Timestamp, after last: DirtyWindow?, limit: Int) async throws -> [DirtyWindow] { [] }
    func clear(_ windows: [DirtyWindow]) async throws {}
}

private struct Nowhere: EvaluationStore, VersionDirectory {
    func save(_ evaluation: Evaluation, of version: RegisteredVersion) async throws {}
    func lastEvaluated(_ kind: WindowKind, of version: RegisteredVersion) async throws -> Timestamp? { nil }
    func latest(_ kind: WindowKind, of version: RegisteredVersion, by time: Timestamp) async throws -> Evaluation? { nil }
    func version(_ key: ModelVersion) async throws -> RegisteredVersion? { nil }
    func versions() async throws -> [RegisteredVersion] { [] }
}

@Suite("What a window is compared with")
struct BaselineTests {
    static let now = Timestamp(rfc3339: "2026-06-15T12:00:00Z")!
    private static let hour = Window(kind: .hour, start: now.adding(seconds: -3600), end: now)
    private let bench: MonitoringBench

    init() {
        var random = Seeded(1)
        bench = MonitoringBench(Rows(numeric: [random.gaussians(2000)]))
    }

    /// Rows around a mean that follows from the window's start.
    private func history(
        since first: Timestamp = Timestamp(seconds: 0), goneBefore: Timestamp = Timestamp(seconds: 0),
        mean: @escaping @Sendable (Timestamp) -> Double
    ) -> History {
        History(bench: bench, first: first) { start in
            var random = Seeded(UInt64(bitPattern: start.microseconds))
            return start < goneBefore ? nil : Rows(numeric: [random.gaussians(800, shift: mean(start))])
        }
    }

    private func evaluate(_ history: History, _ baseline: Baseline, gap: Int = 0, windows: Int = 8) async throws -> Evaluation {
        var settings = MonitorSettings()
        (settings.baseline, settings.baselineWindows, settings.baselineGap) = (baseline, windows, gap)
        let pass = EvaluationPass(
            reader: history, store: Nowhere(), directory: Nowhere(), evaluator: WindowEvaluator(settings: settings), clock: { Self.now },
            announce: { _, _ in })
        return try await pass.evaluate(bench.version, Self.hour)
    }

    private func verdict(_ evaluation: Evaluation) -> Verdict? { evaluation.finding("ks", of: "x0")?.verdict }

    @Test("the reference, the windows before, or the same hour of the weeks before") func kinds() async throws {
        // Since June every hour is moved against the reference.
        let moved = history { _ in 1 }
        let frozen = try await evaluate(moved, .frozen)
        #expect(frozen.baseline == .frozen && verdict(frozen) == .drifted)
        let rolling = try await evaluate(moved, .rolling)
        #expect(rolling.baseline == .rolling && verdict(rolling) == .ok)
        #expect(rolling.finding("ks", of: "x0")?.referenceCount == 6400)
        // Noon differs from the morning, as in every week.
        let noon = history { Int64($0.seconds(since: Timestamp(seconds: 0))) % 86_400 == 11 * 3600 ? 1 : 0 }
        #expect(verdict(try await evaluate(noon, .rolling)) == .drifted)
        let seasonal = try await evaluate(noon, .seasonal)
        #expect(seasonal.baseline == .seasonal && verdict(seasonal) == .ok)
    }

    @Test("a gap keeps what drifts slowly out of the baseline") func gap() async throws {
        let recent = history { $0 >= Self.now.adding(seconds: -9 * 3600) ? 1 : 0 }
        #expect(verdict(try await evaluate(recent, .rolling)) == .ok)
        #expect(verdict(try await evaluate(recent, .rolling, gap: 8)) == .drifted)
    }

    @Test("with too short a past, or where sums of these hours are gone, the reference stands in") func young() async throws {
        let moved: @Sendable (Timestamp) -> Double = { _ in 1 }
        let young = try await evaluate(history(since: Self.now.adding(seconds: -4 * 3600), mean: moved), .rolling)
        #expect(young.baseline == .frozen && verdict(young) == .drifted)
        let oneMore = try await evaluate(history(since: Self.now.adding(seconds: -5 * 3600), mean: moved), .rolling)
        #expect(oneMore.baseline == .rolling)
        let gone = try await evaluate(history(goneBefore: Self.now.adding(seconds: -22 * 86_400), mean: moved), .seasonal)
        #expect(gone.baseline == .frozen)
        // What cannot be read for another reason is no reason to compare with something else in silence.
        var damaged = history(goneBefore: Self.now.adding(seconds: -22 * 86_400), mean: moved)
        damaged.isDamaged = true
        await #expect(throws: History.Gone.self) { try await evaluate(damaged, .seasonal) }
        let kept = try await evaluate(history(goneBefore: Self.now.adding(seconds: -29 * 86_400), mean: moved), .seasonal)
        #expect(kept.baseline == .seasonal)
    }
}
