import Foundation
import TestSupport
import Testing

/// Goal: several schedulers raise the alerts that one would, whatever happens to them. Method: scripts/schedulers.py in a short form, over real processes.
@Suite("Two schedulers") struct SchedulersTests {
    private static let binary = SharedFiles.package.appending(path: ".build/debug/evenkeel").path
    static var isPossible: Bool {
        let isThere = [binary, "/usr/bin/python3", "/usr/bin/psql"].allSatisfy(FileManager.default.isExecutableFile(atPath:))
        if !isThere { print("skipped: no debug build, python3 or psql, so no leader was killed") }
        return isThere
    }

    @Test(
        "the leader is killed five times, receivers fail: the same alerts as with one, each message under one id", .enabled(if: isPossible))
    func killed() async throws {
        let script = try await runProgram(
            "/usr/bin/python3",
            [
                "-B", SharedFiles.package.appending(path: "scripts/schedulers.py").path, "--kills", "5", "--models", "2", "--binary",
                Self.binary,
            ])
        #expect(script.status == 0, "\(script.text)")
        let last = script.text.split(separator: "\n").last ?? ""
        #expect(last.wholeMatch(of: #/kills \d+, alerts [1-9]\d*, messages [1-9]\d*, lost 0, doubled 0/#) != nil, "\(script.text)")
    }
}
