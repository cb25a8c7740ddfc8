import Testing
import Vocabulary

@Suite("Prices of records") struct PriceListTests {
    private static let day = Timestamp(rfc3339: "2026-01-01T00:00:00Z")!
    private static func at(_ hours: Int64) -> Timestamp { day.adding(seconds: hours * 3600) }
    private static let list = PriceList([
        PriceList.Price(from: at(10), perMeasure: ["tokens": 2, "latency_seconds": 0.5], perRecord: 1),
        PriceList.Price(from: at(20), perMeasure: ["tokens": 3]), PriceList.Price(from: at(30), perRecord: 7),
    ])

    private static func batch(_ hours: [Int64], tokens: [Double]? = nil, latency: [Double]? = nil, cost: [Double]? = nil) -> PredictionBatch
    {
        var batch = PredictionBatch(schema: FeatureSchema(features: []))
        batch.ids = TextColumn(hours.indices.map { "r\($0)" })
        batch.timestamps = hours.map { at($0) }
        batch.measures["tokens"] = tokens
        batch.measures[PredictionBatch.latencyMeasure] = latency
        batch.measures[PredictionBatch.costMeasure] = cost
        return batch
    }

    /// NaN as nil, so that lists compare.
    private static func costs(_ batch: PredictionBatch) -> [Double?] { list.costs(of: batch).map { $0.isNaN ? nil : $0 } }

    @Test("the price that held at the record's time, from its first moment on; none before the first")
    func times() {
        #expect(Self.costs(Self.batch([9, 10, 19, 20, 29, 30, 99], tokens: [5, 5, 5, 5, 5, 5, 5])) == [nil, 11, 11, 15, 15, 7, 7])
        for hour in Int64(0)..<40 {
            let expected = Self.list.prices.last { $0.from <= Self.at(hour) }
            #expect(Self.list.price(at: Self.at(hour)) == expected, "hour \(hour)")
        }
        let before = Timestamp(microseconds: Self.at(20).microseconds - 1)
        #expect(Self.list.price(at: before)?.from == Self.at(10))
    }

    @Test("a record's own cost goes before; a measure that is not there costs nothing, a record without any has none")
    func parts() {
        #expect(Self.costs(Self.batch([10, 10], tokens: [5, .nan], cost: [0, .nan])) == [nil, 1])
        #expect(Self.costs(Self.batch([10, 10], tokens: [.nan, 1], latency: [4, 4])) == [3, 5])
        #expect(Self.costs(Self.batch([20, 20], tokens: [.nan, 1])) == [nil, 3])
        #expect(Self.costs(Self.batch([20])) == [nil])
        #expect(Self.costs(Self.batch([20, 20, 20], tokens: [-1, .infinity, 0])) == [nil, nil, 0])
    }

    @Test("is the same after it was stored")
    func stored() throws {
        let stored = try JSON.parse(Self.list.json.text)
        let bad = try JSON.parse(#"[{"from":"x","per":{}}]"#)
        #expect(PriceList(json: stored) == Self.list)
        #expect(PriceList(json: .null) == nil && PriceList(json: bad) == nil)
        #expect(PriceList(Array(Self.list.prices.reversed())) == Self.list)
    }
}
