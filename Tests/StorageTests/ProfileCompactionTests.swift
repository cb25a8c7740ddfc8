import Migrations
import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Roll-ups change no sum, whatever comes between, and hold up no writer", .timeLimit(.minutes(30)))
struct ProfileCompactionTests {
    private static let day: Int64 = 86_400
    private let start = Loans.start.floored(toSeconds: 86_400)
    /// After everything that is stored in these tests.
    private let end = Timestamp(seconds: 4_000_000_000)
    private func at(_ days: Int64, _ hours: Int64 = 0, _ minutes: Int64 = 0) -> Timestamp {
        start.adding(seconds: days * 86_400 + hours * 3600 + minutes * 60)
    }

    private func widths(_ bench: Bench) async throws -> [String] {
        try await bench.column(
            "select width_seconds || ' ' || count(*) from evenkeel.profile group by width_seconds order by width_seconds")
    }

    /// A version with records over three days.
    private func filled(_ bench: Bench) async throws -> (version: RegisteredVersion, batch: PredictionBatch) {
        let version = try await bench.register()
        var random = Seeded(1)
        let batch = Loans.batch(300, &random, from: start, seconds: 3 * Self.day, isWild: true)
        try await bench.collector(at: start).store(batch, of: version, key: nil)
        return (version, batch)
    }

    @Test("minutes become hours and hours become days, each day with the same sum, bit for bit")
    func days() async throws {
        try await withBench { bench in
            let (version, batch) = try await filled(bench)
            while try await bench.profiles.compact(version, before: at(2), limit: 10) == 10 {}
            #expect(try await bench.profiles.compactHours(version, before: at(2), storedBefore: end) == 2)
            #expect(try await bench.profiles.compactHours(version, before: at(2), storedBefore: end) == 0)
            #expect(try await bench.int("select count(*) from evenkeel.profile where bucket < $1", [.time(at(2))]) == 2)
            for day in 0..<3 as Range<Int64> {
                let found = try await bench.profiles.profile(of: version, from: at(day), to: at(day + 1))
                expectSame(found, Loans.profile([batch], from: at(day), to: at(day + 1)), "day \(day)")
            }
            // Open minutes are answered to the minute, at both ends of what was rolled up.
            let found = try await bench.profiles.profile(of: version, from: at(1), to: at(2, 7, 13))
            expectSame(found, Loans.profile([batch], from: at(1), to: at(2, 7, 13)), "into open minutes")
        }
    }

