import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// Goal: a record is stored once, by whichever way it is found: refused by its week's index, or looked up. Method: an account of the rule itself, over
/// random ids and times of five weeks, beside collectors that keep their memory; then each way on its own.
@Suite("Records that come again", .timeLimit(.minutes(30)))
struct RepeatedRecordsTests {
    private static let day: Int64 = 86_400
    private let week = Timestamp(rfc3339: "2026-03-05T00:00:00Z")!

    private func batch(_ records: [(id: String, at: Timestamp)], _ random: inout Seeded) -> PredictionBatch {
        var batch = Loans.batch(records.count, &random)
        batch.ids = TextColumn(records.map(\.id))
        batch.timestamps = records.map(\.at)
        return batch
    }

    @Test(
        "are found as the rule says, in one week or beside it, in the order in which they come", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func rule(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let version = try await bench.register()
            let collectors = [bench.collector(), bench.collector()]
            var known: [String: [Timestamp]] = [:]
            var count = 0
            for round in 0..<40 {
                let first = week.adding(seconds: Int64.random(in: -2...2, using: &random) * 7 * Self.day)
                // Mostly of one week; at times of two, and with many ids that were never used.
                let span = (round % 7 == 0 ? 14 : 7) * Self.day
                let ids = round % 3 == 0 ? 4000 : 60
                let records = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                    ("r\(Int.random(in: 0..<ids, using: &random))", first.adding(seconds: Int64.random(in: 0..<span, using: &random)))
                }
                let expected = records.indices.filter { i in
                    let (id, time) = records[i]
                    if known[id, default: []].contains(where: { abs($0.seconds(since: time)) <= Double(7 * Self.day) }) { return false }
                    known[id, default: []].append(time)
                    return true
                }
                let receipt = try await collectors[Int.random(in: 0...1, using: &random)].store(
                    batch(records, &random), of: version, key: round % 2 == 0 ? nil : "k\(round)")
                #expect(receipt.stored == expected, "round \(round)")
                count += expected.count
            }
            #expect(try await bench.int("select count(*) from evenkeel.prediction") == Int64(count))
            #expect(try await bench.profile(of: version).rows == Int64(count))
        }
    }

    @Test("levels that only a repeated record has are known to nobody afterwards") func levels() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            let collector = bench.collector()
            var one = batch([("a", week)], &random)
            one.features[2] = .categorical(LevelColumn(["Oslo"]))
            try await collector.store(one, of: version, key: nil)
            one.features[2] = .categorical(LevelColumn(["Bergen"]))
            #expect(try await collector.store(one, of: version, key: nil).duplicates == 1)
            #expect(try await bench.column("select value from evenkeel.level where attribute = 2") == ["Oslo"])
            // And are given a code of their own once a record has them.
            one.ids = ["b"]
            #expect(try await collector.store(one, of: version, key: nil).stored == [0])
            #expect(try await bench.column("select value from evenkeel.level where attribute = 2 order by code") == ["Oslo", "Bergen"])
        }
    }

    @Test("are looked up in a partition that an earlier version made, without an index") func older() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let version = try await bench.register()
            try await bench.collector().store(batch([("a", week)], &random), of: version, key: nil)
            let name = try #require(
                try await bench.column(
                    "select indexrelid::regclass::text from pg_index where indisunique and indrelid = 'evenkeel.prediction_20260305'::regclass"
                ).first ?? nil)
            try await bench.database.run { try $0.run("drop index \(name)") }
            let again = batch([("a", week.adding(seconds: 5)), ("b", week)], &random)
            #expect(try await bench.collector().store(again, of: version, key: nil).stored == [1])
            // A service makes the index when it makes partitions ahead.
            try await bench.collector().makePartitions(at: week)
            #expect(
                try await bench.int(
                    "select count(*) from pg_index where indisunique and indrelid = 'evenkeel.prediction_20260305'::regclass") == 1)
        }
    }

    @Test("make the next transactions of their stream careful, for a while") func careful() {
        let repeating = RepeatingStreams()
        #expect(!repeating.isNext(1))
        repeating.note(1)
        #expect((0..<RepeatingStreams.carefulTransactions).allSatisfy { _ in repeating.isNext(1) })
        #expect(!repeating.isNext(1) && !repeating.isNext(2))
    }
}
