import Profiles
import Testing
import Vocabulary

@Suite("Natural variation is stored as bytes and read back")
struct NaturalVariationTests {
    private let variation = NaturalVariation(
        windows: 30,
        spreads: [
            .init(monitor: .featureDrift, subject: "age", statistic: "ks"): .init(
                count: 30, center: 0, scale: 0.25, largest: 0.125, surprise: 44),
            .init(monitor: .performance, subject: "", statistic: "roc_auc"): .init(
                count: 12, center: -0.5, scale: 0.01, largest: 0.03, surprise: 9),
        ])

    @Test("as it was, with the same bytes again") func coding() throws {
        let back = try NaturalVariation(encoded: variation.encoded())
        #expect(back == variation && back.encoded() == variation.encoded())
    }

    @Test("damaged or cut bytes are refused") func damaged() {
        let bytes = variation.encoded()
        for length in bytes.indices {
            #expect(throws: EncodingError.self) { try NaturalVariation(encoded: Array(bytes.prefix(length))) }
        }
        var flipped = bytes
        flipped[9] ^= 4
        #expect(throws: EncodingError.self) { try NaturalVariation(encoded: flipped) }
    }
}
