public import Vocabulary

#if KAFKA
    internal import CKafka
    internal import Dispatch

    extension KafkaSupport {
        private static let requestMilliseconds: Int32 = 5000

        /// What is wrong with a property, without its value.
        public static func problem(_ name: String, _ value: Secret) -> String? {
            guard let settings = unsafe rd_kafka_conf_new() else { return "out of memory" }
            defer { unsafe rd_kafka_conf_destroy(settings) }
            switch unsafe rd_kafka_conf_set(settings, name, value.reveal(), nil, 0) {
            case RD_KAFKA_CONF_OK: return nil
            case RD_KAFKA_CONF_UNKNOWN: return "is not a property of librdkafka"
            default: return "has not a value that librdkafka takes for it"
            }
        }

        /// The topics that the brokers know, with how many partitions each has.
        ///
        /// - Throws: ``KafkaError``.
        public static func topics(_ settings: KafkaSettings) async throws -> [String: Int] {
            let result: Result<[String: Int], KafkaError> = await withCheckedContinuation { continuation in
                DispatchQueue(label: "evenkeel.kafka.probe").async {
                    continuation.resume(returning: Result { () throws(KafkaError) in try ask(settings) })
                }
            }
            return try result.get()
        }

        private static func ask(_ settings: KafkaSettings) throws(KafkaError) -> [String: Int] {
            let client = unsafe try KafkaHandle.make(RD_KAFKA_PRODUCER, settings.producerProperties, events: 0)
            defer { unsafe rd_kafka_destroy(client) }
            var answer: UnsafePointer<rd_kafka_metadata>?
            let status = unsafe rd_kafka_metadata(client, 1, nil, &answer, requestMilliseconds)
            try KafkaHandle.check(status, "the brokers do not answer")
            guard let metadata = unsafe answer else { throw KafkaError("the brokers do not answer") }
            defer { unsafe rd_kafka_metadata_destroy(metadata) }
            var topics: [String: Int] = [:]
            for i in 0..<Int(unsafe metadata.pointee.topic_cnt) {
                let topic = unsafe metadata.pointee.topics[i]
                if let name = unsafe topic.topic { topics[unsafe String(cString: name)] = unsafe Int(topic.partition_cnt) }
            }
            return topics
        }
    }
#else
    extension KafkaSupport {
        public static func problem(_ name: String, _ value: Secret) -> String? { nil }
        public static func topics(_ settings: KafkaSettings) async throws -> [String: Int] { throw KafkaError(missing, isRetryable: false) }
    }
#endif
