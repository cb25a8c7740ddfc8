import Foundation
import FoundationNetworking
import Logging
import Service
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import EvenkeelClient

/// The client, a front that loses requests and answers, and the service itself with its PostgreSQL behind.
@Suite("The client and the service") struct RealServiceTests {
    @Test("every record is counted exactly once, though every second request or answer is lost")
    func exactlyOnce() async throws {
        var configuration = ServiceConfiguration()
        configuration.port = 0
        let folder = URL(filePath: "/tmp/ek-client-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))")
        configuration.database = .embedded(folder: folder)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let engine = Engine(configuration, logger: logger, syncsEmbedded: false)
        try await engine.start()
        let (ports, ready) = AsyncStream.makeStream(of: Int.self)
        let task = Task { try await Server(engine: engine).run { ready.yield($0) } }
        var iterator = ports.makeAsyncIterator()
        let service = try #require(URL(string: "http://127.0.0.1:\(await iterator.next() ?? 0)"))
        let result = await Result.async { try await Self.run(service) }
        task.cancel()
        _ = await task.result
        await engine.stop()
        try? FileManager.default.removeItem(at: folder)
        try result.get()
    }

    static func run(_ service: URL) async throws {
        let direct = Transport(url: service, headers: [:], timeout: patience)
        var reference = "id,income,purpose,sex,score,label\n"
        for i in 0..<400 { reference += "r\(i),\(1000 + i),\(["car", "home"][i % 2]),\(["F", "M"][i / 2 % 2]),0.\(10 + i % 80),\(i % 2)\n" }
        var register = URLRequest(
            url: try #require(URL(string: "\(service)/v1/models/m/versions/1?id=id&score=score&label=label&sensitive=sex")))
        register.httpMethod = "POST"
        register.httpBody = Data(reference.utf8)
        register.setValue("text/csv", forHTTPHeaderField: "Content-Type")
        let (answer, _) = try await URLSession.shared.data(for: register)
        #expect(String(decoding: answer, as: UTF8.self).contains("champion"))

        let front = try await FaultyServer { request, before in
            if before % 4 == 0 { return .cut }
            let attempt = await direct.post(String(request.path.dropFirst()), Array(request.body.utf8), key: request.key)
            guard case .answered(let status, let retryAfter, let body) = attempt, before % 4 != 2 else { return .cut }
            return .answer(status, String(decoding: body, as: UTF8.self), retryAfter: retryAfter)
        }
        let notes = ClientTests.Notes()
        let client = try ClientTests.client(front.url, notes)
        for i in 0..<80 {
            client.record(
                id: "p\(i)", features: ["income": .number(1000 + Double(i)), "purpose": "car"], score: 0.4, groups: ["sex": "F"],
                latency: .milliseconds(12))
        }
        client.record(id: "bad", features: ["income": "much"])
        #expect(await client.flush(within: patience))
        for i in 0..<80 { client.label(id: "p\(i)", .number(Double(i % 2))) }
        #expect(await client.close(within: patience))
        #expect(client.counts == .init(queued: 161, sent: 160, rejected: 1, retried: client.counts.retried))
        #expect(client.counts.retried >= 16)
        #expect(
            notes.undelivered.withLock { $0.map(\.reason) } == ["features.income: expected a number or null, got a string"])
        let (page, _) = try await URLSession.shared.data(from: service.appendingPathComponent("metrics"))
        let metrics = String(decoding: page, as: UTF8.self)
        #expect(metrics.contains("evenkeel_predictions_total{model=\"m\",version=\"1\"} 80\n"))
        #expect(metrics.contains("evenkeel_labels_total{model=\"m\"} 80\n"))
    }
}

extension Result where Failure == any Error {
    static func async(_ body: () async throws -> Success) async -> Result {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
