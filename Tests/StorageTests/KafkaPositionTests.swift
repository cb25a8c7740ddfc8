import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Positions in Kafka move with the records") struct KafkaPositionTests {
    private let reader = KafkaReader(cluster: "c", group: "g")
    private let first = KafkaPartition("t", 0)
    private let second = KafkaPartition("t", 1)

    private func moves(_ steps: [KafkaPartition: (Int64, Int64)]) -> KafkaMoves {
        KafkaMoves(reader: reader, steps: steps.mapValues { KafkaMoves.Step(from: $0.0, to: $0.1) })
    }

    private func write(_ version: RegisteredVersion, _ prefix: String, count: Int = 20, from start: Timestamp = Loans.start)
        -> PredictionWrite
    {
        var random = Seeded(1)
        return PredictionWrite(version: version, batch: Loans.batch(count, &random, prefix: prefix, from: start), key: nil)
    }

    @Test("a position that nobody has is opened once, and those of other groups and clusters are others") func opened() async throws {
        try await withBench { bench in
            let store = bench.collector()
            try await store.open([first: 5, second: 0], of: reader)
            try await store.open([first: 9], of: reader)
            #expect(try await store.positions(of: reader) == [first: 5, second: 0])
            #expect(try await store.positions(of: KafkaReader(cluster: "c", group: "h")) == [:])
            #expect(try await store.positions(of: KafkaReader(cluster: "d", group: "g")) == [:])
        }
    }

    @Test("records and positions are stored together, or neither") func together() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let store = bench.collector()
            try await store.open([first: 0, second: 0], of: reader)
            _ = try await store.store(predictions: [write(version, "a")], moving: moves([first: (0, 20)]))
            #expect(try await store.positions(of: reader) == [first: 20, second: 0])
            // The first has gone on: nothing of this is stored, and the second stays.
            let refused = await #expect(throws: KafkaMoveRefused.self) {
                try await store.store(predictions: [write(version, "b")], moving: moves([second: (0, 5), first: (0, 25)]))
            }
            #expect(refused?.partition == first)
            await #expect(throws: KafkaMoveRefused.self) {
                try await store.store(predictions: [write(version, "c")], moving: moves([KafkaPartition("t", 7): (0, 5)]))
            }
            #expect(try await store.positions(of: reader) == [first: 20, second: 0])
            #expect(try await bench.int("select count(*) from evenkeel.prediction") == 20)
            // What the database refuses takes the position back with it.
            try await bench.run("alter table evenkeel.prediction add constraint no_d check (record_id not like 'd%')")
            await #expect(throws: StoreError.self) {
                try await store.store(predictions: [write(version, "d")], moving: moves([first: (20, 40)]))
            }
            #expect(try await store.positions(of: reader)[first] == 20)
            // Batches in which nothing could be stored move on all the same.
            _ = try await store.store(predictions: [], moving: moves([first: (20, 23), second: (0, 1)]))
            #expect(try await store.positions(of: reader) == [first: 23, second: 1])
        }
    }

    @Test("labels move positions too") func labels() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let store = bench.collector()
            try await store.open([first: 0], of: reader)
            _ = try await store.store(predictions: [write(version, "a")], moving: moves([:]))
            let labels = LabelWrite(model: version.key.model, batch: Loans.labels(["a1", "a2"], 1, at: Bench.now), key: nil)
            let receipts = try await store.store(labels: [labels], moving: moves([first: (0, 2)]))
            #expect(receipts[0].joined == 2)
            await #expect(throws: KafkaMoveRefused.self) { try await store.store(labels: [labels], moving: moves([first: (0, 2)])) }
            #expect(try await bench.int("select count(*) from evenkeel.label") == 2)
            #expect(try await store.positions(of: reader) == [first: 2])
        }
    }

    /// Goal: of several that hold the same records, one stores them. Method: eight at once, each as a process of its own, with other ids, so that a double
    /// would be seen as rows.
    @Test("of several that store the same messages at the same time one succeeds") func atOnce() async throws {
        try await withBench(connections: 8) { bench in
            let version = try await bench.register()
            try await bench.collector().open([first: 0, second: 0], of: reader)
            for round in Int64(0)..<5 {
                let steps = moves([first: (round * 10, round * 10 + 10), second: (round, round + 1)])
                let successes = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for one in 0..<8 {
                        group.addTask {
                            do {
                                let writes = [write(version, "r\(round)x\(one)y")]
                                _ = try await bench.collector().store(predictions: writes, moving: steps)
                                return true
                            } catch is KafkaMoveRefused { return false }
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(successes == 1)
            }
            #expect(try await bench.int("select count(*) from evenkeel.prediction") == 100)
            #expect(try await bench.collector().positions(of: reader) == [first: 50, second: 5])
        }
    }

    @Test("rows whose week was dropped undo the whole batch, so that it is checked again") func dropped() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let store = bench.collector()
            try await store.open([first: 0], of: reader)
            _ = try await store.store(predictions: [write(version, "a")], moving: moves([first: (0, 20)]))
            try await bench.run("update evenkeel.prediction_week set dropped_at = now()")
            let late = bench.collector()
            let error = await #expect(throws: StoreError.self) {
                try await late.store(predictions: [write(version, "b")], moving: moves([first: (20, 40)]))
            }
            #expect(error?.isRetryable == true)
            #expect(try await store.positions(of: reader)[first] == 20)
            #expect(!late.droppedWeeks.starts.isEmpty, "the next check knows of it")
        }
    }
}
