import Foundation
import TestSupport
import Testing

/// Goal: kill -9 of whoever follows the errors neither loses nor repeats a change. Method: scripts/changes.py in a short form, over real processes.
@Suite("Two services that follow the errors") struct ChangesKilledTests {
    static let binary = SharedFiles.package.appending(path: ".build/debug/evenkeel").path
    static var isPossible: Bool {
        let isThere = [binary, "/usr/bin/python3", "/usr/bin/psql"].allSatisfy(FileManager.default.isExecutableFile(atPath:))
        if !isThere { print("skipped: no debug build, python3 or psql, so nobody who follows the log was killed") }
        return isThere
    }

    @Test("one of them is killed eight times: the same changes as one has that is left in peace", .enabled(if: isPossible))
    func killed() async throws {
        let script = try await runProgram(
            "/usr/bin/python3",
            ["-B", SharedFiles.package.appending(path: "scripts/changes.py").path, "--kills", "8", "--binary", Self.binary])
        #expect(script.status == 0, "\(script.text)")
        let last = script.text.split(separator: "\n").last ?? ""
        #expect(last.wholeMatch(of: #/kills 8, labels [1-9]\d*, changes [1-9]\d*, lost 0, doubled 0/#) != nil, "\(script.text)")
    }
}
