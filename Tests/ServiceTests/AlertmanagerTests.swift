import Foundation
import Hummingbird
import Logging
import Synchronization
import TestSupport
import Testing
import Vocabulary

/// What the on-call hears when Prometheus and Alertmanager are loaded with our files: all of it real, from a prediction to the notification.
@Suite("Prometheus and Alertmanager") struct AlertmanagerTests {
    private static let programs = ["/usr/bin/prometheus", "/usr/bin/prometheus-alertmanager"]
    static var isPossible: Bool {
        let missing = programs.filter { !FileManager.default.isExecutableFile(atPath: $0) }
        if !missing.isEmpty { print("skipped: no \(missing.joined(separator: ", no ")), so no rule of ours told anybody") }
        return missing.isEmpty
    }
    private let folder = URL(filePath: "/tmp/ek-alertmanager-\(UInt32.random(in: 0...UInt32.max))")

    /// What Alertmanager posted, with the receiver that it was meant for.
    private final class Inbox: Sendable {
        private let kept = Mutex<[(receiver: String, body: JSON)]>([])
        var all: [(receiver: String, body: JSON)] { kept.withLock { $0 } }

        func alerts(to receiver: String) -> [JSON] {
            all.filter { $0.receiver == receiver }.flatMap { $0.body["alerts"]?.arrayValue ?? [] }
        }
        func alert(_ name: String, to receiver: String) -> JSON? {
            alerts(to: receiver).first { $0["labels"]?["alertname"]?.stringValue == name && $0["status"]?.stringValue == "firing" }
        }

        /// Takes posts until it is cancelled. - Parameter onReady: gets the port.
        func serve(_ onReady: @escaping @Sendable (Int) -> Void) async throws {
            let router = Router()
            router.post("{receiver}") { request, context in
                let body = try await request.body.collect(upTo: 1 << 20)
                let json = try JSON.parse(Array(body.readableBytesView)[...])
                self.kept.withLock { $0.append((context.parameters.get("receiver") ?? "", json)) }
                return HTTPResponse.Status.ok
            }
            var quiet = Logger(label: "inbox")
            quiet.logLevel = .critical
            try await Application(
                router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { onReady($0.localAddress?.port ?? 0) }, logger: quiet
            ).run()
        }
    }

