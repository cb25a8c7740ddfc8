public import Alerting
public import Collecting
internal import Foundation
public import Logging
public import Monitoring
public import Storage
public import Vocabulary

/// Everything the service is made of, wired once: stores over one database, the collector, the evaluator and the outbox.
///
/// Commands that need no HTTP (`evaluate`, `model`, `migrate`) use it as well as the server does.
public struct Engine: Sendable {
    public let configuration: ServiceConfiguration
    public let database: Database
    public let cluster: EmbeddedCluster?
    public let registry: RegistryStore
    public let profiles: ProfileStore
    public let results: ResultStore
    public let alerts: AlertStore
    public let leadership: Leadership
    public let tokens: TokenStore
    public let records: RecordStore
    public let collector: Collector
    /// Between the collector and the database; it has a spool once the engine was started for the role `collect`.
    let sink: SpoolingSink
    let knownVersions: KnownVersions
    public let halves: HalfStore
    let halfSink: SpoolingHalves
    public let cloudEvents: CloudEventCollector
    public let evaluation: EvaluationPass
    public let errors: ErrorStore
    /// Follows the errors of labelled predictions.
    let errorPass: ErrorPass
    public let outbox: Outbox
    public let metrics = MetricRegistry()
    public let logger: Logger
    let clock: @Sendable () -> Timestamp

    public static let buildVersion = Build.version

