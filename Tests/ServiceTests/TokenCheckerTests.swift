import Foundation
import Testing
import Vocabulary

@testable import Service
@testable import Storage

@Suite("Tokens") struct TokenCheckerTests {
    private static let start = Timestamp(seconds: 1_800_000_000)

    /// A directory of one token, a clock, and the number of times that it was asked.
    private final class World: @unchecked Sendable {
        // Only the test's own task touches it: the checker calls back while the test waits.
        var token: AccessToken?
        var now = TokenCheckerTests.start
        var asked = 0
        var isAway = false
    }

    private func world(_ limits: HTTPLimits = HTTPLimits()) -> (World, TokenChecker, String) {
        let text = TokenText()
        let world = World()
        world.token = AccessToken(
            id: text.id, name: "app", roles: [.ingest], models: nil, secretHash: TokenHash.make(text.secret),
            createdAt: Self.start, createdBy: "test")
        let checker = TokenChecker(
            find: { id in
                world.asked += 1
                if world.isAway { throw StoreError(.unavailable, "away") }
                return world.token?.id == id ? world.token : nil
            },
            all: {
                world.asked += 1
                return [world.token].compactMap { $0 }
            }, clock: { world.now }, limits: limits, suspectSeconds: 0.2)
        return (world, checker, text.reveal())
    }

