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
            answer.json["results"]?.arrayValue?.contains { $0["verdict"]?.stringValue != nil && $0["value"]?.doubleValue != nil } == true
        }
        // A number of a group may have the same name, and no verdict.
        let judged = answer.json["results"]?.arrayValue?.first { $0["verdict"]?.stringValue != nil }
        return try #require(judged, "\(answer.text.prefix(300))")
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
        for row in 0..<800 {
            let price = 1000 + 100 * random.gaussian()
            predictions.append(
                #"{"model":"car","version":"1","id":"p\#(row)","ts":"2026-01-05T10:\#(10 + row % 50):00Z","features":{"km":\#(row % 97)},"#
                    + #""prediction":\#(price + 15 * random.gaussian()),"groups":{"sex":"\#(row % 2 == 0 ? "F" : "M")"}}"#)
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
        let metrics = try await service.eventually("/metrics") {
            $0.text.contains(#"evenkeel_performance{model="car",version="1",metric="mae",window="hour""#)
        }.text
        #expect(metrics.contains(#"evenkeel_performance{model="car",version="1",metric="mae",window="hour",kind="realized"} 1"#))
        #expect(metrics.contains(#"evenkeel_group_rate{model="car",version="1",attribute="sex",group="F",rate="mae",window="hour"} 1"#))
        #expect(metrics.contains(#"evenkeel_verdict{model="car",version="1",monitor="performance",verdict="drifted"} 1"#))
    }

    @Test("a model of several classes from its reference to results, metrics and the check of its rows") func multiclass() async throws {
        var random = Seeded(2)
        let names = ["cat", "dog", "owl"]
        /// A label, scores by class that favour it, and a group.
        func row(confusion: Double = 0.1, favourite: Int? = nil) -> (label: Int, scores: [Double]) {
            let label = Int.random(in: 0..<3, using: &random)
            let guess = random.uniform() < confusion ? favourite ?? Int.random(in: 0..<3, using: &random) : label
            return (label, (0..<3).map { $0 == guess ? 0.9 : 0.05 })
        }
        var table = "id,size,sex,truth,p_cat,p_dog,p_owl\n"
        for i in 0..<600 {
            let (label, scores) = row()
            table += "\(i),\(i % 97),\(i % 2 == 0 ? "F" : "M"),\(names[label]),\(scores.map { "\($0)" }.joined(separator: ","))\n"
        }
        try await register(
            "animal", "{id: id, task: multiclass, label: truth, scores: {cat: p_cat, dog: p_dog, owl: p_owl}, sensitive: [sex]}", table)
        let shown = try await service.get("/v1/models/animal/versions/1")
        #expect(shown.json["schema"]?["classes"] == .array([.string("cat"), .string("dog"), .string("owl")]), "\(shown.text.prefix(300))")
        var predictions: [String] = []
        var labels: [String] = []
        for i in 0..<500 {
            let isF = i % 2 == 0
            let (label, scores) = row(confusion: isF ? 0.7 : 0.1, favourite: isF ? 0 : nil)
            let members = zip(names, scores).map { #""\#($0)":\#($1)"# }.joined(separator: ",")
            predictions.append(
                #"{"model":"animal","version":"1","id":"p\#(i)","ts":"2026-01-05T10:\#(10 + i % 50):00Z","features":{"size":\#(i % 97)},"#
                    + #""score":{\#(members)},"groups":{"sex":"\#(isF ? "F" : "M")"}}"#)
            labels.append(#"{"model":"animal","id":"p\#(i)","label":"\#(names[label])"}"#)
        }
        predictions.append(#"{"model":"animal","version":"1","id":"bad","score":{"bird":1}}"#)
        try await take("/v1/labels", labels)
        try await take("/v1/predictions", predictions, rejected: 1)
        let verdicts = [
            ("accuracy", "drifted"), ("balanced_accuracy", "drifted"), ("ece", "drifted"), ("class_chi_squared", "drifted"),
            ("class_psi", "drifted"), ("accuracy_difference", "unfair"), ("demographic_parity_difference", "unfair"),
        ]
        for (statistic, verdict) in verdicts {
            let result = try await self.verdict("animal", statistic)
            #expect(result["verdict"]?.stringValue == verdict, "\(result.text)")
        }
        #expect(
            try await verdict("animal", "demographic_parity_difference")["why"]?.stringValue?.hasPrefix("class cat: lowest for M") == true)
        let metrics = try await service.eventually("/metrics") { $0.text.contains(#"evenkeel_performance{model="animal""#) }.text
        for series in [
            #"evenkeel_performance{model="animal",version="1",metric="f1_macro",window="hour",kind="realized"}"#,
            #"evenkeel_prediction_drift{model="animal",version="1",statistic="class_psi",window="hour"}"#,
            #"evenkeel_group_rate{model="animal",version="1",attribute="sex",group="F",rate="accuracy",window="hour"}"#,
        ] { #expect(metrics.contains(series), "\(series)") }
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "animal", version: "1")))
        #expect(try await service.engine.profiles.check(version) == .equal(rows: 500, labelled: 500))
    }

    @Test("embeddings from their reference to results and metrics; private ones are dropped, or refused") func vectors() async throws {
        var random = Seeded(3)
        func vector(_ shift: Double = 0) -> String {
            "[" + (0..<48).map { _ in "\(random.gaussian() + shift)" }.joined(separator: ",") + "]"
        }
        var table = "score,embedding,secret\n"
        for _ in 0..<400 { table += "0.5,\"\(vector())\",\"[1,2]\"\n" }
        try await register("search", "{score: score, features: {embedding: {vector: 48}, secret: {vector: 2, privacy: drop}}}", table)
        let lines = (0..<300).map { row in
            #"{"model":"search","version":"1","id":"p\#(row)","ts":"2026-01-05T10:\#(10 + row % 50):00Z","score":0.5,"#
                + #""features":{"embedding":\#(row == 7 ? "[1,2]" : vector(0.5)),"secret":[3,4]}}"#
        }
        try await take("/v1/predictions", lines, rejected: 1)
        let shift = try await verdict("search", "mean_shift")
        #expect(shift["verdict"]?.stringValue == "drifted" && shift["subject"]?.stringValue == "embedding", "\(shift.text)")
        #expect(try await verdict("search", "reconstruction_error")["monitor"]?.stringValue == "joint_drift")
        // The text is shared by all scrapers for two seconds, and another test's model may have the statistic, too.
        let series = #"evenkeel_feature_drift{model="search",version="1",feature="embedding",statistic="mean_shift",window="hour"}"#
        #expect(try await service.eventually("/metrics") { $0.text.contains(series) }.text.contains(series))
        for rule in ["hash", "bucket, edges: [1]"] {
            let spec = "{score: score, features: {embedding: {vector: 48, privacy: \(rule)}}}"
            let path = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let answer = try await service.post("/v1/models/refused/versions/1?spec=\(path)", table, type: "text/csv")
            #expect(answer.status == 400 && answer.text.contains("of a vector, expected drop or none"), "\(answer.text)")
        }
    }
}
