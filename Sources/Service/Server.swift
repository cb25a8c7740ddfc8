internal import Alerting
internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
internal import Kernels
internal import Logging
internal import Monitoring
internal import NIOCore
public import ServiceLifecycle
internal import Storage
internal import UnixSignals
internal import Vocabulary

/// The running service: HTTP, the evaluator, the outbox and the watch over the embedded database, ended together by SIGTERM or SIGINT.
public struct Server: Sendable {
    private let engine: Engine

    public init(engine: Engine) { self.engine = engine }

    static let shutdownMax = Duration.seconds(15)

    /// Runs until it is told to stop. The engine must have been started.
    ///
    /// - Parameter onReady: called with the port once requests are taken.
    public func run(
        alongside others: [any ServiceLifecycle.Service] = [], onReady: @escaping @Sendable (Int) async -> Void
    ) async throws {
        keepLargeBuffers()
        var services: [any ServiceLifecycle.Service] = others
        let configuration = engine.configuration
        if let replay = ReplayLoop(engine: engine) { services.append(replay) }
        if configuration.roles.contains(.collect) { services.append(HalfLoop(engine: engine)) }
        if configuration.roles.contains(.evaluate) {
            services += [LeaseLoop(engine: engine), EvaluationLoop(engine: engine), KeepLoop(engine: engine)]
        }
        if configuration.roles.contains(.notify) { services.append(DeliveryLoop(engine: engine)) }
        if configuration.roles.contains(.shadow) { services.append(ShadowLoop(engine: engine)) }
        try configuration.checkKafka()
        if let kafka = KafkaLoop(engine: engine) { services.append(kafka) }
        if let cluster = engine.cluster { services.append(ClusterWatch(cluster: cluster, logger: engine.logger)) }
        try await checkDoor()
        let identity = try configuration.tls.map(TLSIdentity.init)
        if let identity { services.append(TLSLoop(identity: identity, logger: engine.logger)) }
        let limits = configuration.http
        let application = Application(
            router: Routes(engine: engine).router(),
            server: HTTPServerBuilder { responder in
                GuardedChannel(
                    base: HTTP1Channel(responder: responder, configuration: .init(additionalChannelHandlers: [RequestPace(limits)])),
                    identity: identity)
            },
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: "evenkeel",
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connectionsMax)),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? configuration.port) }, logger: engine.logger)
        services.append(application)
        var groupConfiguration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: engine.logger)
        // A client that never sends the rest of its body must not keep us from stopping.
        groupConfiguration.maximumGracefulShutdownDuration = Self.shutdownMax
        let group = ServiceGroup(configuration: groupConfiguration)
        do { try await group.run() } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServeError(
                "port \(configuration.port) on \(configuration.host) is taken: choose another with --port, or 0 for any free one")
        }
    }
}

extension Server {
    /// Beyond loopback nobody comes in without a token, unless whoever starts the service says so.
    ///
    /// - Throws: ``ConfigurationError`` when tokens are asked for and there is none: nobody could come in.
    private func checkDoor() async throws {
        let configuration = engine.configuration
        if configuration.asksForTokens {
            // While the database is away a collector cannot know, and spools.
            if let count = try? await engine.tokens.count(at: engine.clock()), count == 0 {
                throw ConfigurationError([
                    "\(configuration.host) asks for tokens and there is none: make one with evenkeel token create --name NAME --roles admin, "
                        + "or say --without-authentication behind a proxy of your own"
                ])
            }
            if configuration.tls == nil, !configuration.isLoopback {
                engine.logger.warning("listening on \(configuration.host) without TLS: tokens travel in the clear, unless a proxy has TLS")
            }
        } else if !configuration.isLoopback {
            engine.logger.warning("listening on \(configuration.host) without authentication: keep it behind a proxy that has one")
        }
    }
}

/// Why the service could not run, for the person who started it.
public struct ServeError: Error, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

/// Evaluates on a schedule.
struct EvaluationLoop: ServiceLifecycle.Service {
    let engine: Engine

    func run() async throws {
        await loop(everySeconds: engine.configuration.evaluateEverySeconds, logger: engine.logger, name: "evaluation") {
            try await rounds()
        }
    }

    /// Months of old records are thousands of windows: while a round is full the next one follows at once. One that comes to windows which
    /// were evaluated just now, since labels stream in, is the last.
    func rounds() async throws {
        struct Done: Hashable {
            var version: ModelVersion
            var window: Window
        }
        var done: Set<Done> = []
        while true {
            let made = try await round().map { Done(version: $0.version, window: $0.window) }
            if made.count < EvaluationPass.windowsMax || Task.isCancelled || !done.isDisjoint(with: made) { return }
            done.formUnion(made)
        }
    }

    private func round() async throws -> [Evaluation] {
        guard try await engine.leadership.renew() else { return [] }
        // First, so that the windows that are evaluated know their changes.
        for (version, change) in try await engine.errorPass.run() {
            engine.logger.notice("\(version): \(change.detector) saw its change \(change.number) of the errors")
        }
        let started = ContinuousClock.now
        let made = try await engine.evaluation.run()
        if !made.isEmpty {
            let took = started.duration(to: .now) / .seconds(1)
            engine.metrics.observe([took], in: .evaluationDuration)
            engine.logger.debug("evaluated \(made.count) windows in \(took) s")
        }
        try await engine.closeAlerts()
        try await engine.escalateRetrainings()
        return made
    }
}

/// Sends what waits in the outbox.
struct DeliveryLoop: ServiceLifecycle.Service {
    let engine: Engine

    func run() async throws {
        let (due, found) = AsyncStream.makeStream(of: DueDestination.self)
        await withDiscardingTaskGroup { group in
            group.addTask {
                await loop(everySeconds: engine.configuration.deliverEverySeconds, logger: engine.logger, name: "delivery") {
                    for destination in try await engine.outbox.takeDue() { found.yield(destination) }
                }
                found.finish()
            }
            // Each beside the others, and beside the next look: one that hangs holds up none.
            for await destination in due {
                group.addTask {
                    do { try await engine.outbox.drain(destination) { !Task.isShuttingDownGracefully } } catch {
                        engine.logger.warning("delivery to \(destination.name) failed: \(error)")
                    }
                }
            }
        }
    }
}

/// Gives up halves of inferences whose other half did not come.
struct HalfLoop: ServiceLifecycle.Service {
    static let everySeconds = 60.0
    let engine: Engine

    func run() async throws {
        await loop(everySeconds: Self.everySeconds, logger: engine.logger, name: "expiry of halves") { try await engine.expireHalves() }
    }
}

struct ClusterWatch: ServiceLifecycle.Service {
    let cluster: EmbeddedCluster
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await cluster.keepRunning { logger.warning("\($0)") }
        }
    }
}

/// Repeats `body` until shutdown. A failure is logged and the next round tries again: nothing is lost, since the work is still marked.
func loop(everySeconds: Double, logger: Logger, name: String, _ body: @Sendable @escaping () async throws -> Void) async {
    await cancelWhenGracefulShutdown {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await body()
                failures = 0
            } catch {
                failures += 1
                // The first failure and then ever fewer, so that a database that is away does not fill the log.
                if failures & (failures - 1) == 0 { logger.warning("\(name) failed (\(failures) in a row): \(error)") }
            }
            try? await Task.sleep(for: .seconds(everySeconds))
        }
    }
}
