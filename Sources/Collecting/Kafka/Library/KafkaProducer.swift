#if KAFKA
    internal import CKafka
    internal import Dispatch
    internal import Vocabulary

    /// Sends dead letters, and waits until the brokers have them.
    // Sound because `client` is used on `queue` alone.
    @safe final class KafkaProducer: @unchecked Sendable {
        private let queue = DispatchQueue(label: "evenkeel.kafka.producer")
        private let client: OpaquePointer
        private let reports: OpaquePointer
        private var isClosed = false
        /// Letters so far: each has a number of its own, so that a report that comes late is not taken for another's.
        private var numbered = 0
        /// Letters that are on their way at once.
        private static let underWayMax = 1000

        init(_ settings: KafkaSettings) throws(KafkaError) {
            let client = unsafe try KafkaHandle.make(RD_KAFKA_PRODUCER, settings.producerProperties, events: RD_KAFKA_EVENT_DR)
            unsafe self.client = client
            guard let reports = unsafe rd_kafka_queue_get_main(client) else {
                unsafe rd_kafka_destroy(client)
                throw KafkaError("librdkafka could not start")
            }
            unsafe self.reports = reports
        }

        /// - Throws: ``KafkaError`` when one of them was not acknowledged: then all are to be sent again.
        func send(_ letters: [KafkaDeadLetter], to topic: String) async throws(KafkaError) {
            let result: Result<Void, KafkaError> = await withCheckedContinuation { continuation in
                queue.async {
                    continuation.resume(
                        returning: Result { () throws(KafkaError) in
                            if self.isClosed { throw KafkaError("the producer is closed") }
                            var rest = letters[...]
                            while !rest.isEmpty {
                                try self.deliver(Array(rest.prefix(Self.underWayMax)), to: topic)
                                rest = rest.dropFirst(Self.underWayMax)
                            }
                        })
                }
            }
            try result.get()
        }

        private func deliver(_ letters: [KafkaDeadLetter], to topic: String) throws(KafkaError) {
            var waiting: [Int: KafkaDeadLetter] = [:]
            for letter in letters {
                let number = numbered
                numbered += 1
                let status = produce(letter, number, to: topic)
                if status == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE {
                    try KafkaHandle.check(produce(letter.withoutValue, number, to: topic), "dead letter")
                } else {
                    try KafkaHandle.check(status, "dead letter")
                }
                waiting[number] = letter
            }
            var failure = RD_KAFKA_RESP_ERR_NO_ERROR
            // Each is acknowledged or given up within the time that its properties say.
            let until = DispatchTime.now() + .seconds(2 * KafkaSettings.deadLetterSeconds)
            while !waiting.isEmpty, DispatchTime.now() < until {
                guard let event = unsafe rd_kafka_queue_poll(reports, 100) else { continue }
                defer { unsafe rd_kafka_event_destroy(event) }
                guard unsafe rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR else { continue }
                while let message = unsafe rd_kafka_event_message_next(event) {
                    let number = unsafe Int(ek_kafka_number(message))
                    let error = unsafe message.pointee.err
                    guard let letter = waiting.removeValue(forKey: number) else { continue }
                    if error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, letter.value != nil {
                        // The brokers take less than we do: what and why goes there all the same.
                        let status = produce(letter.withoutValue, number, to: topic)
                        if status == RD_KAFKA_RESP_ERR_NO_ERROR { waiting[number] = letter.withoutValue } else { failure = status }
                    } else if error != RD_KAFKA_RESP_ERR_NO_ERROR {
                        failure = error
                    }
                }
            }
            try KafkaHandle.check(failure, "dead letters to \(topic)")
            if !waiting.isEmpty { throw KafkaError("dead letters to \(topic) are not acknowledged") }
        }

        private func produce(_ letter: KafkaDeadLetter, _ number: Int, to topic: String) -> rd_kafka_resp_err_t {
            guard let headers = unsafe rd_kafka_headers_new(letter.headers.count) else { return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE }
            for header in letter.headers {
                let value = header.value ?? []
                let status = unsafe rd_kafka_header_add(
                    headers, header.name, -1, header.value == nil ? nil : value, header.value == nil ? 0 : value.count)
                if status != RD_KAFKA_RESP_ERR_NO_ERROR {
                    unsafe rd_kafka_headers_destroy(headers)
                    return status
                }
            }
            let status = unsafe ek_kafka_produce(
                client, topic, RD_KAFKA_PARTITION_UA, letter.value, letter.value?.count ?? 0, letter.key, letter.key?.count ?? 0, headers,
                number)
            if status != RD_KAFKA_RESP_ERR_NO_ERROR { unsafe rd_kafka_headers_destroy(headers) }
            return status
        }

        func close() async {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                queue.async {
                    if self.isClosed { return continuation.resume() }
                    self.isClosed = true
                    unsafe rd_kafka_queue_destroy(self.reports)
                    unsafe rd_kafka_destroy(self.client)
                    continuation.resume()
                }
            }
        }
    }

    extension KafkaDeadLetter {
        /// One that the brokers find too large.
        fileprivate var withoutValue: KafkaDeadLetter {
            var letter = self
            letter.headers.append(KafkaHeader("evenkeel-left-out", "\(value?.count ?? 0) bytes"))
            letter.value = nil
            return letter
        }
    }
#endif
