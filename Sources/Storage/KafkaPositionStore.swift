internal import Migrations
public import Vocabulary

// Records from Kafka: stored as any others, with the positions of their partitions moved in the same transaction.

extension RecordStore: KafkaSink {
    public func positions(of reader: KafkaReader) async throws -> [KafkaPartition: Int64] {
        try await tables.database.run { connection in
            try connection.positions(Queries["kafka_positions"], [.text(reader.cluster), .text(reader.group)])
        }
    }

    public func open(_ starts: [KafkaPartition: Int64], of reader: KafkaReader) async throws {
        let now = tables.clock()
        let starts = starts.sorted { $0.key < $1.key }
        try await tables.database.run { connection in
            _ = try connection.query(
                Queries["open_kafka_positions"],
                [
                    .text(reader.cluster), .text(reader.group), .texts(starts.map(\.key.topic)), .ints(starts.map { Int64($0.key.number) }),
                    .ints(starts.map(\.value)), .time(now),
                ])
        }
    }

    public func store(predictions writes: [PredictionWrite], moving moves: KafkaMoves) async throws -> [PredictionReceipt] {
        try await tables.store(predictions: [writes], moving: moves)[0]
    }

    public func store(labels writes: [LabelWrite], moving moves: KafkaMoves) async throws -> [LabelReceipt] {
        try await tables.store(labels: writes, moving: moves)
    }
}

extension Connection {
    fileprivate func positions(_ query: String, _ parameters: [Parameter]) throws -> [KafkaPartition: Int64] {
        let rows = try self.query(query, parameters)
        var positions: [KafkaPartition: Int64] = [:]
        for row in 0..<rows.count {
            guard let topic = rows.text(row, 0), let number = rows.int(row, 1).flatMap(Int32.init(exactly:)), let next = rows.int(row, 2)
            else { throw StoreError(.damaged, "a position of Kafka cannot be read") }
            positions[KafkaPartition(topic, number)] = next
        }
        return positions
    }

    /// Within a transaction, and before all else: who comes second waits here, and has done nothing that must be undone.
    ///
    /// - Throws: ``KafkaMoveRefused``.
    func move(_ moves: KafkaMoves?, at now: Timestamp) throws {
        guard let moves, !moves.steps.isEmpty else { return }
        let steps = moves.steps.sorted { $0.key < $1.key }
        let whose = [Parameter.text(moves.reader.cluster), .text(moves.reader.group)]
        let partitions = [Parameter.texts(steps.map(\.key.topic)), .ints(steps.map { Int64($0.key.number) })]
        let found = try positions(Queries["lock_kafka_positions"], whose + partitions)
        for (partition, step) in steps where found[partition] != step.from { throw KafkaMoveRefused(partition) }
        try query(Queries["move_kafka_positions"], whose + partitions + [.ints(steps.map(\.value.to)), .time(now)])
    }
}
