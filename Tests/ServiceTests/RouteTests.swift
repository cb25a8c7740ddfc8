import Foundation
import Service
import Testing
import Vocabulary

/// Each test registers a model of its own on one running service.
@Suite("Routes", .service, .serialized) struct RouteTests {
    var service: RunningService { RunningService.current }

    @Test("the service is alive and ready") func health() async throws {
        #expect(try await service.get("/healthz").status == 200)
        #expect(try await service.get("/readyz").json["status"]?.stringValue == "ready")
        #expect(try await service.get("/nothing").status == 404)
    }

    @Test("a version is registered over HTTP, shown, listed, and frozen") func register() async throws {
        try await SmallModel.register("reg", on: service)
        let shown = try await service.get("/v1/models/reg/versions/1").json
        #expect(shown["stage"]?.stringValue == "champion")
        #expect(shown["schema"]?["features"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["income", "purpose"])
        #expect(shown["schema"]?["features"]?.arrayValue?.compactMap { $0["kind"]?.stringValue } == ["numeric", "categorical"])
        #expect(shown["sensitive"]?.arrayValue == ["sex"])
        let list = try await service.get("/v1/models").json["models"]?.arrayValue ?? []
        #expect(list.contains { $0["model"]?.stringValue == "reg" })
        let again = try await service.post("/v1/models/reg/versions/1?id=id&score=score", SmallModel.reference(), type: "text/csv")
        #expect(again.status == 409)
        #expect(again.json["detail"]?.stringValue == "reg 1 is registered already: a version is frozen, register a new one")
        #expect(try await service.get("/v1/models/reg/versions/9").status == 404)
    }

    @Test("a bad reference says where and what was expected") func badReference() async throws {
        let cases = [
            ("id,a\nx,1,2\n", "id=id", "body:2:3: 3 fields, expected 2 as in the header"),
            ("id,a\nx,1\n", "score=p", "body: score: there is no column p, expected one of id, a"),
            ("id,p\nx,high\n", "id=id&score=p", "body:2:2: \"high\" in p, expected a number"),
            ("id,a\n", "id=id&features=a", "body: reference: no rows, expected at least one"),
        ]
        for (body, query, detail) in cases {
            let answer = try await service.post("/v1/models/bad/versions/1?\(query)", body, type: "text/csv")
            #expect(answer.status == 400)
            #expect(answer.json["detail"]?.stringValue?.split(separator: "\n").map(String.init).contains(detail) == true, "\(answer.text)")
        }
    }

    @Test("records come as an object, an array or lines; bad ones are rejected alone") func ingest() async throws {
        try await SmallModel.register("ing", on: service)
        let object = try await service.post("/v1/predictions", SmallModel.prediction("ing", id: "a"))
        #expect(object.status == 202)
        #expect(object.json == .object(["accepted": 1, "duplicates": 0, "rejected": []]))
        let array = try await service.post(
            "/v1/predictions",
            "[\(SmallModel.prediction("ing", id: "b")),{\"model\":\"ing\",\"version\":\"1\"},\(SmallModel.prediction("ing", id: "c"))]")
        #expect(array.json["accepted"]?.intValue == 2)
        #expect(array.json["rejected"]?.arrayValue == [.object(["index": 1, "error": "id: missing, expected a string"])])
        let lines = try await service.post(
            "/v1/predictions", SmallModel.prediction("ing", id: "d") + "\n{oops\n\n" + SmallModel.prediction("ing", id: "a") + "\n",
            type: "application/x-ndjson")
        #expect(lines.json["accepted"]?.intValue == 2)
        #expect(lines.json["duplicates"]?.intValue == 1)
        #expect(lines.json["rejected"]?.arrayValue?.first?["index"]?.intValue == 1)
    }

    @Test("a repeated request is answered the same and stores nothing") func idempotency() async throws {
        try await SmallModel.register("idem", on: service)
        let body = "[\(SmallModel.prediction("idem", id: "a")),\(SmallModel.prediction("idem", id: "b"))]"
        let first = try await service.post("/v1/predictions", body, headers: ["Idempotency-Key": "k1"])
        let again = try await service.post("/v1/predictions", body, headers: ["Idempotency-Key": "k1"])
        #expect(first.json == again.json)
        let other = try await service.post("/v1/predictions", body, headers: ["Idempotency-Key": "k2"])
        #expect(other.json["duplicates"]?.intValue == 2)
        let changed = try await service.post("/v1/predictions", body + " ", headers: ["Idempotency-Key": "k1"])
        #expect(changed.status == 422 && changed.text.contains("k1 came with another body before"))
        let metrics = try await service.get("/metrics").text
        #expect(metrics.contains("evenkeel_predictions_total{model=\"idem\",version=\"1\"} 2\n"))
    }

