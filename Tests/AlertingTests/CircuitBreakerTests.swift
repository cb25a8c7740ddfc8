import Alerting
import Synchronization
import Testing
import Vocabulary

@Suite("A destination that fails is left alone for a while")
struct CircuitBreakerTests {
    private let start = Timestamp(seconds: 1_780_000_000)
    private func at(_ seconds: Int64) -> Timestamp { start.adding(seconds: seconds) }

    @Test("it opens with the fifth failure in a row, and asks with one message after the pause")
    func opens() {
        var breaker = CircuitBreaker()
        for _ in 0..<4 { breaker.note(isWell: false, at: start) }
        #expect(breaker.admitted(of: 16, at: start) == 16)
        breaker.note(isWell: false, at: start)
        #expect(breaker.isOpen && breaker.admitted(of: 16, at: at(4)) == 0)
        #expect(breaker.admitted(of: 16, at: at(5)) == 1)
        breaker.note(isWell: true, at: at(5))
        #expect(!breaker.isOpen && breaker.admitted(of: 16, at: at(5)) == 16)
    }

    @Test("a success between failures keeps it closed")
    func closed() {
        var breaker = CircuitBreaker()
        for i in 0..<40 { breaker.note(isWell: i % 5 == 4, at: start) }
        #expect(!breaker.isOpen)
    }

    @Test("each probe that fails doubles the pause, up to a minute")
    func pauses() {
        var breaker = CircuitBreaker()
        for _ in 0..<5 { breaker.note(isWell: false, at: start) }
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 0..<6 {
            let from = now
            while breaker.admitted(of: 1, at: at(now)) == 0 { now += 1 }
            pauses.append(now - from)
            breaker.note(isWell: false, at: at(now))
        }
        #expect(pauses == [5, 10, 20, 40, 60, 60])
    }

    @Test("of a batch that fails together the pause is the first one")
    func batch() {
        var breaker = CircuitBreaker()
        for _ in 0..<16 { breaker.note(isWell: false, at: start) }
        #expect(breaker.admitted(of: 1, at: at(5)) == 1)
    }
}

@Suite("Lanes of the outbox")
struct LaneTests {
    private let ledger = MemoryLedger()

    private final class Clock: Sendable {
        private let time = Mutex(Timestamp(seconds: 1_780_000_000))
        var now: Timestamp { time.withLock { $0 } }
        func advance(seconds: Int64) { time.withLock { $0 = $0.adding(seconds: seconds) } }
    }
    private let clock = Clock()
    private let metrics = MetricRegistry()
    private var isLeftAlone: Bool { metrics.samples().contains(MetricSample(.breakerOpen, ["ops"], 1)) }

    private func outbox(_ destinations: [Destination]) -> Outbox {
        let clock = clock
        return Outbox(
            ledger: ledger, destinations: destinations, targets: TargetRules(networks: [.loopback]),
            schedule: RetrySchedule(delaysSeconds: [1, 1, 1, 1, 1, 1, 1, 1, 1]), metrics: metrics, clock: { clock.now })
    }
    private func post(_ count: Int, to destination: String, as prefix: String = "") async {
        for i in 0..<count {
            await ledger.enqueue(
                OutgoingMessage(destination: destination, messageID: "\(prefix)\(destination)_\(i)", type: "alert.firing", body: "{}"),
                at: clock.now
            )
        }
    }

    @Test("a destination that hangs holds up no other, and is not asked twice meanwhile")
    func hanging() async throws {
        let hanging = try LocalReceiver([.silence])
        let quick = try LocalReceiver()
        defer {
            hanging.stop()
            quick.stop()
        }
        let outbox = outbox([
            Destination(name: "hanging", url: Secret(hanging.url), timeoutSeconds: 5), Destination(name: "quick", url: Secret(quick.url)),
        ])
        await post(30, to: "hanging")
        await post(30, to: "quick")
        let due = try await outbox.takeDue()
        #expect(due.map(\.name) == ["hanging", "quick"])
        async let slow: Void = outbox.drain(due[0])
        try await outbox.drain(due[1])
        #expect(quick.requests.count == 30)
        await post(1, to: "quick")
        #expect(try await outbox.takeDue().map(\.name) == ["quick"], "the lane of the other one is busy")
        try await slow
        #expect(hanging.requests.count <= Outbox.concurrencyMax)
    }

