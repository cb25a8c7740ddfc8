import Foundation
import TestSupport
import Testing

/// Goal: kill -9 of whoever scores candidates neither loses nor repeats a row or a label. Method: scripts/candidates.py in a short form, over real
/// processes.
@Suite("Two services that score candidates in shadow") struct CandidatesKilledTests {
    @Test(
        "one of them is killed eight times: the same comparison as one has that is left in peace",
        .enabled(if: ChangesKilledTests.isPossible))
    func killed() async throws {
        let script = try await runProgram(
            "/usr/bin/python3",
            [
                "-B", SharedFiles.package.appending(path: "scripts/candidates.py").path, "--kills", "8", "--binary",
                ChangesKilledTests.binary,
            ])
        #expect(script.status == 0, "\(script.text)")
        let last = script.text.split(separator: "\n").last ?? ""
        #expect(last.wholeMatch(of: #/kills 8, rows [1-9]\d*, labels [1-9]\d*, lost 0, doubled 0/#) != nil, "\(script.text)")
    }
}
