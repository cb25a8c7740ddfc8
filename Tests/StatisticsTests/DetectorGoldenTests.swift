import Statistics
import TestSupport
import Testing
import Vocabulary

/// What conformance.py leaves out: Frouros' CUSUM has no case there that binds, but ours follows it.
@Suite("golden change points", .enabled(if: SharedFiles.isPresent, "../shared with the golden values is not there"))
struct DetectorGoldenTests {
    @Test("CUSUM changes where Frouros' does")
    func cusum() throws {
        let cases = try GoldenCase.family("detectors", "frouros-cusum")
        #expect(cases.count == 6)
        for test in cases {
            let stream = try test.input("stream")
            let used = Int(stream["rows_used"]?.intValue ?? 12_000)
            var detector = try CUSUM()
            let found = detector.scan(Array(try GoldenData.numbers(stream).prefix(used)), stateEvery: nil)
            #expect(found.changes.map { Int64($0) } == test.expected["drift"]?.arrayValue?.compactMap(\.intValue), "\(test.id)")
        }
    }
}
