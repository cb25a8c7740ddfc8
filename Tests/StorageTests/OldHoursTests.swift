import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("What is old when it comes is stored by the hour")
struct OldHoursTests {
    private func at(_ hours: Int64, _ minutes: Int64 = 0) -> Timestamp { Loans.start.adding(seconds: hours * 3600 + minutes * 60) }
    private func widths(_ bench: Bench) async throws -> [String] {
        try await bench.column(
            "select width_seconds || ' ' || count(*) from evenkeel.profile group by width_seconds order by width_seconds")
    }
    private func newest(_ bench: Bench, _ version: RegisteredVersion) async throws -> Timestamp? {
        try await OverviewStore(database: bench.database).heads(of: [version.streamID], kinds: [.hour]).first?.newest
    }

    @Test("one row for each old hour and each newer minute; the sums are those of the rows, and the newest minute is known")
    func hours() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let batch = Loans.batch(400, &random, from: Loans.start, seconds: 6 * 3600, isWild: true)
            // In the sixth hour: it, and the two before, are kept by the minute.
            try await bench.collector(at: at(5, 30)).store(batch, of: version, key: nil)
            let minutes = Set(batch.timestamps.filter { $0 >= at(3) }.map { $0.floored(toSeconds: 60) })
            #expect(try await widths(bench) == ["60 \(minutes.count)", "3600 3"])
            for (from, to) in [(at(0), at(3)), (at(1), at(2)), (at(2), at(3, 17)), (at(4, 5), at(5, 6)), (at(0), at(6))] {
                let found = try await bench.profiles.profile(of: version, from: from, to: to)
                expectSame(found, Loans.profile([batch], from: from, to: to), "\(from) to \(to)")
            }
            // Once all is old, a batch of one minute more and labels for all of it.
            let late = Loans.batch(3, &random, prefix: "late ", from: at(1, 10), seconds: 60)
            try await bench.collector().store(late, of: version, key: nil)
            try await bench.collector().store(Loans.labels(Array(batch.ids) + Array(late.ids), 1, at: at(9)), of: version, key: nil)
            #expect(try await widths(bench) == ["60 \(minutes.count)", "3600 10"])
            #expect(try await bench.profiles.compact(version, before: at(6)) == 3)
            #expect(try await widths(bench).count == 1)
            let labels = [batch, late].flatMap { batch in
                batch.ids.indices.filter { batch.errors[$0] == nil }.map { Loans.labelled(batch, $0, 1) }
            }
            expectSame(try await bench.profile(of: version), Loans.profile([batch, late], labels: labels), "all")
            let last = batch.timestamps.max()?.floored(toSeconds: 60)
            #expect(try await bench.profiles.span(of: version)?.last == last)
            #expect(try await newest(bench, version) == last)
        }
    }

    @Test("of a version with windows shorter than an hour every minute is kept, also where others would be hours")
    func needed() async throws {
        try await withBench { bench in
            var random = Seeded(2)
            let version = try await bench.register()
            try await bench.run("update evenkeel.model_version set watch = jsonb_set(watch, '{windows}', '[\"15m\"]')")
            let batch = Loans.batch(100, &random, from: Loans.start, seconds: 2 * 3600)
            try await bench.collector().store(batch, of: version, key: nil)
            #expect(try await widths(bench) == ["60 \(Set(batch.timestamps.map { $0.floored(toSeconds: 60) }).count)"])
            let found = try await bench.profiles.profile(of: version, from: at(0, 15), to: at(1, 45))
            expectSame(found, Loans.profile([batch], from: at(0, 15), to: at(1, 45)), "between")
        }
    }

    @Test("labels that come a day later make an hour no later arrival, and leave the newest minute as it was")
    func arrival() async throws {
        try await withBench { bench in
            var random = Seeded(3)
            let version = try await bench.register()
            var batch = Loans.batch(2, &random)
            batch.timestamps = [at(0, 10), at(0, 50)]
            batch.errors = [nil, nil]
            try await bench.collector(at: at(0)).store(batch, of: version, key: nil)
            // The records came in the hour itself.
            try await bench.run("update evenkeel.profile set stored_at = bucket")
            try await bench.collector(at: at(30)).store(Loans.labels(batch.ids, 1, at: at(30)), of: version, key: nil)
            try await bench.run("update evenkeel.profile set stored_at = '\(at(30))' where width_seconds = 3600")
            #expect(try await bench.profiles.compact(version, before: at(1)) == 1)
            #expect(try await widths(bench) == ["3600 1"])
            #expect(try await bench.profiles.arrivalLag(of: version, since: at(0)) == 0)
            #expect(try await newest(bench, version) == at(0, 50))
            #expect(try await bench.column("select stored_at from evenkeel.profile") == ["2026-03-03 12:00:00+00"])
        }
    }

    @Test("an hour that many requests have touched becomes one row; one of few is left alone")
    func crowded() async throws {
        try await withBench { bench in
            var random = Seeded(4)
            let version = try await bench.register()
            let batch = Loans.batch(ProfileStore.partsPerHourMax + 1, &random, from: Loans.start, seconds: 60)
            let store = bench.collector()
            for row in 0..<ProfileStore.partsPerHourMax { try await store.store(batch.rows(at: [row]), of: version, key: nil) }
            #expect(try await bench.profiles.compactCrowded(version) == 0)
            try await store.store(batch.rows(at: [ProfileStore.partsPerHourMax]), of: version, key: nil)
            #expect(try await widths(bench) == ["3600 65"])
            #expect(try await bench.profiles.compactCrowded(version) == 1)
            #expect(try await widths(bench) == ["3600 1"])
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "all")
        }
    }
}
