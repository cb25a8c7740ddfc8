import Testing
import Vocabulary

@Suite("Which records are kept whole") struct RawRowsTests {
    /// > Source: Python's hashlib, int.from_bytes(sha256(id).digest()[:8], "big") / 2**64.
    @Test(
        "a record is in a sample if the start of its id's SHA-256, as a fraction of 1, is below the share",
        arguments: [("order-1", 0.04565251649803206), ("a", 0.7913742705223816), ("Zoë", 0.775896465486027)])
    func fraction(id: String, fraction: Double) {
        #expect(RawRows.sample(fraction + 1e-12).keeps(id))
        #expect(!RawRows.sample(fraction - 1e-12).keeps(id))
        #expect(RawRows.all.keeps(id) && !RawRows.none.keeps(id) && RawRows.sample(1).keeps(id) && !RawRows.sample(0).keeps(id))
    }

    /// > Source: the same, counted over r0 … r99999.
    @Test("one in a hundred of many records") func share() {
        let kept = (0..<100_000).filter { RawRows.sample(0.01).keeps("r\($0)") }
        #expect(kept.count == 1018)
    }

    @Test("it comes back from a schema's JSON; a schema without it keeps all", arguments: [RawRows.all, .none, .sample(0.25)])
    func json(raw: RawRows) {
        var schema = FeatureSchema(features: [])
        schema.raw = raw
        #expect(FeatureSchema(json: schema.json) == schema)
        #expect((schema.json["raw"] == nil) == (raw == .all))
    }

    @Test("a share beyond 0 to 1 and an unknown word are no schema") func bad() {
        var schema = FeatureSchema(features: [])
        schema.raw = .sample(1.5)
        #expect(schema.problems == ["raw_share: 1.5, expected 0 to 1"])
        #expect(RawRows(word: "some", share: nil) == nil)
    }
}
