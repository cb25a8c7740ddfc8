import TestSupport
import Testing
import Vocabulary

@testable import Collecting

@Suite("A damaged payload is read or refused, whatever its bytes are")
struct DamagedPayloadTests {
    private static let payloads: [[UInt8]] = [
        Array(#"{"instances":[[41,"car"],[null,"home"]],"parameters":{"sex":"F"}}"#.utf8),
        Array(#"{"instances":[{"purpose":"car","age":41,"sex":"M"}]}"#.utf8),
        Array(#"{"inputs":[{"name":"age,purpose","shape":[2,2],"datatype":"BYTES","data":[["1","b"],["2","d"]]}]}"#.utf8),
        Array(
            (#"{"inputs":[{"name":"age","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}},"#
                + #"{"name":"purpose","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":15}}]}"#).utf8)
            + [0, 0, 0x24, 0x42, 0, 0, 0xC0, 0x7F, 3, 0, 0, 0] + Array("car".utf8) + [4, 0, 0, 0] + Array("home".utf8),
        Array(#"{"predictions":[[0.75,0.25],[0.5,0.5]]}"#.utf8),
        Array(#"{"predictions":[{"label":1,"probability":{"0":0.75,"1":0.25}}]}"#.utf8),
        Array(
            #"{"outputs":[{"name":"predict","shape":[1],"datatype":"INT64","data":[1]},{"name":"proba","shape":[1,2],"datatype":"FP64","data":[[0.75,0.25]]}]}"#
                .utf8),
    ]

    @Test("bytes changed, doubled or cut", arguments: [1, 2, 3] as [UInt64])
    func mutations(seed: UInt64) throws {
        var random = Seeded(seed)
        var refused = 0
        for payload in Self.payloads {
            for _ in 0..<1500 {
                var bytes = payload
                for _ in 0...Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
                    let at = Int.random(in: bytes.indices, using: &random)
                    switch Int.random(in: 0...3, using: &random) {
                    case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes[at] = Array(#"0123456789-"{}[],:.e"#.utf8).randomElement(using: &random) ?? 48
                    case 2: bytes.insert(bytes[at], at: at)
                    default: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...8, using: &random)))
                    }
                }
                do {
                    let batch = try KServe.request(bytes)
                    #expect(batch.features.allSatisfy { $0.count == batch.count } && batch.groups.allSatisfy { $0.count == batch.count })
                } catch let error as RecordError {
                    refused += 1
                    #expect(!error.message.isEmpty, "seed \(seed): \(bytes)")
                }
                do {
                    let half = try ResponseRows(schema: Bench.credit.schema, service: .init("credit"))
                        .read(KServe.event(KServe.responseType, bytes))
                    #expect(half.scores.count == half.predictions.count)
                } catch let error as RecordError {
                    #expect(!error.message.isEmpty, "seed \(seed): \(bytes)")
                }
            }
        }
        #expect(refused > 1000)
    }
}
