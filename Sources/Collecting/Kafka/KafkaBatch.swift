internal import Vocabulary

/// Messages of all topics as they were read, in the order of each partition.
struct KafkaBatch: Sendable {
    struct Message: Sendable {
        var partition: Int32
        var offset: Int64
        /// In the topic's bytes; nil for a message without a value.
        var value: Range<Int>?
        /// In the topic's keys.
        var key: Range<Int>?
    }
    struct Topic: Sendable {
        var name: String
        /// The values, each with a line's end behind it.
        var bytes: [UInt8] = []
        var keys: [UInt8] = []
        var messages: [Message] = []
        /// Of the messages that have some, by the message's place.
        var headers: [Int: [KafkaHeader]] = [:]
    }
    var topics: [Topic]

    init(topics: [String]) { self.topics = topics.map { Topic(name: $0) } }

    var count: Int { topics.reduce(0) { $0 + $1.messages.count } }
    var byteCount: Int { topics.reduce(0) { $0 + $1.bytes.count + $1.keys.count } }
}

struct KafkaHeader: Sendable, Equatable {
    var name: String
    var value: [UInt8]?
    init(_ name: String, _ value: [UInt8]?) {
        self.name = name
        self.value = value
    }
    init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }
}

/// What the group and its brokers tell a consumer.
enum KafkaNews: Sendable {
    case assigned([KafkaPartition])
    /// All that were assigned before.
    case revoked
    case failed(String)
}

/// A record that cannot be stored, on its way to the topic for such.
struct KafkaDeadLetter: Sendable {
    var value: [UInt8]?
    var key: [UInt8]?
    var headers: [KafkaHeader]
}
