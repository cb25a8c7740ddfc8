import Monitoring
import Profiles
import Testing
import Vocabulary

/// Profiles, spans and marks in memory; remembers what was asked of it.
private actor MemoryReader: ProfileReader {
    let bench: MonitoringBench
    private(set) var dirty: [DirtyWindow] = []
    private(set) var cleared: [DirtyWindow] = []
    private(set) var asked: [(time: Timestamp, limit: Int)] = []
    private(set) var windows: [Window] = []
    private(set) var spanReads = 0
    private var last: Timestamp?

    init(_ bench: MonitoringBench) { self.bench = bench }
    func mark(_ windows: [DirtyWindow]) { dirty += windows }
    func setLast(_ time: Timestamp?) { last = time }
    private var first = Timestamp(seconds: 0)
    func setFirst(_ time: Timestamp) { first = time }

    func reference(of version: RegisteredVersion) async throws -> ReferenceProfile { bench.reference }
    func profile(of version: RegisteredVersion, from start: Timestamp, to end: Timestamp) async throws -> Profile {
        windows.append(Window(kind: .custom, start: start, end: end))
        return Rows(numeric: [[1, 2, 3]]).profile(bench.version.schema, bench.reference.grid)
    }
    private var lag: Int64? = 0
    func setLag(_ seconds: Int64?) { lag = seconds }
    func arrivalLag(of version: RegisteredVersion, since time: Timestamp) async throws -> Int64? { lag }
    private var counts: [Timestamp: Int64] = [:]
    func setRows(_ rows: [Timestamp: Int64]) { counts = rows }
    func rows(of version: RegisteredVersion, from starts: [Timestamp], seconds: Int64) async throws -> [Int64?] {
        starts.map { counts[$0] }
    }
    func span(of version: RegisteredVersion) async throws -> (first: Timestamp, last: Timestamp)? {
        spanReads += 1
        return last.map { (first, $0) }
    }
    func dirtyWindows(endedBy time: Timestamp, after last: DirtyWindow?, limit: Int) async throws -> [DirtyWindow] {
        asked.append((time, limit))
        let sorted = dirty.filter { $0.window.end <= time }.sorted { ($0.window.end, $0.versionID) < ($1.window.end, $1.versionID) }
        return sorted.drop { mark in last.map { (mark.window.end, mark.versionID) <= ($0.window.end, $0.versionID) } ?? false }
            .prefix(limit).map { $0 }
    }
    func clear(_ windows: [DirtyWindow]) async throws {
        cleared += windows
        dirty.removeAll { windows.contains($0) }
    }
}

private actor MemoryResults: EvaluationStore {
    struct Failure: Error {}
    private(set) var saved: [Evaluation] = []
    private var isFailing = false
    func fail(_ fails: Bool) { isFailing = fails }
    func save(_ evaluation: Evaluation, of version: RegisteredVersion) async throws {
        if isFailing { throw Failure() }
        saved.append(evaluation)
    }
    func lastEvaluated(_ kind: WindowKind, of version: RegisteredVersion) async throws -> Timestamp? {
        saved.filter { $0.window.kind == kind }.map(\.window.end).max()
    }
    func latest(_ kind: WindowKind, of version: RegisteredVersion, by time: Timestamp) async throws -> Evaluation? {
        saved.last { $0.window.kind == kind && $0.window.end <= time }
    }
}

private struct FixedDirectory: VersionDirectory {
    var registered: [RegisteredVersion]
    func version(_ key: ModelVersion) async throws -> RegisteredVersion? { registered.first { $0.key == key } }
    func versions() async throws -> [RegisteredVersion] { registered }
}

private actor Announcements {
    struct Failure: Error {}
    private(set) var heard: [Window] = []
    private var isFailing = false
    func fail(_ fails: Bool) { isFailing = fails }
    func hear(_ evaluation: Evaluation) throws {
        if isFailing { throw Failure() }
        heard.append(evaluation.window)
    }
}

@Suite("One round of the evaluator")
struct EvaluationPassTests {
    private let bench = MonitoringBench(Rows(numeric: [[1, 2, 3]]))
    private let reader: MemoryReader
    private let results = MemoryResults()
    private let announcements = Announcements()
    private let now = Timestamp(rfc3339: "2026-06-01T12:00:00Z")!

    init() { reader = MemoryReader(bench) }

    private func pass(_ versions: [RegisteredVersion]? = nil, at time: Timestamp? = nil) -> EvaluationPass {
        let time = time ?? now
        let announcements = announcements
        return EvaluationPass(
            reader: reader, store: results, directory: FixedDirectory(registered: versions ?? [bench.version]),
            evaluator: WindowEvaluator(),
            clock: { time }, announce: { evaluation, _ in try await announcements.hear(evaluation) })
    }