    @Test("minutes of old hours that came lately can be left, unless their hour is one sum already")
    func lately() async throws {
        try await withBench { bench in
            let (version, _) = try await filled(bench)
            let past = Timestamp(seconds: 0)
            #expect(try await bench.profiles.compact(version, before: at(2), storedBefore: past) == 0)
            // They were stored by the clock of the database.
            #expect(try await bench.profiles.compact(version, before: at(1), storedBefore: end) == 24)
            var random = Seeded(2)
            let late = Loans.batch(10, &random, prefix: "late", from: start, seconds: Self.day, isWild: true)
            try await bench.collector(at: start).store(late, of: version, key: nil)
            #expect(try await bench.profiles.compact(version, before: at(2), storedBefore: past) > 0)
            #expect(
                try await bench.int("select count(*) from evenkeel.profile where bucket < $1 and width_seconds = 60", [.time(at(1))]) == 0)
            #expect(
                try await bench.int("select count(*) from evenkeel.profile where bucket >= $1 and width_seconds = 3600", [.time(at(1))])
                    == 0)
        }
    }

    @Test("a window that cuts through a day, an hour or a minute is refused by that name")
    func straddling() async throws {
        try await withBench { bench in
            let (version, _) = try await filled(bench)
            while try await bench.profiles.compact(version, before: at(2)) == 100 {}
            _ = try await bench.profiles.compactHours(version, before: at(1), storedBefore: end)
            for (from, to, word) in [
                (at(0, 5), at(1), "days"), (at(0), at(0, 23), "days"), (at(1, 5, 30), at(2), "hours"), (at(0, 4), at(1, 5, 30), "days"),
            ] {
                let error = try #require(
                    await #expect(throws: StoreError.self) { try await bench.profiles.profile(of: version, from: from, to: to) })
                #expect(error.description.hasSuffix("let it start and end on full \(word)"))
            }
            let bucket = try #require(
                try await bench.database.run {
                    try $0.query("select max(bucket) from evenkeel.profile where width_seconds = 60").time(0, 0)
                })
            let error = try #require(
                await #expect(throws: StoreError.self) {
                    try await bench.profiles.profile(of: version, from: at(0), to: bucket.adding(seconds: 30))
                })
            #expect(error.description.hasSuffix("full minutes"))
        }
    }

    @Test("hours of old times that came lately are kept, but what comes for a day that is one sum joins it at once")
    func late() async throws {
        try await withBench { bench in
            var (version, batch) = try await filled(bench)
            while try await bench.profiles.compact(version, before: at(3)) == 100 {}
            try await bench.run("update evenkeel.profile set stored_at = bucket")
            try await bench.run("update evenkeel.profile set stored_at = '\(at(9))' where bucket >= '\(at(1))' and bucket < '\(at(1, 1))'")
            #expect(try await bench.profiles.compactHours(version, before: at(3), storedBefore: at(9)) == 2)
            #expect(
                try await bench.column("select bucket from evenkeel.profile where width_seconds = 86400 order by 1")
                    == ["2026-03-02 00:00:00+00", "2026-03-04 00:00:00+00"])
            var random = Seeded(5)
            let more = Loans.batch(20, &random, prefix: "late ", from: start, seconds: Self.day)
            try await bench.collector(at: start).store(more, of: version, key: nil)
            batch.append(more)
            let marks = try await bench.profiles.dirtyWindows(endedBy: end, limit: 1000)
            #expect(marks.contains { $0.window.kind == .hour && $0.window.start < at(1) })
            while try await bench.profiles.compact(version, before: at(3)) == 100 {}
            #expect(try await bench.profiles.compactHours(version, before: at(3), storedBefore: at(9)) == 1)
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "all")
            // The hours of such a day have no profile of their own, so nothing waits for their evaluation; the day itself is marked.
            let left = try await bench.profiles.dirtyWindows(endedBy: end, limit: 1000).map(\.window).filter { $0.start < at(1) }
            #expect(left == [WindowKind.day, .week].compactMap { Window(kind: $0, holding: at(0)) })
        }
    }

    @Test("a bucket of more rows than a step merges is merged in several steps")
    func steps() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            var random = Seeded(1)
            let batch = Loans.batch(250, &random, from: start, seconds: 60)
            let store = bench.collector(at: start)
            for row in 0..<250 { try await store.store(batch.rows(at: [row]), of: version, key: nil) }
            #expect(try await widths(bench) == ["60 250"])
            #expect(try await bench.profiles.compactCrowded(version) == 1)
            #expect(try await widths(bench) == ["60 1"])
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "all")
        }
    }

    @Test("neither does a writer wait for a roll-up of the very same hour, nor a roll-up for a writer")
    func noWaiting() async throws {
        try await withBench { bench in
            var (version, batch) = try await filled(bench)
            let other = Database(url: bench.url, connections: 1)
            let stream = version.streamID
            let (from, to) = (at(0), at(3))
            _ = try await other.run { connection in
                try connection.run("begin; select pg_advisory_xact_lock(1163282247, \(stream))")
                return try connection.query(Queries["take_parts"], [.int(stream), .time(from), .time(to), .int(3600), .int(1000)]).count
            }
            var random = Seeded(5)
            let more = Loans.batch(50, &random, prefix: "more ", from: start, seconds: 3 * Self.day)
            #expect(try await bench.collector(at: start).store(more, of: version, key: nil).stored.count == 50)
            batch.append(more)
            // Killed before its sum was written: as if it had never begun.
            try await other.run { try $0.run("rollback; begin; select pg_advisory_xact_lock(1163282245, \(stream))") }
            while try await bench.profiles.compact(version, before: at(3)) == 100 {}
            #expect(try await widths(bench).count == 1)
            try await other.run { try $0.run("rollback") }
            expectSame(try await bench.profile(of: version), Loans.profile([batch]), "all")
        }
    }

    /// Goal: the sum over any window is the fold of its rows, or is refused because a coarser sum holds an end of it, after any interleaving.
    /// Method: random records, late records, labels, corrections and roll-ups, while the server kills every few roll-ups in the middle.
    @Test("any interleaving of records, labels, roll-ups and kills leaves every sum right", arguments: 1...6 as ClosedRange<UInt64>)
    func interleaved(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let version = try await bench.register()
            // Between the deletion of the parts and the commit of their sum.
            try await bench.run(
                """
                create function evenkeel.kill() returns trigger language plpgsql as $$
                begin
                    if random() < (case when new.width_seconds > 60 then 0.2 else 0.002 end) then
                        perform pg_terminate_backend(pg_backend_pid());
                        perform pg_sleep(10);
                    end if;
                    return new;
                end $$;
                create trigger kill after insert on evenkeel.profile for each row execute function evenkeel.kill()
                """)
            var batches: [PredictionBatch] = []
            var labels: [String: (row: Int, batch: Int, label: Double)] = [:]
            var refusals = 0
            var kills = 0
            func surviving(_ body: () async throws -> Void) async throws {
                while true { do { return try await body() } catch let error as StoreError where error.isRetryable { kills += 1 } }
            }
            for step in 0..<40 {
                // To one of the collectors all of it is old, to another some, to the third nothing.
                let clock = [Bench.now, at(1, 12), start].randomElement(using: &random) ?? Bench.now
                switch Int.random(in: 0..<8, using: &random) {
                case 0, 1:
                    let batch = Loans.batch(25, &random, prefix: "\(step)-", from: start, seconds: 3 * Self.day, isWild: true)
                    try await surviving { try await bench.collector(at: clock).store(batch, of: version, key: "p\(step)") }
                    batches.append(batch)
                case 2, 3:
                    guard !batches.isEmpty else { continue }
                    var events = LabelBatch()
                    for _ in 0..<15 {
                        let number = Int.random(in: batches.indices, using: &random)
                        let row = Int.random(in: 0..<25, using: &random)
                        let id = batches[number].ids[row]
                        if events.ids.contains(id) { continue }
                        events.ids.append(id)
                        events.labels.append(Double(Int.random(in: 0...1, using: &random)))
                        events.timestamps.append(Bench.now.adding(seconds: Int64(step)))
                        labels[id] = (row, number, events.labels[events.labels.count - 1])
                    }
                    let all = events
                    try await surviving { try await bench.collector(at: clock).store(all, of: version, key: "l\(step)") }
                default:
                    let before = at(0).adding(seconds: Int64.random(in: 0..<4 * Self.day, using: &random))
                    let limit = Int.random(in: 1...30, using: &random)
                    // A roll-up that was killed is not tried again: the next one finds what it left.
                    do {
                        _ = try await bench.profiles.compactCrowded(version)
                        _ = try await bench.profiles.compact(version, before: before, limit: limit)
                        if step % 3 == 0 { _ = try await bench.profiles.compactHours(version, before: before, storedBefore: end, limit: 1) }
                    } catch let error as StoreError where error.isRetryable { kills += 1 }
                }
                let widths: [Int64] = [60, 3600, 86_400]
                let (from, to) = (
                    at(0).adding(seconds: Int64.random(in: 0..<2 * Self.day, using: &random)).floored(toSeconds: widths[step % 3]),
                    at(2).adding(seconds: Int64.random(in: 0..<3 * Self.day, using: &random)).floored(toSeconds: widths[step / 3 % 3])
                )
                let counted = labels.values.filter { place in
                    let time = batches[place.batch].timestamps[place.row]
                    return time >= from && time < to && batches[place.batch].errors[place.row] == nil
                }
                let expected = Loans.profile(
                    batches, labels: counted.map { Loans.labelled(batches[$0.batch], $0.row, $0.label) }, from: from, to: to)
                do {
                    let found = try await bench.profiles.profile(of: version, from: from, to: to)
                    expectSame(found, expected, "seed \(seed), step \(step), \(from) to \(to)")
                } catch let error as StoreError where error.description.contains("one sum each") {
                    refusals += 1
                    let isCut = try await bench.int(
                        """
                        select count(*) from evenkeel.profile, unnest(array[$1, $2]::timestamptz[]) as cut
                        where bucket < cut and bucket + width_seconds * interval '1 s' > cut and width_seconds > 60
                        """, [.time(from), .time(to)])
                    #expect(isCut ?? 0 > 0, "seed \(seed), step \(step)")
                }
            }
            #expect(kills > 0, "seed \(seed): nothing was killed")
            #expect(refusals < 40, "seed \(seed): nothing was answered")
        }
    }
}
