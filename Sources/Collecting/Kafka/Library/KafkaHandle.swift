#if KAFKA
    internal import CKafka
    internal import Vocabulary

    /// A client of librdkafka. Its owner destroys it.
    enum KafkaHandle {
        /// Room for the library's words.
        static let wordsMax = 512

        /// - Throws: ``KafkaError`` that names the property, and never its value.
        static func make(
            _ type: rd_kafka_type_t, _ properties: [(name: String, value: Secret)], events: Int32
        ) throws(KafkaError) -> OpaquePointer {
            guard let settings = unsafe rd_kafka_conf_new() else { throw KafkaError("out of memory") }
            for (name, value) in properties {
                let result = unsafe rd_kafka_conf_set(settings, name, value.reveal(), nil, 0)
                if result == RD_KAFKA_CONF_UNKNOWN, name == KafkaSettings.queueBackoff { continue }
                guard result == RD_KAFKA_CONF_OK else {
                    unsafe rd_kafka_conf_destroy(settings)
                    throw KafkaError(words(result, name), isRetryable: false)
                }
            }
            unsafe rd_kafka_conf_set_events(settings, events)
            // What matters comes as an event; the rest would be written to standard error.
            unsafe rd_kafka_conf_set_log_cb(settings, nil)
            var text = [CChar](repeating: 0, count: wordsMax)
            guard let client = unsafe rd_kafka_new(type, settings, &text, text.count) else {
                unsafe rd_kafka_conf_destroy(settings)
                // The library's words may quote a property.
                throw KafkaError("librdkafka refuses its properties", isRetryable: false)
            }
            return unsafe client
        }

        static func words(_ result: rd_kafka_conf_res_t, _ name: String) -> String {
            result == RD_KAFKA_CONF_UNKNOWN
                ? "\(name): not a property of librdkafka" : "\(name): not a value that librdkafka takes for it"
        }

        static func words(_ error: rd_kafka_resp_err_t) -> String {
            guard let text = unsafe rd_kafka_err2str(error) else { return "error \(error.rawValue)" }
            return unsafe String(cString: text)
        }

        /// Takes a list's ownership for as long as `body` runs.
        static func withList<R>(_ positions: [KafkaPartition: Int64], _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> R)
            throws(KafkaError) -> R
        {
            guard let list = unsafe rd_kafka_topic_partition_list_new(Int32(positions.count)) else { throw KafkaError("out of memory") }
            defer { unsafe rd_kafka_topic_partition_list_destroy(list) }
            for (partition, offset) in positions.sorted(by: { $0.key < $1.key }) {
                guard let element = unsafe rd_kafka_topic_partition_list_add(list, partition.topic, partition.number) else {
                    throw KafkaError("out of memory")
                }
                unsafe element.pointee.offset = offset
            }
            return unsafe body(list)
        }

        static func check(_ error: rd_kafka_resp_err_t, _ doing: String) throws(KafkaError) {
            if error != RD_KAFKA_RESP_ERR_NO_ERROR { throw KafkaError("\(doing): \(words(error))") }
        }
    }
#endif
