import Foundation
import TestSupport
import Testing

/// Goal: the running service answers as it says in `/openapi.json`. Method: scripts/acceptance/api.sh with few requests, over a real process.
@Suite("schemathesis") struct SchemathesisTests {
    private static let binary = SharedFiles.package.appending(path: ".build/debug/evenkeel").path
    private static let schemathesis = installedProgram(["schemathesis"], variable: "EVENKEEL_SCHEMATHESIS")
    static var isPossible: Bool {
        if schemathesis == nil {
            print("skipped: no schemathesis in EVENKEEL_SCHEMATHESIS or PATH, so the service was not held to its description by it")
        }
        let isThere = FileManager.default.isExecutableFile(atPath: binary)
        if !isThere { print("skipped: no debug build, so the service was not held to its description") }
        return schemathesis != nil && isThere
    }

    @Test("no error of ours, no status, type or body that is not described", .enabled(if: isPossible), .timeLimit(.minutes(20)))
    func described() async throws {
        let end = try await runProgram(
            SharedFiles.package.appending(path: "scripts/acceptance/api.sh").path, ["5"],
            environment: ["EVENKEEL": Self.binary, "EVENKEEL_SCHEMATHESIS": try #require(Self.schemathesis)])
        #expect(end.status == 0, "\(end.text.suffix(8000))")
        let cases = end.text.firstMatch(of: /([0-9]+) generated, ([0-9]+) passed/)
        #expect(cases.map { $0.1 == $0.2 && Int($0.1) ?? 0 > 300 } == true, "\(end.text.suffix(2000))")
    }
}
