import Synchronization
import Testing
import Vocabulary

@testable import Storage

/// A value that several tasks may set.
final class Locked<Value: Sendable>: Sendable {
    private let content: Mutex<Value>
    init(_ value: Value) { content = Mutex(value) }
    var value: Value { content.withLock { $0 } }
    func set(_ value: Value) { content.withLock { $0 = value } }
}

@Suite("The outbox hands out each message to one sender at a time, until it is settled")
struct OutboxTests {
    private let now = Bench.now
    private func after(_ seconds: Int64) -> Timestamp { now.adding(seconds: seconds) }

    /// Fires an alert of this model with these messages.
    private func announce(
        _ messages: [OutgoingMessage], model: String = "credit", policy: String = "p", at time: Timestamp = Bench.now, on bench: Bench
    ) async throws {
        let key = ModelVersion(model: model, version: "1")
        let alert = Alert(
            version: key, monitor: .fairness, policy: policy, severity: .info, state: .firing, memory: AlertMemory(), summary: "",
            detail: .null,
            startedAt: time, firedAt: time)
        _ = try await bench.alerts.update(
            key, at: time, decide: { _, _ in [AlertChange(alert: alert, isAnnounced: true)] }, render: { _ in messages })
    }
    private func messages(_ count: Int) -> [OutgoingMessage] {
        (0..<count).map {
            OutgoingMessage(destination: "pager", messageID: "m\($0)", type: "alert.firing", body: "{\"n\": \"\($0) it's 日本\"}")
        }
    }
    private func claim(_ bench: Bench, at time: Timestamp, limit: Int = 100) async throws -> [Delivery] {
        try await bench.alerts.claim(at: time, leaseSeconds: 60, limit: limit).sorted { $0.id < $1.id }
    }

    @Test("a message is claimed as it was written, with the number of the attempt")
    func roundTrip() async throws {
        try await withBench { bench in
            try await announce(messages(2), on: bench)
            let claimed = try await claim(bench, at: now)
            #expect(claimed.map(\.message) == messages(2))
            #expect(claimed.allSatisfy { $0.attempt == 1 && $0.createdAt == now })
        }
    }

    @Test("a message waits for an older one about the same alert, to the same receiver, until that is settled")
    func order() async throws {
        try await withBench { bench in
            let key = ModelVersion(model: "credit", version: "1")
            /// Tells two receivers what became of the alert.
            func tell(_ state: AlertState, at time: Timestamp) async throws {
                _ = try await bench.alerts.update(
                    key, at: time,
                    decide: { open, _ in
                        var alert =
                            open.first
                            ?? Alert(
                                version: key, monitor: .fairness, policy: "p", severity: .info, state: state, memory: AlertMemory(),
                                summary: "", detail: .null, startedAt: time, firedAt: time)
                        alert.state = state
                        return [AlertChange(alert: alert, isAnnounced: true)]
                    },
                    render: { alerts in
                        ["pager", "mail"].map {
                            var message = OutgoingMessage(
                                destination: $0, messageID: "\($0) \(state.rawValue)", type: "alert.\(state.rawValue)", body: "{}")
                            message.alertIDs = alerts.compactMap(\.id)
                            return message
                        }
                    })
            }
            try await tell(.firing, at: now)
            let first = try await claim(bench, at: now)
            #expect(first.map(\.message.messageID) == ["pager firing", "mail firing"])
            try await tell(.resolved, at: after(1))
            try await announce(messages(1), model: "other", at: after(1), on: bench)
            #expect(try await claim(bench, at: after(2)).map(\.message.messageID) == ["m0"], "another alert does not wait")
            try await bench.alerts.settle(first[0], .retry(at: after(100), status: 503, error: "HTTP status 503"), at: after(2))
            try await bench.alerts.settle(first[1], .sent(status: 200), at: after(2))
            let second = try await claim(bench, at: after(3))
            #expect(second.map(\.message.messageID) == ["mail resolved"])
            #expect(try await claim(bench, at: after(101)).map(\.message.messageID) == ["pager firing", "mail resolved", "m0"])
            try await bench.alerts.settle(first[0], .dead(status: 503, error: "HTTP status 503"), at: after(102))
            #expect(try await claim(bench, at: after(103)).map(\.message.messageID) == ["pager resolved"])
        }
    }

    @Test("a claimed message is not handed out again before its lease ends")
    func lease() async throws {
        try await withBench { bench in
            try await announce(messages(1), on: bench)
            #expect(try await claim(bench, at: now.adding(seconds: -1)).isEmpty, "not due yet")
            #expect(try await claim(bench, at: now).map(\.attempt) == [1])
            #expect(try await claim(bench, at: after(59)).isEmpty)
            #expect(try await claim(bench, at: after(60)).map(\.attempt) == [2])
        }
    }