    /// The hour that ended `hours` before now, touched `quiet` seconds ago and marked `marked` seconds ago.
    private func hour(_ hours: Int64, version: Int64 = 1, batch: Int64 = 1, quiet: Int64 = 30, marked: Int64 = 600) -> DirtyWindow {
        let end = now.adding(seconds: -3600 * hours)
        return DirtyWindow(
            versionID: version, window: Window(kind: .hour, start: end.adding(seconds: -3600), end: end), batchID: batch,
            touchedAt: now.adding(seconds: -quiet), markedAt: now.adding(seconds: -marked))
    }

    @Test("windows that ended are evaluated, saved, announced and cleared, the earliest first")
    func whole() async throws {
        await reader.mark([hour(1), hour(3), hour(2)])
        await reader.setLast(now)
        let made = try await pass().run()
        let windows = [hour(3), hour(2), hour(1)].map(\.window)
        #expect(made.map(\.window) == windows)
        #expect(made.allSatisfy { $0.evaluatedAt == now && $0.rows == 3 })
        #expect(await results.saved.map(\.window) == windows)
        #expect(await announcements.heard == windows)
        #expect(await reader.cleared == [hour(3), hour(2), hour(1)])
        #expect(await reader.dirty.isEmpty)
        #expect(await reader.windows.map(\.start) == windows.map(\.start))
        #expect(await reader.spanReads == 1)
    }

    @Test("a window is asked for only after a delay, and not more than the limit at once")
    func asks() async throws {
        _ = try await pass().run()
        let asked = try #require(await reader.asked.first)
        #expect(asked.time == now.adding(seconds: -60))
        #expect(asked.limit == 500)
    }

    @Test("a window that may still be filling is left marked")
    func filling() async throws {
        // The newest record is inside the window, and came half a minute ago.
        await reader.mark([hour(1, quiet: 59)])
        await reader.setLast(now.adding(seconds: -3601))
        #expect(try await pass().run().isEmpty)
        #expect(await results.saved.isEmpty)
        #expect(await reader.cleared.isEmpty)
        #expect(await reader.dirty == [hour(1, quiet: 59)])
    }

    @Test("a later record shows that a window is complete")
    func laterRecord() async throws {
        await reader.mark([hour(1, quiet: 0)])
        await reader.setLast(now.adding(seconds: -3600))
        #expect(try await pass().run().count == 1)
    }

    @Test("a stream of late labels does not evaluate a window over and over")
    func lateLabels() async throws {
        await reader.mark([hour(2, quiet: 0, marked: 599), hour(1, quiet: 0, marked: 600)])
        await reader.setLast(now)
        #expect(try await pass().run().map(\.window) == [hour(1).window])
    }

    @Test("so does silence: the end of a replay, or little traffic")
    func silence() async throws {
        await reader.mark([hour(1, quiet: 60)])
        await reader.setLast(now.adding(seconds: -4000))
        #expect(try await pass().run().count == 1)
        // Also where nothing is known of the span.
        await reader.mark([hour(2, quiet: 60)])
        await reader.setLast(nil)
        #expect(try await pass().run().count == 1)
    }

    @Test("a window that is still filling does not hold up the others")
    func others() async throws {
        var day = hour(1, quiet: 5)
        day.window = Window(kind: .day, start: now.adding(seconds: -90_000), end: now.adding(seconds: -3600))
        await reader.mark([day, hour(2, quiet: 5), hour(1, quiet: 100)])
        await reader.setLast(now.adding(seconds: -7000))
        #expect(try await pass().run().map(\.window) == [hour(2).window, hour(1).window])
        #expect(await reader.dirty == [day])
    }

    @Test("as many that fill as a page holds do not hold up those behind them, and a round has its limit")
    func pages() async throws {
        // 600 that fill, then 600 that are complete, of a version each hour.
        let filling = (1...600).map { hour(2000 - $0, quiet: 5, marked: 5) }
        let complete = (1...600).map { hour(1300 - $0, quiet: 100) }
        await reader.mark(filling + complete)
        await reader.setLast(now)
        #expect(try await pass().run().count == 500)
        #expect(try await pass().run().count == 100)
        #expect(await reader.dirty == filling)
    }

