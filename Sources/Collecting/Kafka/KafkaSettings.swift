public import Vocabulary

/// Which topics of which cluster are read, and how much of them at once.
public struct KafkaSettings: Sendable {
    public enum Start: String, Sendable, CaseIterable { case earliest, latest }

    /// `host:port` of some brokers, the others are learned from them.
    public var brokers: [String] = []
    /// The name under which the positions in this cluster are kept.
    public var cluster = "kafka"
    public var group = "evenkeel"
    /// The topics of predictions, and those of labels.
    public var predictions: [String] = []
    public var labels: [String] = []
    public var deadLetters = ""
    /// Where a partition is begun that nobody of the group has read.
    public var start = Start.earliest
    /// Records and bytes of one transaction. The last message may go beyond.
    public var batchRecordsMax = 10_000
    public var batchBytesMax = 4 << 20
    /// How long a batch waits for more messages.
    public var waitMilliseconds = 100
    /// What librdkafka reads ahead. It stops there until some of it is stored.
    public var aheadBytesMax = 64 << 20
    /// Settings of librdkafka itself, such as those of TLS and SASL, for the consumer and the producer.
    public var properties: [String: Secret] = [:]

    public init() {}

    /// A topic's place here is its place everywhere.
    public var topics: [String] { predictions + labels }
    var reader: KafkaReader { KafkaReader(cluster: cluster, group: group) }

    /// Properties that the source has to set itself: with others it would lose records, double them, or hang.
    public static let ownProperties: Set<String> = [
        "bootstrap.servers", "metadata.broker.list", "group.id", "enable.auto.commit", "auto.commit.enable", "auto.commit.interval.ms",
        "enable.auto.offset.store", "auto.offset.reset", "partition.assignment.strategy", "queued.min.messages",
        "queued.max.messages.kbytes", "enabled_events", "opaque", "acks", "request.required.acks", "enable.partition.eof",
        "message.timeout.ms", "delivery.timeout.ms", "offset.store.method", "enable.idempotence", "transactional.id",
        // A second process under the name of the first ends it; our assignments are those of the classic protocol; letters are waited for.
        "group.instance.id", "group.protocol", "delivery.report.only.error",
    ]

    /// Of the consumer.
    var consumerProperties: [(name: String, value: Secret)] {
        let own = [
            ("bootstrap.servers", brokers.joined(separator: ",")), ("group.id", group), ("client.id", "evenkeel"),
            // The positions are in the database. The group's own, which we commit later, are for people and tools that watch the lag.
            ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"),
            // What retention has taken from us is noticed by the gap that it leaves.
            ("auto.offset.reset", "earliest"), ("partition.assignment.strategy", "range,roundrobin"),
            ("queued.max.messages.kbytes", String(max(1, aheadBytesMax >> 10))),
            // One answer may come beyond what is read ahead; librdkafka wants room for a message of the usual limit.
            ("fetch.message.max.bytes", String(max(1024, min(aheadBytesMax, 1 << 20)))),
            ("fetch.max.bytes", String(max(1_000_000, min(aheadBytesMax, 8 << 20)))),
            (Self.queueBackoff, "50"),
        ]
        return merged(own)
    }

    /// Of the producer of dead letters.
    var producerProperties: [(name: String, value: Secret)] {
        merged([
            ("bootstrap.servers", brokers.joined(separator: ",")), ("client.id", "evenkeel"), ("acks", "all"),
            ("message.timeout.ms", String(Self.deadLetterSeconds * 1000)), ("message.max.bytes", "100000000"),
        ])
    }

    /// How long librdkafka waits when it has read ahead all that it may. Known from 2.2 on; before, it is a second, in which no more than that is
    /// stored.
    static let queueBackoff = "fetch.queue.backoff.ms"

    /// A dead letter that is not acknowledged by then is sent again, with its whole batch.
    static let deadLetterSeconds = 10

    private func merged(_ own: [(String, String)]) -> [(name: String, value: Secret)] {
        let mine = own.filter { properties[$0.0] == nil }.map { (name: $0.0, value: Secret($0.1)) }
        return mine + properties.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }
}

/// What Kafka, or the library that speaks with it, could not do.
public struct KafkaError: RetryableError, CustomStringConvertible {
    public var description: String
    /// Whether it may pass by itself.
    public var isRetryable: Bool
    init(_ description: String, isRetryable: Bool = true) {
        self.description = description
        self.isRetryable = isRetryable
    }
}

/// Whether this program can read from Kafka.
public enum KafkaSupport {
    public static var isBuiltIn: Bool {
        #if KAFKA
            true
        #else
            false
        #endif
    }
    public static let missing = "this build of evenkeel has no Kafka: build it where librdkafka is installed (librdkafka-dev)"
}
