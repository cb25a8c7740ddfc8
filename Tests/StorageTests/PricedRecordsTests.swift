import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Records that come without a cost get one, whichever way they come")
struct PricedRecordsTests {
    private static let prices = PriceList([
        PriceList.Price(from: .earliest, perMeasure: ["tokens": 0.25]),
        PriceList.Price(from: Loans.start.adding(seconds: 3600), perMeasure: ["tokens": 0.5, "latency_seconds": 1], perRecord: 2),
    ])

    private func register(_ bench: Bench, _ prices: PriceList? = prices) async throws -> RegisteredVersion {
        let version = try await bench.register()
        if let prices { try await bench.registry.setWatch(.object(["prices": prices.json]), of: version, actor: "test", at: Bench.now) }
        return version
    }

    /// Rows in both hours, every third with a cost of its own.
    private func batch(_ count: Int, prefix: String = "r") -> PredictionBatch {
        var random = Seeded(3)
        var batch = Loans.batch(count, &random, prefix: prefix, isWild: true)
        batch.timestamps = (0..<count).map { Loans.start.adding(seconds: $0 % 2 == 0 ? 10 : 3610) }
        batch.measures = [
            "tokens": (0..<count).map { Double($0) }, PredictionBatch.latencyMeasure: (0..<count).map { $0 % 5 == 0 ? .nan : 0.125 },
            PredictionBatch.costMeasure: (0..<count).map { $0 % 3 == 0 ? 9 : .nan },
        ]
        return batch
    }

    private func expected(_ batch: PredictionBatch) -> PredictionBatch {
        var out = batch
        out.measures[PredictionBatch.costMeasure] = (0..<batch.count).map { row in
            if row % 3 == 0 { return 9 }
            let tokens = Double(row)
            return row % 2 == 0 ? tokens * 0.25 : tokens * 0.5 + 2 + (row % 5 == 0 ? 0 : 0.125)
        }
        return out
    }

    @Test("in the row, in the sums and in the receipt; a repeated record is not paid twice")
    func stored() async throws {
        try await withBench { bench in
            let version = try await register(bench)
            let (batch, expected) = (batch(30), expected(batch(30)))
            let receipt = try await bench.collector().store(batch, of: version, key: nil)
            let costs = try #require(expected.measures[PredictionBatch.costMeasure])
            let rows = try await bench.rows(
                "select record_id, cost from evenkeel.prediction order by substr(record_id, 2)::int", columns: 2)
            #expect(rows.map { $0[1].flatMap(Double.init) } == costs)
            expectSame(try await bench.profile(of: version), Loans.profile([expected]), "the sums of priced rows")
            #expect(receipt.priced == costs.enumerated().reduce(0) { $1.offset % 3 == 0 ? $0 : $0 + $1.element })
            let again = try await bench.collector().store(batch, of: version, key: nil)
            #expect(again.duplicates == 30 && again.priced == 0)
            #expect(try await bench.profiles.check(version) == .equal(rows: 30, labelled: 0))
        }
    }

    @Test("other prices hold for what is stored from then on; without prices there is no cost")
    func changed() async throws {
        try await withBench { bench in
            let version = try await register(bench, nil)
            let collector = bench.collector()
            func cost(_ prefix: String) async throws -> [Double?] {
                var batch = batch(3, prefix: prefix)
                batch.measures[PredictionBatch.costMeasure] = nil
                // The version as somebody read it long ago: what holds is what the database has.
                _ = try await collector.store(batch, of: version, key: nil)
                return try await bench.rows(
                    "select cost from evenkeel.prediction where record_id like '\(prefix)%' order by record_id"
                ).map { $0[0].flatMap(Double.init) }
            }
            #expect(try await cost("a") == [nil, nil, nil])
            for (prefix, price) in [("b", 10.0), ("c", 100.0)] {
                let prices = PriceList([PriceList.Price(from: .earliest, perMeasure: ["tokens": price])])
                try await bench.registry.setWatch(.object(["prices": prices.json]), of: version, actor: "test", at: Bench.now)
                #expect(try await cost(prefix) == [0, price, 2 * price])
            }
            try await bench.registry.setWatch(.object(JSONObject()), of: version, actor: "test", at: Bench.now)
            #expect(try await cost("d") == [nil, nil, nil])
        }
    }

    @Test("requests and responses of an inference service that are joined in the database")
    func halves() async throws {
        try await withBench { bench in
            let version = try await register(
                bench, PriceList([PriceList.Price(from: .earliest, perMeasure: ["latency_seconds": 8], perRecord: 1)]))
            var random = Seeded(1)
            var request = Loans.batch(1, &random)
            request.ids = ["e"]
            request.timestamps = [Loans.start]
            request.scores = [.nan]
            request.predictions = [.nan]
            let halves = bench.collector().halves(limits: HalfLimits())
            _ = try await halves.store(halves: [
                HalfWrite(model: "credit", eventID: "e", time: Loans.start, isTimed: true, half: .request(version, request))
            ])
            let joined = try await halves.store(halves: [
                HalfWrite(
                    model: "credit", eventID: "e", time: Timestamp(microseconds: Loans.start.microseconds + 250_000), isTimed: true,
                    half: .response(ResponseHalf(scores: [0.5], predictions: [.nan])))
            ])
            guard case .joined(_, let receipt) = joined.first else {
                Issue.record("\(joined)")
                return
            }
            #expect(receipt.priced == 3)
            #expect(try await bench.column("select cost from evenkeel.prediction") == ["3"])
        }
    }

    @Test("of several requests in one transaction each is told its own")
    func together() async throws {
        try await withBench { bench in
            let version = try await register(bench)
            var first = batch(4, prefix: "a")
            var second = batch(4, prefix: "b")
            first.measures[PredictionBatch.costMeasure] = nil
            second.measures[PredictionBatch.costMeasure] = nil
            let receipts = try await bench.collector().store(predictions: [
                PredictionWrite(version: version, batch: first, key: nil), PredictionWrite(version: version, batch: first, key: nil),
                PredictionWrite(version: version, batch: second, key: nil),
            ])
            // 0 · 0.25, 1 · 0.5 + 2.125, 2 · 0.25, 3 · 0.5 + 2.125
            #expect(receipts.map(\.priced) == [6.75, 0, 6.75])
        }
    }
}
