import Foundation
import Service
import TestSupport
import Testing
import Vocabulary

@Suite("Models of other tasks in a running service", .service) struct TaskRouteTests {
    private var service: RunningService { RunningService.current }

    private func register(_ model: String, _ spec: String, _ table: String) async throws {
        let spec = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let answer = try await service.post("/v1/models/\(model)/versions/1?spec=\(spec)", table, type: "text/csv")
        #expect(answer.status == 201, "\(answer.text.prefix(400))")
    }

    private func take(_ path: String, _ lines: [String], rejected: Int = 0) async throws {
        let answer = try await service.post(path, lines.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(answer.status == 202 && answer.json["accepted"]?.intValue == Int64(lines.count - rejected), "\(answer.text.prefix(400))")
    }

    /// The verdicts of the newest evaluation of the model's hour, once it has `statistic`.
    private func verdict(_ model: String, _ statistic: String) async throws -> JSON {
        let path = "/v1/models/\(model)/results?metric=\(statistic)&window=hour"
        let answer = try await service.eventually(path) { answer in
            answer.json["results"]?.arrayValue?.contains { $0["value"]?.doubleValue != nil } == true
        }
        return try #require(answer.json["results"]?.arrayValue?.first, "\(answer.text.prefix(300))")
    }

    @Test("a regression from its reference to results and metrics") func regression() async throws {
        var random = Seeded(1)
        var table = "id,km,sex,price,estimate\n"
        for row in 0..<500 {
            let price = 1000 + 100 * random.gaussian()
            table += "\(row),\(row % 97),\(row % 2 == 0 ? "F" : "M"),\(price),\(price + 10 * random.gaussian())\n"
        }
        try await register("car", "{id: id, task: regression, label: price, prediction: estimate, sensitive: [sex]}", table)
        var predictions: [String] = []
        var labels: [String] = []
        for row in 0..<400 {
            let price = 1000 + 100 * random.gaussian()
            predictions.append(
                #"{"model":"car","version":"1","id":"p\#(row)","ts":"2026-01-05T10:\#(10 + row % 50):00Z","features":{"km":\#(row % 97)},"#
                    + #""prediction":\#(price + 40 * random.gaussian()),"groups":{"sex":"\#(row % 2 == 0 ? "F" : "M")"}}"#)
            labels.append(#"{"model":"car","id":"p\#(row)","label":\#(price)}"#)
        }
        try await take("/v1/labels", labels)
        try await take("/v1/predictions", predictions)
        let refused = try await service.post("/v1/labels", #"{"model":"car","id":"p0","label":"cheap"}"#)
        #expect(refused.status == 400 && refused.text.contains("label: expected a number"), "\(refused.text)")
        let mae = try await verdict("car", "mae")
        #expect(mae["monitor"]?.stringValue == "performance" && mae["verdict"]?.stringValue == "drifted", "\(mae.text)")
        #expect(try await verdict("car", "mae_difference")["verdict"]?.stringValue == "fair")
        #expect(try await verdict("car", "ks")["verdict"]?.stringValue == "ok")
        let metrics = try await service.eventually("/metrics") { $0.text.contains(#"evenkeel_performance{model="car""#) }.text
        #expect(metrics.contains(#"evenkeel_performance{model="car",version="1",metric="mae",window="hour",kind="realized"} 3"#))
        #expect(metrics.contains(#"evenkeel_group_rate{model="car",version="1",attribute="sex",group="F",rate="mae",window="hour"} 3"#))
        #expect(metrics.contains(#"evenkeel_verdict{model="car",version="1",monitor="performance",verdict="drifted"} 1"#))
    }
}