    @Test("while the breaker is open nothing is sent and no attempt is counted; the probe that succeeds lets all go")
    func breaker() async throws {
        let receiver = try LocalReceiver(Array(repeating: .status(503), count: 5) + [.status(200)])
        defer { receiver.stop() }
        let outbox = outbox([Destination(name: "ops", url: Secret(receiver.url))])
        await post(5, to: "ops")
        #expect(!isLeftAlone)
        #expect(try await outbox.deliverDue() == 5)
        #expect(isLeftAlone)
        await post(3, to: "ops", as: "later_")
        clock.advance(seconds: 4)
        #expect(try await outbox.deliverDue() == 0)
        clock.advance(seconds: 1)
        #expect(try await outbox.deliverDue() == 1)
        #expect(try await outbox.deliverDue() == 7)
        #expect(receiver.requests.count == 13)
        #expect(Set(receiver.requests.compactMap { $0.headers["webhook-id"] }).count == 8)
    }

    @Test("a destination that is gone for good is disabled: what waits for it is given up unsent, until it is enabled")
    func gone() async throws {
        let receiver = try LocalReceiver([.status(410), .status(200)])
        defer { receiver.stop() }
        let outbox = outbox([Destination(name: "ops", url: Secret(receiver.url))])
        await post(1, to: "ops")
        _ = try await outbox.deliverDue()
        #expect(isLeftAlone)
        await ledger.enqueue(OutgoingMessage(destination: "ops", messageID: "later", type: "alert.firing", body: "{}"), at: clock.now)
        #expect(try await outbox.deliverDue() == 1)
        #expect(await ledger.outcomes(1) == [.dead(status: nil, error: "the destination is disabled: the receiver is gone for good (410)")])
        #expect(receiver.requests.count == 1)
        #expect(isLeftAlone)
        await ledger.enable("ops")
        await ledger.enqueue(OutgoingMessage(destination: "ops", messageID: "last", type: "alert.firing", body: "{}"), at: clock.now)
        #expect(try await outbox.deliverDue() == 1)
        #expect(await ledger.outcomes(2) == [.sent(status: 200)])
        #expect(!isLeftAlone)
    }

    @Test("while a secret is replaced every message has both signatures, of the same body")
    func rotation() async throws {
        let receiver = try LocalReceiver()
        defer { receiver.stop() }
        var destination = Destination(name: "ops", url: Secret(receiver.url), secret: Secret("new"))
        destination.formerSecret = Secret("old")
        await post(1, to: "ops")
        _ = try await outbox([destination]).deliverDue()
        let request = try #require(receiver.requests.first)
        let time = request.headers["webhook-timestamp"] ?? ""
        let right = ["new", "old"].map { Messages.signature(id: "ops_0", timestamp: time, body: request.body, secret: Secret($0)) }
        #expect(request.headers["webhook-signature"] == right.joined(separator: " "))
    }

    @Test("a template makes the body, which is signed as it is sent")
    func template() async throws {
        let receiver = try LocalReceiver()
        defer { receiver.stop() }
        var destination = Destination(name: "ops", url: Secret(receiver.url), format: .template, secret: Secret("s"))
        destination.template = try Template(#"{"text": "{{data.severity}}: {{data.summary}}"}"#)
        var alert = Bench.alert()
        alert.summary = #"age "rose""#
        await ledger.enqueue(
            OutgoingMessage(destination: "ops", messageID: "m", type: "alert.firing", body: Messages.body(alert).text), at: clock.now)
        _ = try await outbox([destination]).deliverDue()
        let request = try #require(receiver.requests.first)
        #expect(request.body == #"{"text": "critical: age \"rose\""}"#)
        #expect(
            request.headers["webhook-signature"]
                == Messages.signature(
                    id: "m", timestamp: request.headers["webhook-timestamp"] ?? "", body: request.body, secret: Secret("s")))
    }

    @Test("a receiver that asks for patience is not asked before")
    func retryAfter() {
        let schedule = RetrySchedule(delaysSeconds: [5])
        func wait(_ seconds: Int) -> Int64? {
            guard
                case .retry(let at, _, _) = schedule.outcome(
                    attempt: 1, result: .success(429), retryAfterSeconds: seconds, at: Bench.midnight, jitter: 1)
            else { return nil }
            return (at.microseconds - Bench.midnight.microseconds) / 1_000_000
        }
        #expect([0, 3, 120, 1_000_000].map(wait) == [5, 5, 120, 86_400])
    }
}
