import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EvenkeelClient

/// A client against a real server that misbehaves. No test waits for the clock: waits are recorded, not slept.
@Suite("The client") struct ClientTests {
    /// What the client did besides sending.
    final class Notes: Sendable {
        let waits = Mutex<[Duration]>([])
        let undelivered = Mutex<[EvenkeelClient.Undelivered]>([])
    }

    static func client(_ url: URL, _ notes: Notes, _ change: (inout ClientLimits) -> Void = { _ in }) -> EvenkeelClient {
        var limits = ClientLimits()
        limits.batchRecordsMax = 10
        limits.batchDelayMax = .seconds(3600)
        change(&limits)
        let timing = Timing(
            now: { .zero },
            sleep: { duration in
                // The delay of a batch that is not full goes on until the client wakes itself; waits before a retry are over at once.
                if duration >= .seconds(3600) { return try await Task.sleep(for: duration) }
                notes.waits.withLock { $0.append(duration) }
                try Task.checkCancellation()
            }, random: { 0.5 })
        return EvenkeelClient(url: url, model: "m", version: "1", limits: limits, headers: [:], timing: timing) { records in
            notes.undelivered.withLock { $0 += records }
        }
    }

    static func record(_ ids: Range<Int>, with client: EvenkeelClient) -> Int {
        ids.count { client.record(id: "r\($0)", features: ["income": 1200, "purpose": "car"], score: 0.4) }
    }

    @Test("under 503s and cut connections every record arrives, and each batch keeps its body and key") func faults() async throws {
        let stored = Mutex<[String: String]>([:])
        let server = try await FaultyServer { request, before in
            // Every third request is stored; the answer to every other one of these is lost.
            switch before % 6 {
            case 0, 3: return .answer(503, "{\"detail\":\"the database is away\"}", retryAfter: "2")
            case 1, 4: return .cut
            case 2:
                stored.withLock { $0[request.key] = request.body }
                return .cut
            default:
                stored.withLock { $0[request.key] = request.body }
                return .accepted(request.ids.count)
            }
        }
        let notes = Notes()
        let client = try Self.client(server.url, notes)
        #expect(Self.record(0..<95, with: client) == 95)
        #expect(await client.close(within: patience))
        #expect(client.counts == .init(queued: 95, sent: 95, retried: client.counts.retried))
        #expect(client.counts.retried == server.requests.count - 10)
        #expect(notes.undelivered.withLock { $0.isEmpty })
        // A key never comes with two bodies, and the bodies by key hold each record once, in order.
        let bodies = Dictionary(grouping: server.requests, by: \.key).mapValues { Set($0.map(\.body)) }
        #expect(bodies.count == 10)
        #expect(bodies.values.allSatisfy { $0.count == 1 })
        var keys: [String] = []
        for request in server.requests where keys.last != request.key { keys.append(request.key) }
        let ids = keys.flatMap { key in server.requests.first { $0.key == key }?.ids ?? [] }
        #expect(ids == (0..<95).map { "r\($0)" })
        #expect(stored.withLock { $0.count } == 10)
        #expect(server.requests.allSatisfy { $0.path == "/v1/predictions" && $0.type == "application/x-ndjson" })
    }

