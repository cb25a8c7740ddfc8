import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Rows are sent in about the order of their ids") struct RowOrderTests {
    @Test("each once, by the eight bytes behind what they share, and as they came where these are alike")
    func order() {
        #expect(RowOrder.byID([]) == [])
        #expect(RowOrder.byID(["r", "r"]) == [0, 1])
        #expect(RowOrder.byID(["id-9", "id-1", "id-", "id-1"]) == [2, 1, 3, 0])
        #expect(RowOrder.byID(["a-12345678-z", "a-12345678-a", "a-00000000-m"]) == [2, 0, 1])
        #expect(RowOrder.byID(["日本", "日", ""]) == [2, 1, 0])
    }

    @Test("random ids of one form stand in their order", arguments: [1, 2, 3] as [UInt64]) func random(seed: UInt64) {
        var random = Seeded(seed)
        let ids = (0..<500).map { _ in "record-\(UInt64.random(in: 1 << 60 ... .max, using: &random))" }
        let order = RowOrder.byID(TextColumn(ids))
        #expect(Set(order) == Set(ids.indices))
        let heads = order.map { ids[$0].prefix(15) }
        #expect(heads == heads.sorted())
    }
}
