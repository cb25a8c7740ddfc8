import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Alerting

/// Every format's bodies against the schema that its receiver publishes, written down in `Schemas/` from the source that each of them names.
@Suite("Bodies fit the schemas that their receivers publish")
struct DestinationSchemaTests {
    private static let python = "/usr/bin/python3"
    private static let schemas = SharedFiles.package.appending(path: "Tests/Schemas")
    private static let now = Timestamp(rfc3339: "2026-06-01T12:00:00Z")!

    /// Reads `{schema: [body]}` and prints a line for each body that does not fit.
    private static let check = """
        import json, pathlib, sys, jsonschema
        count = 0
        for name, bodies in json.load(sys.stdin).items():
            schema = json.loads((pathlib.Path(sys.argv[1]) / (name + ".json")).read_text())
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            for body in bodies:
                count += 1
                for error in validator.iter_errors(body):
                    print(f"{name}: {error.json_path}: {error.message[:300]}")
        print(f"checked {count}")
        """

    /// Messages of every kind: plain ones, and such whose every text is as long as it may be or longer.
    private static func messages() -> [OutgoingMessage] {
        var bodies = Messages.samples
        let name = String(repeating: "ж\"<&\n", count: 40)
        for state in [AlertState.firing, .resolved] {
            var alert = Alert(
                id: .max, version: ModelVersion(model: name, version: name), monitor: .estimatedPerformance, policy: name,
                severity: .warning, state: state, memory: AlertMemory(), summary: String(repeating: "long <b> & \u{1F6A8} ", count: 3000),
                detail: .null, startedAt: now, firedAt: now, resolvedAt: state == .resolved ? now : nil)
            bodies.append(Messages.body(alert))
            let window = Window(kind: .hour, start: now.adding(seconds: -3600), end: now)
            var finding = Finding(
                monitor: .featureDrift, subject: name, statistic: "psi", value: 0.3, referenceCount: 1000, currentCount: 500,
                verdict: .drifted, why: String(repeating: name, count: 20))
            finding.drivers = (0..<5).map { _ in Driver(name, before: 0.2, after: 0.4, count: 200) }
            alert.detail = AlertLifecycle.detail(window, rows: 500, labelled: 100, Array(repeating: finding, count: 50))
            bodies.append(Messages.body([alert, alert]))
            bodies.append(Messages.retrainingBody(alert, manifest: .object(["sql": .string("select 1")])))
        }
        return bodies.map {
            OutgoingMessage(
                destination: "d", messageID: Messages.randomID(), type: $0["type"]?.stringValue ?? "", body: $0.text)
        }
    }

    @Test("Alertmanager, Slack, PagerDuty, Opsgenie, GitHub and Airflow") func fit() async throws {
        var members: [String: [JSON]] = [:]
        for format in Destination.Format.allCases where format != .standard && format != .template {
            let destination = Destination(
                name: "d", url: Secret("https://example.org"), format: format, routingKey: Secret("R0UT1NG"))
            for message in Self.messages() {
                guard let request = try? destination.request(for: message, at: Self.now) else { continue }
                let isClose = request.url.reveal().contains("/close?")
                members[format.rawValue + (isClose ? "-close" : ""), default: []].append(try JSON.parse(request.body))
                if format == .github { #expect(request.body.utf8.count < 65_536) }
            }
        }
        // GitHub and Airflow start jobs only; Opsgenie has two requests.
        #expect(
            members.mapValues(\.count) == [
                "alertmanager": 9, "slack": 9, "pagerduty": 9, "opsgenie": 5, "opsgenie-close": 4, "github": 3, "airflow": 3,
            ])
        let all = JSON.object(JSONObject(members.sorted { $0.key < $1.key }.map { ($0.key, .array($0.value)) }))
        let end = try await runProgram(Self.python, ["-c", Self.check, Self.schemas.path], input: Array(all.text.utf8))
        if end.text.contains("No module named 'jsonschema'") {
            print("skipped: python3 has no jsonschema, so no body was held against a schema")
            return
        }
        #expect(end.text == "checked 42\n")
        #expect(end.status == 0)
    }
}
