import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Service

/// A model with segments: one by a feature, and one that is a group of a sensitive attribute.
private enum Segmented {
    static let spec = """
        id: id
        score: score
        label: label
        sensitive: [sex]
        segments:
          - {name: car loans, where: {purpose: car, income: ">= 0"}}
          - {name: women, where: {sex: F}}
        policies:
          - {name: inputs, monitors: [feature_drift], window: hour, findings: 1, of: 1, false_alarms: any}
        """

    static func register(_ model: String, on service: RunningService, headers: [String: String] = [:]) async throws {
        let spec = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let answer = try await service.post(
            "/v1/models/\(model)/versions/1?spec=\(spec)", SmallModel.reference(rows: 1200), type: "text/csv", headers: headers)
        try #require(answer.status == 201, "\(answer.text)")
    }

    /// Records as those of the reference, but that every twelfth is of a car and all cars are of men with a far larger income.
    static func records(_ model: String) -> String {
        (0..<2400).map { i in
            let isCar = i % 12 == 0
            let income = isCar ? 5000 : 1000 + i * 7 % 911
            let purpose = isCar ? "car" : ["home", "debt"][i % 2]
            return
                #"{"model":"\#(model)","version":"1","id":"\#(i)","ts":"2026-01-05T10:\#(10 + i % 50):00Z","features":{"income":\#(income),"purpose":"\#(purpose)"},"score":0.\#(10 + i % 80),"groups":{"sex":"\#(isCar || i % 2 == 1 ? "M" : "F")"}}"#
        }.joined(separator: "\n")
    }
}

@Suite("Segments are watched like the whole", .service) struct SegmentServiceTests {
    private var service: RunningService { RunningService.current }

    @Test("what drifts in a segment alone is found there, alerts the model once, and is shown") func drift() async throws {
        try await Segmented.register("segmented", on: service)
        let sent = try await service.post("/v1/predictions", Segmented.records("segmented"), type: "application/x-ndjson")
        #expect(sent.json["accepted"]?.intValue == 2400)
        let path = "/v1/models/segmented/results?metric=psi&feature=income&window=hour"
        func psi(_ segment: String) async throws -> JSON {
            let path = path + "&segment=" + segment
            let answer = try await service.eventually(path) { $0.json["results"]?.arrayValue?.first?["n"]?.intValue == 200 }
            return answer.json["results"]?.arrayValue?.first ?? .null
        }
        let cars = try await psi("car%20loans")
        #expect(cars["verdict"]?.stringValue == "drifted" && cars["segment"]?.stringValue == "car loans")
        #expect(cars["n"]?.intValue == 200 && cars["reference_n"]?.intValue == 400)
        let whole = try await service.get(path).json["results"]?.arrayValue?.first
        #expect(whole?["verdict"]?.stringValue != "drifted" && whole?["n"]?.intValue == 2400 && whole?["segment"] == nil)
        #expect(try await service.get(path + "&segment=nobody").status == 404)

        let firing = try await service.eventually("/v1/alerts") { answer in
            answer.json["alerts"]?.arrayValue?.contains { $0["model"]?.stringValue == "segmented" } == true
        }
        let alerts = firing.json["alerts"]?.arrayValue?.filter { $0["model"]?.stringValue == "segmented" } ?? []
        #expect(alerts.count == 1)
        #expect(firing.text.contains("segmented 1 feature_drift: in car loans: income"), "\(alerts)")
        let metrics = try await service.eventually("/metrics") { $0.text.contains("segment=\"car loans\"") }
        #expect(
            metrics.text.contains(
                #"evenkeel_segment_verdict{model="segmented",version="1",segment="car loans",monitor="feature_drift",verdict="drifted"} 1"#)
        )
        #expect(
            metrics.text.contains(
                #"evenkeel_segment_verdict{model="segmented",version="1",segment="women",monitor="prediction_drift",verdict="ok"} 1"#))

        let fleet = try await service.eventually("/") { $0.text.contains("feature drift in car loans") }.text
        #expect(
            fleet.contains("feature drift in car loans: drifted"))
        let report = try await service.get(
            "/models/segmented/report?from=2026-01-05T00:00:00Z&to=2026-01-06T00:00:00Z&window=hour&format=json"
        ).json
        let parts = try #require(report["segments"]?.arrayValue)
        #expect(parts.map { $0["segment"]?.stringValue } == ["car loans", "women"])
        #expect(parts[0]["verdict"]?.stringValue == "drifted" && parts[0]["predictions"]?.intValue == 200)
        #expect(parts[0]["findings"]?.arrayValue?.contains { $0["subject"]?.stringValue == "income" } == true)
        #expect(report["summary"]?.stringValue?.contains("In segments: car loans (") == true, "\(report["summary"]?.text ?? "")")

        let ofWhole = try await service.get("/models/segmented")
        #expect(ofWhole.text.contains("<h2>Segments</h2>") && ofWhole.text.contains("sex is F"))
        let page = try await service.get("/models/segmented?segment=car%20loans")
        #expect(page.status == 200 && page.text.contains("purpose is car") && page.text.contains("income &gt;= 0"))
        #expect(page.text.contains("<dd>200</dd>") && page.text.contains("segment=car%20loans"))
        #expect(!page.text.contains("<h2>Segments</h2>"))
        #expect(try await service.get("/models/segmented?segment=").text.contains("<dd>2\u{202F}400</dd>"))
        #expect(try await service.get("/models/segmented?segment=x").status == 404)
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "segmented", version: "1")))
        guard case .equal(rows: 2400, _) = try await service.engine.profiles.check(version) else {
            Issue.record("\(try await service.engine.profiles.check(version))"); return
        }
    }
}

