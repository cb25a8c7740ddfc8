import Foundation
import Testing
import Vocabulary

@testable import Service

@Suite("Labels that come late", .service) struct LateLabelsTests {
    private var service: RunningService { RunningService.current }
    private static let spec = """
        id: id
        score: score
        label: label
        policies:
          - {name: outcomes, monitors: [performance], window: hour, findings: 1, of: 1, resolve_after: 1, false_alarms: any}
        """

    /// Scores that are right in nine of ten rows.
    private static let rows: [(id: String, score: Double, label: Int)] = (0..<400).map { i in
        let score = 0.1 + Double(i % 80) / 100
        return ("r\(i)", score, (score >= 0.5) != (i % 10 == 0) ? 1 : 0)
    }

    private func register(_ model: String) async throws {
        let reference = "id,income,score,label\n" + Self.rows.map { "\($0.id),\($0.score * 1000),\($0.score),\($0.label)\n" }.joined()
        let spec = try #require(Self.spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let answer = try await service.post("/v1/models/\(model)/versions/1?spec=\(spec)", reference, type: "text/csv")
        try #require(answer.status == 201, "\(answer.text)")
    }

    private func label(_ model: String, _ rows: some Sequence<Int>, isRight: Bool) async throws {
        let lines = rows.map { i in
            let row = Self.rows[i]
            return #"{"model":"\#(model)","id":"\#(row.id)","label":\#(isRight ? row.label : 1 - row.label)}"#
        }
        let answer = try await service.post("/v1/labels", lines.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(answer.status == 202)
    }

    /// The accuracy of the hour once it was judged with this many labels.
    private func accuracy(_ model: String, labels: Int, verdict: String, asOf: String = "") async throws -> JSON {
        let path = "/v1/models/\(model)/results?metric=accuracy&window=hour&from=2026-03-01T10:00:00Z&to=2026-03-01T11:00:00Z" + asOf
        func isIt(_ finding: JSON) -> Bool {
            finding["n"]?.intValue == Int64(labels) && finding["verdict"]?.stringValue == verdict
        }
        let answer = try await service.eventually(path) { $0.json["results"]?.arrayValue?.contains(where: isIt) == true }
        return try #require(answer.json["results"]?.arrayValue?.first(where: isIt), "\(answer.text)")
    }

    private func alerts(_ model: String) async throws -> [JSON] {
        try await service.get("/v1/alerts").json["alerts"]?.arrayValue?.filter { $0["model"]?.stringValue == model } ?? []
    }

    @Test("change a window's verdict in a second result beside the first, and raise no second alert") func secondResult() async throws {
        try await register("late")
        let records = Self.rows.map { row in
            #"{"model":"late","version":"1","id":"\#(row.id)","ts":"2026-03-01T10:30:00Z","features":{"income":\#(row.score * 1000)},"score":\#(row.score)}"#
        }
        let sent = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(sent.json["accepted"]?.intValue == 400)

        // The first labels to come say that the model is mostly wrong.
        try await label("late", 0..<100, isRight: false)
        let first = try await accuracy("late", labels: 100, verdict: "drifted")
        let firing = try await service.eventually("/v1/alerts") { answer in
            answer.json["alerts"]?.arrayValue?.contains { $0["model"]?.stringValue == "late" && $0["state"]?.stringValue == "firing" }
                == true
        }
        #expect(firing.json["alerts"]?.arrayValue?.count { $0["model"]?.stringValue == "late" } == 1)

        // Those that come later, and corrections of the first, that it is as good as ever.
        try await label("late", 100..<400, isRight: true)
        try await label("late", 0..<100, isRight: true)
        let second = try await accuracy("late", labels: 400, verdict: "ok")
        #expect(second["evaluated_at"]?.stringValue != first["evaluated_at"]?.stringValue)
        _ = try await service.eventually("/v1/alerts") { answer in
            answer.json["alerts"]?.arrayValue?.contains { $0["model"]?.stringValue == "late" && $0["state"]?.stringValue == "resolved" }
                == true
        }

        // Wrong once more: the hour was dealt with.
        try await label("late", 0..<200, isRight: false)
        _ = try await accuracy("late", labels: 400, verdict: "drifted")
        #expect(try await alerts("late").count == 1)

        // What was known then can be asked for.
        let then = try #require(first["evaluated_at"]?.stringValue)
        let known = try await accuracy("late", labels: 100, verdict: "drifted", asOf: "&as_of=\(then)")
        #expect(known["value"] == first["value"])
    }

    @Test("an alert is resolved when its policy is gone, or watches its monitor no more", arguments: ["other", "outcomes"])
    func goneWithItsPolicy(_ policy: String) async throws {
        let model = "gone-\(policy)"
        try await register(model)
        let records = Self.rows.map { row in
            #"{"model":"\#(model)","version":"1","id":"\#(row.id)","ts":"2026-03-01T10:30:00Z","features":{"income":\#(row.score * 1000)},"score":\#(row.score)}"#
        }
        _ = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
        try await label(model, 0..<100, isRight: false)
        func state(_ state: String) -> (RunningService.Answer) -> Bool {
            { $0.json["alerts"]?.arrayValue?.contains { $0["model"]?.stringValue == model && $0["state"]?.stringValue == state } == true }
        }
        #expect(state("firing")(try await service.eventually("/v1/alerts", state("firing"))))
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: model, version: "1")))
        let watch = try ModelSpecFile("policies: [{name: \(policy), monitors: [volume]}]", file: "s").watch(destinations: [])
        try await service.engine.registry.setWatch(watch, of: version, actor: "ada", at: Engine.systemClock())
        #expect(state("resolved")(try await service.eventually("/v1/alerts", state("resolved"))))
        let shown = try await service.get("/v1/models/\(model)/versions/1")
        #expect(shown.json["watch"]?["policies"]?.arrayValue?.first?["name"]?.stringValue == policy)
    }
}