    @Test("senders that claim at the same time never get the same message")
    func claimers() async throws {
        try await withBench(connections: 8) { bench in
            try await announce(messages(40), on: bench)
            let claimed = try await withThrowingTaskGroup(of: [Delivery].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var mine: [Delivery] = []
                        while true {
                            let more = try await claim(bench, at: now, limit: 3)
                            if more.isEmpty { return mine }
                            mine += more
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.map(\.message.messageID).sorted() == messages(40).map(\.messageID).sorted())
        }
    }

    @Test("no more are claimed than asked for, those first that are due the longest")
    func limit() async throws {
        try await withBench { bench in
            for (number, message) in messages(4).reversed().enumerated() {
                try await announce([message], policy: "\(number)", at: after(Int64(number)), on: bench)
            }
            #expect(try await claim(bench, at: after(10), limit: 3).map(\.message.messageID) == ["m3", "m2", "m1"])
            #expect(try await claim(bench, at: after(10), limit: 3).map(\.message.messageID) == ["m0"])
        }
    }

    @Test("a sent message is never due again")
    func sent() async throws {
        try await withBench { bench in
            try await announce(messages(1), on: bench)
            let delivery = try #require(try await claim(bench, at: now).first)
            try await bench.alerts.settle(delivery, .sent(status: 204), at: after(1))
            #expect(try await claim(bench, at: after(1_000_000)).isEmpty)
            let rows = try await bench.rows("select state, attempts, sent_at, last_status, last_error from evenkeel.delivery", columns: 5)
            #expect(rows == [["sent", "1", "2026-03-10 12:00:01+00", "204", nil]])
        }
    }

    @Test("a message to be tried again is due at the given time, with the same id")
    func retry() async throws {
        try await withBench { bench in
            try await announce(messages(1), on: bench)
            let delivery = try #require(try await claim(bench, at: now).first)
            try await bench.alerts.settle(delivery, .retry(at: after(300), status: 503, error: "it's busy"), at: after(1))
            let rows = try await bench.rows("select state, last_status, last_error from evenkeel.delivery", columns: 3)
            #expect(rows == [["waiting", "503", "it's busy"]])
            #expect(try await claim(bench, at: after(299)).isEmpty)
            let again = try #require(try await claim(bench, at: after(300)).first)
            #expect(again.message == delivery.message && again.attempt == 2 && again.id == delivery.id)
            try await bench.alerts.settle(again, .retry(at: after(301), status: nil, error: "no answer"), at: after(300))
            #expect(try await bench.text("select last_status from evenkeel.delivery") == nil)
        }
    }

    @Test("a message that was given up is kept and never due again")
    func dead() async throws {
        try await withBench { bench in
            try await announce(messages(1), on: bench)
            let delivery = try #require(try await claim(bench, at: now).first)
            try await bench.alerts.settle(delivery, .dead(status: 410, error: "gone"), at: after(1))
            #expect(try await claim(bench, at: after(1_000_000)).isEmpty)
            let rows = try await bench.rows("select state, last_status, last_error, body from evenkeel.delivery", columns: 4)
            #expect(rows == [["dead", "410", "gone", messages(1)[0].body]])
        }
    }

    @Test("a sender whose lease ran out does not reopen what another has sent")
    func lateFailure() async throws {
        try await withBench { bench in
            try await announce(messages(1), on: bench)
            let slow = try #require(try await claim(bench, at: now).first)
            let quick = try #require(try await claim(bench, at: after(60)).first)
            try await bench.alerts.settle(quick, .sent(status: 200), at: after(61))
            try await bench.alerts.settle(slow, .retry(at: after(70), status: nil, error: "timed out"), at: after(62))
            #expect(try await claim(bench, at: after(1000)).isEmpty)
            try await bench.alerts.settle(slow, .dead(status: nil, error: "timed out"), at: after(62))
            #expect(try await bench.text("select state from evenkeel.delivery") == "sent")
        }
    }

    @Test("a message with an id that was written before is not written again")
    func sameID() async throws {
        try await withBench { bench in
            try await announce(messages(1), on: bench)
            try await announce(messages(2), policy: "other", on: bench)
            #expect(try await claim(bench, at: now).map(\.message.messageID) == ["m0", "m1"])
        }
    }

    @Test("within its cooldown a destination hears of a model once, and of other models and other things still")
    func cooldown() async throws {
        try await withBench { bench in
            func message(_ id: String, to destination: String = "retrain", type: String = "retraining.requested") -> OutgoingMessage {
                OutgoingMessage(destination: destination, messageID: id, type: type, body: "", cooldownSeconds: 3600)
            }
            try await announce([message("first"), message("pager", to: "pager")], policy: "1", on: bench)
            try await announce([message("soon")], policy: "2", at: after(3599), on: bench)
            try await announce([message("alert", type: "alert.firing")], policy: "5", at: after(3599), on: bench)
            try await announce([message("other")], model: "other", policy: "3", at: after(3599), on: bench)
            try await announce([message("later")], policy: "4", at: after(3600), on: bench)
            let written = try await bench.column("select message_id from evenkeel.delivery order by delivery_id")
            #expect(written == ["first", "pager", "alert", "other", "later"])
        }
    }
}
