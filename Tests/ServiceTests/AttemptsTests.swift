import Foundation
import Testing
import Vocabulary

@testable import Service
@testable import Storage

/// What must fail, over real HTTP, byte by byte where no client would send it.
@Suite(
    "Attempts that must fail", .serialized,
    WithService(
        change: {
            $0.authentication = .tokens
            $0.limits.bodyBytesMax = 64 << 10
        }, prepare: { _ = try await $0.newToken([.admin]) }))
struct AttemptsTests {
    var service: RunningService { RunningService.current }

    private func status(_ answer: String) -> Int { Int(answer.split(separator: " ").dropFirst().first ?? "") ?? 0 }

    @Test(
        "no trick with a path gets past the door, or ends in an error of ours",
        arguments: [
            "/v1/models/../../../etc/passwd", "/healthz/../v1/models", "/healthz/%2e%2e/v1/models", "/healthz%2f..%2fv1%2fmodels",
            "//v1/models",
            "/v1//models", "/v1/models/", "/./v1/models", "/v1/models/%2e%2e%2f%2e%2e%2fetc%2fpasswd/results", "/v1/models/%00/results",
            "/v1/models/a%2fb/versions/1", "/v1/models/%ff%fe/results", "/v1/models/%/results", "/V1/MODELS", "/v1/models;x=/healthz",
            "/v1/models?x=/healthz", "/v1/models#/healthz", "/v1\\models", "http://evil.example/v1/models", "*",
        ])
    func paths(path: String) async throws {
        let nobody = status(try await RawConnection.ask(service, "GET \(path) HTTP/1.1\r\nHost: x\r\n"))
        #expect([400, 401, 404].contains(nobody), "\(nobody)")
        let token = try await service.engine.newToken([.admin], models: ["mine"])
        let scoped = try await RawConnection.ask(service, "GET \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n")
        #expect([200, 400, 403, 404].contains(status(scoped)), "\(scoped.prefix(200))")
        if status(scoped) == 200 { #expect(scoped.contains("{\"models\":[],"), "\(scoped.prefix(400))") }
    }

    @Test("what a request says ends up in no header of the answer, and a request with two lengths is refused") func injection() async throws
    {
        let token = try await service.engine.newToken([.admin])
        let own = "Authorization: Bearer \(token)\r\nHost: x\r\n"
        for head in [
            "GET /v1/models/x%0d%0aSet-Cookie:%20a=b/results HTTP/1.1\r\n\(own)",
            "GET /v1/models/x/results?version=%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\n\(own)",
            "GET /healthz HTTP/1.1\r\n\(own)X-A: b\rSet-Cookie: a=b\r\n",
            "GET /healthz HTTP/1.1\r\n\(own)X-A: b\0c\r\n", "GET /healthz HTTP/1.1\r\n\(own)X A: b\r\n",
        ] {
            let answer = try await RawConnection.ask(service, head)
            let fields = answer.prefix(upTo: answer.firstRange(of: "\r\n\r\n")?.lowerBound ?? answer.endIndex)
            #expect(!fields.lowercased().contains("set-cookie"))
            #expect([400, 404].contains(status(answer)), "\(head) \(answer)")
        }
        for lengths in [
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: -1\r\n",
        ] {
            let answer = try await RawConnection.ask(
                service, "POST /v1/predictions HTTP/1.1\r\n\(own)\(lengths)", "{}GET /v1/models HTTP/1.1\r\n\r\n")
            #expect(status(answer) == 400, "\(lengths) \(answer)")
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "one answer to one request")
        }
    }

