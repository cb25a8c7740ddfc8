import Foundation
import Service
import Testing
import Vocabulary

@testable import Storage

/// KServe's inference logger against a running service. Each test registers a model of its own.
@Suite("Events of inference services", .service, .serialized) struct CloudEventRouteTests {
    var service: RunningService { RunningService.current }

    /// An event in the binary mode, as the logger sends it.
    private func send(
        _ side: String, id: String, of model: String, _ body: String, to service: RunningService? = nil, seconds: Int = 0,
        headers: [String: String] = [:]
    ) async throws -> RunningService.Answer {
        let usual = [
            "Ce-Specversion": "1.0", "Ce-Type": "org.kubeflow.serving.inference.\(side)", "Ce-Id": id,
            "Ce-Source": "http://localhost:9081/",
            "Ce-Time": "2026-01-05T10:00:0\(seconds).25Z", "Ce-Inferenceservicename": model, "Ce-Namespace": "default",
            "Ce-Component": "predictor",
        ]
        return try await (service ?? self.service).post("/v1/cloudevents", body, headers: usual.merging(headers) { $1 })
    }
    private func counts(_ answer: RunningService.Answer) -> [Int64?] {
        ["accepted", "duplicates", "waiting", "repeated"].map { answer.json[$0]?.intValue }
    }
    private func profile(_ model: String) async throws -> (rows: Int64, labelled: Int64) {
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: model, version: "1")))
        let start = try #require(Timestamp(rfc3339: "2026-01-05T00:00:00Z"))
        let profile = try await service.engine.profiles.profile(of: version, from: start, to: start.adding(seconds: 86_400))
        return (profile.rows, profile.labelled)
    }
    private func structured(_ side: String, id: String, of model: String, _ data: String) -> String {
        """
        {"specversion":"1.0","type":"org.kubeflow.serving.inference.\(side)","id":"\(id)","source":"/","time":"2026-01-05T10:00:00Z",
        "inferenceservicename":"\(model)","namespace":"default","data":\(data)}
        """
    }
    private let request = #"{"instances":[{"income":1200,"purpose":"car","sex":"F"}]}"#

    @Test("a request and its response become a prediction with score, group and latency, and take its label") func protocolV1() async throws
    {
        try await SmallModel.register("v1", on: service)
        let first = try await send("request", id: "a", of: "v1", request)
        #expect(first.status == 202)
        #expect(first.json == .object(["accepted": 0, "duplicates": 0, "waiting": 1, "repeated": 0, "rejected": []]))
        let second = try await send("response", id: "a", of: "v1", #"{"predictions":[[0.25,0.75]]}"#, seconds: 2)
        #expect(second.status == 202 && counts(second) == [1, 0, 0, 0])
        let again = try await send("response", id: "a", of: "v1", #"{"predictions":[[0.25,0.75]]}"#, seconds: 2)
        #expect(again.status == 202 && counts(again) == [0, 0, 0, 1])
        let label = try await service.post("/v1/labels", #"{"model":"v1","id":"a","label":1}"#)
        #expect(label.json["joined"]?.intValue == 1)
        #expect(try await profile("v1") == (1, 1))
        let row = try await service.engine.database.run { connection in
            let rows = try connection.query(#"select score, income, purpose, sex, measures ->> 'latency_seconds' from evenkeel."v1 1""#)
            return (0..<5).map { rows.text(0, $0) }
        }
        #expect(row == ["0.75", "1200", "car", "F", "2"])
        let metrics = try await service.get("/metrics").text
        #expect(metrics.contains("evenkeel_predictions_total{model=\"v1\",version=\"1\"} 1\n"))
        #expect(metrics.contains("evenkeel_prediction_latency_seconds_sum{model=\"v1\",version=\"1\"} 2\n"))
    }

    @Test("protocol V2, many rows, the response first and packed by gzip") func protocolV2() async throws {
        try await SmallModel.register("v2", on: service)
        let response = #"{"outputs":[{"name":"predict_proba","shape":[2,2],"datatype":"FP64","data":[0.75,0.25,0.5,0.5]}]}"#
        #expect(try await counts(send("response", id: "b", of: "v2", response)) == [0, 0, 1, 0])
        let request =
            #"{"inputs":[{"name":"income","shape":[2],"datatype":"FP64","data":[1100,1300]},{"name":"purpose","shape":[2],"datatype":"BYTES","data":["car","home"]}]}"#
        #expect(try await counts(send("request", id: "b", of: "v2", request)) == [2, 0, 0, 0])
        let labels = try await service.post("/v1/labels", #"[{"model":"v2","id":"b/0","label":1},{"model":"v2","id":"b/1","label":0}]"#)
        #expect(labels.json["joined"]?.intValue == 2)
        // {"error":"x"}, packed.
        let packed = try #require(Data(base64Encoded: "H4sIAAAAAAACA6tWSi0qyi9SslKqUKoFAL0mP6ENAAAA"))
        let headers = [
            "Content-Encoding": "gzip", "Content-Type": "application/json", "Ce-Specversion": "1.0", "Ce-Source": "/", "Ce-Id": "c",
            "Ce-Type": "org.kubeflow.serving.inference.response", "Ce-Inferenceservicename": "v2",
        ]
        let answer = try await service.send("POST", "/v1/cloudevents", Array(packed), headers)
        #expect(answer.status == 202 && counts(answer) == [0, 0, 1, 0], "\(answer.text)")
    }

    @Test("a batch joins its own pairs without a trace in the table, keeps what is alone, and refuses the rest one by one")
    func batch() async throws {
        try await SmallModel.register("bat", on: service)
        let body = """
            [\(structured("request", id: "x", of: "bat", request)),\(structured("response", id: "x", of: "bat", #"{"predictions":[0.5]}"#)),
             \(structured("request", id: "y", of: "bat", request)),\(structured("request", id: "x", of: "bat", request)),
             \(structured("request", id: "z", of: "bat", #"{"instances":[[1]]}"#)),\(structured("request", id: "w", of: "nobody", request)),
             \(structured("request", id: "v", of: "bat", request)),\(structured("response", id: "v", of: "bat", #"{"predictions":[0.5,0.6]}"#))]
            """
        let answer = try await service.post("/v1/cloudevents", body, type: "application/cloudevents-batch+json")
        #expect(answer.status == 202 && counts(answer) == [1, 0, 2, 1], "\(answer.text)")
        #expect(
            answer.json["rejected"]?.arrayValue == [
                .object(["index": 4, "error": "instances[0]: 1 values for 2 columns, expected income, purpose"]),
                .object([
                    "index": 5,
                    "error":
                        "inferenceservicename: the model nobody is not registered: register it, or name the model under kserve.services",
                ]),
                .object(["index": 7, "error": "the response has 2 rows, its request 1: expected as many"]),
            ])
        #expect(try await waiting("bat") == ["v", "y"])
        let again = try await service.post("/v1/cloudevents", body, type: "application/cloudevents-batch+json")
        #expect(counts(again) == [1, 1, 0, 3], "\(again.text)")
        #expect(try await profile("bat").rows == 1)
    }

    private func waiting(_ model: String) async throws -> [String] {
        try await service.engine.database.run { connection in
            let rows = try connection.query(
                "select event_id from evenkeel.half join evenkeel.model on home_stream_id = stream_id where name = '\(model)' order by 1")
            return (0..<rows.count).compactMap { rows.text($0, 0) }
        }
    }

    @Test("an event of which nothing can be used says what was expected") func malformed() async throws {
        try await SmallModel.register("mal", on: service)
        let plain = try await service.post("/v1/cloudevents", request)
        #expect(plain.status == 400)
        #expect(
            plain.json["detail"]?.stringValue
                == "no header ce-specversion, expected the headers ce-* of a CloudEvent or content-type application/cloudevents+json")
        let cases: [(String, [String: String], String)] = [
            (#"{"instances":[[1,2,3]]}"#, [:], "instances[0]: 3 values for 2 columns, expected income, purpose"),
            (request, ["Ce-Component": "transformer"], "component: transformer, expected predictor: set component under kserve.services"),
            (
                request, ["Ce-Type": "dev.knative.ping"],
                "ce-type: \"dev.knative.ping\", expected org.kubeflow.serving.inference.request or .response"
            ),
            (
                "PROTO", ["Content-Type": "application/x-protobuf"],
                "data: no JSON object (content-type application/x-protobuf), expected the JSON of an inference"
            ),
        ]
        for (body, headers, error) in cases {
            let answer = try await send("request", id: "m", of: "mal", body, headers: headers)
            #expect(answer.status == 400)
            #expect(answer.json["rejected"]?.arrayValue == [.object(["index": 0, "error": .string(error)])], "\(answer.text)")
        }
        let metrics = try await service.get("/metrics").text
        #expect(metrics.contains("evenkeel_cloudevents_total{outcome=\"rejected\"}"))
    }

    @Test("halves outlive the service, are bounded, and expire; the configuration says what a service is") func restart() async throws {
        func change(_ configuration: inout ServiceConfiguration) {
            configuration.kserve.limits.halvesMax = 1
            configuration.kserve.limits.waitSeconds = 0
            configuration.kserve.services = [.init("scoring")]
            configuration.kserve.services[0].model = "own"
            configuration.kserve.services[0].columns = ["sex", "income", "purpose"]
        }
        let first = try await RunningService.start(change)
        do {
            try await SmallModel.register("own", on: first)
            let request = #"{"instances":[["F",1200,"car"]]}"#
            #expect(try await counts(send("request", id: "r1", of: "scoring", request, to: first)) == [0, 0, 1, 0])
            let full = try await send("request", id: "r2", of: "scoring", request, to: first)
            #expect(full.status == 429 && full.headers["retry-after"] == "60")
            #expect(full.json["rejected"]?.arrayValue?.first?["error"]?.stringValue?.hasPrefix("kserve.halves_max") == true)
            // Another service on the same database: what the first one took, the second one joins.
            let database = first.engine.database
            let second = RecordStore(database: database, clock: Engine.systemClock).halves(limits: HalfLimits())
            let response = HalfWrite(
                model: "own", eventID: "r1", time: Engine.systemClock(), isTimed: false,
                half: .response(ResponseHalf(scores: [0.5], predictions: [.nan])))
            guard case .joined(let write, _) = try await second.store(halves: [response])[0] else {
                Issue.record("not joined")
                throw CancellationError()
            }
            #expect(write.batch.groups[0][0] == "F" && write.batch.measures.isEmpty)
            #expect(try await counts(send("request", id: "r2", of: "scoring", request, to: first)) == [0, 0, 1, 0])
            try await first.engine.expireHalves()
            let metrics = try await first.get("/metrics").text
            #expect(metrics.contains("evenkeel_cloudevents_total{outcome=\"expired_request\"} 1\n"))
            #expect(metrics.contains("evenkeel_cloudevents_total{outcome=\"full\"} 1\n"))
            #expect(try await counts(send("response", id: "r2", of: "scoring", #"{"predictions":[0.5]}"#, to: first)) == [0, 0, 1, 0])
        } catch {
            await first.stop()
            throw error
        }
        await first.stop()
    }
}
