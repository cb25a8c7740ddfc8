import Foundation
import Glibc
import Service
import Testing
import Vocabulary

@Suite("When the database dies") struct OutageTests {
    @Test("requests get 503 with Retry-After, and after the restart the same request is stored once") func killed() async throws {
        let service = try await RunningService.start()
        do {
            try await SmallModel.register("out", on: service)
            let body = SmallModel.prediction("out", id: "a")
            let first = try await service.post("/v1/predictions", body)
            #expect(first.status == 202)
            let folder = try #require(service.engine.cluster?.folder.path)
            func process() -> Int32? {
                let text = try? String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8)
                return text?.split(separator: "\n").first.flatMap { Int32($0) }
            }
            let killed = try #require(process())
            #expect(kill(killed, SIGKILL) == 0)
            var statuses: Set<Int> = []
            let deadline = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < deadline {
                let answer = try await service.post("/v1/predictions", "[\(body),\(SmallModel.prediction("out", id: "b"))]")
                statuses.insert(answer.status)
                if answer.status == 503 { #expect(answer.headers["retry-after"] != nil) }
                // Its children may serve a moment longer than the server that was killed.
                if answer.status == 202, let now = process(), now != killed { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(statuses.contains(503))
            #expect(statuses.contains(202))
            #expect(statuses.isSubset(of: [202, 503]))
            let version = try #require(try await service.engine.registry.version(ModelVersion(model: "out", version: "1")))
            let start = try #require(Timestamp(rfc3339: "2026-01-05T00:00:00Z"))
            #expect(try await service.engine.profiles.profile(of: version, from: start, to: start.adding(seconds: 86_400)).rows == 2)
        } catch {
            await service.stop()
            throw error
        }
        await service.stop()
    }
}