@Suite("Segments of a sensitive attribute are for those who may audit", .guardedService) struct ProtectedSegmentTests {
    private var service: RunningService { RunningService.current }

    @Test("in results, metrics and alerts") func groups() async throws {
        let engine = service.engine
        let admin = bearer(try await engine.newToken([.admin]))
        let (read, audit) = (bearer(try await engine.newToken([.read])), bearer(try await engine.newToken([.audit])))
        try await Segmented.register("parted", on: service, headers: admin)
        let sent = try await service.post(
            "/v1/predictions", Segmented.records("parted"), type: "application/x-ndjson", headers: admin)
        #expect(sent.status == 202)
        let version = try #require(try await engine.registry.version(ModelVersion(model: "parted", version: "1")))
        let start = try #require(Timestamp(rfc3339: "2026-01-05T10:00:00Z"))
        _ = try await engine.evaluation.evaluate(version, Window(kind: .hour, start: start, end: start.adding(seconds: 3600)))
        let path = "/v1/models/parted/results?segment="
        #expect(try await service.get(path + "women", headers: read).status == 403)
        #expect(try await service.get(path + "women", headers: audit).text.contains("\"segment\":\"women\""))
        #expect(try await service.get(path + "car%20loans", headers: read).text.contains("\"segment\":\"car loans\""))
        // Texts of metrics are shared for two seconds: an older one may be of before.
        let mark = "model=\"parted\",version=\"1\",segment=\"car loans\""
        var text = ""
        #expect(
            try await eventually {
                text = try await service.get("/metrics", headers: read).text
                return text.contains(mark)
            })
        #expect(!text.contains("segment=\"women\""))
        #expect(try await eventually { try await service.get("/metrics", headers: audit).text.contains("segment=\"women\"") })
    }

    @Test("an alert tells the others neither their findings nor their summary") func alerts() {
        var schema = FeatureSchema(features: [Feature(name: "purpose", kind: .categorical)], sensitive: ["sex"])
        schema.segments = [
            Segment(name: "car loans", conditions: [.init(column: "purpose", test: .levels(["car"]))]),
            Segment(name: "women", conditions: [.init(column: "sex", test: .levels(["F"]))]),
        ]
        func finding(_ segment: String) -> JSON {
            .object([
                "subject": .string("income"), "statistic": .string("psi"), "why": .string("of \(segment)"), "segment": .string(segment),
            ])
        }
        func alert(_ segments: [String]) -> Alert {
            Alert(
                version: ModelVersion(model: "m", version: "1"), monitor: .featureDrift, policy: "p", severity: .warning, state: .firing,
                memory: AlertMemory(), summary: "in \(segments[0])", detail: .object(["findings": .array(segments.map(finding))]),
                startedAt: .earliest)
        }
        let open = ProtectedValues.redacted(alert(["car loans"]), schema)
        #expect(open.summary == "in car loans" && open.detail["findings"]?.arrayValue?.count == 1)
        for hidden in ["women", "one that is not declared"] {
            let shown = ProtectedValues.redacted(alert([hidden, "car loans"]), schema)
            #expect(!shown.summary.contains(hidden) && shown.detail["findings"]?.arrayValue == [finding("car loans")])
        }
    }
}
