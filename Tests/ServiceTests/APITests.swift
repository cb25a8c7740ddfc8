import Foundation
import Testing
import Vocabulary

@testable import Service
@testable import Storage

@Suite("The API", .service, .serialized) struct APITests {
    var service: RunningService { RunningService.current }

    /// Every `$ref` in it.
    private func references(_ json: JSON) -> [String] {
        switch json {
        case .object(let object): object.members.flatMap { $0.key == "$ref" ? [$0.value.stringValue ?? ""] : references($0.value) }
        case .array(let items): items.flatMap(references)
        default: []
        }
    }

    @Test("the description has every route of the table, its role, and nothing that it does not define") func description() async throws {
        #expect(Set(APIDescription.operations.keys) == Set(RouteTable.api.map { "\($0.method) \($0.path)" }))
        let api = try await service.get("/openapi.json").json
        #expect(api["openapi"]?.stringValue == "3.1.0")
        for entry in RouteTable.api {
            let operation = api["paths"]?[entry.path]?[entry.method.rawValue.lowercased()]
            #expect(operation?["x-role"]?.stringValue == entry.role?.rawValue, "\(entry.path)")
            #expect(operation?["responses"]?["400"] != nil && (operation?["responses"]?["401"] != nil) == (entry.role != nil))
        }
        let names = references(api)
        #expect(names.count > 100)
        for name in Set(names) {
            let found = name.split(separator: "/").dropFirst().reduce(Optional(api)) { $0?[String($1)] }
            #expect(found != nil, "\(name)")
        }
    }

    @Test("a list that is known is not sent again") func tags() async throws {
        try await SmallModel.register("tagged", on: service)
        for path in ["/v1/models", "/v1/models/tagged/versions/1", "/v1/models/tagged/results", "/v1/alerts", "/openapi.json"] {
            let first = try await service.get(path)
            let tag = try #require(first.headers["etag"], "\(path)")
            let again = try await service.get(path, headers: ["If-None-Match": "\"x\", W/\(tag)"])
            #expect(again.status == 304 && again.body.isEmpty, "\(path)")
            #expect(try await service.get(path, headers: ["If-None-Match": "\"x\""]).status == 200)
        }
    }

    @Test("models are listed a few at a time, each once") func models() async throws {
        for name in ["page-a", "page-b", "page-c"] { try await SmallModel.register(name, on: service) }
        var seen: [String] = []
        var after = ""
        repeat {
            let page = try await service.get("/v1/models?limit=1" + (after.isEmpty ? "" : "&after=\(after)")).json
            seen += page["models"]?.arrayValue?.compactMap { $0["model"]?.stringValue } ?? []
            after = page["next"]?.stringValue ?? ""
        } while !after.isEmpty && seen.count < 100
        #expect(seen.filter { $0.hasPrefix("page-") } == ["page-a", "page-b", "page-c"])
        #expect(Set(seen).count == seen.count)
    }