    @Test("a pass that only looks stores results, announces nothing and leaves the marks")
    func looksOnly() async throws {
        await reader.mark([hour(1)])
        await reader.setLast(now)
        #expect(try await pass().run(looksOnly: true).count == 1)
        #expect(await results.saved.count == 1)
        #expect(await announcements.heard.isEmpty)
        #expect(await reader.dirty == [hour(1)])
    }

    @Test("the marks of retired and unknown versions are cleared, and nothing is evaluated")
    func retired() async throws {
        var retired = bench.version
        retired.stage = .retired
        await reader.mark([hour(1), hour(2, version: 99)])
        await reader.setLast(now)
        #expect(try await pass([retired]).run().isEmpty)
        #expect(await results.saved.isEmpty)
        #expect(await announcements.heard.isEmpty)
        #expect(await reader.dirty.isEmpty)
    }

    @Test("a candidate is evaluated like a champion")
    func candidate() async throws {
        var candidate = bench.version
        candidate.stage = .candidate
        await reader.mark([hour(1)])
        await reader.setLast(now)
        #expect(try await pass([candidate]).run().count == 1)
    }

    @Test("a window asked for by hand is saved and wakes nobody")
    func custom() async throws {
        let window = Window(kind: .custom, start: now.adding(seconds: -1000), end: now)
        let evaluation = try await pass().evaluate(bench.version, window)
        #expect(evaluation.window == window)
        #expect(await results.saved == [evaluation])
        #expect(await announcements.heard.isEmpty)
        // A scheduled one does.
        _ = try await pass().evaluate(bench.version, hour(1).window)
        #expect(await announcements.heard == [hour(1).window])
    }

    @Test("what could not be saved stays marked and is evaluated again")
    func saveFails() async throws {
        await reader.mark([hour(1)])
        await reader.setLast(now)
        await results.fail(true)
        #expect(try await pass().run().isEmpty)
        #expect(await reader.dirty == [hour(1)])
        #expect(await announcements.heard.isEmpty)
        await results.fail(false)
        #expect(try await pass().run().count == 1)
        #expect(await reader.dirty.isEmpty)
    }

    @Test("what could not be announced stays marked and is announced in the next round")
    func announceFails() async throws {
        await reader.mark([hour(1)])
        await reader.setLast(now)
        await announcements.fail(true)
        #expect(try await pass().run().isEmpty)
        #expect(await reader.dirty == [hour(1)])
        await announcements.fail(false)
        _ = try await pass().run()
        #expect(await announcements.heard == [hour(1).window])
        #expect(await results.saved.count == 2)
    }

    @Test("the mark is cleared as it was read, so that one renewed in between stays")
    func renewed() async throws {
        await reader.mark([hour(1, batch: 7)])
        await reader.setLast(now)
        _ = try await pass().run()
        #expect(await reader.cleared.map(\.batchID) == [7])
    }

    @Test("a round without marks does nothing")
    func nothing() async throws {
        #expect(try await pass().run().isEmpty)
        #expect(await reader.windows.isEmpty)
        #expect(await reader.cleared.isEmpty)
    }

    @Test("a window in which nothing came is told once, while the model is missed")
    func outage() async throws {
        let hour = Window(kind: .hour, start: now.adding(seconds: -2 * 3600), end: now.adding(seconds: -3600))
        func rows(_ count: Int64) -> [Timestamp: Int64] {
            Dictionary(uniqueKeysWithValues: (1...14).map { (hour.start.adding(seconds: -86_400 * $0), count) })
        }
        let time = now.adding(seconds: -3500)
        await reader.setLast(hour.start.adding(seconds: -60))
        await reader.setFirst(now.adding(seconds: -20 * 86_400))
        await reader.setRows(rows(500))
        // Of a nightly file the hours come half a day late.
        await reader.setLag(43_200)
        #expect(try await pass(at: time).run().isEmpty)
        await reader.setLag(0)
        let made = try await pass(at: time).run()
        #expect(made.map(\.window) == [hour] && made.first?.rows == 0)
        #expect(made.first?.findings.map(\.why) == ["0 records, about 500 came at this time of the days before"])
        #expect(made.first?.verdict(of: .volume) == .drifted)
        #expect(await announcements.heard == [hour])
        #expect(try await pass(at: time).run().isEmpty)
        // Neither is a model of another stage missed, nor one that has been silent for long.
        await reader.setRows(rows(0))
        #expect(try await pass(at: time.adding(seconds: 3600)).run().isEmpty)
        var candidate = bench.version
        candidate.stage = .candidate
        await reader.setRows(rows(500))
        #expect(try await pass([candidate], at: time.adding(seconds: 3600)).run().isEmpty)
    }
}
