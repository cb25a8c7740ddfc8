import Foundation
import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("The log of labels, as detectors follow it")
struct ErrorStoreTests {
    /// What was handed out, in its order.
    private final class Heard: @unchecked Sendable {  // only touched by one call after the other
        var rows: [LabelledRow?] = []
        var runs: [ErrorRun] = []
    }

    private func store(_ bench: Bench) -> ErrorStore { ErrorStore(database: bench.database) }

    /// Follows to the end in pages, and notes how many there were. The state is the number of pages.
    private func follow(
        _ version: RegisteredVersion, on bench: Bench, limit: Int = 1000,
        changes: @escaping @Sendable ([LabelledRow?]) -> [ErrorChange] = { _ in [] }
    ) async throws -> Heard {
        let heard = Heard()
        while true {
            let (isBehind, _) = try await store(bench).follow(version, limit: limit, at: Bench.now) { rows, run in
                heard.rows += rows
                heard.runs.append(run)
                var after = run
                after.state = (run.state ?? []) + [UInt8(truncatingIfNeeded: rows.count)]
                after.followed += Int64(rows.count)
                return (after, changes(rows))
            }
            if !isBehind { return heard }
        }
    }

    /// Predictions r0, r1, … a second apart, with their place as score.
    private func batch(_ rows: Range<Int>, failing: Set<Int> = []) -> PredictionBatch {
        var random = Seeded(4)
        var batch = Loans.batch(rows.count, &random)
        batch.ids = TextColumn(rows.map { "r\($0)" })
        batch.timestamps = rows.map { Loans.start.adding(seconds: Int64($0)) }
        batch.scores = rows.map { Double($0) / 1024 }
        batch.errors = rows.map { failing.contains($0) ? "timed out" : nil }
        return batch
    }

    private func labels(_ rows: [Int], _ label: Double = 1, seconds: Int64 = 0) -> LabelBatch {
        Loans.labels(rows.map { "r\($0)" }, label, at: Bench.now.adding(seconds: seconds))
    }

    /// The places of the rows that were handed out.
    private func places(_ heard: Heard) -> [Int] { heard.rows.map { Int((($0?.score ?? -1) * 1024).rounded()) } }

