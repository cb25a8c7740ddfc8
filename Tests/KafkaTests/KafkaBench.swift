#if KAFKA
    import Foundation
    import Logging
    import Synchronization
    import Tables
    import TestSupport
    import Testing
    import Vocabulary

    @testable import Collecting
    @testable import Service
    @testable import Storage

    /// A mock cluster, a PostgreSQL of its own, and a small loan model.
    struct KafkaBench: Sendable {
        let kafka: MockKafka
        let cluster: EmbeddedCluster
        let engine: Engine
        let scores = "scores"
        let outcomes = "outcomes"
        let dead = "dead"

        static func with(partitions: Int32 = 2, key: PrivacyKey? = nil, _ body: (KafkaBench) async throws -> Void) async throws {
            let name = "/tmp/ek-kafka-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))"
            let cluster = EmbeddedCluster(folder: URL(filePath: name), syncs: false)
            let kafka = try MockKafka(["scores": partitions, "outcomes": 1, "dead": 1])
            let result: Result<Void, any Error>
            do {
                try await cluster.start()
                var configuration = ServiceConfiguration()
                configuration.database = .server(url: cluster.url)
                configuration.limits.privacyKey = key
                configuration.roles = [.kafka]
                let bench = KafkaBench(
                    kafka: kafka, cluster: cluster,
                    engine: Engine(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
                try await bench.engine.start()
                if key == nil { try await bench.register() }
                result = .success(try await body(bench))
            } catch { result = .failure(error) }
            try? await cluster.stop()
            await kafka.end()
            try? FileManager.default.removeItem(at: cluster.folder)
            try result.get()
        }

        private func register() async throws {
            let reference =
                "id,income,purpose,sex,score,label\n"
                + (0..<200).map {
                    "r\($0),\(1000 + $0 * 7 % 911),\(["car", "home", "debt"][$0 % 3]),\($0 % 2 == 0 ? "F" : "M"),0.\(10 + $0 % 80),\($0 % 3 == 0 ? 1 : 0)\n"
                }.joined()
            let mapping = TableMapping(id: "id", label: "label", score: "score", sensitive: ["sex"])
            let registration = Registration(key: ModelVersion(model: "loan", version: "1"), mapping: mapping)
            let table = try Table(Array(reference.utf8), file: "reference.csv")
            _ = try await registration.run(table, registry: engine.registry, actor: "test", at: Engine.systemClock())
        }

        var settings: KafkaSettings {
            var settings = KafkaSettings()
            settings.brokers = kafka.brokers.split(separator: ",").map(String.init)
            (settings.predictions, settings.labels, settings.deadLetters) = ([scores], [outcomes], dead)
            settings.waitMilliseconds = 20
            // The mock cluster's own limit.
            settings.properties["session.timeout.ms"] = Secret("6000")
            return settings
        }

        func source(_ change: (inout KafkaSettings) -> Void = { _ in }) -> RunningSource {
            var settings = settings
            change(&settings)
            return RunningSource(settings, engine)
        }

        static func record(_ id: String, ts: String = "2026-01-05T10:00:00Z") -> String {
            #"{"model":"loan","version":"1","id":"\#(id)","ts":"\#(ts)","features":{"income":1200,"purpose":"car"},"score":0.4,"groups":{"sex":"F"}}"#
        }

        static func label(_ id: String, _ label: Int = 1) -> String {
            #"{"model":"loan","id":"\#(id)","label":\#(label),"ts":"2026-01-06T00:00:00Z"}"#
        }

        func rows(_ sql: String, columns: Int = 1) async throws -> [[String?]] {
            try await engine.database.run { connection in
                let rows = try connection.query(sql)
                return (0..<rows.count).map { row in (0..<columns).map { rows.text(row, $0) } }
            }
        }

        func count(_ table: String) async throws -> Int {
            Int(try await rows("select count(*) from evenkeel.\(table)").first?.first.flatMap { $0 } ?? "") ?? -1
        }

        /// Waits for so many rows, and then some: a double would come late.
        func stored(_ expected: Int) async throws -> Bool {
            guard try await eventually({ try await count("prediction") >= expected }) else { return false }
            try await Task.sleep(for: .milliseconds(300))
            return try await count("prediction") == expected
        }

        /// Records that were sent to the database a second time, and thrown away there since their ids were known.
        var doubled: Double { value(of: .ingestRecords, ["duplicate"]) }

        func value(of metric: Metric, _ labels: [String]) -> Double {
            for sample in engine.metrics.samples() where sample.metric == metric && sample.labels == labels {
                if case .number(let number) = sample.value { return number }
            }
            return .nan
        }

        func positions() async throws -> [KafkaPartition: Int64] { try await engine.records.positions(of: settings.reader) }
    }

    /// A source that runs until it is stopped, and what it has reported.
    final class RunningSource: Sendable {
        private let task: Task<Void, any Error>
        private let told: Reports

        final class Reports: Sendable {
            let all = Mutex<[String]>([])
        }

        init(_ settings: KafkaSettings, _ engine: Engine) {
            let told = Reports()
            self.told = told
            let source = KafkaSource(settings, collector: engine.collector, sink: engine.records) { text in
                told.all.withLock { $0.append(text) }
            }
            task = Task { try await source.run() }
        }

        var reports: [String] { told.all.withLock { $0 } }

        func stop() async throws {
            task.cancel()
            try await task.value
        }
    }
#endif
