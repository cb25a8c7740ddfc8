import Testing
import Vocabulary

@testable import Collecting

@Suite("Messages as records") struct KafkaRecordsTests {
    private func topic(_ values: [String?]) -> KafkaBatch.Topic {
        var topic = KafkaBatch.Topic(name: "t")
        for (offset, value) in values.enumerated() {
            let start = topic.bytes.count
            if let value { topic.bytes += Array(value.utf8) + [10] }
            let range = value.map { start..<start + $0.utf8.count }
            topic.messages.append(KafkaBatch.Message(partition: 0, offset: Int64(offset), value: range, key: nil))
        }
        return topic
    }

    @Test("messages of one record each are taken as they were read") func plain() {
        let topic = topic([#"{"a":1}"#, #"{"a":2}"#])
        let records = KafkaRecords(topic)
        #expect(records.lines == topic.bytes)
        #expect(records.records.map(\.message) == [0, 1] && records.refused.isEmpty)
        #expect(records.records.map { String(decoding: records.lines[$0.range], as: UTF8.self) } == [#"{"a":1}"#, #"{"a":2}"#])
    }

    @Test("arrays, NDJSON and objects on several lines become lines") func forms() {
        let records = KafkaRecords(
            topic(["[{\"a\":1},\n{\"a\":\n2}]", "{\"a\":3}\n\n{\"a\":4}\n", "{\"a\":\n5}", nil, "\"x\"", "[1", "[]"]))
        #expect(String(decoding: records.lines, as: UTF8.self) == "{\"a\":1}\n{\"a\":\r2}\n{\"a\":3}\n{\"a\":4}\n{\"a\":\r5}\n")
        #expect(records.records.map(\.message) == [0, 0, 1, 1, 2])
        #expect(records.records.map(\.index) == [0, 1, 0, 1, 0])
        #expect(records.refused.map(\.message) == [3, 4, 5])
        #expect(records.refused[2].reason.hasPrefix("not JSON: "))
    }

    @Test("the places of a partition go on where they stand, and say what is odd") func places() {
        let partition = KafkaPartition("t", 0)
        var places = KafkaPlaces()
        places.begin([partition: 1])
        var batch = KafkaBatch(topics: ["t"])
        batch.topics[0] = topic(["{}", "{}", "{}"])
        #expect(places.take(&batch) == [partition: .behind(0)])
        #expect(batch.topics[0].messages.map(\.offset) == [1, 2])
        let moves = places.moves(of: batch, KafkaReader(cluster: "c", group: "g"))
        #expect(moves.steps == [partition: KafkaMoves.Step(from: 1, to: 3)])
        places.stored(moves)
        #expect(places.all[partition] == KafkaPlaces.Place(stored: 3, next: 3))
        batch.topics[0] = topic([])
        batch.topics[0].messages = [KafkaBatch.Message(partition: 0, offset: 7), KafkaBatch.Message(partition: 1, offset: 0)]
        #expect(places.take(&batch) == [partition: .gap(from: 3, to: 7)])
        #expect(batch.topics[0].messages.map(\.offset) == [7], "a partition that is not ours is left")
        #expect(places.moves(of: batch, KafkaReader(cluster: "c", group: "g")).steps == [partition: KafkaMoves.Step(from: 3, to: 8)])
    }

    @Test("of two gaps in a batch the first is looked into, which is what retention took") func gaps() {
        var places = KafkaPlaces()
        let partition = KafkaPartition("t", 0)
        places.begin([partition: 100])
        var batch = KafkaBatch(topics: ["t"])
        for offset in [400, 401, 403] as [Int64] {
            batch.topics[0].messages.append(KafkaBatch.Message(partition: 0, offset: offset, value: nil, key: nil))
        }
        #expect(places.take(&batch) == [partition: .gap(from: 100, to: 400)])
        #expect(places.all[partition] == KafkaPlaces.Place(stored: 100, next: 404))
    }
}
