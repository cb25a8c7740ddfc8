import Foundation
import Testing
import Vocabulary

@testable import Service

@Suite("Changes of the errors, from labels to the alert", .service) struct ConceptDriftTests {
    private var service: RunningService { RunningService.current }
    private static let spec = """
        id: id
        score: score
        label: label
        monitors: {detectors: [{name: adwin, delta: 0.01}, hddm-a]}
        policies:
          - {name: changes, monitors: [concept_drift], window: hour}
        """

    /// Scores that are right in nine of ten rows.
    private static let rows: [(score: Double, label: Int)] = (0..<400).map { i in
        let score = 0.1 + Double(i % 80) / 100
        return (score, (score >= 0.5) != (i % 10 == 0) ? 1 : 0)
    }

    private func register(_ model: String, spec: String = Self.spec) async throws -> RunningService.Answer {
        let reference =
            "id,income,score,label\n" + Self.rows.enumerated().map { "r\($0),\($1.score * 1000),\($1.score),\($1.label)\n" }.joined()
        let spec = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        return try await service.post("/v1/models/\(model)/versions/1?spec=\(spec)", reference, type: "text/csv")
    }

    /// An hour of 400 records, and their labels: those from `wrongFrom` on say the contrary of what they would.
    private func send(_ model: String, hour: Int, wrongFrom: Int) async throws {
        let records = Self.rows.enumerated().map { i, row in
            #"{"model":"\#(model)","version":"1","id":"\#(hour)-\#(i)","ts":"2026-03-01T\#(hour):30:00Z","features":{"income":\#(row.score * 1000)},"score":\#(row.score)}"#
        }
        let sent = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(sent.json["accepted"]?.intValue == 400)
        let labels = Self.rows.enumerated().map { i, row in
            #"{"model":"\#(model)","id":"\#(hour)-\#(i)","label":\#(i < wrongFrom ? row.label : 1 - row.label)}"#
        }
        let labelled = try await service.post("/v1/labels", labels.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(labelled.json["joined"]?.intValue == 400)
    }

    @Test("are listed, counted, shown and told, with where they began and how large they are") func told() async throws {
        #expect(try await register("changing").status == 201)
        let idle = try await service.eventually("/metrics") { $0.text.contains(#"evenkeel_error_changes_total{model="changing""#) }
        #expect(idle.text.contains(#"evenkeel_error_changes_total{model="changing",version="1",detector="adwin"} 0"#))
        try await send("changing", hour: 10, wrongFrom: 400)
        try await send("changing", hour: 11, wrongFrom: 200)
        let path = "/v1/models/changing/changes"
        let answer = try await service.eventually(path) { ($0.json["changes"]?.arrayValue?.count ?? 0) >= 2 }
        let changes = answer.json["changes"]?.arrayValue ?? []
        #expect(Set(changes.map { $0["detector"]?.stringValue }) == ["adwin", "hddm-a"], "\(answer.text)")
        for change in changes where change["number"]?.intValue == 1 {
            #expect(change["ts"]?.stringValue == "2026-03-01T11:30:00Z" && change["version"]?.stringValue == "1")
            let labels = try #require(change["labels"]?.intValue)
            #expect((601...700).contains(labels), "\(answer.text)")
            let (before, after) = (change["error_before"]?.doubleValue ?? 0, change["error_after"]?.doubleValue ?? 0)
            #expect(before > 0.05 && before < 0.15 && after > 0.5, "\(answer.text)")
        }
        #expect(try await service.get(path + "?version=1&limit=1").json["next"]?.stringValue != nil)
        #expect(try await service.get(path + "?from=2026-03-01T12:00:00Z").json["changes"]?.arrayValue?.isEmpty == true)
        #expect(try await service.get(path + "?version=9").status == 404)
        #expect(try await service.get("/v1/models/nobody/changes").status == 404)
        #expect(try await service.get(path + "?after=x").status == 400)

        let firing = try await service.eventually("/v1/alerts") { $0.text.contains("changing 1 concept_drift") }
        let alert = firing.json["alerts"]?.arrayValue?.first { $0["model"]?.stringValue == "changing" }
        #expect(alert?["state"]?.stringValue == "firing" && alert?["policy"]?.stringValue == "changes", "\(firing.text)")
        #expect(alert?["summary"]?.stringValue?.contains("the mean error was 0.1") == true, "\(firing.text)")

        /// Of the last evaluation: one may have come between a record and its label.
        func verdicts(_ hour: Int) -> (RunningService.Answer) -> [String] {
            { answer in
                let own = (answer.json["results"]?.arrayValue ?? []).filter {
                    $0["from"]?.stringValue == "2026-03-01T\(hour):00:00Z"
                }
                let last = own.compactMap { $0["evaluated_at"]?.stringValue }.max()
                return own.filter { $0["evaluated_at"]?.stringValue == last }.compactMap { $0["verdict"]?.stringValue }
            }
        }
        let results = "/v1/models/changing/results?metric=error_changes&window=hour"
        let found = try await service.eventually(results) {
            verdicts(11)($0) == ["drifted", "drifted"] && verdicts(10)($0) == ["ok", "ok"]
        }
        #expect(verdicts(11)(found) == ["drifted", "drifted"] && verdicts(10)(found) == ["ok", "ok"], "\(found.text)")

        let metrics = try await service.eventually("/metrics") {
            $0.text.contains(#"evenkeel_error_changes_total{model="changing",version="1",detector="hddm-a"} 1"#)
        }
        // 2026-03-01T11:30:00Z.
        let last = #"evenkeel_error_change_last_timestamp_seconds{model="changing",version="1",detector="adwin"} 1772364600"#
        #expect(metrics.text.contains(last), "\(metrics.text.split(separator: "\n").filter { $0.contains("error_change") })")
        #expect(metrics.text.contains(#"evenkeel_verdict{model="changing",version="1",monitor="concept_drift",verdict="drifted"} 1"#))
        let page = try await service.get("/models/changing")
        #expect(page.text.contains("hddm-a saw the errors change from a mean of"), "\(page.text)")

        // Corrected labels are not followed again.
        let followed = changes.compactMap { $0["labels"]?.intValue }
        try await send("changing", hour: 12, wrongFrom: 0)
        let corrections = (0..<400).map { #"{"model":"changing","id":"10-\#($0)","label":\#(1 - Self.rows[$0].label)}"# }
        _ = try await service.post("/v1/labels", corrections.joined(separator: "\n"), type: "application/x-ndjson")
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "changing", version: "1")))
        _ = try await service.eventually(results) { !verdicts(12)($0).isEmpty }
        let after = try await service.engine.errors.changes(of: version, from: .earliest, to: Engine.systemClock())
        #expect(after.allSatisfy { $0.followed <= 1200 } && after.count >= followed.count)
    }

    @Test("an empty list switches them off: nothing is followed, judged or counted") func off() async throws {
        #expect(try await register("calm", spec: Self.spec.replacing("[{name: adwin, delta: 0.01}, hddm-a]", with: "[]")).status == 201)
        try await send("calm", hour: 10, wrongFrom: 100)
        let path = "/v1/models/calm/results?window=hour"
        let results = try await service.eventually(path) { $0.text.contains("accuracy") && $0.text.contains("\"n\":400") }
        #expect(results.text.contains("accuracy") && !results.text.contains("error_changes"))
        #expect(try await service.get("/v1/models/calm/changes").json["changes"]?.arrayValue?.isEmpty == true)
        #expect(try await !service.get("/metrics").text.contains(#"evenkeel_error_changes_total{model="calm""#))
    }

    @Test("what a detector is not, or a task has no errors for, is refused with its path") func refused() async throws {
        let wrong = Self.spec.replacing(
            "hddm-a", with: "{name: ddm, warm_start: -1}, {name: adwn}, {delta: 1}, {name: kswin, alfa: 1}, adwin")
        let answer = try await register("refused", spec: wrong)
        #expect(answer.status == 400)
        for problem in [
            "monitors.detectors[1]: warm_start -1, expected at least 0", #"monitors.detectors[2].name: \"adwn\", did you mean adwin?"#,
            "monitors.detectors[3].name: missing, expected one of adwin", "monitors.detectors[4].alfa: unknown key, did you mean alpha?",
            "monitors.detectors[5]: adwin is named twice",
        ] { #expect(answer.text.contains(problem), "\(problem) in \(answer.text)") }
        let regression = try await register("refused", spec: "task: regression\n" + Self.spec)
        #expect(
            regression.text.contains(
                "monitors.detectors[1]: hddm-a takes errors of 0 and 1, those of a regression are absolute errors: expected one of adwin, page-hinkley, kswin, cusum"
            ), "\(regression.text)")
    }

    @Test("settings of the service and of a spec: names, parameters, none; the standard is adwin") func settings() throws {
        func detectors(_ yaml: String) throws -> [String] {
            try ServiceConfiguration(yaml: yaml, file: "e", environment: [:]).monitors.detectors.map { setting in
                ([setting.name] + setting.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
            }
        }
        #expect(try detectors("port: 1") == ["adwin"])
        #expect(try detectors("monitors: {detectors: []}") == [])
        #expect(
            try detectors("monitors: {detectors: [ddm, {name: hddm-w, two_sided_test: true}, {name: adwin, delta: 0.01, clock: 8}]}")
                == ["ddm", "hddm-w two_sided_test=true", "adwin clock=8 delta=0.01"])
        #expect(throws: ConfigurationError.self) { try detectors("monitors: {detectors: adwin}") }
        #expect(throws: ConfigurationError.self) { try detectors("monitors: {detectors: [{name: kswin, window_size: 100000}]}") }
    }
}
