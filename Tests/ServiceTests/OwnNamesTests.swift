import Testing

@testable import Service

@Suite("A service that asks nobody", .service) struct OwnNamesTests {
    private var service: RunningService { RunningService.current }

    @Test(
        "answers under its own names only",
        arguments: [
            ("localhost", 200), ("LOCALHOST:8080", 200), ("127.0.0.1:1", 200), ("127.9.9.9", 200), ("[::1]:8080", 200),
            ("evil.example", 421),
            ("127.0.0.1.evil.example", 421), ("localhost.evil.example:8080", 421), ("evil.localhost", 200),
        ])
    func names(_ host: String, _ status: Int) async throws {
        for path in ["/healthz", "/v1/models"] {
            let answer = try await RawConnection.ask(service, "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(200))")
        }
    }

    @Test("who asks before it sends a body is told to go on", .timeLimit(.minutes(1))) func goOn() async throws {
        let connection = try RawConnection(service)
        connection.send(
            "POST /v1/labels HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        )
        try await Task.sleep(for: .milliseconds(300))
        connection.send("[]")
        let answer = try #require(await connection.rest())
        #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n"), "\(answer)")
        #expect(answer.contains("HTTP/1.1 202 Accepted"), "\(answer)")
    }

    @Test("and under those that its configuration names") func configured() {
        let names = OwnNamesOnly(["Models.example"])
        #expect(names.isOurs("models.example:443") && names.isOurs("models.example.") && !names.isOurs("example"))
    }
}
