import Migrations
import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Partitions are made ahead, dropped when they are old, and missed by nobody", .timeLimit(.minutes(30)))
struct PartitionsTests {
    private static let day: Int64 = 86_400
    /// A Thursday, on which a week begins.
    private let week = Timestamp(rfc3339: "2026-03-05T00:00:00Z")!

    private func tables(_ bench: Bench) async throws -> [String] {
        try await bench.column(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'evenkeel.prediction'::regclass order by 1"
        )
    }

    /// Of the raw rows alone.
    private static let rawOnly: RetentionSettings = {
        var settings = RetentionSettings()
        settings.profileDays = nil
        settings.waitingLabelDays = nil
        return settings
    }()

    /// A version with ten records of the first day of `week`, made at that time.
    private func filled(_ bench: Bench) async throws -> (version: RegisteredVersion, batch: PredictionBatch) {
        let version = try await bench.register()
        var random = Seeded(7)
        let batch = Loans.batch(10, &random, from: week, seconds: Self.day)
        try await collector(bench, at: week).store(batch, of: version, key: nil)
        return (version, batch)
    }

    private func collector(_ bench: Bench, at time: Timestamp) -> RecordStore { RecordStore(database: bench.database, clock: { time }) }

    @Test("the present week and the next two are made, once")
    func ahead() async throws {
        try await withBench { bench in
            for _ in 0..<2 { try await bench.collector().makePartitions(at: Bench.now) }
            #expect(try await tables(bench) == ["prediction_20260305", "prediction_20260312", "prediction_20260319"])
            let made = try await bench.column("select made_at from evenkeel.prediction_week")
            #expect(made == [String](repeating: "2026-03-10 12:00:00+00", count: 3))
        }
    }

