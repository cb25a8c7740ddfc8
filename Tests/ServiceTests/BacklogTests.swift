import Testing
import Vocabulary

@testable import Service

/// A log of months is loaded into a service whose next round is an hour away.
@Suite("Many windows at once", .serialized, WithService(change: { $0.evaluateEverySeconds = 3600 })) struct BacklogTests {
    private var service: RunningService { RunningService.current }

    @Test("rounds follow each other until nothing waits, and until then reports say how much does") func backlog() async throws {
        try await SmallModel.register("months", on: service)
        let hours = 520
        let start = try #require(Timestamp(rfc3339: "2026-01-05T10:00:00Z"))
        let body = (0..<hours).map { hour in
            SmallModel.prediction("months", id: "r\(hour)", ts: start.adding(seconds: Int64(hour) * 3600).rfc3339)
        }
        #expect(try await service.post("/v1/predictions", body.joined(separator: "\n"), type: "application/x-ndjson").status == 202)
        let path = "/models/months/report?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z&window=hour&format=json"
        #expect(try await service.get(path).json["windows_waiting"]?.intValue == Int64(hours))
        try await EvaluationLoop(engine: service.engine).rounds()
        let report = try await service.get(path)
        #expect(report.json["windows_waiting"]?.intValue == 0, "\(report.text.prefix(400))")
        #expect(try await service.engine.results.windowsWaiting(at: Engine.systemClock()) == 0)
    }
}