    @Test("a verified token is remembered for a while, and then looked up again") func remembered() async throws {
        let (world, checker, text) = world()
        for _ in 0..<5 { #expect(try await checker.admit(text, from: "a") != .wrong) }
        #expect(world.asked == 1)
        world.token?.revokedAt = world.now
        #expect(try await checker.admit(text, from: "a") != .wrong)
        world.now = world.now.adding(seconds: Int64(TokenChecker.rememberSeconds))
        #expect(try await checker.admit(text, from: "a") == .wrong)
    }

    @Test("while the database is away a token that was good stays so for a day, one that was never seen cannot be told") func outage()
        async throws
    {
        let (world, checker, text) = world()
        #expect(try await checker.admit(text, from: "a") != .wrong)
        world.isAway = true
        world.now = world.now.adding(seconds: 3600)
        #expect(try await checker.admit(text, from: "a") != .wrong)
        await #expect(throws: StoreError.self) { try await checker.admit(TokenText().reveal(), from: "a") }
        world.now = Self.start.adding(seconds: Int64(TokenChecker.outageSeconds) + 1)
        await #expect(throws: StoreError.self) { try await checker.admit(text, from: "a") }
    }

    @Test("too many wrong tokens of an address are limited for a while; a good one that is known goes on") func limited() async throws {
        let (world, checker, text) = world()
        #expect(try await checker.admit(text, from: "a") != .wrong)
        for _ in 0..<FailedAttempts.max { #expect(try await checker.admit("evk_x", from: "a") == .wrong) }
        #expect(try await checker.admit("evk_x", from: "a") == .limited(seconds: FailedAttempts.seconds))
        #expect(try await checker.admit(text, from: "a") != .wrong)
        #expect(try await checker.admit("evk_x", from: "b") == .wrong)
        world.now = world.now.adding(seconds: Int64(FailedAttempts.seconds))
        #expect(try await checker.admit("evk_x", from: "a") == .wrong)
    }

    @Test("behind an address with many wrong tokens a right one that nobody has seen gets in; all of them are one look at the database")
    func shared() async throws {
        let (world, checker, text) = world()
        let caller = Caller(try #require(world.token))
        for _ in 0..<FailedAttempts.max { _ = try await checker.admit("evk_x", from: "nat") }
        world.asked = 0
        let wrong = (0..<40).map { _ in TokenText().reveal() }
        let admissions = try await withThrowingTaskGroup(of: TokenChecker.Admission.self) { group in
            for text in wrong + [text] { group.addTask { try await checker.admit(text, from: "nat") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(world.asked == 1)
        #expect(admissions.count { if case .known = $0 { true } else { false } } == 1)
        #expect(admissions.count { $0 == .limited(seconds: FailedAttempts.seconds) } == 40)
        // It is known now, and waits no more.
        let began = ContinuousClock.now
        #expect(try await checker.admit(text, from: "nat") == .known(caller))
        #expect(ContinuousClock.now - began < .milliseconds(100))
    }

    @Test("wrong secrets of a token that there is cost no slow hash, whoever guesses them") func cheap() async throws {
        let (world, checker, text) = world()
        let id = try #require(TokenText(text)).id
        for _ in 0..<200 {
            let secret = TokenText().secret.reveal()
            #expect(try await checker.admit("evk_\(id)_\(secret)", from: "\(UInt32.random(in: 0...UInt32.max))") == .wrong)
        }
        #expect(await checker.hashesMade == 0)
        #expect(world.asked == 200)
        #expect(try await checker.admit(text, from: "a") != .wrong)
        #expect(await checker.hashesMade == 1)
    }

    @Test("a token made by an earlier version, whose hash has no fast digits, is good") func earlier() async throws {
        let (world, checker, text) = world()
        let caller = Caller(try #require(world.token))
        world.token?.secretHash = SlowHash.make(try #require(TokenText(text)).secret.reveal())
        #expect(try await checker.admit(String(text.dropLast(4)) + "0000", from: "a") == .wrong)
        #expect(try await checker.admit(text, from: "a") == .known(caller))
    }

    @Test("a stored hash is verified by its secret, and its fast digits refuse the others") func tokenHash() {
        let secret = Secret("a secret")
        let stored = TokenHash.make(secret)
        #expect(stored.hasPrefix("scrypt$14$8$1$") && stored.split(separator: "#").last?.count == 8)
        #expect(TokenHash.mayBe(secret, stored) && TokenHash.verifies(secret, stored))
        #expect(!TokenHash.mayBe(Secret("another"), stored) && !TokenHash.verifies(Secret("another"), stored))
        let earlier = SlowHash.make("a secret")
        #expect(TokenHash.mayBe(Secret("another"), earlier) && TokenHash.verifies(secret, earlier))
        // The digits alone let nobody in.
        #expect(!TokenHash.verifies(secret, SlowHash.make("another") + "#" + stored.suffix(8)))
    }

    @Test("a token makes so many requests at once and so many a second, and no other token pays for it") func rate() async throws {
        var limits = HTTPLimits()
        (limits.tokenRequestsPerSecond, limits.tokenRequestsBurst) = (2, 5)
        let (world, checker, text) = world(limits)
        let caller = Caller(try #require(world.token))
        for _ in 0..<5 { #expect(try await checker.admit(text, from: "a") == .known(caller)) }
        #expect(try await checker.admit(text, from: "b") == .tooFast(name: "app", seconds: 0.5))
        world.now = Timestamp(microseconds: world.now.microseconds + 500_000)
        #expect(try await checker.admit(text, from: "a") == .known(caller))
        #expect(try await checker.admit(text, from: "a") != .known(caller))
        world.now = world.now.adding(seconds: 3600)
        for _ in 0..<5 { #expect(try await checker.admit(text, from: "a") == .known(caller)) }
        #expect(try await checker.admit(text, from: "a") != .known(caller))
        var rates = TokenRates(limits)
        for _ in 0..<5 { _ = rates.take("x", at: Self.start) }
        #expect(rates.take("x", at: Self.start) == 0.5 && rates.take("y", at: Self.start) == nil)
        // A clock that goes back gives nothing and takes nothing.
        #expect(rates.take("x", at: Self.start.adding(seconds: -60)) == 0.5)
        limits.tokenRequestsPerSecond = 0
        var free = TokenRates(limits)
        for _ in 0..<100 { #expect(free.take("x", at: Self.start) == nil) }
    }

    @Test("over HTTP a token that is too fast gets 429 with the time to wait and the name of the limit, and another one goes on")
    func rateOverHTTP() async throws {
        let service = try await RunningService.start(
            {
                $0.authentication = .tokens
                ($0.http.tokenRequestsPerSecond, $0.http.tokenRequestsBurst) = (0.01, 3)
            }, prepare: { _ = try await $0.newToken([.read]) })
        let own = bearer(try await service.engine.newToken([.read], name: "eager"))
        var statuses: [Int] = []
        for _ in 0..<4 { statuses.append(try await service.get("/v1/models", headers: own).status) }
        let limited = try await service.get("/v1/models", headers: own)
        let other = try await service.get("/v1/models", headers: bearer(try await service.engine.newToken([.read]))).status
        await service.stop()
        #expect(statuses == [200, 200, 200, 429] && other == 200)
        #expect(limited.json["detail"]?.stringValue == "limits.token_requests_per_second: the token eager made too many requests")
        #expect((1...100).contains(Int(limited.headers["retry-after"] ?? "") ?? 0))
    }

    @Test("over HTTP the limit is 429 with the time to wait, for wrong tokens alone, and no probe has one") func limitedOverHTTP()
        async throws
    {
        let service = try await RunningService.start({ $0.authentication = .tokens }, prepare: { _ = try await $0.newToken([.read]) })
        var statuses: [Int] = []
        for _ in 0..<FailedAttempts.max { statuses.append(try await service.get("/v1/models", headers: bearer("evk_x")).status) }
        let limited = try await service.get("/v1/models", headers: bearer("evk_x"))
        // Of the same address, and never seen before.
        let right = try await service.get("/v1/models", headers: bearer(try await service.engine.newToken([.read])))
        let probe = try await service.get("/healthz", headers: bearer("evk_x"))
        await service.stop()
        #expect(Set(statuses) == [401] && right.status == 200)
        #expect(limited.status == 429 && limited.json["type"]?.stringValue == "urn:evenkeel:problem:too-many-requests")
        #expect((Int(limited.headers["retry-after"] ?? "") ?? 0) > 0)
        #expect(probe.status == 200)
    }

    @Test("a secret is verified by its own hash only") func hash() {
        let stored = SlowHash.make("a secret")
        #expect(SlowHash.verifies("a secret", stored))
        #expect(!SlowHash.verifies("another", stored) && !SlowHash.verifies("", stored))
        #expect(stored != SlowHash.make("a secret"), "each has a salt of its own")
        for broken in ["", "scrypt$14$8$1$x$y", "plain", String(stored.dropLast(8))] { #expect(!SlowHash.verifies("a secret", broken)) }
    }

    @Test(
        "only loopback needs no tokens",
        arguments: [
            ("127.0.0.1", true), ("127.9.9.9", true), ("localhost", true), ("::1", true), ("0.0.0.0", false), ("::", false),
            ("127.0.0.1.example.com", false), ("192.168.1.2", false),
        ])
    func loopback(host: String, isLoopback: Bool) {
        var configuration = ServiceConfiguration()
        configuration.host = host
        #expect(configuration.isLoopback == isLoopback && configuration.asksForTokens == !isLoopback)
        configuration.authentication = ServiceConfiguration.Authentication.none
        #expect(!configuration.asksForTokens)
    }

    @Test("a service that others can reach does not start without a token") func refuses() async throws {
        let error = await #expect(throws: ConfigurationError.self) { _ = try await RunningService.start { $0.host = "0.0.0.0" } }
        #expect(error?.description.contains("evenkeel token create") == true && error?.problems.count == 1)
        let open = try await RunningService.start {
            $0.host = "0.0.0.0"
            $0.authentication = ServiceConfiguration.Authentication.none
        }
        let status = try await open.get("/v1/models").status
        await open.stop()
        #expect(status == 200)
    }
}
