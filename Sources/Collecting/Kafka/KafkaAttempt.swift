#if KAFKA
    internal import Synchronization
    internal import Vocabulary

    /// Storing one batch: its records are checked, what cannot be stored goes to the dead letters, and the rest is stored while the positions
    /// move. It may be run again after a failure; dead letters that were acknowledged are not sent again then.
    final class KafkaAttempt: Sendable {
        enum Outcome: Sendable {
            case stored
            /// Another consumer has moved a position.
            case refused(KafkaMoveRefused)
            case failed(any Error)
        }
        private let batch: KafkaBatch
        private let moves: KafkaMoves
        private let settings: KafkaSettings
        private let collector: Collector
        private let sink: any KafkaSink
        private let producer: KafkaProducer
        private let sent = Mutex<Set<[Int]>>([])

        init(
            batch: KafkaBatch, moves: KafkaMoves, settings: KafkaSettings, collector: Collector, sink: any KafkaSink,
            producer: KafkaProducer
        ) {
            self.batch = batch
            self.moves = moves
            self.settings = settings
            self.collector = collector
            self.sink = sink
            self.producer = producer
        }

        func run() async -> Outcome {
            do {
                let work = try await collector.checked(batch, predictionTopics: settings.predictions.count)
                try await send(work.letters)
                try await store(work)
                return .stored
            } catch let error as KafkaMoveRefused { return .refused(error) } catch { return .failed(error) }
        }

        private func send(_ letters: [KafkaWork.Letter]) async throws {
            let new = sent.withLock { sent in letters.filter { !sent.contains($0.key) } }
            if new.isEmpty { return }
            try await producer.send(new.map(\.letter), to: settings.deadLetters)
            sent.withLock { $0.formUnion(new.map(\.key)) }
        }

        private func store(_ work: KafkaWork) async throws {
            let metrics = collector.metrics
            if work.labels.isEmpty {
                let receipts = try await sink.store(predictions: work.predictions.map(\.write), moving: moves)
                _ = collector.counted(work.predictions.map(\.write), receipts)
                for (part, receipt) in zip(work.predictions, receipts) { count(receipt.accepted, of: part.topic) }
            } else {
                let receipts = try await sink.store(labels: work.labels.map(\.write), moving: moves)
                for (part, receipt) in zip(work.labels, receipts) {
                    metrics.count(part.write, receipt)
                    count(receipt.accepted, of: part.topic)
                }
            }
            for letter in work.letters {
                metrics.add(1, to: .ingestRecords, ["rejected"])
                metrics.add(1, to: .kafkaRecords, [settings.topics[letter.topic], "dead_letter"])
            }
        }

        private func count(_ records: Int64, of topic: Int) {
            collector.metrics.add(Double(records), to: .kafkaRecords, [settings.topics[topic], "stored"])
        }
    }
#endif
