internal import Vocabulary

/// A batch of messages, checked: what is to be stored, and what is not.
struct KafkaWork: Sendable {
    /// Each with its topic's place.
    var predictions: [(topic: Int, write: PredictionWrite)] = []
    var labels: [(topic: Int, write: LabelWrite)] = []
    var letters: [Letter] = []

    struct Letter: Sendable {
        var topic: Int
        /// What makes it the same one when the batch is checked again.
        var key: [Int]
        var letter: KafkaDeadLetter
    }
}

extension Collector {
    /// Checks messages as the bodies of requests are checked, each record for itself.
    ///
    /// - Parameter predictionTopics: so many of the batch's topics hold predictions, those that follow hold labels.
    /// - Throws: a ``RetryableError`` while it cannot be told which models there are; ``PrivacyKeyError``.
    func checked(_ batch: KafkaBatch, predictionTopics: Int) async throws -> KafkaWork {
        var limits = limits
        // That is for requests: a batch has limits of its own.
        limits.recordsMax = .max
        var work = KafkaWork()
        for (place, topic) in batch.topics.enumerated() where !topic.messages.isEmpty {
            let records = KafkaRecords(topic)
            var refusals = records.refused
            if records.records.isEmpty {
                // Nothing but what was refused.
            } else if place < predictionTopics {
                let (batches, rejections) = try await decoded(records.lines, isLines: true, limits)
                work.predictions += batches.map { (place, PredictionWrite(version: $0.version, batch: $0.batch, key: nil)) }
                refusals += records.refusals(rejections)
            } else {
                let (batches, rejections) = try await decodedLabels(records.lines, isLines: true, limits)
                work.labels += batches.map { (place, LabelWrite(model: $0.model, batch: $0.batch, key: nil)) }
                refusals += records.refusals(rejections)
            }
            work.letters += refusals.map { refusal in
                let message = topic.messages[refusal.message]
                return KafkaWork.Letter(
                    topic: place, key: [place, Int(message.partition), Int(message.offset), refusal.index ?? -1],
                    letter: KafkaDeadLetter(refusal, of: topic, records))
            }
        }
        return work
    }
}