    /// Our rules as they are, but for their patience: `for:`, 70 minutes for a verdict, is one second.
    private func writeRules() throws {
        for name in ["recording", "service", "traffic", "verdicts"] {
            let text = try String(contentsOf: SharedFiles.package.appending(path: "alerts/\(name).yaml"), encoding: .utf8)
            // Before the first scrape, and while one is late, a process looks absent.
            let hasty = text.replacing(#/ for: \w+/#) { _ in name == "service" ? " for: 30s" : " for: 1s" }
            #expect(name == "recording" || hasty != text)
            try hasty.write(to: folder.appending(path: "\(name).yaml"), atomically: true, encoding: .utf8)
        }
    }

    /// The example as it is, but for the address of its receivers and its patience: groups wait one second.
    private func writeAlertmanager(port: Int) throws {
        let text = try String(contentsOf: SharedFiles.package.appending(path: "alerts/alertmanager.example.yml"), encoding: .utf8)
        let mine = text.replacing("localhost:9095", with: "127.0.0.1:\(port)")
            .replacing(#/(?<key>group_wait|group_interval): \w+/#) { "\($0.key): 1s" }
        #expect(mine.contains("127.0.0.1:\(port)/on-call") && !mine.contains("group_wait: 2m"))
        try mine.write(to: folder.appending(path: "alertmanager.yml"), atomically: true, encoding: .utf8)
    }

    /// A scrape may take ten seconds: beside other tests a service is slow, and a target that is slow for a second is not down.
    private func writePrometheus(target: Substring, alertmanager: Int) throws {
        try """
        global: {scrape_interval: 10s, scrape_timeout: 10s, evaluation_interval: 1s}
        rule_files: [\(folder.path)/*.yaml]
        alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:\(alertmanager)"]}]}]}
        scrape_configs: [{job_name: evenkeel, static_configs: [{targets: ["\(target)"]}]}]
        """.write(to: folder.appending(path: "prometheus.yml"), atomically: true, encoding: .utf8)
    }

    @Test(
        "a model that drifts is a ticket that names it and its runbook; a service that is gone calls who is on call",
        .enabled(if: isPossible))
    func wholeWay() async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let inbox = Inbox()
        let (ports, ready) = AsyncStream.makeStream(of: Int.self)
        let receiving = Task {
            defer { ready.finish() }
            try await inbox.serve { ready.yield($0) }
        }
        var iterator = ports.makeAsyncIterator()
        let port = await iterator.next() ?? 0
        let service = try await RunningService.start()
        var programs: [LoggedProgram] = []
        let outcome: Result<Void, any Error>
        do {
            try await tell(inbox, port: port, service: service, programs: &programs)
            outcome = .success(())
        } catch { outcome = .failure(error) }
        for program in programs { await program.end() }
        await service.stop()
        receiving.cancel()
        _ = await receiving.result
        try? FileManager.default.removeItem(at: folder)
        try outcome.get()
    }

    private func tell(_ inbox: Inbox, port: Int, service: RunningService, programs: inout [LoggedProgram]) async throws {
        try writeRules()
        try writeAlertmanager(port: port)
        let alertmanager = try LoggedProgram(
            Self.programs[1],
            [
                "--config.file=\(folder.path)/alertmanager.yml", "--storage.path=\(folder.path)/notifications",
                "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=",
            ], in: folder, name: "alertmanager")
        programs.append(alertmanager)
        let target = try #require(service.base.split(separator: "/").last)
        try writePrometheus(target: target, alertmanager: try await alertmanager.port(after: "Listening on\" address=127.0.0.1:"))
        let prometheus = try LoggedProgram(
            Self.programs[0],
            [
                "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(folder.path)/series",
                "--web.listen-address=127.0.0.1:0",
            ], in: folder, name: "prometheus")
        programs.append(prometheus)
        _ = try await prometheus.port(after: "Listening on\" address=127.0.0.1:")

        // First as it should be, so that nothing fires; then incomes five times as high.
        try await SmallModel.register("drifting", on: service)
        for hour in 8..<10 {
            let records = (0..<300).map { i in
                let income = hour == 9 ? 5000 + Double(i) : 1000 + Double(i * 7 % 911)
                return SmallModel.prediction("drifting", id: "\(hour)-\(i)", ts: "2026-02-01T0\(hour):30:00Z", income: income)
            }
            let sent = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
            #expect(sent.json["accepted"]?.intValue == 300)
        }
        #expect(try await eventually { inbox.alert("EvenkeelFeatureDrift", to: "tickets") != nil }, "\(inbox.all) \(prometheus.text)")
        let alert = try #require(inbox.alert("EvenkeelFeatureDrift", to: "tickets"))
        let labels: JSON = try #require(alert["labels"])
        #expect(labels["model"]?.stringValue == "drifting" && labels["version"]?.stringValue == "1")
        #expect(labels["job"]?.stringValue == "evenkeel" && labels["severity"]?.stringValue == "warning")
        #expect(alert["annotations"]?["summary"]?.stringValue == "drifting 1: features drifted")
        // Where the example's docs are, there is a page of this name in ours.
        let runbook = try #require(alert["annotations"]?["runbook_url"]?.stringValue.flatMap { URL(string: $0) })
        #expect(runbook.absoluteString == "https://evenkeel.example/docs/runbooks/EvenkeelFeatureDrift.md")
        #expect(FileManager.default.fileExists(atPath: SharedFiles.package.path + runbook.path))
        // One notification a model, as the example groups them.
        for one in inbox.all where one.body["groupLabels"]?["model"] != nil {
            #expect(one.body["groupLabels"]?.text == #"{"job":"evenkeel","model":"drifting"}"#)
        }
        // Nothing is wrong with Evenkeel itself.
        #expect(inbox.alert("EvenkeelAbsent", to: "on-call") == nil && inbox.alert("EvenkeelTargetDown", to: "on-call") == nil)

        await service.stop()
        #expect(try await eventually { inbox.alert("EvenkeelAbsent", to: "on-call") != nil }, "\(inbox.all) \(prometheus.text)")
        let absent = try #require(inbox.alert("EvenkeelAbsent", to: "on-call"))
        #expect(absent["labels"]?["severity"]?.stringValue == "critical")
        #expect(absent["annotations"]?["runbook_url"]?.stringValue?.hasSuffix("/docs/runbooks/EvenkeelAbsent.md") == true)
    }
}