    @Test("labels come in the order in which they were stored, each once, page by page")
    func order() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let collector = bench.collector()
            try await collector.store(batch(0..<20), of: version, key: nil)
            try await collector.store(labels([7, 3, 9]), of: version, key: nil)
            try await collector.store(labels([1, 12], 0), of: version, key: nil)
            let heard = try await follow(version, on: bench, limit: 2)
            #expect(places(heard) == [7, 3, 9, 1, 12])
            #expect(heard.rows.map { $0?.label } == [1, 1, 1, 0, 0])
            #expect(heard.rows.map { $0?.time } == [7, 3, 9, 1, 12].map { Loans.start.adding(seconds: $0) })
            // What a page leaves, the next one finds.
            #expect(heard.runs.map(\.followed) == [0, 2, 4] && heard.runs.map(\.state) == [nil, [2], [2, 2]])
            #expect(try await follow(version, on: bench).rows.isEmpty, "nothing is new")
            try await collector.store(labels([2]), of: version, key: nil)
            #expect(places(try await follow(version, on: bench)) == [2])
        }
    }

    @Test("a corrected, repeated or failed one is not handed out; nor one without its prediction before that comes")
    func once() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let collector = bench.collector()
            try await collector.store(batch(0..<6, failing: [4]), of: version, key: nil)
            try await collector.store(labels([0, 4, 8]), of: version, key: nil)
            #expect(places(try await follow(version, on: bench)) == [0])
            try await collector.store(labels([0], 0, seconds: 60), of: version, key: nil)
            try await collector.store(labels([0]), of: version, key: nil)
            // A second event of the one that waits is what it has when its prediction comes.
            try await collector.store(labels([8], 0, seconds: 60), of: version, key: nil)
            #expect(try await follow(version, on: bench).rows.isEmpty)
            // Corrected within one request: what it is after.
            var both = labels([5], 1)
            both.ids.append("r5")
            both.labels.append(0)
            both.timestamps.append(Bench.now.adding(seconds: 60))
            try await collector.store(both, of: version, key: nil)
            try await collector.store(batch(6..<10), of: version, key: nil)
            let heard = try await follow(version, on: bench)
            #expect(places(heard) == [5, 8] && heard.rows.map { $0?.label } == [0, 0])
            #expect(try await bench.int("select count(*) from evenkeel.label where joined_batch is not null") == 3)
        }
    }

    @Test("a version that predicts the same records later is handed the labels that the other one has got")
    func versions() async throws {
        try await withBench { bench in
            let first = try await bench.register()
            let collector = bench.collector()
            try await collector.store(batch(0..<4), of: first, key: nil)
            try await collector.store(labels([1, 3]), of: first, key: nil)
            let second = try await bench.register(ModelVersion(model: "credit", version: "2"))
            try await collector.store(batch(0..<4), of: second, key: nil)
            try await collector.store(labels([2]), of: first, key: nil)
            #expect(places(try await follow(second, on: bench)) == [1, 3, 2])
            #expect(places(try await follow(first, on: bench)) == [1, 3, 2])
        }
    }

    @Test("a label whose prediction is gone keeps its place, and is handed out as nothing")
    func gone() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            try await bench.collector().store(batch(0..<3), of: version, key: nil)
            try await bench.collector().store(labels([0, 1, 2]), of: version, key: nil)
            try await bench.run("delete from evenkeel.prediction where record_id = 'r1'")
            let heard = try await follow(version, on: bench)
            #expect(heard.rows.map { $0 == nil } == [false, true, false])
        }
    }

    private static func change(_ detector: String, _ row: LabelledRow?) -> ErrorChange {
        var change = ErrorChange(detector: detector, time: row?.time ?? .earliest, followed: 3, detectedAt: Bench.now)
        (change.beganAt, change.before, change.beforeCount) = (row?.time, 0.1, 40)
        (change.after, change.afterCount) = (0.75, 8)
        return change
    }

    @Test("changes are numbered by detector, kept as they were made, and mark the windows that hold them")
    func changes() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let collector = bench.collector()
            try await collector.store(batch(0..<8), of: version, key: nil)
            try await collector.store(labels([0, 1, 2, 3]), of: version, key: nil)
            let marked = try await bench.profiles.dirtyWindows(endedBy: Bench.now, limit: 100)
            _ = try await follow(version, on: bench, limit: 2) { rows in
                [Self.change("adwin", rows.first ?? nil), Self.change("ddm", rows.last ?? nil), Self.change("adwin", rows.last ?? nil)]
            }
            let kept = try await store(bench).changes(of: version, from: .earliest, to: Bench.now)
            #expect(kept.filter { $0.detector == "adwin" }.map(\.number) == [4, 3, 2, 1])
            #expect(kept.filter { $0.detector == "ddm" }.map(\.number) == [2, 1])
            var expected = Self.change("ddm", LabelledRow(time: Loans.start.adding(seconds: 3), score: 0, prediction: 0, label: 0))
            expected.number = 2
            #expect(kept.first { $0.detector == "ddm" } == expected)
            #expect(try await store(bench).changes(of: version, from: .earliest, to: Loans.start.adding(seconds: 1)).map(\.number) == [1])
            let totals = try await store(bench).totals()
            #expect(totals.map(\.detector) == ["adwin", "ddm"] && totals.map(\.count) == [4, 2])
            #expect(totals[0].newest == Loans.start.adding(seconds: 3))
            // An evaluation that has read the marks before clears none of these.
            try await bench.profiles.clear(marked)
            let left = try await bench.profiles.dirtyWindows(endedBy: Bench.now, limit: 100)
            #expect(Set(left.map(\.window)) == Set(WindowKind.scheduled.compactMap { Window(kind: $0, holding: Loans.start) }))
            let unknown = try await bench.register(ModelVersion(model: "credit", version: "2"))
            #expect(try await store(bench).changes(of: unknown, from: .earliest, to: Bench.now).isEmpty)
        }
    }

    @Test("pages of changes: the newest first, what is seen meanwhile left out")
    func pages() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let collector = bench.collector()
            try await collector.store(batch(0..<9), of: version, key: nil)
            try await collector.store(labels(Array(0..<9)), of: version, key: nil)
            _ = try await follow(version, on: bench, limit: 1) { [Self.change("adwin", $0[0])] }
            var numbers: [Int64] = []
            for offset in stride(from: 0, to: 12, by: 4) {
                numbers += try await store(bench).changes(ofStreams: [version.streamID], knownBy: Bench.now, offset: offset, limit: 4)
                    .map(\.change.number)
            }
            #expect(numbers == Array((1...9).reversed()))
            let before = Bench.now.adding(seconds: -1)
            #expect(try await store(bench).changes(ofStreams: [version.streamID], knownBy: before, limit: 4).isEmpty)
            var settings = RetentionSettings()
            settings.resultDays = 1
            let report = try await collector.keep(settings, versions: [version], at: Bench.now.adding(seconds: 3 * 86_400))
            // The newest stays, so that the next one is the tenth.
            #expect(report.deleted["error_change"] == 8)
            #expect(try await store(bench).totals().map(\.count) == [9])
        }
    }

    private struct Failure: Error {}

    @Test("who fails on the way has moved nothing: place, state, changes and marks come together or not at all")
    func together() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            try await bench.collector().store(batch(0..<4), of: version, key: nil)
            try await bench.collector().store(labels([0, 1]), of: version, key: nil)
            await #expect(throws: Failure.self) {
                _ = try await store(bench).follow(version, limit: 10, at: Bench.now) { _, _ in throw Failure() }
            }
            // A change that cannot be stored: the step before it in the transaction is taken back too.
            try await bench.run("alter table evenkeel.error_change add check (detector <> 'bad')")
            await #expect(throws: StoreError.self) {
                _ = try await store(bench).follow(version, limit: 10, at: Bench.now) { rows, run in
                    (ErrorRun(state: [1], followed: 2), [Self.change("bad", rows[0])])
                }
            }
            let heard = try await follow(version, on: bench)
            #expect(places(heard) == [0, 1] && heard.runs[0] == ErrorRun())
            #expect(try await bench.int("select count(*) from evenkeel.error_change") == 0)
        }
    }

    /// Goal: nothing is left out or handed out twice, whoever writes meanwhile. Method: eight writers of labels, early and late ones and
    /// corrections, and two followers at once, each of a few labels; in the end every labelled prediction was handed out once.
    @Test("while others write and another one follows, each label is handed out once", arguments: Loans.seeds)
    func concurrent(seed: UInt64) async throws {
        try await withBench(connections: 10) { bench in
            var random = Seeded(seed)
            let version = try await bench.register()
            let all = batch(0..<400)
            let parts = (0..<8).map { part in (0..<400).filter { $0 % 8 == part }.shuffled(using: &random) }
            let handed = Heard()
            try await withThrowingTaskGroup(of: [LabelledRow?].self) { group in
                for part in parts {
                    group.addTask {
                        let collector = bench.collector()
                        func retrying(_ body: () async throws -> Void) async throws {
                            while true { do { return try await body() } catch let error as StoreError where error.isRetryable {} }
                        }
                        for start in stride(from: 0, to: part.count, by: 10) {
                            let rows = Array(part[start..<start + 10])
                            // Labels of every other ten come first.
                            let isEarly = start / 10 % 2 == 0
                            if isEarly { try await retrying { try await collector.store(labels(rows), of: version, key: nil) } }
                            try await retrying { try await collector.store(all.rows(at: rows), of: version, key: nil) }
                            if !isEarly { try await retrying { try await collector.store(labels(rows), of: version, key: nil) } }
                            try await retrying {
                                try await collector.store(labels(Array(rows[0..<3]), 0, seconds: 9), of: version, key: nil)
                            }
                        }
                        return []
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        var rows: [LabelledRow?] = []
                        for _ in 0..<60 {
                            do { rows += try await follow(version, on: bench, limit: 7).rows } catch let error as StoreError
                                where error.isRetryable
                            {}
                        }
                        return rows
                    }
                }
                for try await rows in group { handed.rows += rows }
            }
            handed.rows += try await follow(version, on: bench).rows
            #expect(places(handed).sorted() == Array(0..<400), "seed \(seed)")
        }
    }
}

