import Foundation
import Testing
import Vocabulary

@testable import Service
@testable import Storage

func bearer(_ token: String) -> [String: String] { ["Authorization": "Bearer \(token)"] }

/// Over real HTTP, on one service that asks for tokens.
@Suite("The door", .guardedService, .serialized) struct DoorTests {
    var service: RunningService { RunningService.current }

    /// A request for a route of the table, with names that are there in no database.
    private func ask(_ entry: RouteEntry, _ headers: [String: String]) async throws -> RunningService.Answer {
        let path = entry.path.replacing("{model}", with: "nobody").replacing("{version}", with: "1").replacing("{id}", with: "7")
            .replacing("{feature}", with: "x").replacing("{name}", with: "y")
        return try await service.send(entry.method.rawValue, path, entry.method == .post ? Array("{}".utf8) : nil, headers)
    }

    private func audit(_ action: String) async throws -> [String] {
        try await service.engine.database.run { connection in
            let rows = try connection.query("select actor || ': ' || subject from evenkeel.audit_log where action = $1", [.text(action)])
            return (0..<rows.count).compactMap { rows.text($0, 0) }
        }
    }

    @Test("every route stands in the table, and the table has no other") func table() {
        let names = Routes(engine: service.engine).names
        #expect(Set(names) == Set(RouteTable.entries.map { "\($0.method) \($0.path)" }))
        #expect(names.count == RouteTable.entries.count)
    }

