import Foundation
import Service
import TestSupport
import Testing
import Vocabulary

/// A real Prometheus scrapes a real service.
@Suite("Prometheus") struct PrometheusTests {
    static let prometheus = "/usr/bin/prometheus"
    static let promtool = "/usr/bin/promtool"
    static var isInstalled: Bool {
        let isThere = [prometheus, promtool].allSatisfy(FileManager.default.isExecutableFile(atPath:))
        if !isThere { print("skipped: Prometheus is not installed, so no real scrape was made") }
        return isThere
    }

    @Test("promtool finds nothing wrong, and Prometheus stores our series", .enabled(if: isInstalled)) func scrape() async throws {
        let service = try await RunningService.start()
        let folder = URL(filePath: "/tmp/ek-prometheus-\(UInt32.random(in: 0...UInt32.max))")
        let server = Process()
        func cleanUp() async {
            await server.end()
            try? FileManager.default.removeItem(at: folder)
            await service.stop()
        }
        do {
            try await SmallModel.register("prom", on: service)
            let records = (0..<100).map { SmallModel.prediction("prom", id: "x\($0)") }
            _ = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
            let metrics = try await service.eventually("/metrics") { $0.text.contains("evenkeel_feature_drift{") }.text
            #expect(try await runProgram(Self.promtool, ["check", "metrics"], input: Array(metrics.utf8)).text == "")

            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let target = service.base.split(separator: "/").last.map(String.init) ?? ""
            try """
            global: {scrape_interval: 1s}
            scrape_configs: [{job_name: evenkeel, static_configs: [{targets: ["\(target)"]}]}]
            """.write(to: folder.appending(path: "prometheus.yml"), atomically: true, encoding: .utf8)
            let port = try freePort()
            server.executableURL = URL(filePath: Self.prometheus)
            server.arguments = [
                "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(folder.path)/data",
                "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
            ]
            server.standardError = FileHandle.nullDevice
            try server.run()
            let query = "http://127.0.0.1:\(port)/api/v1/query?query="
            let up = try await ask(query + "evenkeel_predictions_total%7Bmodel=%22prom%22%7D") { $0.contains("\"100\"") }
            #expect(up.contains("\"100\""), "\(up)")
            let drift = try await ask(query + "evenkeel_feature_drift%7Bfeature=%22income%22,statistic=%22psi%22,window=%22hour%22%7D") {
                $0.contains("\"value\"")
            }
            #expect(drift.contains("\"value\""), "\(drift)")
        } catch {
            await cleanUp()
            throw error
        }
        await cleanUp()
    }

    /// Asks again until the answer holds what is looked for, as long as there is patience.
    private func ask(_ url: String, _ isDone: (String) -> Bool) async throws -> String {
        var last = ""
        _ = try await eventually {
            last = (try? String(contentsOf: try #require(URL(string: url)), encoding: .utf8)) ?? last
            return isDone(last)
        }
        return last
    }

    private func freePort() throws -> Int { Int.random(in: 20_000..<32_000) }
}