    @Test("waits grow, and follow Retry-After") func waits() async throws {
        let server = try await FaultyServer { _, before in
            switch before {
            case 0, 1: .answer(429, "")
            case 2: .answer(503, "", retryAfter: "3")
            case 3: .cut
            default: .accepted(1)
            }
        }
        let notes = Notes()
        let client = try Self.client(server.url, notes) { $0.batchRecordsMax = 1 }
        client.record(id: "a", features: [:])
        #expect(await client.close())
        #expect(
            notes.waits.withLock { $0 } == [.milliseconds(100), .milliseconds(200), .milliseconds(3400), .milliseconds(800)])
    }

    @Test(
        "what the service refuses is not sent again, and is handed over with its words",
        arguments: [(400, "the body is not JSON"), (413, "too large"), (422, "the key came with another body before")])
    func refused(status: Int, words: String) async throws {
        let server = try await FaultyServer { _, _ in .answer(status, "{\"status\":\(status),\"detail\":\"\(words)\"}") }
        let notes = Notes()
        let client = try Self.client(server.url, notes)
        #expect(Self.record(0..<2, with: client) == 2)
        #expect(await client.close())
        #expect(server.requests.count == 1)
        #expect(client.counts == .init(queued: 2, rejected: 2))
        let undelivered = notes.undelivered.withLock { $0 }
        #expect(undelivered.map(\.id) == ["r0", "r1"])
        #expect(undelivered.allSatisfy { $0.status == status && $0.reason == words && $0.json.contains("\"id\":\"\($0.id)\"") })
    }

    @Test("one rejected record does not take the others with it") func rejected() async throws {
        let server = try await FaultyServer { _, _ in
            .answer(202, #"{"accepted":2,"duplicates":0,"rejected":[{"index":1,"error":"income: expected a number"}]}"#)
        }
        let notes = Notes()
        let client = try Self.client(server.url, notes)
        #expect(Self.record(0..<3, with: client) == 3)
        #expect(await client.flush())
        #expect(client.counts == .init(queued: 3, sent: 2, rejected: 1))
        #expect(notes.undelivered.withLock { $0.map(\.id) } == ["r1"])
        #expect(notes.undelivered.withLock { $0.map(\.reason) } == ["income: expected a number"])
        await client.close()
    }

    @Test("labels go their own way") func labels() async throws {
        let server = try await FaultyServer { request, _ in .accepted(request.ids.count) }
        let client = try Self.client(server.url, Notes())
        #expect(client.label(id: "a", 1, at: Date(timeIntervalSince1970: 1_767_607_200)))
        #expect(await client.close())
        #expect(server.requests.map(\.path) == ["/v1/labels"])
        #expect(server.requests.map(\.body) == ["{\"model\":\"m\",\"id\":\"a\",\"label\":1.0,\"ts\":1767607200000}\n"])
    }

    @Test("a full queue drops the newest records and counts them; the caller never waits") func full() async throws {
        let gate = Gate()
        let server = try await FaultyServer { request, _ in
            await gate.opened()
            return .accepted(request.ids.count)
        }
        let client = try Self.client(server.url, Notes()) { $0.queueRecordsMax = 25 }
        #expect(Self.record(0..<40, with: client) == 25)
        #expect(client.counts == .init(queued: 25, waiting: 25, dropped: 15))
        gate.open()
        #expect(await client.close())
        #expect(server.requests.flatMap(\.ids) == (0..<25).map { "r\($0)" })
    }

    @Test("whoever waits for room loses nothing") func room() async throws {
        let server = try await FaultyServer { request, _ in .accepted(request.ids.count) }
        let client = try Self.client(server.url, Notes()) {
            $0.queueRecordsMax = 4
            $0.batchRecordsMax = 2
        }
        for id in 0..<50 {
            #expect(await client.recordWaiting(EvenkeelClient.Prediction(id: "r\(id)", features: [:])))
        }
        #expect(await client.close())
        #expect(server.requests.flatMap(\.ids) == (0..<50).map { "r\($0)" })
        #expect(await client.recordWaiting(EvenkeelClient.Prediction(id: "late", features: [:])) == false)
    }

    @Test("a batch is given up after its last attempt, and handed over") func givenUp() async throws {
        let server = try await FaultyServer { _, _ in .answer(503, "{\"detail\":\"the spool is full\"}") }
        let notes = Notes()
        let client = try Self.client(server.url, notes) { $0.attemptsMax = 3 }
        #expect(Self.record(0..<1, with: client) == 1)
        #expect(await client.flush())
        #expect(server.requests.count == 3)
        #expect(client.counts == .init(queued: 1, failed: 1, retried: 2))
        #expect(notes.undelivered.withLock { $0.map(\.reason) } == ["given up after 3 attempts: the spool is full"])
        await client.close()
    }

    @Test("flush and close wait no longer than their limit; close hands over what is left and takes no more") func limits() async throws {
        let server = try await FaultyServer { _, _ in
            await Gate().opened()
            return .cut
        }
        let notes = Notes()
        let client = try Self.client(server.url, notes)
        #expect(Self.record(0..<15, with: client) == 15)
        #expect(await client.flush(within: .zero) == false)
        #expect(await client.close(within: .zero) == false)
        #expect(Self.record(0..<1, with: client) == 0)
        #expect(client.counts == .init(queued: 15, failed: 15, dropped: 1))
        #expect(notes.undelivered.withLock { $0.map(\.id) } == (0..<15).map { "r\($0)" })
        #expect(await client.close())
    }
}

/// Holds whoever asks until it is opened; a task that is cancelled goes through.
final class Gate: Sendable {
    private let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
    func open() { continuation.finish() }
    func opened() async {
        for await _ in stream {}
    }
}