    @Test(
        "a request of which nothing can be used says what was expected",
        arguments: [
            ("{\"model\":", "application/json", 400, "the body is not JSON: line 1, column 10: expected a value, got the end"),
            ("3", "application/json", 400, "the body is a number, expected an object, an array of objects, or NDJSON"),
            ("{\"model\":\"x\",\"version\":\"1\",\"id\":\"a\",\"score\":NaN}", "application/json", 400, "expected a value, got 'N'"),
        ])
    func malformed(body: String, type: String, status: Int, detail: String) async throws {
        let answer = try await service.post("/v1/predictions", body, type: type)
        #expect(answer.status == status)
        #expect(answer.headers["content-type"] == "application/problem+json")
        #expect(answer.json["detail"]?.stringValue?.contains(detail) == true, "\(answer.text)")
    }

    @Test("what is named with a NUL is refused, a silence for nobody not found") func names() async throws {
        try await SmallModel.register("names", on: service)
        #expect(try await service.get("/v1/models/names/results?metric=%00").status == 400)
        #expect(try await service.get("/v1/models/na%00mes/versions/1").status == 400)
        let silence = #"{"model":"nobody","until":"2099-01-01T00:00:00Z"}"#
        #expect(try await service.post("/v1/silences", silence).status == 404)
    }

    @Test("a byte order mark is no part of a body, and one odd record of an array no reason to refuse the others") func marked()
        async throws
    {
        try await SmallModel.register("marked", on: service)
        let line = SmallModel.prediction("marked", id: "a")
        let marked = try await service.post("/v1/predictions", "\u{FEFF}" + line, type: "application/x-ndjson")
        #expect(marked.status == 202 && marked.json["accepted"]?.intValue == 1)
        let odd = [
            line.replacing("\"a\"", with: "\"b\""), #"{"model":"marked","version":"1","id":"c","score":1e999}"#,
            #"{"model":"marked","version":"1","id":"\u0000d"}"#, #"{"model":"marked","version":"1","id":"e\ud800"}"#,
            #"{"model":"marked","version":"1","id":"f","score":NaN}"#,
        ]
        let some = try await service.post("/v1/predictions", "[\(odd.joined(separator: ",\n"))]")
        #expect(some.status == 202 && some.json["accepted"]?.intValue == 1)
        #expect(some.json["rejected"]?.arrayValue?.compactMap { $0["index"]?.intValue } == [1, 2, 3, 4])
    }

