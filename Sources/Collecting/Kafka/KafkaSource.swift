public import Vocabulary

#if KAFKA
    /// Reads records from Kafka and stores each once.
    ///
    /// The position of a partition stands in the database and moves in the transaction that stores its records, so a batch is stored whole or
    /// not at all, and never twice: not by another consumer that was given the partition, and not after a crash. What cannot be stored goes to
    /// the dead letters first, and only then the position moves. While the database is away nothing is read on.
    public struct KafkaSource: Sendable {
        private let settings: KafkaSettings
        private let collector: Collector
        private let sink: any KafkaSink
        private let report: @Sendable (String) -> Void

        /// On an orderly end, and when partitions are taken away, what is under way is waited for this long.
        static let partingSeconds = 5.0

        /// - Parameters:
        ///   - collector: checks the records, as it does those of requests.
        ///   - report: told of what a person should know.
        public init(
            _ settings: KafkaSettings, collector: Collector, sink: any KafkaSink, report: @escaping @Sendable (String) -> Void
        ) {
            self.settings = settings
            self.collector = collector
            self.sink = sink
            self.report = report
        }

        /// Reads until the task is cancelled.
        ///
        /// - Throws: ``KafkaError`` when the library does not take the settings.
        public func run() async throws {
            let consumer = try KafkaConsumer(settings)
            let producer = try KafkaProducer(settings)
            let reading = KafkaReading(
                settings: settings, consumer: consumer, producer: producer, collector: collector, sink: sink, report: report)
            let result: Result<Void, any Error>
            do { result = .success(try await reading.run()) } catch { result = .failure(error) }
            // librdkafka has been seen to hang in its end: then the process ends without it.
            _ = try? await within(seconds: Self.partingSeconds) {
                await consumer.close()
                await producer.close()
            }
            try result.get()
        }
    }
#else
    /// Reads records from Kafka; in this build it only says that it cannot.
    public struct KafkaSource: Sendable {
        public init(
            _ settings: KafkaSettings, collector: Collector, sink: any KafkaSink, report: @escaping @Sendable (String) -> Void
        ) {}

        public func run() async throws { throw KafkaError(KafkaSupport.missing, isRetryable: false) }
    }
#endif
