import Foundation
import FoundationNetworking
import TestSupport
import Testing
import Vocabulary

@testable import Alerting

@Suite("Destinations hear of an alert in their own words")
struct DestinationTests {
    private static let now = Timestamp(rfc3339: "2026-06-01T12:00:00Z")!

    private static func alert(_ state: AlertState) -> Alert {
        Alert(
            id: 5, version: ModelVersion(model: "loan", version: "1"), monitor: .featureDrift, policy: "default", severity: .critical,
            state: state, memory: AlertMemory(), summary: "loan 1 feature_drift: income <b> & more", detail: .object(["rows": .integer(7)]),
            startedAt: now.adding(seconds: -7200), firedAt: now.adding(seconds: -60),
            resolvedAt: state == .resolved ? now : nil)
    }

    private static func request(_ format: Destination.Format, _ state: AlertState = .firing) throws -> (DestinationRequest, JSON) {
        let destination = Destination(
            name: "d", url: Secret("https://example.org/hook"), format: format, secret: Secret("signing"),
            authorization: Secret("GenieKey abc"), routingKey: Secret("R0UT1NG"))
        var policy = AlertPolicy(name: "default", destinations: ["d"])
        if !format.takesAlerts { policy = AlertPolicy(name: "default", retraining: "d") }
        let message = try #require(Messages.messages(for: alert(state), policy: policy) { "msg_1" }.first)
        let request = try destination.request(for: message, at: now)
        return (request, try JSON.parse(request.body))
    }

    @Test("Alertmanager gets labels, annotations and times, and an end that its own timeout does not replace") func alertmanager() throws {
        let (request, body) = try Self.request(.alertmanager)
        #expect(
            body.text
                == #"[{"labels":{"alertname":"EvenkeelFeatureDrift","model":"loan","version":"1","monitor":"feature_drift","policy":"default","severity":"critical"},"#
                + #""annotations":{"summary":"loan 1: feature_drift","description":"loan 1 feature_drift: income <b> & more"},"#
                + #""startsAt":"2026-06-01T11:59:00Z","endsAt":"2027-06-01T12:00:00Z"}]"#)
        #expect(try Self.request(.alertmanager, .resolved).1.arrayValue?.first?["endsAt"]?.stringValue == "2026-06-01T12:00:00Z")
        // Only our own format is signed; every format may carry an authorization.
        #expect(!request.headers.contains { $0.name == "webhook-signature" })
        #expect(request.headers.contains { $0 == ("authorization", "GenieKey abc") })
    }

    @Test("Slack gets blocks within its limits, with its own signs escaped") func slack() throws {
        let body = try Self.request(.slack).1
        #expect(body["text"]?.stringValue == "Firing: loan 1 feature_drift: income &lt;b&gt; &amp; more")
        let blocks = try #require(body["blocks"]?.arrayValue)
        #expect(blocks.map { $0["type"]?.stringValue } == ["header", "section", "context"])
        #expect(blocks[0]["text"]?["text"]?.stringValue == "Firing: loan 1: feature_drift")
        var long = Self.alert(.resolved)
        (long.version.model, long.summary) = (String(repeating: "m", count: 300), String(repeating: "s", count: 5000))
        let cut = DestinationBodies.slack(Messages.data(long))["blocks"]?.arrayValue ?? []
        #expect(cut.map { $0["text"]?["text"]?.stringValue?.count } == [150, 3000, nil])
    }

    @Test("PagerDuty's end has the key of its beginning") func pagerDuty() throws {
        let (begin, end) = (try Self.request(.pagerduty).1, try Self.request(.pagerduty, .resolved).1)
        #expect(begin["routing_key"]?.stringValue == "R0UT1NG" && begin["event_action"]?.stringValue == "trigger")
        let payload = try #require(begin["payload"])
        #expect(payload["severity"]?.stringValue == "critical" && payload["source"]?.stringValue == "evenkeel")
        #expect(payload["custom_details"]?["rows"]?.intValue == 7)
        #expect(end.text == #"{"routing_key":"R0UT1NG","dedup_key":"evenkeel-alert-5","event_action":"resolve"}"#)
        #expect(begin["dedup_key"] == end["dedup_key"])
    }

