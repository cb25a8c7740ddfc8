import Alerting
import Synchronization
import Testing
import Vocabulary

/// A clock that is moved by hand.
private final class ManualClock: Sendable {
    private let time = Mutex(Timestamp(seconds: 1_780_000_000))
    var now: Timestamp { time.withLock { $0 } }
    func advance(seconds: Int64) { time.withLock { $0 = $0.adding(seconds: seconds) } }
}

@Suite("The outbox sends what waits, at least once")
struct OutboxTests {
    private let ledger = MemoryLedger()
    private let metrics = MetricRegistry()
    private let clock = ManualClock()
    private let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    private func outbox(_ url: String, delays: [Int64] = [10, 100], timeoutSeconds: Int = 10) -> Outbox {
        let clock = clock
        return Outbox(
            ledger: ledger, destinations: [Destination(name: "ops", url: Secret(url), secret: secret, timeoutSeconds: timeoutSeconds)],
            targets: TargetRules(networks: [.loopback]), schedule: RetrySchedule(delaysSeconds: delays), metrics: metrics,
            clock: { clock.now })
    }
    private func post(_ body: String = #"{"a":"Köln"}"#, id: String = "msg_1", to destination: String = "ops") async {
        await ledger.enqueue(OutgoingMessage(destination: destination, messageID: id, type: "alert.firing", body: body), at: clock.now)
    }
    private func counted(_ outcome: String, _ destination: String = "ops") -> Double? {
        for sample in metrics.samples() where sample.metric == .webhookDeliveries && sample.labels == [destination, outcome] {
            if case .number(let value) = sample.value { return value }
        }
        return nil
    }

