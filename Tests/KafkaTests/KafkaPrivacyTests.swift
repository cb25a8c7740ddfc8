#if KAFKA
    import Foundation
    import Logging
    import Tables
    import TestSupport
    import Testing
    import Vocabulary

    @testable import Collecting
    @testable import Service
    @testable import Storage

    @Suite("Private values from Kafka") struct KafkaPrivacyTests {
        private static let key = PrivacyKey(Secret("a key of at least sixteen bytes"))

        private func register(_ bench: KafkaBench) async throws {
            let rows = (0..<60).map { "\($0),clearssn\($0 % 3),\(25 + $0 % 30).0625,clearname,clearcity,0.5" }
            let table = "income,ssn,age,name,city,score\n" + rows.joined(separator: "\n") + "\n"
            var registration = Registration(
                key: ModelVersion(model: "loan", version: "1"), mapping: TableMapping(score: "score", sensitive: ["city"]))
            registration.privacy = ["ssn": .hash, "city": .hash, "age": .bucket([30, 50])]
            registration.dropped = ["name"]
            registration.privacyKey = Self.key
            _ = try await registration.run(
                try Table(Array(table.utf8), file: "reference.csv"), registry: bench.engine.registry, actor: "test",
                at: Engine.systemClock())
        }

        private static func record(_ index: Int, age: String = "41.0625") -> String {
            #"{"model":"loan","version":"1","id":"r\#(index)","ts":"2026-01-05T10:00:00Z","score":0.5,"#
                + #""features":{"income":\#(index),"ssn":"clearssn\#(index % 3)","age":\#(age),"name":"clearname"},"groups":{"city":"clearcity"}}"#
        }

        @Test("hashed, bucketed and dropped values are so from Kafka too, and no reason says one") func stored() async throws {
            try await KafkaBench.with(partitions: 1, key: Self.key) { bench in
                try await register(bench)
                try await bench.kafka.send((0..<30).map { Self.record($0) } + [Self.record(30, age: #""clearage""#)], to: bench.scores)
                let source = bench.source()
                #expect(try await bench.stored(30))
                let letters = try await bench.kafka.messages(of: bench.dead, atLeast: 1)
                try await source.stop()
                let rows = try await bench.rows(#"select ssn, age, city from evenkeel."loan 1""#, columns: 3)
                #expect(rows.count == 30 && rows.allSatisfy { $0[1] == "[30, 50)" })
                #expect(Set(rows.map { $0[0] }).count == 3 && Set(rows.map { $0[2] }).count == 1)
                for text in rows.flatMap({ [$0[0], $0[2]] }) { #expect(text?.utf8.count == 16 && text?.allSatisfy(\.isHexDigit) == true) }
                let dump = try await bench.rows("select p::text from evenkeel.prediction p")
                #expect(dump.allSatisfy { $0[0]?.contains("clear") == false })
                let levels = try await bench.rows("select value from evenkeel.level")
                #expect(levels.allSatisfy { $0[0]?.contains("clear") == false })
                let reason = try #require(letters.first?.headers["evenkeel-reason"])
                #expect(reason.hasPrefix("features.age: ") && !reason.contains("clear"), "\(reason)")
                #expect(source.reports.allSatisfy { !$0.contains("clear") })
            }
        }

        @Test("without the key nothing is stored and nothing is a dead letter: it waits, and says for what") func noKey() async throws {
            try await KafkaBench.with(partitions: 1, key: Self.key) { bench in
                try await register(bench)
                try await bench.kafka.send([Self.record(0)], to: bench.scores)
                var configuration = bench.engine.configuration
                configuration.limits.privacyKey = nil
                let keyless = Engine(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                let waiting = RunningSource(bench.settings, keyless)
                #expect(try await eventually { waiting.reports.contains { $0.contains("EVENKEEL_PRIVACY_KEY: missing") } })
                try await waiting.stop()
                #expect(try await bench.count("prediction") == 0)
                let source = bench.source()
                #expect(try await bench.stored(1))
                try await source.stop()
                #expect(bench.value(of: .kafkaRecords, ["scores", "dead_letter"]) == 0)
            }
        }
    }
#endif