    @Test("Opsgenie's alert is closed by its alias") func opsgenie() throws {
        let (begin, end) = (try Self.request(.opsgenie), try Self.request(.opsgenie, .resolved))
        #expect(begin.0.url.reveal() == "https://example.org/hook" && begin.1["priority"]?.stringValue == "P1")
        #expect(begin.1["alias"]?.stringValue == "evenkeel-alert-5")
        #expect(end.0.url.reveal() == "https://example.org/hook/evenkeel-alert-5/close?identifierType=alias")
    }

    @Test("GitHub and Airflow start retraining with the message's id and reason") func jobs() throws {
        let github = try Self.request(.github).1
        #expect(github["event_type"]?.stringValue == "evenkeel-retraining")
        #expect(github["client_payload"]?["model"]?.stringValue == "loan")
        #expect(github["client_payload"]?.objectValue?.members.count ?? 11 <= 10)
        let (request, airflow) = try Self.request(.airflow)
        #expect(airflow["dag_run_id"]?.stringValue == "msg_1" && airflow["conf"]?["alert_id"]?.intValue == 5)
        #expect(airflow["logical_date"]?.stringValue == "2026-06-01T11:59:00Z")
        // A run that is there already is one that an earlier attempt started.
        #expect(request.knownStatus == 409)
    }

    @Test("a message that a format has no words for is refused") func unfit() throws {
        let message = try #require(
            Messages.messages(for: Self.alert(.firing), policy: AlertPolicy(name: "p", destinations: ["d"])) { "msg_1" }.first)
        let github = Destination(name: "d", url: Secret("https://example.org"), format: .github)
        #expect(throws: UnfitMessage.self) { try github.request(for: message, at: Self.now) }
    }
}

@Suite("A real Alertmanager")
struct AlertmanagerTests {
    private static let program = "/usr/bin/prometheus-alertmanager"
    private static let isThere = {
        let isThere = FileManager.default.isExecutableFile(atPath: program)
        if !isThere { print("skipped: \(program) is not installed, so no alert was pushed to it") }
        return isThere
    }()

    @Test("takes our alert, shows it, and ends it", .enabled(if: isThere)) func pushes() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "alertmanager-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let config = folder.appending(path: "alertmanager.yml")
        try "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n".write(to: config, atomically: true, encoding: .utf8)
        let program = try LoggedProgram(
            Self.program,
            [
                "--config.file=\(config.path)", "--storage.path=\(folder.path)", "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",
            ], in: folder, name: "alertmanager")
        let outcome: Result<Void, any Error>
        do {
            try await push(to: "http://127.0.0.1:\(try await program.port(after: "Listening on\" address=127.0.0.1:"))/api/v2/alerts")
            outcome = .success(())
        } catch { outcome = .failure(error) }
        await program.end()
        try outcome.get()
    }

    private func push(to url: String) async throws {
        func alerts() async throws -> [JSON]? {
            let address = try #require(URL(string: url))
            guard let (data, _) = try? await URLSession.shared.data(from: address) else { return nil }
            return try JSON.parse(Array(data)[...]).arrayValue
        }
        try #require(try await eventually { try await alerts() != nil })

        let ledger = MemoryLedger()
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
        let outbox = Outbox(
            ledger: ledger, destinations: [Destination(name: "am", url: Secret(url), format: .alertmanager)],
            targets: TargetRules(networks: [.loopback]), metrics: MetricRegistry(),
            clock: { now })
        func push(_ state: AlertState) async throws {
            var alert = Alert(
                id: 5, version: ModelVersion(model: "loan", version: "1"), monitor: .fairness, policy: "default", severity: .warning,
                state: state, memory: AlertMemory(), summary: "unfair", detail: .null, startedAt: now.adding(seconds: -600),
                firedAt: now.adding(seconds: -60))
            if state == .resolved { alert.resolvedAt = now.adding(seconds: -1) }
            let message = OutgoingMessage(
                destination: "am", messageID: "msg_\(state.rawValue)", type: "alert.\(state.rawValue)", body: Messages.body(alert).text)
            await ledger.enqueue(message, at: now)
            #expect(try await outbox.deliverDue() == 1)
        }
        try await push(.firing)
        #expect(await ledger.outcomes(0) == [.sent(status: 200)])
        let shown = try #require(try await alerts())
        #expect(shown.map { $0["labels"]?["alertname"]?.stringValue } == ["EvenkeelFairness"])
        try await push(.resolved)
        #expect(await ledger.outcomes(1) == [.sent(status: 200)])
        #expect(try await alerts()?.isEmpty == true)
    }
}
