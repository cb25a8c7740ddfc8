import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Sums are kept by minute, compacted to hours, and marked when they change")
struct ProfileStoreTests {
    private let forever = Timestamp(seconds: 4_000_000_000)
    private func at(_ hours: Int64, _ minutes: Int64 = 0) -> Timestamp { Loans.start.adding(seconds: hours * 3600 + minutes * 60) }

    /// A version with some batches over the three hours from the start on.
    private func filled(_ bench: Bench, _ random: inout Seeded) async throws -> (version: RegisteredVersion, batches: [PredictionBatch]) {
        let version = try await bench.register()
        var batches: [PredictionBatch] = []
        for number in 0..<4 {
            let batch = Loans.batch(150, &random, prefix: "\(number)-", isWild: true)
            try await bench.collector(at: Loans.start).store(batch, of: version, key: "k\(number)")
            batches.append(batch)
        }
        return (version, batches)
    }

    @Test("a window takes its first moment and not its last")
    func halfOpen() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            var batch = Loans.batch(4, &random)
            batch.timestamps = [at(0, 59).adding(seconds: 59), at(1), at(1, 59).adding(seconds: 59), at(2)]
            try await bench.collector(at: Loans.start).store(batch, of: version, key: "k")
            let profile = try await bench.profiles.profile(of: version, from: at(1), to: at(2))
            expectSame(profile, Loans.profile([batch.rows(at: [1, 2])]), "the second hour")
            #expect(try await bench.profiles.profile(of: version, from: at(1), to: at(1)).isEmpty)
        }
    }

    @Test("stored bytes that are damaged are an error that says so, not a wrong sum")
    func damaged() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await filled(bench, &random).version
            try await bench.run("update evenkeel.profile set data = set_byte(data, 30, get_byte(data, 30) # 1) where part = 1")
            let error = try #require(await #expect(throws: StoreError.self) { try await bench.profile(of: version) })
            #expect(error.code == .damaged && !error.isRetryable)
        }
    }

    @Test("compaction leaves one row an hour and every sum as it was, bit for bit", arguments: Loans.seeds)
    func compaction(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let (version, batches) = try await filled(bench, &random)
            #expect(try await bench.profiles.compact(version, before: at(2)) == 2, "seed \(seed)")
            let widths = try await bench.column(
                "select width_seconds from evenkeel.profile where bucket < $1 order by bucket", [.time(at(2))])
            #expect(widths == ["3600", "3600"], "seed \(seed)")
            #expect(
                try await bench.int("select min(width_seconds) from evenkeel.profile where bucket >= $1", [.time(at(2))]) == 60,
                "seed \(seed)")
            for hour in 0..<3 {
                let found = try await bench.profiles.profile(of: version, from: at(Int64(hour)), to: at(Int64(hour) + 1))
                expectSame(found, Loans.profile(batches, from: at(Int64(hour)), to: at(Int64(hour) + 1)), "seed \(seed), hour \(hour)")
            }
            expectSame(try await bench.profile(of: version), Loans.profile(batches), "seed \(seed)")
        }
    }

    @Test("compacting again does nothing")
    func idempotent() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await filled(bench, &random).version
            _ = try await bench.profiles.compact(version, before: at(3))
            let rows = {
                try await bench.rows(
                    "select bucket, width_seconds, part, rows, labelled, md5(data) from evenkeel.profile order by 1", columns: 6)
            }
            let once = try await rows()
            #expect(once.count == 3)
            #expect(try await bench.profiles.compact(version, before: at(3)) == 0)
            #expect(try await rows() == once)
        }
    }

    @Test("an hour that has not ended is not compacted, and a limit leaves the rest for the next time")
    func limited() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let (version, batches) = try await filled(bench, &random)
            #expect(try await bench.profiles.compact(version, before: at(0, 59)) == 0)
            #expect(try await bench.profiles.compact(version, before: at(2, 30), limit: 1) == 1)
            #expect(try await bench.column("select bucket from evenkeel.profile where width_seconds = 3600") == ["2026-03-02 06:00:00+00"])
            #expect(try await bench.profiles.compact(version, before: at(2, 30), limit: 5) == 1)
            #expect(try await bench.profiles.compact(version, before: at(2, 30), limit: 5) == 0)
            expectSame(try await bench.profile(of: version), Loans.profile(batches), "compacted in part")
        }
    }

    @Test("records and labels that come after compaction add to their hour, and are compacted in turn")
    func late() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            var (version, batches) = try await filled(bench, &random)
            _ = try await bench.profiles.compact(version, before: at(3))
            let batch = Loans.batch(80, &random, prefix: "late", isWild: true)
            batches.append(batch)
            try await bench.collector(at: Loans.start).store(batch, of: version, key: "late")
            try await bench.collector(at: Loans.start).store(Loans.labels(batches[0].ids, 1, at: Bench.now), of: version, key: "late")
            let labels = batches[0].ids.indices.filter { batches[0].errors[$0] == nil }.map { Loans.labelled(batches[0], $0, 1) }
            let expected = Loans.profile(batches, labels: labels)
            expectSame(try await bench.profile(of: version), expected, "before")
            #expect(try await bench.profiles.compact(version, before: at(3)) == 3)
            expectSame(try await bench.profile(of: version), expected, "after")
            #expect(try await bench.int("select count(*) from evenkeel.profile") == 3)
            #expect(try await bench.int("select sum(labelled) from evenkeel.profile") == expected.labelled)
        }
    }

    @Test("compaction beside writers loses and doubles nothing")
    func together() async throws {
        try await withBench(connections: 5) { bench in
            var random = Seeded(1)
            let (version, first) = try await filled(bench, &random)
            let more = (0..<6).map { Loans.batch(60, &random, prefix: "more \($0) ", isWild: true) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, batch) in more.enumerated() {
                    group.addTask { try await bench.collector(at: Loans.start).store(batch, of: version, key: "more\(number)") }
                }
                for _ in 0..<3 { group.addTask { _ = try await bench.profiles.compact(version, before: at(3)) } }
                try await group.waitForAll()
            }
            expectSame(try await bench.profile(of: version), Loans.profile(first + more), "all")
        }
    }

    @Test("a window that cuts through a compacted hour is refused, at either end; full hours and open minutes are not")
    func straddling() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let (version, batches) = try await filled(bench, &random)
            _ = try await bench.profiles.compact(version, before: at(2))
            for (from, to) in [(at(0, 30), at(2)), (at(0), at(1, 30)), (at(0, 1), at(0, 59)), (at(-5), at(0, 1)), (at(1, 59), at(9))] {
                let error = try #require(
                    await #expect(throws: StoreError.self, "\(from) to \(to)") {
                        try await bench.profiles.profile(of: version, from: from, to: to)
                    })
                #expect(error.isUnanswerable && error.code == .unanswerable && error.description.contains("full hours"))
            }
            for (from, to) in [(at(0), at(1)), (at(1), at(2, 30)), (at(2, 10), at(2, 20)), (at(-1), at(0)), (at(-30), at(30))] {
                let found = try await bench.profiles.profile(of: version, from: from, to: to)
                expectSame(found, Loans.profile(batches, from: from, to: to), "\(from) to \(to)")
            }
        }
    }

    @Test("a stored batch marks every hour, day and week that it touches, the earliest ending first")
    func dirty() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            var batch = Loans.batch(3, &random)
            batch.timestamps = [at(17, 59), at(18), at(2)]  // from 6 o'clock: the last minute of a day, the first of the next
            try await bench.collector().store(batch, of: version, key: "k")
            let marks = try await bench.profiles.dirtyWindows(endedBy: forever, limit: 100)
            let windows = batch.timestamps.flatMap { time in WindowKind.scheduled.compactMap { Window(kind: $0, holding: time) } }
            #expect(Set(marks.map(\.window)) == Set(windows) && marks.count == 6)
            #expect(marks.map(\.window.end) == marks.map(\.window.end).sorted())
            #expect(marks.allSatisfy { $0.versionID == version.versionID && $0.touchedAt == Bench.now })
            #expect(
                try await bench.profiles.dirtyWindows(endedBy: at(3), limit: 100).map(\.window) == [
                    Window(kind: .hour, start: at(2), end: at(3))
                ])
            #expect(try await bench.profiles.dirtyWindows(endedBy: at(3).adding(seconds: -1), limit: 100).isEmpty)
            #expect(try await bench.profiles.dirtyWindows(endedBy: forever, limit: 2) == Array(marks.prefix(2)))
        }
    }

    @Test("records of windows are counted, and how late an hour's first records came is known")
    func rowsAndLag() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            #expect(try await bench.profiles.arrivalLag(of: version, since: at(0)) == nil)
            var batch = Loans.batch(3, &random)
            batch.timestamps = [at(1), at(1, 59), at(3)]
            try await bench.collector(at: Loans.start).store(batch, of: version, key: "k")
            #expect(try await bench.profiles.rows(of: version, from: [at(3), at(1), at(2)], seconds: 3600) == [1, 2, 0])
            #expect(try await bench.profiles.rows(of: version, from: [at(0)], seconds: 86_400) == [3])
            // The rows are stored now, by the clock of the database; their hours ended long ago, the one before the other.
            let (early, late) = (
                try #require(try await bench.profiles.arrivalLag(of: version, since: at(0))),
                try #require(try await bench.profiles.arrivalLag(of: version, since: at(3)))
            )
            #expect(early - late == 7200 && late > 0)
        }
    }

    @Test("clearing takes away the marks that were evaluated, but not one that a later batch renewed")
    func cleared() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let collector = bench.collector(at: Loans.start)
            try await collector.store(Loans.batch(50, &random, prefix: "a"), of: version, key: "a")
            let marks = try await bench.profiles.dirtyWindows(endedBy: forever, limit: 100)
            #expect(marks.count == 5)
            try await collector.store(Loans.batch(1, &random, prefix: "b", seconds: 60), of: version, key: "b")
            try await bench.profiles.clear(marks)
            let left = try await bench.profiles.dirtyWindows(endedBy: forever, limit: 100)
            let touched = WindowKind.scheduled.compactMap { Window(kind: $0, holding: Loans.start) }
            #expect(left.map(\.window) == touched)
            #expect(left.allSatisfy { mark in marks.contains { $0.window == mark.window && $0.batchID != mark.batchID } })
            try await bench.profiles.clear(left)
            #expect(try await bench.profiles.dirtyWindows(endedBy: forever, limit: 100).isEmpty)
            try await bench.profiles.clear([])
        }
    }

    @Test("a batch of duplicates marks nothing")
    func notDirty() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let batch = Loans.batch(5, &random)
            try await bench.collector(at: Loans.start).store(batch, of: version, key: "a")
            try await bench.profiles.clear(bench.profiles.dirtyWindows(endedBy: forever, limit: 100))
            #expect(try await bench.collector(at: Loans.start).store(batch, of: version, key: "b").duplicates == 5)
            #expect(try await bench.profiles.dirtyWindows(endedBy: forever, limit: 100).isEmpty)
        }
    }
}