    @Test("results are listed a few at a time, and what is evaluated meanwhile moves none; also as CSV") func results() async throws {
        try await SmallModel.register("paged", on: service)
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "paged", version: "1")))
        let start = try #require(Timestamp(rfc3339: "2026-01-05T10:00:00Z"))
        func save(_ hour: Int64, at time: Timestamp) async throws {
            let begin = start.adding(seconds: hour * 3600)
            let findings = ["a", "b,\"c\"", "d"].map {
                Finding(
                    monitor: .featureDrift, subject: $0, statistic: "psi", value: 0.5, referenceCount: 1, currentCount: 1, verdict: .drifted
                )
            }
            try await service.engine.results.save(
                Evaluation(
                    version: version.key, window: Window(kind: .hour, start: begin, end: begin.adding(seconds: 3600)), evaluatedAt: time,
                    rows: 1, labelled: 0, findings: findings), of: version)
        }
        for hour in 0..<3 { try await save(Int64(hour), at: start) }
        var seen: [String] = []
        var after = ""
        repeat {
            let page = try await service.get("/v1/models/paged/results?limit=4" + (after.isEmpty ? "" : "&after=\(after)")).json
            let results = page["results"]?.arrayValue ?? []
            seen += results.map { "\($0["from"]?.stringValue ?? "") \($0["subject"]?.stringValue ?? "")" }
            after = page["next"]?.stringValue ?? ""
            if seen.count == 4 { try await save(9, at: Engine.systemClock().adding(seconds: 1)) }
        } while !after.isEmpty && seen.count < 100
        #expect(seen.count == 9 && Set(seen).count == 9)
        let csv = try await service.get("/v1/models/paged/results?limit=3", headers: ["Accept": "text/csv"])
        #expect(csv.headers["content-type"] == "text/csv; charset=utf-8" && csv.headers["evenkeel-next"] != nil)
        let lines = csv.text.components(separatedBy: "\r\n")
        #expect(lines.count == 5 && lines[0].hasPrefix("model,version,window,from,to,evaluated_at,monitor,subject,group,statistic,value,"))
        #expect(lines[2].contains(",feature_drift,\"b,\"\"c\"\"\",,psi,0.5,"))
    }

    @Test("every list comes as JSON or as CSV, as Accept likes it, else 406")
    func formats() async throws {
        try await SmallModel.register("listed", on: service)
        let silence = #"{"model":"listed","until":"2099-01-01T00:00:00Z","reason":"=HYPERLINK(\"http://x\")"}"#
        #expect(try await service.post("/v1/silences", silence).status == 201)
        let lists = [
            ("/v1/models", "model,version,stage,"), ("/v1/models/listed/results", "model,version,window,"),
            ("/v1/models/listed/changes", "model,version,detector,"), ("/v1/alerts", "id,model,version,monitor,"),
            ("/v1/silences", "id,model,monitor,"), ("/v1/retraining", "id,model,version,policy,"),
        ]
        for (path, head) in lists {
            for accept in [
                "*/*", "application/json", "text/html, */*;q=0.8", "text/csv;q=0.5, application/*", "application/json, text/csv",
            ] {
                let answer = try await service.get(path, headers: ["Accept": accept])
                #expect(answer.headers["content-type"] == "application/json" && answer.headers["vary"] == "Accept", "\(path) \(accept)")
            }
            for accept in [
                "text/csv", "TEXT/CSV; q=0.9, application/json; q=0.1", "text/*", "text/csv, application/json", "application/json;q=0, */*",
            ] {
                let answer = try await service.get(path, headers: ["Accept": accept])
                #expect(answer.status == 200 && answer.headers["content-type"] == "text/csv; charset=utf-8", "\(path) \(accept)")
                #expect(answer.text.hasPrefix(head) && answer.text.hasSuffix("\r\n"), "\(path)")
            }
            let tag = try #require(try await service.get(path, headers: ["Accept": "text/csv"]).headers["etag"])
            #expect(try await service.get(path, headers: ["Accept": "text/csv", "If-None-Match": tag]).status == 304)
            #expect(try await service.get(path, headers: ["Accept": "application/json", "If-None-Match": tag]).status == 200)
            for accept in ["application/xml", "image/png, application/pdf", "text/csv;q=0", "application/problem+json"] {
                let answer = try await service.get(path, headers: ["Accept": accept])
                #expect(answer.status == 406 && answer.headers["content-type"] == "application/problem+json", "\(path) \(accept)")
                #expect(answer.json["type"]?.stringValue == "urn:evenkeel:problem:not-acceptable")
            }
            let described = try await service.get("/openapi.json").json["paths"]?[path.replacing("listed", with: "{model}")]?["get"]?[
                "responses"]
            #expect(described?["406"] != nil && described?["200"]?["content"]?["text/csv"] != nil, "\(path)")
        }
        let csv = try await service.get("/v1/silences", headers: ["Accept": "text/csv"]).text
        #expect(csv.contains(",\"'=HYPERLINK(\"\"http://x\"\")\","))
        let models = try await service.get("/v1/models", headers: ["Accept": "text/csv"]).text
        #expect(models.contains("\r\nlisted,1,champion,binary,2,\"[\"\"sex\"\"]\",400,"))
    }

    @Test(
        "a text that a spreadsheet would take for a formula gets an apostrophe, numbers stay",
        arguments: [
            ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("  =1", "'  =1"), ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""), ("＝1", "'＝1"), ("\u{A0}=1", "\"'\u{A0}=1\""), ("a=1", "a=1"), ("-Infinity", "-Infinity"), ("'x", "'x"),
            ("a;=1", "\"a;=1\""), ("=\"a\",b", "\"'=\"\"a\"\",b\""), ("", ""), (" a", "\" a\""),
        ])
    func formulas(text: String, cell: String) {
        #expect(ListCSV.text([.object(["a": .string(text), "b": .integer(-5)])], columns: ["a", "b", "c"]) == "a,b,c\r\n\(cell),-5,\r\n")
    }

    @Test(
        "a place to go on after, or a limit, that we did not give is 400",
        arguments: ["after=x", "after=W10", "after=WyIxIl0", "limit=0", "limit=x", "limit=99999"])
    func places(query: String) async throws {
        try await SmallModel.register("places-\(query.filter(\.isLetter))\(query.count)", on: service)
        for path in ["/v1/models", "/v1/models/places-\(query.filter(\.isLetter))\(query.count)/results"]
            + (query == "after=WyIxIl0" ? [] : ["/v1/alerts"])
        {
            #expect(try await service.get("\(path)?\(query)").status == 400, "\(path)")
        }
    }
}
