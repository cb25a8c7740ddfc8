internal import Vocabulary

/// How far each partition that we have is read and stored.
struct KafkaPlaces: Sendable {
    struct Place: Sendable, Equatable {
        /// The first offset that is not stored, as the database has it.
        var stored: Int64
        /// The offset that is expected next.
        var next: Int64
    }
    /// What is odd about a partition's messages, for a look at its offsets.
    enum Oddity: Sendable, Equatable {
        /// None between these: what transactions and compaction leave, or retention has taken.
        case gap(from: Int64, to: Int64)
        /// They begin before what is expected: the topic was made anew, or cut.
        case behind(Int64)
    }
    private(set) var all: [KafkaPartition: Place] = [:]

    var partitions: [KafkaPartition] { all.keys.sorted() }

    mutating func begin(_ positions: [KafkaPartition: Int64]) { all = positions.mapValues { Place(stored: $0, next: $0) } }
    mutating func end() { all = [:] }

    /// Leaves in the batch what goes on where we stand.
    mutating func take(_ batch: inout KafkaBatch) -> [KafkaPartition: Oddity] {
        var odd: [KafkaPartition: Oddity] = [:]
        for place in batch.topics.indices where !batch.topics[place].messages.isEmpty {
            let topic = batch.topics[place]
            var kept: [Int] = []
            kept.reserveCapacity(topic.messages.count)
            var next = all.filter { $0.key.topic == topic.name }.reduce(into: [Int32: Int64]()) { $0[$1.key.number] = $1.value.next }
            for (i, message) in topic.messages.enumerated() {
                guard let expected = next[message.partition] else { continue }
                let partition = KafkaPartition(topic.name, message.partition)
                if message.offset < expected {
                    odd[partition] = .behind(message.offset)
                    continue
                }
                // The first gap is that of what retention took; a transaction's marker may leave another one behind it.
                if message.offset > expected, odd[partition] == nil { odd[partition] = .gap(from: expected, to: message.offset) }
                next[message.partition] = message.offset + 1
                kept.append(i)
            }
            for (number, offset) in next { all[KafkaPartition(topic.name, number)]?.next = offset }
            if kept.count == topic.messages.count { continue }
            batch.topics[place].messages = kept.map { topic.messages[$0] }
            batch.topics[place].headers = [:]
            for (new, old) in kept.enumerated() { batch.topics[place].headers[new] = topic.headers[old] }
        }
        return odd
    }

    /// From what is stored to behind the batch's last messages.
    func moves(of batch: KafkaBatch, _ reader: KafkaReader) -> KafkaMoves {
        var moves = KafkaMoves(reader: reader, steps: [:])
        for topic in batch.topics {
            var ends: [Int32: Int64] = [:]
            for message in topic.messages { ends[message.partition] = message.offset + 1 }
            for (number, end) in ends {
                let partition = KafkaPartition(topic.name, number)
                if let place = all[partition] { moves.steps[partition] = KafkaMoves.Step(from: place.stored, to: end) }
            }
        }
        return moves
    }

    mutating func stored(_ moves: KafkaMoves) { for (partition, step) in moves.steps { all[partition]?.stored = step.to } }

    /// A partition is read on from here; what is stored stays.
    mutating func turn(_ partition: KafkaPartition, to offset: Int64) { all[partition]?.next = offset }
}
