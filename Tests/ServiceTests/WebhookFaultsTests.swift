import Foundation
import TestSupport
import Testing

/// Goal: every alert arrives, under one id, whenever the service dies. Method: scripts/webhook_faults.py in a short form, over real processes.
@Suite("Webhooks while the service is killed") struct WebhookFaultsTests {
    private static let binary = SharedFiles.package.appending(path: ".build/debug/evenkeel").path
    static var isPossible: Bool {
        let isThere = [binary, "/usr/bin/python3", "/usr/bin/psql"].allSatisfy(FileManager.default.isExecutableFile(atPath:))
        if !isThere { print("skipped: no debug build, python3 or psql, so no sender was killed") }
        return isThere
    }

    @Test("killed five times, receivers that fail, one that is gone: all arrive, under one id each", .enabled(if: isPossible))
    func killed() async throws {
        let script = try await runProgram(
            "/usr/bin/python3",
            [
                "-B", SharedFiles.package.appending(path: "scripts/webhook_faults.py").path, "--kills", "5", "--models", "2", "--binary",
                Self.binary,
            ])
        #expect(script.status == 0, "\(script.text)")
        let last = script.text.split(separator: "\n").last ?? ""
        #expect(last.wholeMatch(of: #/kills 5, alerts [1-9]\d*, messages [1-9]\d*, lost 0, doubled 0/#) != nil, "\(script.text)")
    }
}
