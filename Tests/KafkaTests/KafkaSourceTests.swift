#if KAFKA
    import Foundation
    import TestSupport
    import Testing
    import Vocabulary

    @testable import Collecting
    @testable import Service
    @testable import Storage

    @Suite("Records from Kafka", .serialized) struct KafkaSourceTests {
        @Test("records of every form land once, with their labels, and the positions stand behind them") func forms() async throws {
            try await KafkaBench.with { bench in
                func record(_ id: String) -> String { KafkaBench.record(id) }
                try await bench.kafka.send((0..<500).map { record("plain\($0)") }, to: bench.scores, 0)
                try await bench.kafka.send(
                    [
                        "[" + record("array0") + ",\n" + record("array1") + "]", record("lines0") + "\n\n" + record("lines1") + "\n",
                        record("pretty0").replacing(",", with: ",\n  "), " " + record("space0"), "[]",
                    ], to: bench.scores, 1)
                try await bench.kafka.send(
                    [KafkaBench.label("plain7"), "[" + KafkaBench.label("array1") + "]", KafkaBench.label("nobody")], to: bench.outcomes)
                let source = bench.source()
                #expect(try await bench.stored(506))
                #expect(try await eventually { try await bench.positions().values.reduce(0, +) == 508 })
                try await source.stop()
                let positions = try await bench.positions()
                #expect(positions == [KafkaPartition("scores", 0): 500, KafkaPartition("scores", 1): 5, KafkaPartition("outcomes", 0): 3])
                #expect(try await bench.count("label_waiting") == 1)
                let labelled = try await bench.rows("select record_id from evenkeel.label order by record_id collate \"C\"")
                #expect(labelled.compactMap { $0[0] } == ["array1", "plain7"])
                #expect(bench.value(of: .kafkaRecords, ["scores", "stored"]) == 506)
                #expect(bench.value(of: .kafkaRecords, ["outcomes", "stored"]) == 3)
                #expect(bench.value(of: .kafkaRecords, ["scores", "dead_letter"]) == 0)
                #expect(bench.doubled == 0)
                #expect(source.reports == [])
            }
        }

        @Test("what cannot be stored goes to the dead letters with where it came from and why, and the rest is stored") func deadLetters()
            async throws
        {
            try await KafkaBench.with(partitions: 1) { bench in
                let good = KafkaBench.record("good0")
                let noID = #"{"model":"loan","version":"1","score":0.5}"#
                let unknown = #"{"model":"nobody","version":"1","id":"x","score":0.5}"#
                try await bench.kafka.send(
                    ["not json", nil, "[" + KafkaBench.record("good1") + "," + noID + "]", good, unknown, #"{"model":"loan","#],
                    to: bench.scores, key: "k", header: ("trace", "abc"))
                try await bench.kafka.send([KafkaBench.label("good0", 7)], to: bench.outcomes)
                let source = bench.source()
                #expect(try await bench.stored(2))
                let letters = try await bench.kafka.messages(of: bench.dead, atLeast: 6)
                #expect(try await eventually { try await bench.positions()[KafkaPartition("outcomes", 0)] == 1 })
                try await source.stop()
                #expect(try await bench.positions()[KafkaPartition("scores", 0)] == 6)
                let scores = letters.filter { $0.headers["evenkeel-topic"] == "scores" }.sorted {
                    $0.headers["evenkeel-offset"]! < $1.headers["evenkeel-offset"]!
                }
                #expect(scores.map { $0.headers["evenkeel-offset"] } == ["0", "1", "2", "4", "5"])
                #expect(scores.map { $0.value ?? "" } == ["not json", "", noID, unknown, #"{"model":"loan","#])
                #expect(scores.allSatisfy { $0.key == "k" && $0.headers["trace"] == "abc" && $0.headers["evenkeel-partition"] == "0" })
                #expect(scores.map { $0.headers["evenkeel-record"] } == [nil, nil, "1", "0", "0"])
                let reasons = scores.map { $0.headers["evenkeel-reason"] ?? "" }
                #expect(reasons[0] == "neither an object nor an array of objects nor NDJSON")
                #expect(reasons[1] == "the message is empty, expected a record, an array of records, or NDJSON")
                #expect(reasons[2] == "id: missing, expected a string")
                #expect(reasons[3] == "model: nobody 1 is not registered, expected a registered model and version")
                #expect(reasons[4].hasPrefix("not JSON: "), "\(reasons[4])")
                let label = try #require(letters.first { $0.headers["evenkeel-topic"] == "outcomes" })
                #expect(label.headers["evenkeel-reason"] == "label: 7, expected 0 or 1")
                #expect(bench.value(of: .kafkaRecords, ["scores", "dead_letter"]) == 5)
                #expect(bench.value(of: .ingestRecords, ["rejected"]) == 6)
            }
        }

        @Test("a new group begins at the end where it is told to, and goes on from its position ever after") func latest() async throws {
            try await KafkaBench.with(partitions: 1) { bench in
                try await bench.kafka.send((0..<10).map { KafkaBench.record("old\($0)") }, to: bench.scores)
                var source = bench.source { $0.start = .latest }
                #expect(try await eventually { try await bench.positions()[KafkaPartition("scores", 0)] == 10 })
                try await source.stop()
                try await bench.kafka.send((0..<5).map { KafkaBench.record("new\($0)") }, to: bench.scores)
                source = bench.source { $0.start = .latest }
                #expect(try await bench.stored(5))
                try await source.stop()
            }
        }

        @Test("the doctor asks the brokers for the topics") func doctor() async throws {
            try await KafkaBench.with(partitions: 3) { bench in
                func check(_ change: (inout ServiceConfiguration) -> Void = { _ in }) async -> HealthCheck? {
                    var configuration = bench.engine.configuration
                    configuration.kafka = bench.settings
                    change(&configuration)
                    return await Doctor(bench.engine).kafkaChecks(configuration).first
                }
                let well = await check()
                #expect(well?.state == .well && well?.detail == "2 topics with 4 partitions")
                let missing = await check { $0.kafka?.deadLetters = "nowhere" }
                #expect(missing?.state == .wrong && missing?.detail == "the brokers have no topic nowhere")
                let away = await check { $0.kafka?.brokers = ["127.0.0.1:1"] }
                #expect(away?.state == .wrong && away?.detail.hasPrefix("the brokers do not answer") == true)
                #expect(await check { $0.roles = [.collect] }?.state == .unknown)
                #expect(await check { $0.kafka = nil } == nil)
            }
        }

        @Test("consumers come and go while messages flow: nothing is lost, nothing is doubled") func rebalanced() async throws {
            try await KafkaBench.with(partitions: 4) { bench in
                let total = 12_000
                let sending = Task {
                    for round in 0..<60 {
                        let ids = (0..<200).map { KafkaBench.record("r\(round)-\($0)") }
                        for part in 0..<4 {
                            try await bench.kafka.send(Array(ids[(part * 50)..<(part * 50 + 50)]), to: bench.scores, Int32(part))
                        }
                        try await Task.sleep(for: .milliseconds(300))
                    }
                }
                let first = bench.source { $0.batchRecordsMax = 150 }
                #expect(try await eventually { try await bench.count("prediction") > 0 })
                let second = bench.source { $0.batchRecordsMax = 150 }
                try await Task.sleep(for: .seconds(8))
                try await first.stop()
                let third = bench.source { $0.batchRecordsMax = 150 }
                try await sending.value
                #expect(try await bench.stored(total))
                try await second.stop()
                try await third.stop()
                #expect(try await bench.count("prediction") == total)
                #expect(bench.doubled == 0)
                #expect(try await bench.positions().filter { $0.key.topic == "scores" }.values.reduce(0, +) == Int64(total))
            }
        }

        /// Goal: two that both own every partition store each record once. Method: each is in a Kafka group of its own, so that neither ever hears of
        /// the other; the positions are shared.
        @Test("one that was fenced off stores nothing, is told so, and goes on from what the other has stored") func zombie() async throws {
            try await KafkaBench.with(partitions: 2) { bench in
                let total = 4000
                let sources = ["one", "other"].map { group in
                    bench.source {
                        $0.properties["group.id"] = Secret(group)
                        $0.batchRecordsMax = 50
                    }
                }
                for round in 0..<20 {
                    for part in 0..<2 {
                        try await bench.kafka.send(
                            (0..<100).map { KafkaBench.record("z\(round)-\(part)-\($0)") }, to: bench.scores, Int32(part))
                    }
                }
                #expect(try await bench.stored(total))
                for source in sources { try await source.stop() }
                #expect(try await bench.count("prediction") == total)
                #expect(bench.doubled == 0)
                #expect(try await bench.positions().filter { $0.key.topic == "scores" }.values.reduce(0, +) == Int64(total))
                #expect(sources.flatMap(\.reports).contains { $0.contains("was moved by another consumer") })
            }
        }

        @Test("a broker that goes and comes back costs nothing") func brokerAway() async throws {
            try await KafkaBench.with(partitions: 2) { bench in
                try await bench.kafka.send((0..<100).map { KafkaBench.record("a\($0)") }, to: bench.scores)
                let source = bench.source()
                #expect(try await bench.stored(100))
                await bench.kafka.setDown(true)
                try await Task.sleep(for: .seconds(2))
                await bench.kafka.setDown(false)
                try await bench.kafka.send((0..<100).map { KafkaBench.record("b\($0)") }, to: bench.scores, 1)
                #expect(try await bench.stored(200))
                try await source.stop()
                #expect(bench.doubled == 0)
            }
        }

        @Test("while the database is away nothing is read on, nothing is a dead letter, and when it is back all of it is stored once")
        func databaseAway() async throws {
            try await KafkaBench.with(partitions: 1) { bench in
                try await bench.kafka.send((0..<100).map { KafkaBench.record("a\($0)") }, to: bench.scores)
                let source = bench.source {
                    $0.batchRecordsMax = 100
                    $0.aheadBytesMax = 64 << 10
                }
                #expect(try await bench.stored(100))
                try await bench.cluster.stop()
                try await bench.kafka.send((0..<5000).map { KafkaBench.record("b\($0)") }, to: bench.scores)
                #expect(try await eventually { source.reports.contains { $0.contains("100 messages wait") } })
                // Longer than the group waits for one that does not answer.
                try await Task.sleep(for: .seconds(8))
                #expect(try await eventually { bench.value(of: .kafkaLag, ["scores"]) >= 5000 })
                try await bench.cluster.start()
                #expect(try await bench.stored(5100))
                try await source.stop()
                #expect(bench.doubled == 0)
                #expect(bench.value(of: .kafkaRecords, ["scores", "dead_letter"]) == 0)
                #expect(bench.value(of: .kafkaRecords, ["scores", "missed"]) == 0)
            }
        }

        @Test("what Kafka removed before it was read is counted and told") func missed() async throws {
            try await KafkaBench.with(partitions: 1) { bench in
                try await bench.kafka.send((0..<10).map { KafkaBench.record("a\($0)") }, to: bench.scores)
                var source = bench.source()
                #expect(try await bench.stored(10))
                try await source.stop()
                // The mock cluster keeps 5 MB of a partition.
                let padding = String(repeating: " ", count: 10_000)
                for _ in 0..<40 { try await bench.kafka.send(Array(repeating: "[]" + padding, count: 20), to: bench.scores) }
                try await bench.kafka.send([KafkaBench.record("last")], to: bench.scores)
                source = bench.source()
                #expect(try await bench.stored(11))
                try await source.stop()
                let missed = bench.value(of: .kafkaRecords, ["scores", "missed"])
                #expect(missed > 100 && missed < 800)
                #expect(source.reports.contains { $0.contains("were removed before they were read") })
                #expect(try await bench.positions()[KafkaPartition("scores", 0)] == 811)
            }
        }
    }
#else
    import Testing

    @Suite("Records from Kafka") struct KafkaSourceTests {
        @Test("this build has no Kafka") func skipped() {
            print("skipped: this build has no Kafka, so that reading from it was not tested")
        }
    }
#endif
