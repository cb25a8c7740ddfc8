internal import Alerting
public import Foundation
public import Logging
internal import Monitoring
internal import ServiceLifecycle
internal import Synchronization
internal import Vocabulary

/// `evenkeel demo`: a loan model whose inputs drift and whose scores turn unfair, watched by the real service over its own database.
///
/// Event time runs 240 times as fast as the clock and starts two days ago, so that an hour's window takes a quarter of a minute.
public struct Demo: Sendable {
    private let port: Int
    private let exitAfterSeconds: Double?
    private let folder: URL
    private let keepsFolder: Bool
    private let logger: Logger

    static let speed = 240.0
    static let shiftAfterSeconds = 60.0
    static let predictionsPerSecond = 40.0
    static let labelDelaySeconds = 10.0
    static let startedAgoSeconds: Int64 = 48 * 3600
    static let referenceRows = 5000

    /// - Parameter folder: nil for a temporary one that is removed at the end.
    public init(port: Int, exitAfterSeconds: Double?, folder: URL?, logger: Logger) {
        self.port = port
        self.exitAfterSeconds = exitAfterSeconds
        self.logger = logger
        keepsFolder = folder != nil
        self.folder =
            folder ?? FileManager.default.temporaryDirectory.appending(path: "evenkeel-demo-\(ProcessInfo.processInfo.processIdentifier)")
    }

    /// - Returns: nil when an alert reached the receiver, else why not.
    public func run() async throws -> String? {
        let secret = Secret("whsec_" + Digest.base64(Digest.random(24)))
        let started = ContinuousClock.now
        let say: @Sendable (String) -> Void = { line in
            let seconds = Int(started.duration(to: .now) / .seconds(1))
            FileHandle.standardOutput.write(Data("[\(seconds) s] \(line)\n".utf8))
        }
        let receiver = DemoReceiver(secret: secret) { say("receiver: \($0)") }
        let (receiverPorts, receiverReady) = AsyncStream.makeStream(of: Int.self)
        let receiverService = receiver.application { receiverReady.yield($0) }
        let receiverTask = Task { try await receiverService.run() }
        defer { receiverTask.cancel() }
        var ports = receiverPorts.makeAsyncIterator()
        guard let receiverPort = await ports.next() else { return "the built-in receiver did not start" }

        var configuration = ServiceConfiguration()
        configuration.port = port
        configuration.database = .embedded(folder: folder)
        configuration.evaluateEverySeconds = 3
        configuration.shadow.everySeconds = 2
        configuration.monitors.delaySeconds = 0
        configuration.monitors.patienceSeconds = 5
        let hook = Secret("http://127.0.0.1:\(receiverPort)/hook")
        configuration.destinations = [
            Destination(name: "receiver", url: hook, secret: secret), Destination(name: "retraining", url: hook, secret: secret),
        ]
        configuration.targets = TargetRules(networks: [.loopback])
        configuration.policies = [
            AlertPolicy(name: "demo", findings: 1, of: 1, destinations: ["receiver"], retraining: "retraining")
        ]
        let engine = Engine(configuration, logger: logger)
        say("starting a private PostgreSQL in \(folder.path)")
        do {
            try await engine.start()
            let traffic = Traffic(say: say)
            try await Server(engine: engine).run(alongside: [traffic, Timer(seconds: exitAfterSeconds)]) { port in
                say(Self.welcome(port))
                traffic.begin(port: port)
            }
        } catch {
            await cleanUp(engine)
            throw error
        }
        await cleanUp(engine)
        return receiver.types.contains("alert.firing") ? nil : "no alert reached the receiver within the time: it takes about 80 seconds"
    }

    private func cleanUp(_ engine: Engine) async {
        await engine.stop()
        if !keepsFolder { try? FileManager.default.removeItem(at: folder) }
    }

    private static func welcome(_ port: Int) -> String {
        """
        Evenkeel is running. Open
              http://127.0.0.1:\(port)/             the page: models, verdicts, alerts
              http://127.0.0.1:\(port)/metrics      what Prometheus scrapes
              http://127.0.0.1:\(port)/v1/alerts    alerts as JSON
              http://127.0.0.1:\(port)/models/loan?segment=long%20employed   the same within a segment
              http://127.0.0.1:\(port)/models/loan/shadow   a candidate beside the model, once the drift has begun
            A loan model gets \(Int(predictionsPerSecond)) predictions a second; their labels come \(Int(labelDelaySeconds)) s later. Fifteen seconds here are an hour of event time.
            After \(Int(shiftAfterSeconds)) s incomes fall, more people move debts, and women are scored lower than they deserve.
            Expect alerts at the end of that hour, about \(Int(shiftAfterSeconds + 3600 / speed)) s from now: feature and prediction drift, fairness,
            and when the labels are in, performance, at the receiver, printed below. A candidate that is better overall and worse for men is held.
            Ctrl-C ends the demo.
        """
    }
}