    @Test("a record of a week that was made ahead waits for nobody who makes or drops partitions")
    func noLock() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            try await bench.collector().makePartitions(at: Bench.now)
            let other = Database(url: bench.url, connections: 1)
            try await other.run { try $0.run("begin; select pg_advisory_xact_lock(1163282245, -2)") }
            var random = Seeded(1)
            let batch = Loans.batch(5, &random, from: week, seconds: Self.day)
            #expect(try await bench.collector().store(batch, of: version, key: nil).stored.count == 5)
            try await other.run { try $0.run("rollback") }
        }
    }

    @Test("a partition is made while others write and read, who do not wait either")
    func besideWriters() async throws {
        try await withBench { bench in
            let other = Database(url: bench.url, connections: 1)
            try await other.run { try $0.run("begin; lock table evenkeel.prediction in row exclusive mode") }
            try await bench.collector().makePartitions(at: Bench.now)
            #expect(try await tables(bench).count == 3)
            try await other.run { try $0.run("rollback") }
        }
    }

    @Test("a partition that a person drops is made anew by the next record, without a restart")
    func droppedByHand() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let collector = bench.collector()
            var random = Seeded(1)
            let batch = Loans.batch(20, &random)
            try await collector.store(batch.rows(at: Array(0..<10)), of: version, key: nil)
            try await bench.run("drop table evenkeel.prediction_20260226")
            #expect(try await collector.store(batch.rows(at: Array(10..<20)), of: version, key: nil).stored.count == 10)
            #expect(try await bench.int("select count(*) from evenkeel.prediction") == 10)
            // Labels find what is there.
            #expect(try await collector.store(Loans.labels(batch.ids, 1, at: Bench.now), of: version, key: nil).joined == 10)
        }
    }

    @Test("a week is dropped when its end and its making are older than the limit, and not a moment before")
    func due() async throws {
        try await withBench { bench in
            let (version, batch) = try await filled(bench)
            let end = week.adding(seconds: 7 * Self.day)
            let due = end.adding(seconds: 90 * Self.day)
            let store = collector(bench, at: due)
            let early = try await store.keep(Self.rawOnly, versions: [version], at: due.adding(seconds: -1))
            #expect(early == RetentionReport())
            #expect(try await tables(bench) == ["prediction_20260305"])
            #expect(try await store.keep(Self.rawOnly, versions: [version], at: due).droppedWeeks == [week])
            #expect(try await tables(bench).isEmpty)
            #expect(try await store.keep(Self.rawOnly, versions: [version], at: due).droppedWeeks.isEmpty)
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "the sums stay")
        }
    }

    @Test("old records that come lately are taken and kept as long as others")
    func backfill() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let now = week.adding(seconds: 1000 * Self.day)
            var random = Seeded(7)
            let batch = Loans.batch(10, &random, from: week, seconds: Self.day)
            let store = collector(bench, at: now)
            #expect(try await store.store(batch, of: version, key: nil).stored.count == 10)
            for days in [0, 1, 89] as [Int64] {
                let report = try await store.keep(Self.rawOnly, versions: [version], at: now.adding(seconds: days * Self.day))
                #expect(report.droppedWeeks.isEmpty, "after \(days) days")
            }
            let report = try await store.keep(Self.rawOnly, versions: [version], at: now.adding(seconds: 90 * Self.day))
            #expect(report.droppedWeeks == [week])
        }
    }

    @Test("records of a dropped week are refused, by every collector, and the others of their request are stored")
    func refused() async throws {
        try await withBench { bench in
            let (version, batch) = try await filled(bench)
            let late = week.adding(seconds: 200 * Self.day)
            // One has taken the week's partition for granted since before it was dropped; one is new.
            let old = collector(bench, at: late)
            try await old.store(batch, of: version, key: nil)
            _ = try await bench.collector().keep(Self.rawOnly, versions: [version], at: late)
            var random = Seeded(9)
            for (number, store) in [old, collector(bench, at: late)].enumerated() {
                var mixed = batch
                mixed.append(Loans.batch(3, &random, prefix: "new \(number) ", from: late, seconds: 60))
                let receipt = try await store.store(mixed, of: version, key: "\(number)")
                #expect(receipt.refused == 10 && receipt.accepted == 3 && receipt.duplicates == 0)
                #expect(receipt.stored == [10, 11, 12])
                #expect(store.droppedWeeks.holds(week) && !store.droppedWeeks.holds(late))
            }
            #expect(try await bench.profile(of: version).rows == 16)
            #expect(try await tables(bench) == ["prediction_20260917"])
        }
    }

    @Test("a table that is too busy to be locked is left for the next round")
    func busy() async throws {
        try await withBench { bench in
            let version = try await filled(bench).version
            let other = Database(url: bench.url, connections: 1)
            try await other.run { try $0.run("begin; lock table evenkeel.prediction in row exclusive mode") }
            let late = week.adding(seconds: 200 * Self.day)
            let error = try #require(
                await #expect(throws: StoreError.self) {
                    try await bench.collector().keep(Self.rawOnly, versions: [version], at: late)
                })
            #expect(error.isRetryable)
            #expect(try await tables(bench) == ["prediction_20260305"])
            #expect(try await bench.int("select count(*) from evenkeel.prediction_week where dropped_at is not null") == 0)
            try await other.run { try $0.run("rollback") }
            #expect(try await bench.collector().keep(Self.rawOnly, versions: [version], at: late).droppedWeeks == [week])
        }
    }

    @Test("labels go with their predictions, also when a crash came between; a label that comes later waits")
    func labels() async throws {
        try await withBench { bench in
            let (version, batch) = try await filled(bench)
            var random = Seeded(3)
            let next = Loans.batch(5, &random, prefix: "next ", from: week.adding(seconds: 7 * Self.day), seconds: Self.day)
            let store = collector(bench, at: week)
            try await store.store(next, of: version, key: nil)
            try await store.store(Loans.labels(Array(batch.ids) + next.ids, 1, at: Bench.now), of: version, key: nil)
            let labelled = try await bench.profile(of: version)
            // As a process leaves it that is killed after the partition is gone.
            let late = week.adding(seconds: 97 * Self.day)
            _ = try await bench.database.run { connection in
                try Partitions().dropOldest(before: late.adding(seconds: -90 * Self.day), at: late, on: connection)
            }
            #expect(try await bench.int("select count(*) from evenkeel.label") == 15)
            let report = try await store.keep(Self.rawOnly, versions: [version], at: late)
            #expect(
                report
                    == {
                        var report = RetentionReport(); report.deleted["label"] = 10; return report
                    }())
            #expect(try await bench.int("select count(*) from evenkeel.label") == 5)
            let receipt = try await store.store(Loans.labels([batch.ids[0], next.ids[0]], 0, at: late), of: version, key: nil)
            #expect(receipt.waiting == 1 && receipt.corrected == 1)
            #expect(try await bench.profile(of: version).labelled == labelled.labelled)
        }
    }

    @Test("partitions of a database that an older program has filled are known, as if made by the migration")
    func migrated() async throws {
        try await withBench(isMigrated: false) { bench in
            let before = migrationsBeforeKeep
            for migration in before { try await bench.run((migration == before[0] ? "create schema evenkeel;" : "") + migration) }
            try await bench.run(
                "create table evenkeel.prediction_20260305 partition of evenkeel.prediction for values from ('2026-03-05') to ('2026-03-12')"
            )
            try await bench.run(keepMigration)
            let weeks = try await bench.column("select week from evenkeel.prediction_week where made_at > now() - interval '1 hour'")
            #expect(weeks == ["2026-03-05 00:00:00+00"])
        }
    }
}

private let keepMigration = migrations.first { $0.name == "keep" }!.sql
private let migrationsBeforeKeep = migrations.prefix { $0.name != "keep" }.map(\.sql)
