/// A partition of one of Kafka's topics.
public struct KafkaPartition: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var topic: String
    public var number: Int32
    public init(_ topic: String, _ number: Int32) {
        self.topic = topic
        self.number = number
    }
    public static func < (a: KafkaPartition, b: KafkaPartition) -> Bool { (a.topic, a.number) < (b.topic, b.number) }
    public var description: String { "\(topic) \(number)" }
}

/// Whose positions: consumers of one group share those of a cluster.
public struct KafkaReader: Sendable, Hashable {
    /// The name that the configuration gives the cluster.
    public var cluster: String
    public var group: String
    public init(cluster: String, group: String) {
        self.cluster = cluster
        self.group = group
    }
}

/// From where to where the positions of partitions move when a batch of their records is stored.
public struct KafkaMoves: Sendable, Equatable {
    public struct Step: Sendable, Equatable {
        /// Where the position stood when the records were read.
        public var from: Int64
        /// The offset behind the last of them.
        public var to: Int64
        public init(from: Int64, to: Int64) {
            self.from = from
            self.to = to
        }
    }
    public var reader: KafkaReader
    public var steps: [KafkaPartition: Step]
    public init(reader: KafkaReader, steps: [KafkaPartition: Step]) {
        self.reader = reader
        self.steps = steps
    }
}

/// Somebody else has stored records of the partition since these were read: nothing of the batch was stored.
public struct KafkaMoveRefused: Error, Equatable, CustomStringConvertible {
    public var partition: KafkaPartition
    public init(_ partition: KafkaPartition) { self.partition = partition }
    public var description: String { "\(partition) was moved by another consumer: nothing of this batch was stored" }
}

/// Where records from Kafka are stored, each once: the position of every partition is kept beside them and moves in the same transaction.
public protocol KafkaSink: Sendable {
    func positions(of reader: KafkaReader) async throws -> [KafkaPartition: Int64]
    /// Gives partitions that have no position this one.
    func open(_ starts: [KafkaPartition: Int64], of reader: KafkaReader) async throws
    /// Stores the writes and moves the positions, all or nothing. With no writes the positions alone are moved.
    ///
    /// - Throws: ``KafkaMoveRefused`` when a position does not stand where its step begins.
    func store(predictions: [PredictionWrite], moving: KafkaMoves) async throws -> [PredictionReceipt]
    func store(labels: [LabelWrite], moving: KafkaMoves) async throws -> [LabelReceipt]
}
