#if KAFKA
    internal import CKafka
    internal import Dispatch
    internal import Vocabulary

    /// A member of a group of consumers. librdkafka blocks, so it is called on a queue of its own.
    ///
    /// Messages come by a queue apart from that of the group's news: while nothing is taken from it, librdkafka soon stops reading ahead, and
    /// the group still hears of us.
    // Sound because everything that changes is touched on `queue` alone.
    @safe final class KafkaConsumer: @unchecked Sendable {
        private let queue = DispatchQueue(label: "evenkeel.kafka.consumer")
        private let topics: [String]
        private let client: OpaquePointer
        private let news: OpaquePointer
        private let messages: OpaquePointer
        /// A topic's place, by librdkafka's own object for it.
        private var places: [OpaquePointer: Int] = unsafe [:]
        private var isClosed = false

        /// Messages that are taken at once.
        private static let chunkMax = 1000
        /// Messages of unknown size.
        private static let firstChunk = 16
        private static let requestMilliseconds: Int32 = 5000
        private let chunk: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>

        /// - Throws: ``KafkaError``.
        init(_ settings: KafkaSettings) throws(KafkaError) {
            topics = settings.topics
            let events = RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_OFFSET_COMMIT
            let client = unsafe try KafkaHandle.make(RD_KAFKA_CONSUMER, settings.consumerProperties, events: events)
            unsafe self.client = client
            let status = unsafe rd_kafka_poll_set_consumer(client)
            guard status == RD_KAFKA_RESP_ERR_NO_ERROR, let news = unsafe rd_kafka_queue_get_consumer(client),
                let messages = unsafe rd_kafka_queue_new(client)
            else {
                unsafe rd_kafka_destroy(client)
                throw KafkaError("librdkafka could not start")
            }
            unsafe self.news = news
            unsafe self.messages = messages
            unsafe chunk = .allocate(capacity: Self.chunkMax)
            unsafe chunk.initialize(repeating: nil, count: Self.chunkMax)
        }

        deinit { unsafe chunk.deallocate() }

        private func run<R: Sendable>(_ body: @escaping @Sendable () throws(KafkaError) -> R) async throws(KafkaError) -> R {
            let result: Result<R, KafkaError> = await withCheckedContinuation { continuation in
                queue.async {
                    if self.isClosed { return continuation.resume(returning: .failure(KafkaError("the consumer is closed"))) }
                    continuation.resume(returning: Result { () throws(KafkaError) in try body() })
                }
            }
            return try result.get()
        }

        func subscribe() async throws(KafkaError) {
            try await run { [topics] () throws(KafkaError) in
                let all = Dictionary(topics.map { (KafkaPartition($0, RD_KAFKA_PARTITION_UA), Int64(0)) }, uniquingKeysWith: { a, _ in a })
                let status = unsafe try KafkaHandle.withList(all) { unsafe rd_kafka_subscribe(self.client, $0) }
                try KafkaHandle.check(status, "subscribing")
            }
        }

        // MARK: Reading

        /// What the group tells, and messages, if any are wanted.
        ///
        /// - Parameter waitMilliseconds: how long messages are waited for.
        func poll(recordsMax: Int, bytesMax: Int, waitMilliseconds: Int) async throws(KafkaError) -> (news: [KafkaNews], batch: KafkaBatch)
        {
            try await run {
                var batch = KafkaBatch(topics: self.topics)
                var news: [KafkaNews] = []
                while let event = unsafe rd_kafka_queue_poll(self.news, 0) {
                    unsafe self.take(event, &news, &batch)
                    unsafe rd_kafka_event_destroy(event)
                }
                var wait = Int32(waitMilliseconds)
                while batch.count < recordsMax, batch.byteCount < bytesMax {
                    // So many as there is room for, by the size of those that came.
                    let mean = batch.byteCount / max(1, batch.count) + 1
                    let room = batch.count == 0 ? Self.firstChunk : max(1, (bytesMax - batch.byteCount) / mean)
                    let wanted = min(Self.chunkMax, recordsMax - batch.count, room)
                    let count = unsafe rd_kafka_consume_batch_queue(self.messages, wait, self.chunk, wanted)
                    if count <= 0 { break }
                    for i in 0..<count {
                        guard let message = unsafe self.chunk[i] else { continue }
                        unsafe self.take(message, &news, &batch)
                        unsafe rd_kafka_message_destroy(message)
                    }
                    // What is there already, and no more waiting.
                    wait = 0
                }
                return (news, batch)
            }
        }

        private func take(_ event: OpaquePointer, _ news: inout [KafkaNews], _ batch: inout KafkaBatch) {
            switch unsafe rd_kafka_event_type(event) {
            case RD_KAFKA_EVENT_REBALANCE:
                guard unsafe rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
                    let list = unsafe rd_kafka_event_topic_partition_list(event)
                else { return news.append(.revoked) }
                let elements = unsafe UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt))
                news.append(
                    .assigned(
                        elements.indices.compactMap { i in
                            guard let topic = unsafe elements[i].topic else { return nil }
                            return unsafe KafkaPartition(String(cString: topic), elements[i].partition)
                        }))
            case RD_KAFKA_EVENT_ERROR:
                let text = unsafe rd_kafka_event_error_string(event)
                news.append(.failed(unsafe text.map { unsafe String(cString: $0) } ?? "an error"))
            case RD_KAFKA_EVENT_FETCH:
                while let message = unsafe rd_kafka_event_message_next(event) {
                    unsafe take(UnsafeMutablePointer(mutating: message), &news, &batch)
                }
            default: break
            }
        }

        private func take(
            _ message: UnsafeMutablePointer<rd_kafka_message_t>, _ news: inout [KafkaNews], _ batch: inout KafkaBatch
        ) {
            let error = unsafe message.pointee.err
            guard error == RD_KAFKA_RESP_ERR_NO_ERROR, let topic = unsafe message.pointee.rkt, let place = unsafe place(of: topic) else {
                if error != RD_KAFKA_RESP_ERR_NO_ERROR { news.append(.failed(KafkaHandle.words(error))) }
                return
            }
            var entry = unsafe KafkaBatch.Message(partition: message.pointee.partition, offset: message.pointee.offset)
            if let value = unsafe message.pointee.payload {
                let start = batch.topics[place].bytes.count
                unsafe batch.topics[place].bytes.append(contentsOf: UnsafeRawBufferPointer(start: value, count: message.pointee.len))
                entry.value = start..<batch.topics[place].bytes.count
                batch.topics[place].bytes.append(UInt8(ascii: "\n"))
            }
            if let key = unsafe message.pointee.key {
                let start = batch.topics[place].keys.count
                unsafe batch.topics[place].keys.append(contentsOf: UnsafeRawBufferPointer(start: key, count: message.pointee.key_len))
                entry.key = start..<batch.topics[place].keys.count
            }
            var headers: OpaquePointer?
            if unsafe rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers = unsafe headers {
                batch.topics[place].headers[batch.topics[place].messages.count] = unsafe Self.read(headers)
            }
            batch.topics[place].messages.append(entry)
        }

        private func place(of topic: OpaquePointer) -> Int? {
            if let known = unsafe places[topic] { return known }
            guard let name = unsafe rd_kafka_topic_name(topic), let place = unsafe topics.firstIndex(of: String(cString: name)) else {
                return nil
            }
            unsafe places[topic] = place
            return place
        }

        private static func read(_ headers: OpaquePointer) -> [KafkaHeader] {
            var all: [KafkaHeader] = []
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            while unsafe rd_kafka_header_get_all(headers, all.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR,
                let text = unsafe name
            {
                let bytes = unsafe value.map { unsafe Array(UnsafeRawBufferPointer(start: $0, count: size)) }
                all.append(unsafe KafkaHeader(String(cString: text), bytes))
            }
            return all
        }

        // MARK: Partitions

        /// Begins to read partitions that the group has given us, each from its position.
        func assign(_ positions: [KafkaPartition: Int64]) async throws(KafkaError) {
            try await run { () throws(KafkaError) in
                for partition in positions.keys {
                    // Anew each time: librdkafka undoes it when a partition is taken away.
                    guard let own = unsafe rd_kafka_queue_get_partition(self.client, partition.topic, partition.number) else {
                        throw KafkaError("\(partition) has no queue")
                    }
                    unsafe rd_kafka_queue_forward(own, self.messages)
                    unsafe rd_kafka_queue_destroy(own)
                }
                let status = unsafe try KafkaHandle.withList(positions) { unsafe rd_kafka_assign(self.client, $0) }
                try KafkaHandle.check(status, "beginning to read")
            }
        }

        func unassign() async throws(KafkaError) {
            try await run { () throws(KafkaError) in
                try KafkaHandle.check(unsafe rd_kafka_assign(self.client, nil), "giving partitions back")
            }
        }

        /// Reads on from these positions; what was read ahead is dropped.
        func seek(_ positions: [KafkaPartition: Int64]) async throws(KafkaError) {
            if positions.isEmpty { return }
            try await run { () throws(KafkaError) in
                let failure = unsafe try KafkaHandle.withList(positions) { list -> rd_kafka_resp_err_t in
                    if let error = unsafe rd_kafka_seek_partitions(self.client, list, Self.requestMilliseconds) {
                        defer { unsafe rd_kafka_error_destroy(error) }
                        return unsafe rd_kafka_error_code(error)
                    }
                    let elements = unsafe UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt))
                    return elements.indices.map { unsafe elements[$0].err }.first { $0 != RD_KAFKA_RESP_ERR_NO_ERROR }
                        ?? RD_KAFKA_RESP_ERR_NO_ERROR
                }
                try KafkaHandle.check(failure, "reading on from the stored positions")
            }
        }

        /// The first offset of a partition that is there, and that of its end. A broker is asked.
        func offsets(of partition: KafkaPartition) async throws(KafkaError) -> (low: Int64, high: Int64) {
            try await run { () throws(KafkaError) in
                var low: Int64 = 0
                var high: Int64 = 0
                let status = unsafe rd_kafka_query_watermark_offsets(
                    self.client, partition.topic, partition.number, &low, &high, Self.requestMilliseconds)
                try KafkaHandle.check(status, "asking for the offsets of \(partition)")
                return (low, high)
            }
        }

        /// The ends of partitions, as they were when something was read last; those that are not known are left out.
        func ends(of partitions: [KafkaPartition]) async throws(KafkaError) -> [KafkaPartition: Int64] {
            try await run {
                var ends: [KafkaPartition: Int64] = [:]
                for partition in partitions {
                    var low: Int64 = 0
                    var high: Int64 = 0
                    let status = unsafe rd_kafka_get_watermark_offsets(self.client, partition.topic, partition.number, &low, &high)
                    if status == RD_KAFKA_RESP_ERR_NO_ERROR, high >= 0 { ends[partition] = high }
                }
                return ends
            }
        }

        /// Tells the group's own positions, which tools that watch the lag read. Nobody waits for it: nothing hangs on it.
        func commit(_ positions: [KafkaPartition: Int64]) async throws(KafkaError) {
            if positions.isEmpty { return }
            try await run { () throws(KafkaError) in
                let status = unsafe try KafkaHandle.withList(positions) { unsafe rd_kafka_commit(self.client, $0, 1) }
                try KafkaHandle.check(status, "committing")
            }
        }

        /// Leaves the group and ends the client, on the queue. It has been seen to hang: nobody should wait for it for long.
        func close() async {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                queue.async {
                    if self.isClosed { return continuation.resume() }
                    self.isClosed = true
                    // Its failure only makes the group wait until it misses us.
                    _ = unsafe rd_kafka_consumer_close(self.client)
                    unsafe rd_kafka_queue_destroy(self.messages)
                    unsafe rd_kafka_queue_destroy(self.news)
                    unsafe rd_kafka_destroy(self.client)
                    continuation.resume()
                }
            }
        }
    }
#endif
