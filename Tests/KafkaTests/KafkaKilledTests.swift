#if KAFKA
    import Foundation
    import TestSupport
    import Testing
    import Vocabulary

    @testable import Service
    @testable import Storage

    /// Goal: kill -9 of processes that read from Kafka loses and doubles nothing. Method: two real processes share four partitions, and one or the other
    /// is killed while messages flow; a third one stores what is left.
    @Suite("Processes that read from Kafka") struct KafkaKilledTests {
        static let binary = SharedFiles.package.appending(path: ".build/debug/evenkeel").path
        static var isPossible: Bool {
            let isThere = FileManager.default.isExecutableFile(atPath: binary)
            if !isThere { print("skipped: there is no \(binary)") }
            return isThere
        }
        private static let total = 16_000
        private static let kills = 4

        private func start(_ number: Int, _ bench: KafkaBench, in folder: URL) async throws -> (program: LoggedProgram, port: Int) {
            let program = try LoggedProgram(
                Self.binary, ["serve", "--config", folder.appending(path: "kafka.yaml").path], in: folder, name: "service-\(number)")
            return (program, try await program.port(after: "ready on http://127.0.0.1:"))
        }

        /// Records that came a second time, as a process counts them.
        private func doubled(_ port: Int) async throws -> Double {
            let url = try #require(URL(string: "http://127.0.0.1:\(port)/metrics"))
            let text = String(decoding: try await bytes(of: url), as: UTF8.self)
            let found = text.firstMatch(of: #/evenkeel_ingest_records_total\{outcome="duplicate"\} ([0-9]+)/#)
            return try #require(found.flatMap { Double($0.1) })
        }

        private func bytes(of url: URL) async throws -> Data {
            try await withCheckedThrowingContinuation { continuation in
                Thread { continuation.resume(with: Result { try Data(contentsOf: url) }) }.start()
            }
        }

        @Test("killed four times: every record is stored, and none came twice", .enabled(if: isPossible)) func killed() async throws {
            try await KafkaBench.with(partitions: 4) { bench in
                let folder = bench.cluster.folder.appendingPathExtension("processes")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                defer { try? FileManager.default.removeItem(at: folder) }
                try """
                database: "\(bench.cluster.url.reveal())"
                port: 0
                roles: [kafka]
                kafka:
                  brokers: ["\(bench.kafka.brokers)"]
                  predictions: [scores]
                  dead_letters: dead
                  batch_records_max: 100
                  wait_milliseconds: 20
                  properties: {session.timeout.ms: 6000}
                """.write(to: folder.appending(path: "kafka.yaml"), atomically: true, encoding: .utf8)
                let sending = Task {
                    for round in 0..<160 {
                        for part in 0..<4 {
                            let records = (0..<25).map { KafkaBench.record("r\(round)-\(part)-\($0)") }
                            try await bench.kafka.send(records, to: bench.scores, Int32(part))
                        }
                        try await Task.sleep(for: .milliseconds(150))
                    }
                }
                var running = [try await start(0, bench, in: folder), try await start(1, bench, in: folder)]
                var doubled = 0.0
                for kill in 0..<Self.kills {
                    let before = try await bench.count("prediction")
                    #expect(try await eventually { try await bench.count("prediction") > before + 200 })
                    let victim = running.remove(at: kill % 2)
                    doubled += try await self.doubled(victim.port)
                    await victim.program.end()
                    running.append(try await start(2 + kill, bench, in: folder))
                    if try await bench.count("prediction") > Self.total * 3 / 4 { break }
                }
                try await sending.value
                #expect(try await bench.stored(Self.total))
                for one in running {
                    doubled += try await self.doubled(one.port)
                    await one.program.end()
                }
                #expect(doubled == 0)
                #expect(
                    try await bench.positions() == Dictionary(uniqueKeysWithValues: (0..<4).map { (KafkaPartition("scores", $0), 4000) }))
            }
        }
    }
#endif
