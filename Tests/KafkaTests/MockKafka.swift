#if KAFKA
    import CKafka
    import Dispatch
    import TestSupport
    import Testing
    import Vocabulary

    /// librdkafka's own mock cluster: brokers in this process that speak the real protocol. It keeps 5 MB of a partition.
    // Sound because the client and the producer are made before anybody else has them, and are safe to use from any thread.
    @safe final class MockKafka: @unchecked Sendable {
        struct Failure: Error, CustomStringConvertible { var description: String }
        struct Message: Sendable {
            var key: String?
            var value: String?
            var headers: [String: String]
        }
        let brokers: String
        private let client: OpaquePointer
        private let cluster: OpaquePointer
        private let producer: OpaquePointer
        private let queue = DispatchQueue(label: "mock-kafka")

        init(_ topics: [String: Int32]) throws {
            guard let client = unsafe Self.client(RD_KAFKA_PRODUCER, ["bootstrap.servers": "127.0.0.1:1"]),
                let cluster = unsafe rd_kafka_mock_cluster_new(client, 1), let text = unsafe rd_kafka_mock_cluster_bootstraps(cluster)
            else { throw Failure(description: "no mock cluster") }
            unsafe self.client = client
            unsafe self.cluster = cluster
            brokers = unsafe String(cString: text)
            for (topic, partitions) in topics { _ = unsafe rd_kafka_mock_topic_create(cluster, topic, partitions, 1) }
            guard let producer = unsafe Self.client(RD_KAFKA_PRODUCER, ["bootstrap.servers": brokers, "linger.ms": "1"]) else {
                throw Failure(description: "no producer")
            }
            unsafe self.producer = producer
        }

        /// Its client is left: librdkafka may hang in the end of one.
        func end() async { await on { unsafe rd_kafka_mock_cluster_destroy(self.cluster) } }

        private static func client(_ type: rd_kafka_type_t, _ properties: [String: String]) -> OpaquePointer? {
            let settings = unsafe rd_kafka_conf_new()
            for (name, value) in properties { _ = unsafe rd_kafka_conf_set(settings, name, value, nil, 0) }
            unsafe rd_kafka_conf_set_log_cb(settings, nil)
            return unsafe rd_kafka_new(type, settings, nil, 0)
        }

        private func on<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
            await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: body()) } }
        }

        /// Sends messages to a partition, and returns when the broker has them all.
        func send(_ values: [String?], to topic: String, _ partition: Int32 = 0, key: String? = nil, header: (String, String)? = nil)
            async throws
        {
            let status = await on { () -> rd_kafka_resp_err_t in
                for value in values {
                    let headers = unsafe rd_kafka_headers_new(1)
                    if let header { _ = unsafe rd_kafka_header_add(headers, header.0, -1, header.1, header.1.utf8.count) }
                    let bytes = value.map { Array($0.utf8) }
                    let keyBytes = key.map { Array($0.utf8) }
                    let status = unsafe ek_kafka_produce(
                        self.producer, topic, partition, bytes, bytes?.count ?? 0, keyBytes, keyBytes?.count ?? 0, headers, 0)
                    if status == RD_KAFKA_RESP_ERR__QUEUE_FULL { return status }
                    if status != RD_KAFKA_RESP_ERR_NO_ERROR { return status }
                }
                return unsafe rd_kafka_flush(self.producer, 120_000)
            }
            guard status == RD_KAFKA_RESP_ERR_NO_ERROR else { throw Failure(description: unsafe String(cString: rd_kafka_err2str(status))) }
        }

        func setDown(_ isDown: Bool) async {
            await on {
                let cluster = unsafe self.cluster
                _ = isDown ? unsafe rd_kafka_mock_broker_set_down(cluster, 1) : unsafe rd_kafka_mock_broker_set_up(cluster, 1)
            }
        }

        /// All messages of partition 0 of a topic, once there are so many.
        func messages(of topic: String, atLeast count: Int) async throws -> [Message] {
            let brokers = brokers
            let messages = await on { () -> [Message] in
                guard let client = unsafe Self.client(RD_KAFKA_CONSUMER, ["bootstrap.servers": brokers, "group.id": "reader"]) else {
                    return []
                }
                let list = unsafe rd_kafka_topic_partition_list_new(1)
                unsafe rd_kafka_topic_partition_list_add(list, topic, 0).pointee.offset = 0
                _ = unsafe rd_kafka_assign(client, list)
                unsafe rd_kafka_topic_partition_list_destroy(list)
                var all: [Message] = []
                let until = ContinuousClock.now + patience
                while all.count < count, .now < until {
                    guard let message = unsafe rd_kafka_consumer_poll(client, 500) else { continue }
                    if unsafe message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR { all.append(unsafe Self.read(message)) }
                    unsafe rd_kafka_message_destroy(message)
                }
                unsafe rd_kafka_consumer_close(client)
                unsafe rd_kafka_destroy(client)
                return all
            }
            return messages
        }

        private static func read(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> Message {
            func text(_ start: UnsafeMutableRawPointer?, _ count: Int) -> String? {
                unsafe start.map { unsafe String(decoding: UnsafeRawBufferPointer(start: $0, count: count), as: UTF8.self) }
            }
            var out = unsafe Message(
                key: text(message.pointee.key, message.pointee.key_len), value: text(message.pointee.payload, message.pointee.len),
                headers: [:])
            var headers: OpaquePointer?
            guard unsafe rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR else { return out }
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            while unsafe rd_kafka_header_get_all(headers, out.headers.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
                guard let start = unsafe name else { break }
                out.headers[unsafe String(cString: start)] = unsafe value.map {
                    unsafe String(decoding: UnsafeRawBufferPointer(start: $0, count: size), as: UTF8.self)
                }
            }
            return out
        }
    }
#endif
