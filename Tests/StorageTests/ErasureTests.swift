import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("A record is erased by its id, from everywhere at once")
struct ErasureTests {
    private static let tables = ["prediction", "label", "label_waiting"]

    private func found(_ id: String, on bench: Bench) async throws -> Int64 {
        var rows: Int64 = 0
        for table in Self.tables {
            rows += try await bench.int("select count(*) from evenkeel.\(table) where record_id = $1", [.text(id)]) ?? 0
        }
        return rows
    }

    @Test("its rows and labels go in every version and week of its model; other records, other models and the sums stay")
    func everywhere() async throws {
        try await withBench { bench in
            let versions = try await [
                bench.register(), bench.register(ModelVersion(model: "credit", version: "2")),
                bench.register(ModelVersion(model: "other", version: "1")),
            ]
            var random = Seeded(1)
            let batch = Loans.batch(30, &random)
            var later = Loans.batch(30, &random)
            later.timestamps = later.timestamps.map { $0.adding(seconds: 30 * 86_400) }
            let store = bench.collector()
            for version in versions {
                try await store.store(batch, of: version, key: nil)
                try await store.store(later, of: version, key: nil)
            }
            for version in [versions[0], versions[2]] {
                try await store.store(Loans.labels(batch.ids, 1, at: Bench.now), of: version, key: nil)
                try await store.store(Loans.labels(["r7", "to come"], 0, at: Bench.now), of: version, key: nil)
            }
            let profile = try await bench.profile(of: versions[0])
            let receipt = try #require(
                try await store.erase(model: "credit", ids: ["r7", "r8", "to come", "nobody"], actor: "officer", at: Bench.now))
            // Two records each in two versions and two weeks. The last record of each id has the labels: three events in two versions.
            #expect(receipt.predictions == 8 && receipt.labels == 6 && receipt.waiting == 1)
            for id in ["r7", "r8", "to come"] {
                let left = try await bench.int(
                    "select count(*) from evenkeel.prediction where record_id = $1 and stream_id <> 3", [.text(id)])
                #expect(left == 0)
                #expect(try await found(id, on: bench) > 0, "the other model's")
            }
            #expect(try await bench.int("select count(*) from evenkeel.prediction where stream_id <> 3") == 112)
            expectSame(try await bench.profile(of: versions[0]), profile, "the sums")
        }
    }

    @Test("a half of an event goes with its record, by its own id or by that of one of its rows", arguments: ["e1", "e1/0", "e1/12"])
    func halves(id: String) async throws {
        try await withBench { bench in
            let version = try await bench.register()
            for event in ["e1", "e1/0", "e10"] {
                try await bench.run(
                    "insert into evenkeel.half (stream_id, event_id, ts, is_timed, data, received_at) values (\(version.streamID), '\(event)', now(), true, '\\x00', now())"
                )
            }
            try await bench.run("insert into evenkeel.half_total (stream_id, halves, bytes) values (\(version.streamID), 3, 12)")
            let receipt = try #require(try await bench.collector().erase(model: "credit", ids: [id], actor: "officer", at: Bench.now))
            let left = try await bench.column("select event_id from evenkeel.half order by event_id")
            #expect(left == (id == "e1/0" ? ["e10"] : id == "e1" ? ["e1/0", "e10"] : ["e1/0", "e10"]))
            #expect(receipt.halves == (id == "e1/0" ? 2 : 1))
            #expect(try await bench.int("select halves from evenkeel.half_total") == (id == "e1/0" ? 1 : 2))
        }
    }

    @Test("the audit log says who, when and how many, and has no id in clear")
    func audited() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var random = Seeded(1)
            try await bench.collector().store(Loans.batch(3, &random, prefix: "customer-"), of: version, key: nil)
            _ = try await bench.collector().erase(model: "credit", ids: ["customer-1"], actor: "officer", at: Bench.now)
            let entries = try await bench.rows(
                "select at, actor, subject, detail::text from evenkeel.audit_log where action = 'erase'", columns: 4)
            let hash = Digest.hex(Digest.sha256(Array("customer-1".utf8)))
            #expect(
                entries == [
                    [
                        "2026-03-10 12:00:00+00", "officer", "credit",
                        #"{"halves": 0, "labels": 0, "ids_sha256": ["\#(hash)"], "predictions": 1, "waiting_labels": 0}"#,
                    ]
                ])
        }
    }

    @Test("an erased id that comes again is a new record, and counts again")
    func again() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var random = Seeded(1)
            let batch = Loans.batch(3, &random)
            let store = bench.collector()
            try await store.store(batch, of: version, key: nil)
            try await store.store(Loans.labels(batch.ids, 1, at: Bench.now), of: version, key: nil)
            for _ in 0..<2 { _ = try await store.erase(model: "credit", ids: [batch.ids[0]], actor: "a", at: Bench.now) }
            #expect(try await store.store(batch, of: version, key: nil).stored == [0])
            #expect(try await bench.profile(of: version).rows == 4)
            #expect(try await store.store(Loans.labels([batch.ids[0]], 0, at: Bench.now), of: version, key: nil).joined == 1)
        }
    }

    @Test("a model that is not registered has nothing to erase, and leaves no entry")
    func unknown() async throws {
        try await withBench { bench in
            let receipt = try await bench.collector().erase(model: "none", ids: ["a"], actor: "a", at: Bench.now)
            #expect(receipt == nil)
            #expect(try await bench.int("select count(*) from evenkeel.audit_log") == 0)
        }
    }

    @Test("whatever races with writers, an id is either gone or was stored after", arguments: Loans.seeds)
    func races(seed: UInt64) async throws {
        try await withBench(connections: 6) { bench in
            var random = Seeded(seed)
            let versions = try await [bench.register(), bench.register(ModelVersion(model: "credit", version: "2"))]
            let batch = Loans.batch(60, &random, seconds: 20 * 86_400)
            let store = bench.collector()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for version in versions { group.addTask { try await store.store(batch, of: version, key: nil) } }
                group.addTask { try await store.store(Loans.labels(batch.ids, 1, at: Bench.now), of: versions[0], key: nil) }
                for _ in 0..<3 {
                    group.addTask { _ = try await store.erase(model: "credit", ids: Array(batch.ids), actor: "a", at: Bench.now) }
                }
                try await group.waitForAll()
            }
            // No row is left of half a record: a label's prediction stands in its version, or the label waits.
            let orphans = try await bench.int(
                """
                select count(*) from evenkeel.label l left join evenkeel.prediction p using (stream_id, record_id) where p.record_id is null
                """)
            #expect(orphans == 0, "seed \(seed)")
            _ = try await store.erase(model: "credit", ids: Array(batch.ids), actor: "a", at: Bench.now)
            for table in Self.tables { #expect(try await bench.int("select count(*) from evenkeel.\(table)") == 0, "seed \(seed)") }
        }
    }
}
