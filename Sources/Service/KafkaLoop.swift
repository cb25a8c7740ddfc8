internal import Collecting
internal import Foundation
internal import Logging
internal import Reporting
internal import ServiceLifecycle
internal import Storage
internal import Vocabulary

/// Reads records from Kafka into the database, past the spool: what cannot be stored now waits in Kafka.
struct KafkaLoop: ServiceLifecycle.Service {
    let settings: KafkaSettings
    let engine: Engine

    /// nil when this process reads nothing from Kafka.
    init?(engine: Engine) {
        guard let settings = engine.configuration.kafkaHere else { return nil }
        self.settings = settings
        self.engine = engine
    }

    func run() async throws {
        let logger = engine.logger
        let source = KafkaSource(settings, collector: engine.collector, sink: engine.records) { logger.warning("\($0)") }
        try await cancelWhenGracefulShutdown { try await source.run() }
    }
}

extension Doctor {
    /// Whether the brokers answer and have the topics. Nothing is read or written.
    func kafkaChecks(_ configuration: ServiceConfiguration) async -> [HealthCheck] {
        guard let settings = configuration.kafka else { return [] }
        guard configuration.roles.contains(.kafka) else {
            return [HealthCheck("kafka", .unknown, "not in this process (roles): look at the one that has the role kafka")]
        }
        guard KafkaSupport.isBuiltIn else { return [HealthCheck("kafka", .wrong, KafkaSupport.missing, mend: "docs/kafka.md")] }
        do {
            let topics = try await KafkaSupport.topics(settings)
            let missing = (settings.topics + [settings.deadLetters]).filter { topics[$0] == nil }
            guard missing.isEmpty else {
                return [
                    HealthCheck(
                        "kafka", .wrong, "the brokers have no topic \(missing.joined(separator: ", "))",
                        mend: "make it, or correct its name in the section kafka")
                ]
            }
            let partitions = settings.topics.reduce(0) { $0 + (topics[$1] ?? 0) }
            return [HealthCheck("kafka", .well, "\(settings.topics.count) topics with \(partitions) partitions")]
        } catch {
            return [
                HealthCheck(
                    "kafka", .wrong, "\(error)", mend: "are the brokers' addresses and the security in kafka.properties right?")
            ]
        }
    }
}