/// Ends the demo after a while.
private struct Timer: ServiceLifecycle.Service {
    let seconds: Double?

    func run() async throws {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(seconds ?? 1e9)) }
    }
}

/// Registers the loan model and streams predictions and late labels through the HTTP routes.
private final class Traffic: ServiceLifecycle.Service {
    private let say: @Sendable (String) -> Void
    private let ready: AsyncStream<Int>
    private let start: AsyncStream<Int>.Continuation
    private let poster = HTTPPoster(targets: TargetRules(networks: [.loopback]))

    init(say: @escaping @Sendable (String) -> Void) {
        self.say = say
        (ready, start) = AsyncStream.makeStream(of: Int.self)
    }

    func begin(port: Int) { start.yield(port) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await port in self.ready {
                await self.stream(to: "http://127.0.0.1:\(port)")
                return
            }
        }
        try? await gracefulShutdown()
    }

    private func stream(to base: String) async {
        let origin = Engine.systemClock().adding(seconds: -Demo.startedAgoSeconds).floored(toSeconds: 3600)
        var model = LoanModel(seed: 7)
        let reference = model.referenceCSV(rows: Demo.referenceRows, at: origin)
        let spec = LoanModel.spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        guard await send(reference, "text/csv", to: "\(base)/v1/models/loan/versions/1?spec=\(spec)") else { return }
        say("registered loan 1 from \(Demo.referenceRows) reference rows, with a segment; the traffic begins")

        let began = ContinuousClock.now
        var sent = 0
        var waiting: [(due: Double, application: LoanModel.Application)] = []
        var hasAnnounced = false
        while !Task.isCancelled {
            let elapsed = began.duration(to: .now) / .seconds(1)
            let hasShifted = elapsed >= Demo.shiftAfterSeconds
            if hasShifted, !hasAnnounced {
                say("the drift begins")
                hasAnnounced = true
                await offerCandidate(&model, origin, to: base)
            }
            let due = Int(elapsed * Demo.predictionsPerSecond)
            var lines = ""
            while sent < due {
                let at = Double(sent) / Demo.predictionsPerSecond
                let application = model.application(at: eventTime(origin, at), hasShifted: hasShifted)
                lines += application.prediction(latency: model.latencyMilliseconds()).text + "\n"
                waiting.append((at + Demo.labelDelaySeconds, application))
                sent += 1
            }
            if !lines.isEmpty { _ = await send(lines, "application/x-ndjson", to: "\(base)/v1/predictions") }
            let arrived = waiting.prefix { $0.due <= elapsed }
            waiting.removeFirst(arrived.count)
            let labels = arrived.map { $0.application.label(at: eventTime(origin, $0.due)).text + "\n" }.joined()
            if !labels.isEmpty { _ = await send(labels, "application/x-ndjson", to: "\(base)/v1/labels") }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Somebody has trained another model in a hurry: better overall from now on, and worse for men.
    private func offerCandidate(_ model: inout LoanModel, _ origin: Timestamp, to base: String) async {
        let query = "id=id&score=score&label=label&sensitive=sex,age_group"
        let reference = model.candidateReferenceCSV(rows: Demo.referenceRows, at: origin)
        guard await send(reference, "text/csv", to: "\(base)/v1/models/loan/versions/2?\(query)"),
            await send(LoanModel.candidateFile, "application/octet-stream", to: "\(base)/v1/models/loan/versions/2/model?start=now")
        else { return }
        say("a candidate, loan 2, is scored beside loan 1: see /models/loan/shadow")
    }

    private func eventTime(_ origin: Timestamp, _ elapsed: Double) -> Timestamp {
        min(Engine.systemClock(), Timestamp(microseconds: origin.microseconds + Int64(elapsed * Demo.speed * 1e6)))
    }

    private func send(_ body: String, _ type: String, to url: String) async -> Bool {
        switch await poster.post(Secret(url), headers: [(name: "content-type", value: type)], body: body, timeoutSeconds: 30) {
        case .success(let status) where (200..<300).contains(status): return true
        case .success(let status): say("the service answered \(status) to \(url)")
        case .failure(let failure): if !Task.isCancelled { say("a request failed: \(failure)") }
        }
        return false
    }
}
