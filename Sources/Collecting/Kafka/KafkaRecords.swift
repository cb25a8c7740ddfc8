internal import Vocabulary

/// The records of a topic's messages as lines, with where each came from: a message holds one, an array, or NDJSON.
///
/// Most messages are one record without a line's end: then the lines are the very bytes that were read.
struct KafkaRecords: Sendable {
    struct Record: Sendable {
        /// The place of its message, and its own within it.
        var message: Int
        var index: Int
        /// In the lines.
        var range: Range<Int>
    }
    /// A message of which nothing can be used, or with an index one record of it.
    struct Refusal: Sendable, Equatable {
        var message: Int
        var index: Int?
        /// The record in the lines; nil for the whole message.
        var range: Range<Int>?
        var reason: String
    }
    private(set) var lines: [UInt8]
    private(set) var records: [Record] = []
    private(set) var refused: [Refusal] = []

    init(_ topic: KafkaBatch.Topic) {
        lines = topic.bytes
        records.reserveCapacity(topic.messages.count)
        var covered = 0
        for (place, message) in topic.messages.enumerated() {
            guard let value = message.value, value.lowerBound == covered, value.first.map({ topic.bytes[$0] }) == UInt8(ascii: "{"),
                !topic.bytes[value].contains(10)
            else { break }
            records.append(Record(message: place, index: 0, range: value))
            covered = value.upperBound + 1
        }
        if records.count == topic.messages.count, covered == topic.bytes.count { return }
        (lines, records) = ([], [])
        lines.reserveCapacity(topic.bytes.count)
        for (place, message) in topic.messages.enumerated() { take(message.value.map { topic.bytes[$0] } ?? [], of: place) }
    }

    private mutating func take(_ whole: ArraySlice<UInt8>, of message: Int) {
        // A byte order mark says nothing.
        let value = whole.starts(with: [0xEF, 0xBB, 0xBF]) ? whole.dropFirst(3) : whole
        guard let first = value.first(where: { !Self.isSpace($0) }) else {
            return refuse(message, "the message is empty, expected a record, an array of records, or NDJSON")
        }
        switch first {
        case UInt8(ascii: "["): takeArray(value, of: message)
        case UInt8(ascii: "{"):
            let parts = value.split(separator: 10).filter { !$0.allSatisfy(Self.isSpace) }
            // An object may stand on several lines; in NDJSON the first line is one.
            if parts.count > 1, (try? JSON.parse(parts[0])) != nil {
                for (index, part) in parts.enumerated() { append(part, of: message, index) }
            } else {
                append(value, of: message, 0)
            }
        default: refuse(message, "neither an object nor an array of objects nor NDJSON")
        }
    }

    private mutating func takeArray(_ value: ArraySlice<UInt8>, of message: Int) {
        let bytes = Array(value)
        if let items = try? JSONItems(bytes, max: .max)?.items {
            for (index, item) in items.enumerated() { append(bytes[item], of: message, index) }
            return
        }
        do throws(JSONError) {
            // An array may be empty: then there is nothing to store.
            if try JSON.parse(value).arrayValue?.isEmpty != true { refuse(message, "not an array of objects") }
        } catch { refuse(message, "not JSON: \(error)") }
    }

    /// As one line: outside of strings an end of line is white space, and within one a carriage return is as wrong.
    private mutating func append(_ record: ArraySlice<UInt8>, of message: Int, _ index: Int) {
        let start = lines.count
        lines.append(contentsOf: record.lazy.map { $0 == 10 ? 13 : $0 })
        records.append(Record(message: message, index: index, range: start..<lines.count))
        lines.append(10)
    }

    private mutating func refuse(_ message: Int, _ reason: String) { refused.append(Refusal(message: message, reason: reason)) }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }

    /// What the decoder did not take, by its message.
    func refusals(_ rejections: [Rejection]) -> [Refusal] {
        rejections.map { rejection in
            let record = records[rejection.index]
            var reason = rejection.error
            // The place in the batch's lines tells nobody anything.
            if reason.hasPrefix("not JSON: ") {
                do throws(JSONError) { _ = try JSON.parse(lines[record.range]) } catch { reason = "not JSON: \(error)" }
            }
            return Refusal(message: record.message, index: record.index, range: record.range, reason: reason)
        }
    }
}

extension KafkaDeadLetter {
    /// Longer reasons are cut.
    private static let reasonMax = 1000

    init(_ refusal: KafkaRecords.Refusal, of topic: KafkaBatch.Topic, _ records: KafkaRecords) {
        let message = topic.messages[refusal.message]
        value = refusal.range.map { Array(records.lines[$0]) } ?? message.value.map { Array(topic.bytes[$0]) }
        key = message.key.map { Array(topic.keys[$0]) }
        headers = topic.headers[refusal.message] ?? []
        headers += [
            KafkaHeader("evenkeel-topic", topic.name), KafkaHeader("evenkeel-partition", String(message.partition)),
            KafkaHeader("evenkeel-offset", String(message.offset)),
        ]
        if let index = refusal.index { headers.append(KafkaHeader("evenkeel-record", String(index))) }
        headers.append(KafkaHeader("evenkeel-reason", String(refusal.reason.prefix(Self.reasonMax))))
    }
}
