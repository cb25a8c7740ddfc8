import Alerting
import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Service

@Suite("Configuration of what goes out") struct DeliveryConfigurationTests {
    private func read(_ yaml: String) throws -> ServiceConfiguration { try ServiceConfiguration(yaml: yaml, file: "x", environment: [:]) }
    private func problems(_ yaml: String) -> [String] {
        do {
            _ = try read(yaml)
            return []
        } catch { return (error as? ConfigurationError)?.problems ?? ["\(error)"] }
    }

    private static let version = RegisteredVersion(
        key: ModelVersion(model: "m", version: "1"), versionID: 1, streamID: 1, stage: .champion, schema: FeatureSchema(features: []),
        referenceRows: 0, registeredAt: Timestamp(seconds: 0), watch: .object(JSONObject()))

    @Test("all keys are read") func good() throws {
        let configuration = try read(
            """
            lease_seconds: 3
            retry_seconds: [1, 60]
            outgoing: {allow: [private, 127.0.0.0/8]}
            destinations:
              - {name: ops, url: "http://10.0.0.1/x", secret: new, former_secret: old}
              - {name: pager, url: "https://events.pagerduty.com/v2/enqueue", format: pagerduty, routing_key: r}
              - name: chat
                url: http://127.0.0.1:9/
                format: template
                content_type: text/plain
                template: "{{data.summary}}"
            policies:
              - {name: p, inhibited_by: [data_quality], flap_after: 5, flap_windows: 100, group: false, retraining_per_month: 2, retraining_deadline_seconds: 0, retraining_days: 7}
            maintenance:
              - {name: night, days: [sunday, friday], from: "02:30", minutes: 90, matchers: ["model=credit-*"]}
            """)
        #expect(configuration.leaseSeconds == 3 && configuration.retries.delaysSeconds == [1, 60])
        #expect(configuration.destinations[0].formerSecret?.reveal() == "old")
        #expect(try configuration.destinations[2].template == Template("{{data.summary}}"))
        let policy = try #require(configuration.policies.first)
        #expect(policy.inhibitedBy == [.dataQuality] && policy.flapAfter == 5 && policy.flapWindows == 100 && !policy.groups)
        #expect(configuration.policies(of: Self.version).first?.singles == ["pager"])
        #expect(policy.retrainingPerMonth == 2 && policy.retrainingDeadlineSeconds == 0)
        let window = try #require(configuration.maintenance.first)
        #expect(window.weekdays == [0, 5] && window.startMinute == 150 && window.minutes == 90)
        #expect(window.matchers == [AlertMatcher("model=credit-*")].compactMap { $0 })
    }