    @Test("a body beyond the limit is 413, an encoding that we do not read 415, invalid UTF-8 400") func limits() async throws {
        let large = try await service.send(
            "POST", "/v1/predictions", [UInt8](repeating: 32, count: (16 << 20) + 1), ["Content-Type": "application/json"])
        #expect(large.status == 413)
        let unknown = try await service.post("/v1/predictions", "{}", headers: ["Content-Encoding": "br"])
        #expect(unknown.status == 415 && unknown.headers["accept-encoding"] == "zstd, gzip, deflate")
        let broken = try await service.post("/v1/predictions", "{}", headers: ["Content-Encoding": "gzip"])
        #expect(broken.status == 400 && broken.json["detail"]?.stringValue?.contains("gzip") == true)
        // An empty object, packed: its own fault is found.
        let packed = try #require(Data(base64Encoded: "H4sIAAAAAAACA6uuBQBDv6ajAgAAAA=="))
        let zstd = try #require(Data(base64Encoded: "KLUv/QRYEQAAe33RlPJ6"))
        for (body, encoding) in [(packed, "gzip"), (zstd, "zstd")] {
            let empty = try await service.send("POST", "/v1/predictions", Array(body), ["Content-Encoding": encoding])
            #expect(empty.json["rejected"]?.arrayValue?[0]["error"]?.stringValue == "model: missing, expected a string")
        }
        let cut = try await service.send("POST", "/v1/predictions", Array(zstd.dropLast()), ["Content-Encoding": "zstd"])
        #expect(cut.status == 400 && cut.json["detail"]?.stringValue?.contains("zstd") == true)
        let invalid = try await service.send(
            "POST", "/v1/predictions", Array("{\"model\":\"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8), [:])
        #expect(invalid.status == 400)
        #expect(invalid.json["detail"]?.stringValue?.contains("invalid UTF-8") == true)
        #expect(try await service.get("/healthz").status == 200)
    }

    @Test("labels are joined late, early, corrected and repeated") func labels() async throws {
        try await SmallModel.register("lab", on: service)
        _ = try await service.post("/v1/predictions", SmallModel.prediction("lab", id: "a"))
        func label(_ id: String, _ label: Int, _ ts: String) -> String {
            "{\"model\":\"lab\",\"id\":\"\(id)\",\"label\":\(label),\"ts\":\"\(ts)\"}"
        }
        let late = try await service.post(
            "/v1/labels", "[\(label("a", 1, "2026-01-06T00:00:00Z")),\(label("b", 0, "2026-01-06T00:00:00Z"))]")
        #expect(late.status == 202)
        #expect(late.json["joined"]?.intValue == 1)
        #expect(late.json["waiting"]?.intValue == 1)
        _ = try await service.post("/v1/predictions", SmallModel.prediction("lab", id: "b"))
        let corrected = try await service.post("/v1/labels", label("b", 1, "2026-01-07T00:00:00Z"))
        #expect(corrected.json["corrected"]?.intValue == 1)
        let resent = try await service.post("/v1/labels", label("b", 1, "2026-01-07T00:00:00Z") + " ")
        #expect(resent.json["resent"]?.intValue == 1)
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "lab", version: "1")))
        let start = try #require(Timestamp(rfc3339: "2026-01-05T00:00:00Z"))
        let profile = try await service.engine.profiles.profile(of: version, from: start, to: start.adding(seconds: 86_400))
        #expect(profile.rows == 2)
        #expect(profile.labelled == 2)
    }

    @Test("findings can be asked for, and the page and metrics show them") func results() async throws {
        try await SmallModel.register("res", on: service)
        let records = (0..<300).map { SmallModel.prediction("res", id: "x\($0)", income: 5000 + Double($0), score: 0.9) }
        let sent = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(sent.json["accepted"]?.intValue == 300)
        let found = try await service.eventually("/v1/models/res/results?metric=psi&feature=income&window=hour") {
            $0.json["results"]?.arrayValue?.isEmpty == false
        }
        let psi = try #require(found.json["results"]?.arrayValue?.first)
        #expect(psi["verdict"]?.stringValue == "drifted")
        #expect(psi["n"]?.intValue == 300)
        #expect(psi["from"]?.stringValue == "2026-01-05T10:00:00Z")
        #expect(try await service.get("/v1/models/res/results?from=yesterday").status == 400)
        #expect(try await service.get("/v1/models/none/results").status == 404)
        let metrics = try await service.eventually("/metrics") { $0.text.contains("evenkeel_feature_drift{model=\"res\"") }
        #expect(metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(metrics.text.contains("evenkeel_verdict{model=\"res\",version=\"1\",monitor=\"feature_drift\",verdict=\"drifted\"} 1\n"))
        let open = try await service.get("/metrics", headers: ["Accept": "application/openmetrics-text"])
        #expect(open.headers["content-type"]?.hasPrefix("application/openmetrics-text") == true)
        #expect(open.text.hasSuffix("# EOF\n"))
        let page = try await service.get("/")
        #expect(page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(page.text.contains("feature drift: drifted"))
    }

    @Test("an open window is left alone until a later record closes it") func openWindows() async throws {
        let quiet = try await RunningService.start { $0.monitors.quietSeconds = 86_400 }
        do {
            try await SmallModel.register("open", on: quiet)
            _ = try await quiet.post("/v1/predictions", SmallModel.prediction("open", id: "a", ts: "2026-01-05T10:00:00Z"))
            try await Task.sleep(for: .seconds(1))
            #expect(try await quiet.get("/v1/models/open/results?window=hour").json["results"]?.arrayValue?.isEmpty == true)
            _ = try await quiet.post("/v1/predictions", SmallModel.prediction("open", id: "b", ts: "2026-01-05T11:00:00Z"))
            let found = try await quiet.eventually("/v1/models/open/results?window=hour") {
                $0.json["results"]?.arrayValue?.isEmpty == false
            }
            #expect(found.json["results"]?.arrayValue?.first?["from"]?.stringValue == "2026-01-05T10:00:00Z")
        } catch {
            await quiet.stop()
            throw error
        }
        await quiet.stop()
    }
}