    @Test("a message is delivered once, signed, with its body as it is")
    func deliveredOnce() async throws {
        let receiver = try LocalReceiver()
        defer { receiver.stop() }
        let outbox = outbox(receiver.url)
        await post()
        #expect(try await outbox.deliverDue() == 1)
        clock.advance(seconds: 100_000)
        #expect(try await outbox.deliverDue() == 0)
        #expect(receiver.requests.count == 1)
        let request = try #require(receiver.requests.first)
        #expect(request.line == "POST /hook HTTP/1.1")
        #expect(request.body == #"{"a":"Köln"}"#)
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["webhook-id"] == "msg_1")
        #expect(request.headers["webhook-timestamp"] == "1780000000")
        #expect(
            request.headers["webhook-signature"]
                == Messages.signature(id: "msg_1", timestamp: "1780000000", body: request.body, secret: secret))
        #expect(request.headers["user-agent"] == "evenkeel")
        #expect(await ledger.outcomes() == [.sent(status: 200)])
        #expect(counted("sent") == 1 && counted("retry") == 0 && counted("dead") == 0)
    }

    @Test("a receiver that fails gets the message again later, with the same id and a new signature")
    func retried() async throws {
        let receiver = try LocalReceiver([.status(500), .status(429), .status(204)])
        defer { receiver.stop() }
        let outbox = outbox(receiver.url)
        await post()
        #expect(try await outbox.deliverDue() == 1)
        clock.advance(seconds: 10)
        #expect(try await outbox.deliverDue() == 1)
        clock.advance(seconds: 100)
        #expect(try await outbox.deliverDue() == 1)
        #expect(receiver.requests.map { $0.headers["webhook-id"] } == ["msg_1", "msg_1", "msg_1"])
        #expect(receiver.requests.map { $0.headers["webhook-timestamp"] } == ["1780000000", "1780000010", "1780000110"])
        #expect(Set(receiver.requests.map { $0.headers["webhook-signature"] }).count == 3)
        #expect(Set(receiver.requests.map(\.body)).count == 1)
        let outcomes = await ledger.outcomes()
        #expect(outcomes.count == 3 && outcomes.last == .sent(status: 204))
        guard case .retry(let at, 500, "HTTP status 500") = outcomes[0] else {
            Issue.record("\(outcomes[0])")
            return
        }
        #expect(at >= Timestamp(seconds: 1_780_000_000) && at <= Timestamp(seconds: 1_780_000_010))
        #expect(counted("retry") == 2 && counted("sent") == 1)
    }

    @Test("after the last attempt a message is dead, and a receiver that is gone for good ends it at once")
    func dead() async throws {
        let receiver = try LocalReceiver([.status(500), .status(500), .status(500), .status(410)])
        defer { receiver.stop() }
        let outbox = outbox(receiver.url)
        await post()
        for _ in 0..<3 {
            #expect(try await outbox.deliverDue() == 1)
            clock.advance(seconds: 1000)
        }
        #expect(try await outbox.deliverDue() == 0)
        #expect(await ledger.outcomes().last == .dead(status: 500, error: "HTTP status 500, after 3 attempts"))
        await post(id: "msg_2")
        _ = try await outbox.deliverDue()
        #expect(await ledger.outcomes(1) == [.dead(status: 410, error: "the receiver is gone for good (410)")])
        #expect(counted("dead") == 2)
    }

    @Test("a message for a destination that is not configured is dead, and says why")
    func unknownDestination() async throws {
        await post(to: "nobody")
        #expect(try await outbox("http://127.0.0.1:1/").deliverDue() == 1)
        #expect(await ledger.outcomes() == [.dead(status: nil, error: "there is no destination named nobody")])
        #expect(counted("dead", "nobody") == 1)
    }

    @Test("a refused connection is tried again, and its error holds no address")
    func refused() async throws {
        let closed = try LocalReceiver(isListening: false)
        defer { closed.stop() }
        let outbox = outbox("http://127.0.0.1:\(closed.port)/T0KEN?key=T0KEN")
        await post()
        #expect(try await outbox.deliverDue() == 1)
        guard case .retry(_, nil, let error) = await ledger.outcomes()[0] else {
            Issue.record("\(await ledger.outcomes())")
            return
        }
        #expect(!error.isEmpty && !error.contains("T0KEN"))
        #expect(counted("retry") == 1)
    }

    @Test("an address that is no HTTP address is never opened", arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x", "no address", ""])
    func otherSchemes(url: String) async throws {
        await post()
        #expect(try await outbox(url).deliverDue() == 1)
        guard case .retry(_, nil, _) = await ledger.outcomes()[0] else {
            Issue.record("\(await ledger.outcomes())")
            return
        }
    }

    @Test("a receiver that does not answer is given up after the timeout and tried again")
    func timeout() async throws {
        let receiver = try LocalReceiver([.silence, .status(200)])
        defer { receiver.stop() }
        let outbox = outbox(receiver.url, timeoutSeconds: 3)
        await post()
        #expect(try await outbox.deliverDue() == 1)
        clock.advance(seconds: 10)
        #expect(try await outbox.deliverDue() == 1)
        #expect(await ledger.outcomes().last == .sent(status: 200))
        #expect(receiver.requests.map { $0.headers["webhook-id"] } == ["msg_1", "msg_1"])
    }

    @Test("a redirect is not followed: the message goes where it was meant to go, or nowhere")
    func redirect() async throws {
        let elsewhere = try LocalReceiver()
        defer { elsewhere.stop() }
        let receiver = try LocalReceiver([.status(302, location: elsewhere.url)])
        defer { receiver.stop() }
        await post()
        _ = try await outbox(receiver.url).deliverDue()
        #expect(elsewhere.requests.isEmpty)
        guard case .retry(_, 302, _) = await ledger.outcomes()[0] else {
            Issue.record("\(await ledger.outcomes())")
            return
        }
    }

    @Test("a long body arrives whole, without asking for permission first")
    func longBody() async throws {
        let receiver = try LocalReceiver()
        defer { receiver.stop() }
        let body = "[" + String(repeating: #""é\"\u0001","#, count: 100_000) + "0]"
        await post(body)
        _ = try await outbox(receiver.url).deliverDue()
        #expect(receiver.requests.first?.body == body)
        #expect(receiver.requests.first?.headers["expect"] == nil)
    }

    @Test("a header cannot be smuggled in by an id")
    func headerInjection() async throws {
        let receiver = try LocalReceiver()
        defer { receiver.stop() }
        await post(id: "msg_1\r\nx-evil: 1")
        _ = try await outbox(receiver.url).deliverDue()
        #expect(receiver.requests.isEmpty)
        guard case .retry(_, nil, "a header with a line break") = await ledger.outcomes()[0] else {
            Issue.record("\(await ledger.outcomes())")
            return
        }
    }

    @Test("many messages go out a few at a time, each once")
    func many() async throws {
        let receiver = try LocalReceiver()
        defer { receiver.stop() }
        for i in 0..<40 { await post("{\"n\":\(i)}", id: "msg_\(i)") }
        let outbox = outbox(receiver.url)
        #expect(try await outbox.deliverDue() == Outbox.concurrencyMax)
        #expect(try await outbox.deliverDue() == 16)
        #expect(try await outbox.deliverDue() == 8)
        #expect(try await outbox.deliverDue() == 0)
        #expect(receiver.requests.compactMap { $0.headers["webhook-id"] }.sorted() == (0..<40).map { "msg_\($0)" }.sorted())
        #expect(counted("sent") == 40)
    }

    @Test("when the result cannot be kept, the message is sent again after its lease, with the same id")
    func ledgerFails() async throws {
        let receiver = try LocalReceiver()
        defer { receiver.stop() }
        let outbox = outbox(receiver.url)
        await post()
        await ledger.fail()
        await #expect(throws: MemoryLedger.Failure.self) { try await outbox.deliverDue() }
        clock.advance(seconds: 10 + Outbox.leaseMarginSeconds - 1)
        #expect(try await ledger.claim(at: clock.now, for: "ops", leaseSeconds: 60, limit: 8).isEmpty)
        clock.advance(seconds: 1)
        let again = try await ledger.claim(at: clock.now, for: nil, leaseSeconds: 60, limit: 8)
        #expect(again.map(\.message.messageID) == ["msg_1"])
        #expect(again.map(\.attempt) == [2])
    }
}

@Suite("From a finding to a receiver")
struct AlertDeliveryTests {
    @Test("two windows with a finding bring one message that it fires and, after two calm ones, one that it resolved")
    func story() async throws {
        let receiver = try LocalReceiver()
        defer { receiver.stop() }
        let ledger = MemoryLedger()
        let policy = AlertPolicy(name: "default", monitors: [.featureDrift], destinations: ["ops"], retraining: "ops")
        let outbox = Outbox(
            ledger: ledger, destinations: [Destination(name: "ops", url: Secret(receiver.url))],
            targets: TargetRules(networks: [.loopback]), metrics: MetricRegistry(),
            clock: { Bench.midnight.adding(seconds: 1_000_000) })
        for (hour, verdict) in [Verdict.ok, .drifted, .drifted, .drifted, .ok, .insufficient, .ok, .ok].enumerated() {
            let evaluation = Bench.evaluation(hour, [(.featureDrift, verdict)])
            let lifecycle = AlertLifecycle(policy: policy)
            _ = try await ledger.update(
                Bench.version, at: evaluation.evaluatedAt, decide: { lifecycle.observe(evaluation, open: $0, silences: $1) },
                render: { Messages.messages(for: $0, policy: policy, newID: Messages.randomID) })
            while try await outbox.deliverDue() > 0 {}
        }
        let types = try receiver.requests.map { try JSON.parse($0.body)["type"]?.stringValue ?? "" }
        #expect(types.sorted() == ["alert.firing", "alert.resolved", "retraining.requested"])
        #expect(types.last == "alert.resolved")
        #expect(receiver.requests.allSatisfy { $0.headers["webhook-signature"] == nil })
        #expect(Set(receiver.requests.map { $0.headers["webhook-id"] }).count == 3)
        #expect(await ledger.alerts.map(\.state) == [.resolved])
    }
}