@Suite("The server is killed while labels are followed", .timeLimit(.minutes(10)))
struct ErrorStoreKillTests {
    /// Goal: kill -9 anywhere neither loses nor repeats a label or a change. Method: the whole server is killed again and again while pages of seven
    /// labels are followed; the state is the sum of what was handed out, a change is made at every hundredth label.
    @Test("kill -9 of the database: no label and no change is lost or repeated") func killed() async throws {
        let folder = Scratch.folder()
        defer { Scratch.remove(folder) }
        let cluster = EmbeddedCluster(folder: folder, syncs: true)
        try await cluster.start()
        let database = Database(url: cluster.url, connections: 3)
        try await Migrator(database: database).migrate()
        let version = try await RegistryStore(database: database).register(
            Loans.key, schema: Loans.schema, reference: Loans.reference, rows: 300, actor: "test", at: Bench.now)
        let collector = RecordStore(database: database, clock: { Bench.now })
        var random = Seeded(11)
        let batch = Loans.batch(3000, &random)
        try await collector.store(batch, of: version, key: nil)
        try await collector.store(Loans.labels((0..<3000).map { "r\($0)" }, 1, at: Bench.now), of: version, key: nil)

        let killer = Task {
            for _ in 0..<6 {
                while (try? await database.ping()) == nil { try await Task.sleep(for: .milliseconds(20)) }
                try await Task.sleep(for: .milliseconds(150))  // so that some pages are followed in between
                try await Scratch.killServer(folder)
                try await cluster.start()
            }
        }
        let store = ErrorStore(database: database)
        var pages = 0
        while true {
            do {
                let (isBehind, _) = try await store.follow(version, limit: 7, at: Bench.now) { rows, run in
                    var run = run
                    var changes: [ErrorChange] = []
                    for row in rows {
                        run.followed += 1
                        if run.followed % 100 == 0 {
                            changes.append(
                                ErrorChange(detector: "d", time: row?.time ?? .earliest, followed: run.followed, detectedAt: Bench.now))
                        }
                    }
                    run.state = Array("\(run.followed)".utf8)
                    return (run, changes)
                }
                pages += 1
                if !isBehind { break }
            } catch let error as StoreError where error.isRetryable { try await Task.sleep(for: .milliseconds(20)) }
        }
        try await killer.value
        while (try? await database.ping()) == nil { try await Task.sleep(for: .milliseconds(20)) }
        let (_, none) = try await store.follow(version, limit: 7, at: Bench.now) { _, run in (run, []) }
        #expect(none.isEmpty)
        let run = try await database.run { connection in
            let rows = try connection.query("select followed, convert_from(state, 'UTF8') from evenkeel.error_run")
            return (rows.int(0, 0), rows.text(0, 1))
        }
        #expect(run.0 == 3000 && run.1 == "3000")
        let changes = try await store.changes(of: version, from: .earliest, to: Bench.now.adding(seconds: 86_400))
        #expect(changes.map(\.number) == Array((1...30).reversed()))
        #expect(changes.map(\.followed) == (1...30).reversed().map { $0 * 100 })
        try await cluster.stop()
    }
}