    @Test("heads and bodies beyond their limits are refused, announced or not") func oversize() async throws {
        let token = try await service.engine.newToken([.admin])
        let own = "Authorization: Bearer \(token)\r\nHost: x\r\n"
        let long = try await RawConnection.ask(
            service, "GET /healthz HTTP/1.1\r\n\(own)X-A: \(String(repeating: "a", count: 100 << 10))\r\n")
        let many = try await RawConnection.ask(
            service, "GET /healthz HTTP/1.1\r\n\(own)" + (0..<1100).map { "X-\($0): a\r\n" }.joined())
        for answer in [long, many] { #expect(answer.isEmpty || (400..<500).contains(status(answer)), "\(answer.prefix(100))") }
        let announced = try await RawConnection.ask(service, "POST /v1/predictions HTTP/1.1\r\n\(own)Content-Length: 65537\r\n")
        #expect(status(announced) == 413)
        let chunk = "8000\r\n" + String(repeating: " ", count: 0x8000) + "\r\n"
        let chunked = try await RawConnection.ask(
            service, "POST /v1/predictions HTTP/1.1\r\n\(own)Transfer-Encoding: chunked\r\n", chunk + chunk + chunk + "0\r\n\r\n")
        #expect(status(chunked) == 413)
        // A few bytes that unpack to more than is allowed.
        let bomb = try await service.send(
            "POST", "/v1/predictions", Array(try #require(Data(base64Encoded: Self.packedMebibyte))),
            bearer(token).merging(["Content-Encoding": "gzip"]) { $1 })
        #expect(bomb.status == 413)
    }

    /// A mebibyte of blanks, packed by gzip.
    private static let packedMebibyte: String = {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "head -c 1048576 /dev/zero | tr '\\0' ' ' | gzip -9 | base64 -w 0"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try? process.run()
        return String(decoding: (try? pipe.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
    }()

    @Test(
        "SQL and HTML in every name that a caller can choose stay text",
        arguments: [
            "'; drop table evenkeel.model; --", "<script>alert(1)</script>", "\" onload=\"alert(1)", "a\\' or 1=1", "%s%n${x}{{y}}",
        ])
    func names(name: String) async throws {
        let token = try await service.engine.newToken([.admin], name: name)
        let own = bearer(token)
        func encoded(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "" }
        let path = "/v1/models/\(encoded(name))"
        let quoted = "\"" + name.replacing("\"", with: "\"\"") + "\""
        let reference = "id,\(quoted),kind,group,p\n" + (0..<60).map { "r\($0),\($0 % 7),\(quoted),\(quoted),0.\(10 + $0)\n" }.joined()
        let registered = try await service.post(
            "\(path)/versions/\(encoded(name))?id=id&score=p&sensitive=group", reference, type: "text/csv", headers: own)
        #expect(registered.status == 201, "\(registered.text)")
        let record = JSON.object([
            "model": .string(name), "version": .string(name), "id": .string(name), "ts": "2026-01-05T10:00:00Z", "score": 0.5,
            "features": .object(JSONObject([(name, 3), ("kind", .string(name))])), "groups": .object(["group": .string(name)]),
            "variant": .string(name), "measures": .object(JSONObject([(name, 1)])),
        ])
        let sent = try await service.post("/v1/predictions", record.text, headers: own.merging(["Idempotency-Key": name]) { $1 })
        #expect(sent.json["accepted"]?.intValue == 1, "\(sent.text)")
        let label = JSON.object(["model": .string(name), "id": .string(name), "label": 1])
        #expect(try await service.post("/v1/labels", label.text, headers: own).json["joined"]?.intValue == 1)
        let silence = JSON.object(["model": .string(name), "until": "2099-01-01T00:00:00Z", "reason": .string(name), "by": .string(name)])
        #expect(try await service.post("/v1/silences", silence.text, headers: own).status == 201)
        let query = "version=\(encoded(name))&metric=\(encoded(name))&feature=\(encoded(name))"
        #expect(try await service.get("\(path)/results?\(query)", headers: own).status == 200)
        let unknown = try await service.get("/v1/models/\(encoded(name + "x"))/results", headers: own)
        #expect(unknown.status == 404 && unknown.headers["content-type"] == "application/problem+json")
        let list = try await service.get("/v1/models", headers: own).json["models"]?.arrayValue ?? []
        #expect(list.contains { $0["model"]?.stringValue == name && $0["version"]?.stringValue == name })
        for page in ["/", "/metrics"] {
            let shown = try await service.get(page, headers: own)
            #expect(shown.status == 200)
            #expect(page == "/metrics" || !shown.text.contains("<script>alert") && !shown.text.contains("\" onload=\""))
            for line in shown.text.split(separator: "\n") where page == "/metrics" {
                #expect(line.hasPrefix("#") || line.hasPrefix("evenkeel_"))
            }
        }
        let erased = try await service.send("DELETE", "\(path)/records/\(encoded(name))", nil, own)
        #expect(erased.json["erased"]?["predictions"]?.intValue == 1)
        let actors = try await service.engine.database.run { connection in
            try connection.query("select count(*) from evenkeel.audit_log where actor = $1", [.text(name)]).int(0, 0)
        }
        #expect(actors == 3)
    }
}
