import Alerting
import Foundation
import FoundationNetworking
import Logging
import Service
import Storage
import TestSupport
import Testing
import Vocabulary

/// A whole service in this process, over its own embedded PostgreSQL, on a free port.
final class RunningService: Sendable {
    let engine: Engine
    let base: String
    private let task: Task<Void, any Error>

    @TaskLocal static var current: RunningService!

    /// - Parameter prepare: what is done once the database is there, before requests are taken.
    static func start(
        _ change: (inout ServiceConfiguration) -> Void = { _ in }, prepare: (Engine) async throws -> Void = { _ in }
    ) async throws -> RunningService {
        var configuration = ServiceConfiguration()
        configuration.port = 0
        let name = "ek-service-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))"
        configuration.database = .embedded(folder: URL(filePath: "/tmp/\(name)"))
        configuration.evaluateEverySeconds = 0.2
        configuration.deliverEverySeconds = 0.1
        // A busy machine is no outage.
        configuration.spool.afterSeconds = 60
        configuration.monitors.delaySeconds = 0
        configuration.monitors.quietSeconds = 0
        configuration.monitors.patienceSeconds = 0
        configuration.targets = TargetRules(networks: [.loopback])
        change(&configuration)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let engine = Engine(configuration, logger: logger, syncsEmbedded: false)
        do {
            try await engine.start()
            try await prepare(engine)
            let (ports, ready) = AsyncStream.makeStream(of: Int.self)
            let task = Task {
                defer { ready.finish() }
                try await Server(engine: engine).run { ready.yield($0) }
            }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else {
                try await task.value
                throw ServeError("the service ended at once")
            }
            return RunningService(engine: engine, base: "http://127.0.0.1:\(port)", task: task)
        } catch {
            await engine.stop()
            if let folder = engine.cluster?.folder { try? FileManager.default.removeItem(at: folder) }
            throw error
        }
    }

    private init(engine: Engine, base: String, task: Task<Void, any Error>) {
        self.engine = engine
        self.base = base
        self.task = task
    }

    func stop() async {
        task.cancel()
        _ = await task.result
        await engine.stop()
        if let folder = engine.cluster?.folder { try? FileManager.default.removeItem(at: folder) }
    }

    struct Answer {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSON { (try? JSON.parse(body[...])) ?? .null }
    }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer { try await send("GET", path, nil, headers) }

    func post(_ path: String, _ body: String, type: String = "application/json", headers: [String: String] = [:]) async throws -> Answer {
        try await send("POST", path, Array(body.utf8), headers.merging(["Content-Type": type]) { mine, _ in mine })
    }

    func send(_ method: String, _ path: String, _ body: [UInt8]?, _ headers: [String: String]) async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: base + path)))
        request.httpMethod = method
        request.httpBody = body.map { Data($0) }
        request.timeoutInterval = patience / .seconds(1)
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        var fields: [String: String] = [:]
        for (name, value) in http.allHeaderFields { fields["\(name)".lowercased()] = "\(value)" }
        return Answer(status: http.statusCode, headers: fields, body: Array(data))
    }

    /// Asks again until `isDone`, as long as there is patience.
    func eventually(_ path: String, headers: [String: String] = [:], _ isDone: (Answer) -> Bool) async throws -> Answer {
        let deadline = ContinuousClock.now + patience
        while true {
            let answer = try await get(path, headers: headers)
            if isDone(answer) || ContinuousClock.now > deadline { return answer }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// How many suites have their service at once. All suites begin together, and a dozen databases that are made and services that
/// look at their tables several times a second keep two cores so busy that requests time out.
private actor ServiceSeats {
    static let shared = ServiceSeats()
    private static let seatsMax = 3
    private var taken = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if taken == Self.seatsMax { await withCheckedContinuation { waiting.append($0) } } else { taken += 1 }
    }

    /// Hands the seat to who waits longest.
    func leave() { if waiting.isEmpty { taken -= 1 } else { waiting.removeFirst().resume() } }
}

/// One service for a whole suite, stopped and removed at its end.
struct WithService: SuiteTrait, TestScoping {
    var change: @Sendable (inout ServiceConfiguration) -> Void = { _ in }
    var prepare: @Sendable (Engine) async throws -> Void = { _ in }

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        await ServiceSeats.shared.take()
        let outcome: Result<Void, any Error>
        do {
            let service = try await RunningService.start(change, prepare: prepare)
            do {
                try await RunningService.$current.withValue(service) { try await function() }
                outcome = .success(())
            } catch { outcome = .failure(error) }
            await service.stop()
        } catch { outcome = .failure(error) }
        await ServiceSeats.shared.leave()
        try outcome.get()
    }
}

extension Trait where Self == WithService {
    static var service: WithService { WithService() }
    static func service(_ change: @escaping @Sendable (inout ServiceConfiguration) -> Void) -> WithService { WithService(change: change) }

    /// One that asks for tokens.
    static var guardedService: WithService {
        WithService(change: { $0.authentication = .tokens }, prepare: { _ = try await $0.newToken([.admin]) })
    }
}

extension Engine {
    /// The text of a new token.
    func newToken(_ roles: Set<AccessRole>, models: Set<String>? = nil, name: String? = nil, expiresAt: Timestamp? = nil) async throws
        -> String
    {
        let text = TokenText()
        try await tokens.create(
            AccessToken(
                id: text.id, name: name ?? "token \(text.id)", roles: roles, models: models,
                secretHash: TokenHash.make(text.secret),
                createdAt: Engine.systemClock(), createdBy: "a test", expiresAt: expiresAt))
        return text.reveal()
    }
}

/// A small loan model, registered over HTTP under a name of the test's own.
enum SmallModel {
    static let rows = 400

    static func reference(rows: Int = rows) -> String {
        var text = "id,income,purpose,sex,score,label\n"
        for i in 0..<rows {
            text +=
                "r\(i),\(1000 + i * 7 % 911),\(["car", "home", "debt"][i % 3]),\(i % 2 == 0 ? "F" : "M"),0.\(10 + i % 80),\(i % 3 == 0 ? 1 : 0)\n"
        }
        return text
    }

    static func register(_ name: String, on service: RunningService, headers: [String: String] = [:]) async throws {
        let answer = try await service.post(
            "/v1/models/\(name)/versions/1?id=id&score=score&label=label&sensitive=sex", reference(), type: "text/csv", headers: headers)
        #expect(answer.status == 201, "\(answer.text)")
    }

    static func prediction(_ model: String, id: String, ts: String = "2026-01-05T10:00:00Z", income: Double = 1200, score: Double = 0.4)
        -> String
    {
        """
        {"model":"\(model)","version":"1","id":"\(id)","ts":"\(ts)","features":{"income":\(income),"purpose":"car"},"score":\(score),"groups":{"sex":"F"},"latency_ms":12.5,"cost":0.0004}
        """
    }
}
