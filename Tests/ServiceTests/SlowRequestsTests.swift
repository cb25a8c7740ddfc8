import TestSupport
import Testing
import Vocabulary

@testable import Service

/// In a service of its own: time limits this short would end other tests' requests on a busy machine.
@Suite(
    "Requests that do not come",
    WithService(
        change: {
            $0.authentication = .tokens
            $0.http.headSeconds = 2
            $0.http.bodySeconds = 2
            $0.http.idleSeconds = 2
            $0.http.answerSeconds = 2
        }, prepare: { _ = try await $0.newToken([.admin]) }))
struct SlowRequestsTests {
    private var service: RunningService { RunningService.current }

    @Test("connections that send a byte now and then are ended, and others go on meanwhile") func slowloris() async throws {
        let token = try await service.engine.newToken([.admin])
        let silent = try RawConnection(service)
        let slow = try RawConnection(service)
        let body = try RawConnection(service)
        slow.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX-A:")
        body.send("POST /v1/predictions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\nContent-Length: 1000\r\n\r\n[")
        #expect(try await service.get("/healthz").status == 200)
        #expect(await silent.rest() == "")
        #expect(await slow.rest() == "")
        let answer = await body.rest()
        #expect(answer != nil && answer?.contains("HTTP/1.1 2") == false)
        let idle = try RawConnection(service)
        idle.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await idle.rest()?.hasPrefix("HTTP/1.1 200") == true)
    }

    @Test("a connection that asks and does not read the answers is ended") func unread() async throws {
        let token = try await service.engine.newToken([.read])
        let deaf = try RawConnection(service, receiveBytes: 4096)
        // More than any socket holds: 3,000 descriptions of some 50 kB.
        let ask = "GET /openapi.json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n"
        deaf.send(String(repeating: ask, count: 3000))
        #expect(try await eventually { !deaf.send("x") })
        #expect(try await service.get("/healthz").status == 200)
    }
}