    @Test(
        "every mistake is named with its place",
        arguments: [
            (
                "destinations: [{name: a, url: 'http://169.254.169.254/x'}]",
                "destinations[0].url: 169.254.169.254 is a link-local address: name it under outgoing.allow if it is meant"
            ),
            (
                "destinations: [{name: a, url: 'http://2130706433/'}]",
                "destinations[0].url: 127.0.0.1 is a loopback address: name it under outgoing.allow if it is meant"
            ),
            (
                "destinations: [{name: a, url: 'http://u:p@example.com/'}]",
                "destinations[0].url: a user or password before the host: say who we are with authorization"
            ),
            (
                "outgoing: {allow: [everything]}",
                "outgoing.allow[0]: \"everything\", expected loopback, private, link_local, an address, or a range such as 10.1.0.0/16"
            ),
            (
                "destinations: [{name: a, url: 'http://example.com/', former_secret: x}]",
                "destinations[0].former_secret: stands without secret, expected the new one beside it"
            ),
            (
                "destinations: [{name: a, url: 'http://example.com/', format: template}]",
                "destinations[0].template: missing, expected a text or {file: PATH}"
            ),
            (
                "destinations: [{name: a, url: 'http://example.com/', template: x}]",
                "destinations[0].template: is for the format template, and this one is standard"
            ),
            (
                "destinations: [{name: a, url: 'http://example.com/', format: template, template: '{{#x}}'}]",
                "destinations[0].template: line 1, column 1: a section that does not end: x"
            ),
            (
                "destinations: [{name: a, url: 'http://example.com/', format: template, template: '{\"a\": {{data.modle}}}'}]",
                "destinations[0].template: line 1, column 7: data.modle: no message has it, expected type, timestamp, or a member of data"
            ),
            (
                "maintenance: [{name: a, from: '25:00', minutes: 5}]",
                "maintenance[0].from: \"25:00\", expected a time of day in UTC, for example \"02:30\""
            ),
            (
                "maintenance: [{name: a, from: '02:00', minutes: 5, days: [sunda]}]",
                "maintenance[0].days[0]: \"sunda\", did you mean sunday?"
            ),
            (
                "maintenance: [{name: a, from: '02:00', minutes: 5, matchers: [colour=red]}]",
                "maintenance[0].matchers[0]: \"colour=red\", \(AlertMatcher.expected)"
            ),
            ("maintenance: [{name: a, from: '02:00'}]", "maintenance[0].minutes: missing, expected how long it lasts"),
            ("retry_seconds: []", "retry_seconds: expected 1 to 1000 waits"),
            (
                "policies: [{name: a, inhibited_by: [prediction_drift]}]",
                "policies[0].inhibited_by[0]: prediction_drift is what is held back, expected a monitor that holds back drift, such as volume"
            ),
        ])
    func mistakes(yaml: String, problem: String) { #expect(problems(yaml) == ["x: " + problem]) }

    @Test("a body that is no JSON is told with the place, and without the text: it may hold a key") func notJSON() {
        let found = problems(
            "destinations: [{name: a, url: 'http://example.com/', format: template, template: '{\"key\": \"hunter2\", \"a\": {{data.summary}}}'}]"
        )
        #expect(found.count == 1 && found[0].contains("the body of a message of type alert.firing is no JSON: line 1"), "\(found)")
        #expect(!found.joined().contains("hunter2"))
    }

    @Test("the examples of the docs are read as they stand") func examples() throws {
        let page = try String(
            contentsOf: SharedFiles.package.appending(path: "docs/configuration.md"), encoding: .utf8)
        let examples = page.matches(of: #/```yaml\n(?<yaml>destinations:\n[\s\S]*?)```/#).map { String($0.yaml) }
        #expect(examples.count >= 2)
        for yaml in examples {
            var environment: [String: String] = [:]
            for match in yaml.matches(of: #/\{env: (?<name>\w+)\}/#) { environment[String(match.name)] = "Bearer x" }
            let configuration = try ServiceConfiguration(yaml: yaml, file: "docs", environment: environment)
            #expect(!configuration.destinations.isEmpty)
        }
    }

    @Test("what holds back others is judged first, whatever the file's order") func order() throws {
        var configuration = ServiceConfiguration()
        configuration.policies = [
            AlertPolicy(name: "drift", monitors: [.featureDrift]), AlertPolicy(name: "volume", monitors: [.volume]),
            AlertPolicy(name: "fair", monitors: [.fairness]),
        ]
        #expect(configuration.policies(of: Self.version).map(\.name) == ["volume", "drift", "fair"])
    }
}

@Suite("Silences over HTTP", .service, .serialized) struct SilenceRouteTests {
    var service: RunningService { RunningService.current }

    @Test("made with conditions, listed, and ended") func life() async throws {
        try await SmallModel.register("quiet", on: service)
        let made = try await service.post(
            "/v1/silences",
            #"{"model":"quiet","until":"2099-01-01T00:00:00Z","starts_at":"2098-01-01T00:00:00Z","matchers":["version=1","policy!=in*"],"reason":"x"}"#
        )
        #expect(made.status == 201, "\(made.text)")
        let id = try #require(made.json["silence"]?.intValue)
        let listed = try await service.get("/v1/silences").json["silences"]?.arrayValue?.first { $0["id"]?.intValue == id }
        #expect(listed?["matchers"] == ["version=1", "policy!=in*"] && listed?["starts_at"] == "2098-01-01T00:00:00Z")
        #expect(try await service.send("DELETE", "/v1/silences/\(id)", nil, [:]).status == 200)
        #expect(try await service.send("DELETE", "/v1/silences/\(id)", nil, [:]).status == 404)
        #expect(try await service.get("/v1/silences").json["silences"]?.arrayValue?.contains { $0["id"]?.intValue == id } == false)
    }

    @Test(
        "what is no silence is refused, with its place",
        arguments: [
            (#"{"model":"x","until":"2099-01-01T00:00:00Z","matchers":["colour=red"]}"#, "matchers[0]"),
            (#"{"model":"x","until":"2099-01-01T00:00:00Z","matchers":"version=1"}"#, "matchers: expected a list"),
            (#"{"model":"x","until":"2099-01-01T00:00:00Z","starts_at":"soon"}"#, "starts_at"),
            (#"{"model":"x","until":"2019-01-01T00:00:00Z"}"#, "until: expected a time to come"),
            (#"{"model":"x","until":"2098-01-01T00:00:00Z","starts_at":"2099-01-01T00:00:00Z"}"#, "until: expected a time to come"),
            (#"{"model":"x","until":"2099-01-01T00:00:00Z","monitor":["volume"]}"#, "monitor: expected one of"),
        ])
    func refused(body: String, problem: String) async throws {
        let answer = try await service.post("/v1/silences", body)
        #expect(answer.status == 400 && answer.text.contains(problem), "\(answer.text)")
    }
}
