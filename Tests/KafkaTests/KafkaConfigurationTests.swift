import Foundation
import Testing
import Vocabulary

@testable import Collecting
@testable import Service

@Suite("The section kafka of the configuration") struct KafkaConfigurationTests {
    private func read(_ yaml: String, environment: [String: String] = [:]) throws -> ServiceConfiguration {
        try ServiceConfiguration(yaml: yaml, file: "evenkeel.yaml", environment: environment)
    }

    private static let whole = """
        kafka:
          brokers: [broker-1:9092, broker-2:9092]
          cluster: main
          group: keel
          predictions: [scores, more.scores]
          labels: [outcomes]
          dead_letters: scores-dead
          start: latest
          batch_records_max: 500
          batch_bytes_max: 4096
          wait_milliseconds: 20
          ahead_bytes_max: 65536
          properties:
            security.protocol: SASL_SSL
            sasl.mechanism: PLAIN
            sasl.username: keel
            sasl.password: {env: KAFKA_PASSWORD}
            session.timeout.ms: 6000
        """

    @Test("every key is read, and properties may come from the environment") func whole() throws {
        let kafka = try #require(try read(Self.whole, environment: ["KAFKA_PASSWORD": "sesame"]).kafka)
        #expect(kafka.brokers == ["broker-1:9092", "broker-2:9092"])
        #expect(kafka.topics == ["scores", "more.scores", "outcomes"])
        #expect(kafka.predictions.count == 2 && kafka.deadLetters == "scores-dead")
        #expect(kafka.reader == KafkaReader(cluster: "main", group: "keel"))
        #expect(kafka.start == .latest && kafka.batchRecordsMax == 500 && kafka.batchBytesMax == 4096)
        #expect(kafka.waitMilliseconds == 20 && kafka.aheadBytesMax == 65_536)
        #expect(kafka.properties["sasl.password"]?.reveal() == "sesame")
        #expect(kafka.properties["session.timeout.ms"]?.reveal() == "6000")
        #expect(!"\(kafka)".contains("sesame"))
    }

    @Test("without the section nothing is read, whatever the roles") func none() throws {
        #expect(try read("port: 8080").kafka == nil)
        #expect(try read("port: 8080").kafkaHere == nil)
        #expect(try read(Self.whole + "\nroles: [collect]", environment: ["KAFKA_PASSWORD": "x"]).kafkaHere == nil)
    }

    @Test("each mistake is one line with its path") func mistakes() {
        func problems(_ yaml: String) -> [String] {
            do {
                _ = try read(yaml)
                return []
            } catch { return (error as? ConfigurationError)?.problems ?? ["\(error)"] }
        }
        #expect(
            problems("kafka: {}") == [
                "evenkeel.yaml: kafka.brokers: missing, expected a list such as [broker-1:9092, broker-2:9092]",
                "evenkeel.yaml: kafka.predictions: missing, expected the topics of predictions, or those of labels",
                "evenkeel.yaml: kafka.dead_letters: missing, expected the topic to which records go that cannot be stored",
            ])
        #expect(
            problems("kafka: {brokers: [nowhere], predictions: [a, a], labels: [a b], dead_letters: a, start: never}") == [
                "evenkeel.yaml: kafka.brokers[0]: \"nowhere\", expected host:port",
                "evenkeel.yaml: kafka.labels[0]: \"a b\", expected the name of a topic",
                "evenkeel.yaml: kafka: the topic a is named twice",
                "evenkeel.yaml: kafka.dead_letters: a is read too, expected a topic of its own",
                "evenkeel.yaml: kafka.start: \"never\", expected one of earliest, latest",
            ])
        #expect(
            problems("roles: [kafka]") == [
                "evenkeel.yaml: roles: kafka, and there is no section kafka, expected brokers and topics there"
            ])
        let base = "kafka: {brokers: ['b:9092'], predictions: [a], dead_letters: d, properties: "
        #expect(
            problems(base + "{group.id: other, sasl.password: {env: NOT_THERE}}}") == [
                "evenkeel.yaml: kafka.properties.group.id: is set by evenkeel itself",
                "evenkeel.yaml: kafka.properties.sasl.password.env: the environment has no NOT_THERE",
            ])
        // Only the library knows its properties.
        guard KafkaSupport.isBuiltIn else { return print("skipped: this build has no Kafka") }
        #expect(
            problems(base + "{sasl.pasword: sesame, security.protocol: sesame}}") == [
                "evenkeel.yaml: kafka.properties.sasl.pasword: is not a property of librdkafka",
                "evenkeel.yaml: kafka.properties.security.protocol: has not a value that librdkafka takes for it",
            ])
    }

    @Test("a build without librdkafka says so plainly") func missing() throws {
        let configuration = try read(Self.whole, environment: ["KAFKA_PASSWORD": "x"])
        if KafkaSupport.isBuiltIn { return try configuration.checkKafka() }
        let error = #expect(throws: ConfigurationError.self) { try configuration.checkKafka() }
        #expect(error?.problems == ["kafka: \(KafkaSupport.missing)"])
    }
}