    /// The present, as the service knows it.
    public static let systemClock: @Sendable () -> Timestamp = {
        Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1e6).rounded()))
    }

    public init(
        _ configuration: ServiceConfiguration, logger: Logger, syncsEmbedded: Bool = true,
        clock: @escaping @Sendable () -> Timestamp = Engine.systemClock
    ) {
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        switch configuration.database {
        case .embedded(let folder):
            let cluster = EmbeddedCluster(folder: folder, syncs: syncsEmbedded)
            self.cluster = cluster
            database = Database(url: cluster.url, connections: configuration.connections)
        case .server(let url):
            cluster = nil
            database = Database(url: url, connections: configuration.connections)
        }
        let registry = RegistryStore(database: database)
        let leadership = Leadership(
            store: LeaseStore(database: database), seconds: configuration.leaseSeconds, isAlone: cluster != nil)
        self.leadership = leadership
        let alerts = AlertStore(database: database, fence: { try leadership.fence() })
        self.registry = registry
        self.alerts = alerts
        tokens = TokenStore(database: database)
        results = ResultStore(database: database)
        let records = RecordStore(database: database, clock: clock)
        profiles = records.profiles
        let sink = SpoolingSink(live: records, metrics: metrics, afterSeconds: configuration.spool.afterSeconds) { logger.warning("\($0)") }
        let knownVersions = KnownVersions(registry: registry, afterSeconds: configuration.spool.afterSeconds) {
            sink.isSpooling
        } report: {
            logger.warning("\($0)")
        }
        self.records = records
        self.sink = sink
        self.knownVersions = knownVersions
        collector = Collector(
            sink: sink, directory: knownVersions, metrics: metrics, limits: configuration.limits, droppedWeeks: { records.droppedWeeks },
            clock: clock)
        halves = records.halves(limits: configuration.kserve.limits)
        halfSink = SpoolingHalves(live: halves, sink: sink)
        cloudEvents = CloudEventCollector(
            collector: collector, halves: halfSink, directory: knownVersions, metrics: metrics, services: configuration.kserve, clock: clock
        )
        let errors = ErrorStore(database: database)
        self.errors = errors
        errorPass = ErrorPass(
            log: errors, directory: registry, settings: { configuration.monitors(of: $0) }, clock: clock, report: { logger.error("\($0)") })
        evaluation = EvaluationPass(
            reader: profiles, store: results, directory: registry, evaluator: WindowEvaluator(settings: configuration.monitors),
            errors: errors, rowLog: profiles, explainer: ModelAttributor(database: database, clock: clock),
            settings: { configuration.monitors(of: $0) }, clock: clock,
            report: { logger.error("not evaluated: \($0)") },
            announce: { evaluation, version in
                // Only what serves users wakes somebody.
                guard version.stage == .champion else { return }
                let facts = Engine.facts(evaluation, version)
                for policy in configuration.policies(of: version) {
                    let lifecycle = AlertLifecycle(policy: policy)
                    let announced = try await alerts.update(
                        version.key, at: clock(), decide: { lifecycle.observe(evaluation, open: $0, silences: $1) },
                        render: { Messages.messages(for: $0, policy: policy, facts: facts, newID: Messages.randomID) })
                    for alert in announced { logger.notice("alert \(alert.state.rawValue): \(alert.summary)") }
                }
            })
        outbox = Outbox(
            ledger: alerts, destinations: configuration.destinations, targets: configuration.targets, schedule: configuration.retries,
            metrics: metrics, clock: clock)
        metrics.add(1, to: .buildInfo, [Engine.buildVersion])
        // A counter that is not there until something happens hides the first time.
        for outcome in ["accepted", "duplicate", "rejected", "label"] { metrics.add(0, to: .ingestRecords, [outcome]) }
        for metric in Metric.allCases where metric.kind != .histogram { metrics.add(0, to: .seriesDropped, [metric.rawValue]) }
    }

    /// Starts the embedded database if there is one, and brings the schema up to date.
    ///
    /// - Throws: ``StoreError`` with what to do.
    /// - Parameter joins: for a command that may run beside the service: use the embedded database that it has running.
    public func start(joining joins: Bool = false) async throws {
        if let cluster {
            logger.info("starting the embedded database in \(cluster.folder.path)")
            if joins { try await cluster.startOrJoin() } else { try await cluster.start() }
        }
        if case .server(let url) = configuration.database { logger.info("the database is \(withoutSecrets(url.reveal()))") }
        if !joins, configuration.roles.contains(.collect) { try openSpool() }
        do { try await prepareDatabase() } catch let error as StoreError where error.isRetryable && canCollectWithoutDatabase {
            sink.setDatabaseReady(false)
            logger.warning("started without the database, records go to the spool: \(error)")
        }
        if !joins, configuration.roles.contains(.collect) || configuration.kafkaHere != nil {
            // The other models are served, and these answer 503 until the key is there.
            for version in (try? await knownVersions.versions()) ?? [] where version.stage != .retired {
                if let problem = configuration.limits.keyProblem(of: version) { logger.error("\(problem)") }
            }
        }
    }

    /// Brings the schema up to date.
    func prepareDatabase() async throws {
        let plan = try await Migrator(database: database).migrate()
        if !plan.pending.isEmpty { logger.info("migrated the schema: \(plan.pending.joined(separator: ", "))") }
        _ = try await knownVersions.versions()
        sink.setDatabaseReady(true)
    }

    /// Gives up the requests and responses of inference services that have waited long enough.
    public func expireHalves() async throws {
        let expired = try await halves.expire(before: clock().adding(seconds: -configuration.kserve.limits.waitSeconds))
        cloudEvents.countExpired(requests: expired.requests, responses: expired.responses)
    }

    /// Stops the embedded database if there is one.
    public func stop() async {
        await closeSpool()
        do { try await cluster?.stop() } catch { logger.error("the embedded database did not stop: \(error)") }
    }
}

/// `evenkeel migrate`: the schema alone.
public enum SchemaMigration {
    /// - Parameter spreads: the tables are placed on the nodes of a Citus cluster.
    /// - Returns: the steps that were run, or with `dryRun` those that would be; and what was placed.
    public static func run(
        _ configuration: ServiceConfiguration, dryRun: Bool, spreads: Bool, logger: Logger
    ) async throws -> (steps: [String], placed: [String]) {
        let engine = Engine(configuration, logger: logger)
        try await engine.cluster?.startOrJoin()
        let migrator = Migrator(database: engine.database)
        let result: Result<Migrator.Plan, any Error>
        do {
            result = .success(dryRun ? try await migrator.plan() : try await migrator.migrate(spreads: spreads))
        } catch { result = .failure(error) }
        await engine.stop()
        let plan = try result.get()
        return (plan.pending, plan.placed)
    }
}
