import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("What is stored is whole and once, whatever goes wrong and whoever writes", .timeLimit(.minutes(30)))
struct RecordStoreTroubleTests {
    private static let tables = ["prediction", "level", "label", "label_waiting", "batch", "profile", "dirty_window"]

    private func expectNothingStored(_ bench: Bench, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for table in Self.tables {
            #expect(try await bench.int("select count(*) from evenkeel.\(table)") == 0, "\(table)", sourceLocation: sourceLocation)
        }
    }

    /// Calls again as a client does, for as long as the error says that it passes by itself.
    private func retrying<R>(_ body: () async throws -> R) async throws -> R {
        while true { do { return try await body() } catch let error as StoreError where error.isRetryable {} }
    }

    @Test("one write that fails keeps the whole request out, and a later one is not misled")
    func atomic() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let good = try await bench.register()
            let second = try await bench.register(ModelVersion(model: "credit", version: "2"))
            var unknown = second
            unknown.versionID = 99
            let batch = Loans.batch(40, &random, isWild: true)
            let collector = bench.collector()
            let error = try #require(
                await #expect(throws: StoreError.self) {
                    try await collector.store(predictions: [
                        PredictionWrite(version: good, batch: batch, key: BatchKey("a", fingerprint: "")),
                        PredictionWrite(version: unknown, batch: batch, key: BatchKey("b", fingerprint: "")),
                    ])
                })
            #expect(!error.isRetryable)
            try await expectNothingStored(bench)
            // The codes of the levels that were rolled back are given out anew.
            for number in 0..<2 {
                let part = batch.rows(at: number == 0 ? Array(20..<40) : Array(0..<20))
                let receipts = try await collector.store(predictions: [
                    PredictionWrite(version: good, batch: part, key: BatchKey("\(number)", fingerprint: "")),
                    PredictionWrite(version: second, batch: part, key: BatchKey("\(number)", fingerprint: "")),
                ])
                #expect(receipts.allSatisfy { $0.duplicates == 0 && $0.stored.count == 20 })
            }
            let cities = try await bench.rows(
                "select record_id, city from evenkeel.\"credit 1\" order by substr(record_id, 2)::int", columns: 2)
            guard case .categorical(let city) = batch.features[2] else { preconditionFailure("the loans' columns") }
            #expect(cities == batch.ids.indices.map { [batch.ids[$0], city[$0]] })
        }
    }

    @Test("one label write that fails keeps the whole request out")
    func atomicLabels() async throws {
        try await withBench { bench in
            try await bench.register()
            let labels = Loans.labels(["a", "b"], 1, at: Bench.now)
            await #expect(throws: StoreError.self) {
                try await bench.collector().store(labels: [
                    LabelWrite(model: "credit", batch: labels, key: BatchKey("k", fingerprint: "")),
                    LabelWrite(model: "unknown", batch: labels, key: BatchKey("k", fingerprint: "")),
                ])
            }
            try await expectNothingStored(bench)
        }
    }

    @Test("eight writers with overlapping ids store each once", arguments: Loans.seeds)
    func writers(seed: UInt64) async throws {
        try await withBench(connections: 8) { bench in
            var random = Seeded(seed)
            let version = try await bench.register()
            // Over many weeks, so that they also make partitions at the same time.
            let all = Loans.batch(240, &random, seconds: 20 * 7 * 86_400, isWild: true)
            let parts = (0..<8).map { _ in (0..<120).map { _ in Int.random(in: 0..<240, using: &random) } }
            let receipts = try await withThrowingTaskGroup(of: PredictionReceipt.self) { group in
                for (number, rows) in parts.enumerated() {
                    group.addTask {
                        try await retrying { try await bench.collector().store(all.rows(at: rows), of: version, key: "k\(number)") }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let sent = Set(parts.joined()).sorted()
            #expect(receipts.reduce(0) { $0 + $1.stored.count } == sent.count, "seed \(seed)")
            #expect(receipts.reduce(0) { $0 + $1.accepted } == 8 * 120, "seed \(seed)")
            #expect(try await bench.int("select count(*) from evenkeel.prediction") == Int64(sent.count), "seed \(seed)")
            expectSame(try await bench.profile(of: version), Loans.profile([all.rows(at: sent)]), "seed \(seed)")
        }
    }

    @Test("of the same request sent eight times at once one is stored")
    func sameRequest() async throws {
        try await withBench(connections: 8) { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let batch = Loans.batch(30, &random)
            let receipts = try await withThrowingTaskGroup(of: PredictionReceipt.self) { group in
                for _ in 0..<8 { group.addTask { try await bench.collector().store(batch, of: version, key: "k") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(receipts.count { !$0.stored.isEmpty } == 1 && receipts.allSatisfy { $0.accepted == 30 && $0.duplicates == 0 })
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "stored once")
        }
    }

    @Test("predictions of two versions and labels that race for each other meet", arguments: Loans.seeds)
    func race(seed: UInt64) async throws {
        try await withBench(connections: 8) { bench in
            var random = Seeded(seed)
            let versions = [try await bench.register(), try await bench.register(ModelVersion(model: "credit", version: "2"))]
            let batch = Loans.batch(160, &random, seconds: 600)
            let labels = batch.ids.indices.map { Double($0 % 2) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<8 {
                    let rows = Array(part * 20..<part * 20 + 20)
                    for version in versions {
                        group.addTask {
                            try await retrying { _ = try await bench.collector().store(batch.rows(at: rows), of: version, key: "k\(part)") }
                        }
                    }
                    group.addTask {
                        var events = LabelBatch()
                        events.ids = rows.map { batch.ids[$0] }
                        events.labels = rows.map { labels[$0] }
                        events.timestamps = rows.map { _ in Bench.now }
                        try await retrying { _ = try await bench.collector().store(events, of: versions[0], key: "k\(part)") }
                    }
                }
                try await group.waitForAll()
            }
            let expected = Loans.profile([batch], labels: batch.ids.indices.map { Loans.labelled(batch, $0, labels[$0]) })
            for version in versions { expectSame(try await bench.profile(of: version), expected, "seed \(seed), \(version.key)") }
            #expect(try await bench.int("select count(*) from evenkeel.label_waiting") == 0, "seed \(seed)")
        }
    }

    @Test("a request for several models never waits in a circle with one for several versions")
    func noCircle() async throws {
        try await withBench(connections: 4) { bench in
            var random = Seeded(1)
            // Streams 1 and 3 are a's, 2 is b's.
            try await bench.register(ModelVersion(model: "a", version: "1"))
            let b = try await bench.register(ModelVersion(model: "b", version: "1"))
            let second = try await bench.register(ModelVersion(model: "a", version: "2"))
            let batch = Loans.batch(3, &random)
            let labels = Loans.labels(batch.ids, 1, at: Bench.now)
            // Whoever needs b's stream has to wait until all are in line.
            let holder = Database(url: bench.url, connections: 1)
            try await holder.run { connection in
                try connection.run("begin; select pg_advisory_xact_lock(1163282245, \(b.streamID))")
            }
            let waiting = "select count(*) = $1::int from pg_stat_activity where datname = current_database() and wait_event = 'advisory'"
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try await bench.collector().store(predictions: [
                        PredictionWrite(version: b, batch: batch, key: BatchKey("k", fingerprint: "")),
                        PredictionWrite(version: second, batch: batch, key: BatchKey("k", fingerprint: "")),
                    ])
                }
                try await bench.until(waiting, [.int(1)])
                group.addTask {
                    _ = try await bench.collector().store(labels: [
                        LabelWrite(model: "a", batch: labels, key: BatchKey("k", fingerprint: "")),
                        LabelWrite(model: "b", batch: labels, key: BatchKey("k", fingerprint: "")),
                    ])
                }
                try await bench.until(waiting, [.int(2)])
                try await holder.run { try $0.run("commit") }
                try await group.waitForAll()
            }
            #expect(try await bench.int("select count(*) from evenkeel.label") == 6)
        }
    }

    /// Where the store is when the server goes away: before its rows, and while it reads what the version's columns are compared with.
    @Test(
        "a server that goes away in the middle gives a retryable error and no rows; later stores work on the same database object",
        arguments: [
            "select pg_advisory_xact_lock(1163282245, $stream)", "lock table evenkeel.reference_variation in access exclusive mode",
        ])
    func interrupted(_ hold: String) async throws {
        try await withBench(connections: 2) { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let batch = Loans.batch(60, &random)
            let holder = Database(url: bench.url, connections: 1)
            try await holder.run { try $0.run("begin; " + hold.replacing("$stream", with: "\(version.streamID)")) }
            let store = Task { try await bench.collector().store(batch, of: version, key: "k") }
            try await bench.until(
                "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')")
            // As at a shutdown: every session of the database ends, this test's own as well.
            let admin = Database(url: Secret(bench.url.reveal().replacing(bench.name, with: "postgres")), connections: 1)
            _ = try await admin.run { connection in
                try connection.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [.text(bench.name)]).count
            }
            let error = try #require(await #expect(throws: StoreError.self) { try await store.value })
            #expect(error.code == .unavailable && error.isRetryable, "\(error)")
            try await retrying { try await bench.database.ping() }
            try await expectNothingStored(bench)
            let receipt = try await retrying { try await bench.collector().store(batch, of: version, key: "k") }
            #expect(receipt.accepted == 60 && receipt.duplicates == 0 && receipt.stored.count == 60)
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "stored once")
        }
    }

    @Test("a text with a zero byte is refused, not cut short")
    func zeroByte() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let good = Loans.batch(2, &random)
            var batches = [good, good, good, good]
            batches[0].ids = TextColumn(batches[0].ids.enumerated().map { $0 == 1 ? "a\0b" : $1 })
            batches[1].errors[1] = "a\0b"
            batches[2].features[2] = .categorical(LevelColumn(["a\0b", "c"]))
            batches[3].measures = ["a\0b": [1, 2]]
            for batch in batches {
                let error = try #require(
                    await #expect(throws: StoreError.self) { try await bench.collector().store(batch, of: version, key: "k") })
                #expect(error.code == .failed)
                try await expectNothingStored(bench)
            }
        }
    }
}