    @Test("without a token there are the two probes and what pages load, and 401 with a challenge everywhere else") func noToken()
        async throws
    {
        for entry in RouteTable.entries {
            let answer = try await ask(entry, [:])
            guard entry.role != nil else {
                #expect(answer.status == (entry.path == "/assets/{name}" ? 404 : 200), "\(entry.path)")
                continue
            }
            #expect(answer.status == 401, "\(entry.path)")
            #expect(answer.headers["www-authenticate"] == "Bearer realm=\"evenkeel\"")
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer.json["type"]?.stringValue == "urn:evenkeel:problem:unauthorized")
        }
        #expect(RouteTable.entries.filter { $0.role == nil }.map(\.path).sorted() == ["/assets/{name}", "/healthz", "/readyz"])
        #expect(try await service.get("/nothing").status == 404)
    }

    @Test("a path that there is, asked with another method: 405, and which there are") func otherMethod() async throws {
        for (method, path, allowed) in [
            ("DELETE", "/v1/models", "GET, HEAD"), ("GET", "/v1/predictions", "POST"),
            ("PUT", "/v1/models/a/versions/1", "GET, HEAD, POST"),
            ("POST", "/", "GET, HEAD"), ("GET", "/v1/models/a/records/b", "DELETE"),
        ] {
            let answer = try await service.send(method, path, nil, [:])
            #expect(answer.status == 405 && answer.headers["allow"] == allowed, "\(method) \(path)")
            #expect(answer.json["detail"]?.stringValue == "\(path) has no \(method), expected \(allowed)")
        }
        #expect(try await service.send("DELETE", "/v1/models/a/nothing", nil, [:]).status == 404)
    }

    @Test("HEAD is answered wherever GET is, without a body") func head() async throws {
        let admin = bearer(try await service.engine.newToken([.admin]))
        #expect(try await service.send("HEAD", "/v1/models", nil, [:]).status == 401)
        for path in ["/healthz", "/readyz", "/v1/models", "/", "/alerts", "/metrics"] {
            let answer = try await service.send("HEAD", path, nil, admin)
            #expect(answer.status == 200 && answer.text.isEmpty, "\(path)")
        }
    }

    @Test("a browser is asked for a password, which is the token") func basic() async throws {
        let head = "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
        let asked = try await RawConnection.ask(service, head)
        #expect(asked.hasPrefix("HTTP/1.1 401 ") && asked.lowercased().contains("www-authenticate: basic realm="))
        let basic = Data("ana:\(try await service.engine.newToken([.audit]))".utf8).base64EncodedString()
        #expect(try await RawConnection.ask(service, head + "Authorization: Basic \(basic)\r\n").hasPrefix("HTTP/1.1 200 "))
    }

    @Test("who comes without a token sees a page in its own style that says what to do") func styled() async throws {
        let head = "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
        let page = try await RawConnection.ask(service, head)
        #expect(page.contains("<h1>401 Unauthorized</h1>") && page.contains("the password is your token"))
        #expect(page.lowercased().contains("content-security-policy: default-src 'none'") && !page.contains("data-live>"))
        let paths = page.matches(of: /(?:href|src)="(\/assets\/[^"]+)"/).map { String($0.1) }
        #expect(paths.count == 3)
        for path in paths {
            let asset = try await service.get(path)
            #expect(asset.status == 200 && asset.headers["www-authenticate"] == nil && asset.body.count > 100, "\(path)")
        }
    }

    @Test("a token may do what its role grants, and nothing else", arguments: AccessRole.allCases) func roles(role: AccessRole) async throws
    {
        let token = try await service.engine.newToken([role])
        // An event stream does not end, and a form that is not of our page is refused for that.
        for entry in RouteTable.entries where entry.path != "/events" && !entry.path.hasPrefix("/alerts/") {
            guard let needed = entry.role else { continue }
            let answer = try await ask(entry, bearer(token))
            #expect((answer.status == 403) == !role.granted.contains(needed), "\(role) \(entry.method) \(entry.path): \(answer.status)")
            #expect(answer.status != 401)
            if answer.status == 403 { #expect(answer.json["detail"]?.stringValue?.hasSuffix("has not the role \(needed)") == true) }
        }
    }

    @Test(
        "what only looks like a token is refused",
        arguments: ["", "evk_", "evk_000000000000_" + String(repeating: "0", count: 64), "x", "evk_%00_%00", "' or 1=1 --"])
    func garbage(text: String) async throws {
        // From an address of its own, since wrong tokens are counted.
        let checker = TokenChecker(
            find: { [engine = service.engine] in try await engine.tokens.find($0) }, all: { [] }, clock: Engine.systemClock)
        #expect(try await checker.admit(text, from: "test") == .wrong)
    }

    @Test("a revoked and an expired token are refused, the old secret of a rotated one is good for its time") func ends() async throws {
        let engine = service.engine
        let now = Engine.systemClock()
        let checker = TokenChecker(find: { try await engine.tokens.find($0) }, all: { [] }, clock: { now })
        let expired = try await engine.newToken([.read], expiresAt: now.adding(seconds: -1))
        #expect(try await checker.admit(expired, from: "test") == .wrong)
        let revoked = try await engine.newToken([.read], name: "to revoke")
        #expect(try await engine.tokens.revoke("to revoke", actor: "ana", at: now) != nil)
        #expect(try await engine.tokens.revoke("to revoke", actor: "ana", at: now) == nil)
        #expect(try await checker.admit(revoked, from: "test") == .wrong)
        #expect(try await audit("token_revoke") == ["ana: to revoke"])
        let old = try await engine.newToken([.read], name: "to rotate")
        let new = TokenText()
        let id = try await engine.tokens.rotate(
            "to rotate", hash: TokenHash.make(new.secret), formerUntil: now.adding(seconds: 60), actor: "ana", at: now)
        let rotated = "evk_\(id ?? "")_\(new.secret.reveal())"
        for text in [old, rotated] {
            guard case .known(let caller) = try await checker.admit(text, from: "test") else { Issue.record("refused"); continue }
            #expect(caller.name == "to rotate")
        }
        let later = TokenChecker(find: { try await engine.tokens.find($0) }, all: { [] }, clock: { now.adding(seconds: 61) })
        #expect(try await later.admit(old, from: "test") == .wrong)
        #expect(try await later.admit(rotated, from: "test") != .wrong)
    }

    @Test("a name is given to one token at a time, and nothing of a secret is stored") func names() async throws {
        let engine = service.engine
        let text = try await engine.newToken([.read], name: "once")
        await #expect(throws: StoreError.self) { try await engine.newToken([.read], name: "once") }
        let stored = try await engine.tokens.list().first { $0.name == "once" }
        let secret = text.split(separator: "_")[2]
        #expect(stored?.secretHash.hasPrefix("scrypt$14$8$1$") == true && stored?.secretHash.contains(secret) == false)
    }

    @Test("a token of one model is held to it, also in a body that names several") func scope() async throws {
        let admin = bearer(try await service.engine.newToken([.admin]))
        for name in ["mine", "theirs"] { try await SmallModel.register(name, on: service, headers: admin) }
        let ingest = bearer(try await service.engine.newToken([.ingest], models: ["mine"]))
        let mine = SmallModel.prediction("mine", id: "a")
        let mixed = "[\(SmallModel.prediction("mine", id: "b")),\(SmallModel.prediction("theirs", id: "b"))]"
        #expect(try await service.post("/v1/predictions", mine, headers: ingest).json["accepted"]?.intValue == 1)
        for (path, body) in [
            ("/v1/predictions", SmallModel.prediction("theirs", id: "a")), ("/v1/predictions", mixed),
            ("/v1/predictions", SmallModel.prediction("nobody", id: "a")),
            ("/v1/labels", #"[{"model":"mine","id":"a","label":1},{"model":"theirs","id":"a","label":1}]"#),
        ] {
            let answer = try await service.post(path, body, headers: ingest)
            #expect(answer.status == 403, "\(path) \(answer.text)")
            #expect(answer.json["type"]?.stringValue == "urn:evenkeel:problem:forbidden")
        }
        let event = try await service.post(
            "/v1/cloudevents", #"{"instances":[{"income":1,"purpose":"car"}]}"#,
            headers: ingest.merging([
                "ce-specversion": "1.0", "ce-type": "org.kubeflow.serving.inference.request", "ce-id": "1", "ce-source": "x",
                "ce-inferenceservicename": "theirs",
            ]) { $1 })
        #expect(event.status == 403, "\(event.text)")
        // Nothing of a refused request was stored.
        let again = try await service.post("/v1/predictions", mixed, headers: admin)
        #expect(again.json["accepted"]?.intValue == 2 && again.json["duplicates"]?.intValue == 0)

        let read = bearer(try await service.engine.newToken([.operate, .audit, .admin], models: ["mine"]))
        for path in ["/v1/models/theirs/versions/1", "/v1/models/theirs/results", "/v1/models/nobody/results", "/"] {
            #expect(try await service.get(path, headers: read).status == 403, "\(path)")
        }
        let models = try await service.get("/v1/models", headers: read).json["models"]?.arrayValue ?? []
        #expect(models.map { $0["model"]?.stringValue } == ["mine"])
        let metrics = try await service.get("/metrics", headers: read).text
        #expect(metrics.contains("model=\"mine\"") && !metrics.contains("model=\"theirs\""))
        let silence = #"{"model":"theirs","until":"2099-01-01T00:00:00Z"}"#
        #expect(try await service.post("/v1/silences", silence, headers: read).status == 403)
        #expect(try await service.send("DELETE", "/v1/models/theirs/records/a", nil, read).status == 403)
    }

    @Test("what a token changes is written down under its name, whatever the request says") func actor() async throws {
        let token = bearer(try await service.engine.newToken([.admin], name: "the pipeline"))
        try await SmallModel.register("acted", on: service, headers: token)
        let silence = #"{"model":"acted","until":"2099-01-01T00:00:00Z","by":"somebody else"}"#
        #expect(try await service.post("/v1/silences", silence, headers: token).status == 201)
        #expect(try await service.send("DELETE", "/v1/models/acted/records/a?by=nobody", nil, token).status == 200)
        #expect(try await audit("register").contains("the pipeline: acted 1"))
        #expect(try await audit("silence").contains("the pipeline: acted"))
        #expect(try await audit("erase").contains("the pipeline: acted"))
    }

    @Test("values per group are for those who may audit, and the others are told so") func groups() async throws {
        let engine = service.engine
        let admin = bearer(try await engine.newToken([.admin]))
        try await SmallModel.register("grouped", on: service, headers: admin)
        let version = try #require(try await engine.registry.version(ModelVersion(model: "grouped", version: "1")))
        let start = try #require(Timestamp(rfc3339: "2026-01-05T10:00:00Z"))
        func finding(_ monitor: Monitor, _ subject: String, _ group: String, _ statistic: String, why: String = "") -> Finding {
            Finding(
                monitor: monitor, subject: subject, group: group, statistic: statistic, value: 0.25, referenceCount: 9, currentCount: 9,
                verdict: group.isEmpty ? (monitor == .fairness ? .unfair : .drifted) : nil, why: why)
        }
        let findings = [
            finding(.fairness, "sex", "", "demographic_parity_difference", why: "F has less than M"),
            finding(.fairness, "sex", "F", "selection_rate"), finding(.featureDrift, "income", "", "psi", why: "income rose"),
        ]
        let window = Window(kind: .hour, start: start, end: start.adding(seconds: 3600))
        try await engine.results.save(
            Evaluation(version: version.key, window: window, evaluatedAt: start, rows: 9, labelled: 0, findings: findings), of: version)
        let read = try await service.get("/v1/models/grouped/results", headers: bearer(try await engine.newToken([.read])))
        #expect(read.json["results"]?.arrayValue?.count == 2)
        #expect(read.json["left_out"]?.stringValue?.contains("role audit") == true)
        #expect(!read.text.contains("F has less") && !read.text.contains("\"group\"") && read.text.contains("income rose"))
        let audit = try await service.get("/v1/models/grouped/results", headers: bearer(try await engine.newToken([.audit])))
        #expect(audit.json["results"]?.arrayValue?.count == 3 && audit.json["left_out"] == nil)
        #expect(audit.text.contains("F has less") && audit.text.contains("\"group\":\"F\""))
    }

    @Test(
        "what another site makes a browser send is refused",
        arguments: [
            ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"], ["Origin": "https://evil.example"], ["Origin": "null"],
        ])
    func crossSite(headers: [String: String]) async throws {
        let token = bearer(try await service.engine.newToken([.admin]))
        let all = headers.merging(token) { $1 }
        #expect(try await service.post("/v1/silences", "{}", headers: all).status == 403)
        #expect(try await service.get("/v1/models", headers: all).status == 200)
        #expect(try await service.post("/v1/silences", "{}", headers: token.merging(["Origin": service.base]) { $1 }).status == 400)
    }
}
