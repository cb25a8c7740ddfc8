import Foundation
import Testing
import Vocabulary

@testable import Service

@Suite("Configuration") struct ConfigurationTests {
    @Test("a good file is read over the defaults") func good() throws {
        let configuration = try ServiceConfiguration(
            yaml: """
                host: 0.0.0.0
                port: 9000
                database: {env: DB}
                connections: 8
                roles: [collect, web]
                evaluate_every_seconds: 5
                monitors: {alpha: 0.01, psi_floor: 0.2, quiet_seconds: 5}
                limits: {records_max: 10}
                spool: {folder: /srv/spool, bytes_max: 1000000, after_seconds: 2.5}
                destinations:
                  - {name: oncall, url: "https://example.com/hook", secret: {env: KEY}}
                policies:
                  - {name: hourly, monitors: [feature_drift, fairness], window: hour, findings: 2, of: 4, severity: critical, destinations: [oncall]}
                """, file: "evenkeel.yaml", environment: ["DB": "postgresql://db/x", "KEY": "s3cret"])
        #expect(configuration.host == "0.0.0.0")
        #expect(configuration.port == 9000)
        guard case .server(let url) = configuration.database else {
            Issue.record("expected a server")
            return
        }
        #expect(url.reveal() == "postgresql://db/x")
        #expect(configuration.roles == [.collect, .web])
        #expect(configuration.monitors.alpha == 0.01)
        #expect(configuration.monitors.ksFloor == 0.1)
        #expect(configuration.monitors.quietSeconds == 5)
        #expect(configuration.limits.recordsMax == 10)
        #expect(configuration.spool.folder?.path == "/srv/spool")
        #expect(configuration.spool.bytesMax == 1_000_000 && configuration.spool.afterSeconds == 2.5)
        #expect(configuration.policies.map(\.name) == ["hourly"])
        #expect(configuration.policies.first?.of == 4)
        #expect(configuration.destinations.first?.secret?.reveal() == "s3cret")
        #expect(!"\(configuration)".contains("s3cret"))
    }

    @Test("inference services are told by name and namespace, and every mistake is named") func kserve() throws {
        let configuration = try ServiceConfiguration(
            yaml: """
                kserve:
                  wait_seconds: 60
                  halves_max: 10
                  half_bytes_max: 2048
                  services:
                    - {service: scoring, namespace: prod, model: credit, version: 3, columns: [age, sex], ignore: [id], positive_class: 0}
                    - {service: scoring, model: trial, component: transformer, score: proba, prediction: label}
                """, file: "x", environment: [:])
        #expect(configuration.kserve.limits.waitSeconds == 60)
        #expect(configuration.kserve.limits.halvesMax == 10 && configuration.kserve.limits.bytesMax == 2048)
        let prod = configuration.kserve.service("scoring", namespace: "prod")
        #expect(prod.model == "credit" && prod.version == "3" && prod.columns == ["age", "sex"] && prod.ignored == ["id"])
        #expect(prod.positiveClass == 0 && prod.component == "predictor")
        let trial = configuration.kserve.service("scoring", namespace: "dev")
        #expect(trial.model == "trial" && trial.component == "transformer" && trial.score == "proba" && trial.prediction == "label")
        #expect(configuration.kserve.service("other", namespace: nil).model == nil)
        let yaml = """
            kserve:
              wait_seconds: 0
              services:
                - {model: a}
                - {service: b, scores: x, positive_class: 2}
                - {service: b, namespace: n}
            """
        do {
            _ = try ServiceConfiguration(yaml: yaml, file: "x", environment: [:])
            Issue.record("expected problems")
        } catch let error as ConfigurationError {
            #expect(
                error.problems == [
                    "x: kserve.wait_seconds: 0, expected 1 to 604800",
                    "x: kserve.services[0].service: missing, expected the name of an InferenceService",
                    "x: kserve.services[1].scores: unknown key, did you mean score?",
                    "x: kserve.services[1].positive_class: 2, expected 0 to 1",
                    "x: kserve.services[2]: b is named before, expected one entry for a service and namespace",
                ])
        }
    }

    @Test("an empty file is the defaults: embedded, loopback, one policy") func empty() throws {
        let configuration = try ServiceConfiguration(yaml: "", file: "x", environment: [:])
        #expect(configuration.host == "127.0.0.1")
        #expect(configuration.policies.count == 1)
        guard case .embedded = configuration.database else {
            Issue.record("expected the embedded database")
            return
        }
    }

    @Test("every problem is told at once, with its path and what was expected") func bad() {
        let yaml = """
            prot: 80
            port: eighty
            database: postgresql://db/x
            embedded: true
            roles: [collect, cook]
            monitors: {alpha: 2, psi_flor: 1}
            spool: {bytes_mx: 1, after_seconds: 0}
            destinations:
              - {name: a, url: "ftp://x"}
              - {name: a, url: "https://x"}
              - {url: "https://x"}
            policies:
              - {name: p, findings: 5, of: 3, destinations: [nobody], window: month}
            """
        do {
            _ = try ServiceConfiguration(yaml: yaml, file: "e.yaml", environment: [:])
            Issue.record("expected problems")
        } catch {
            let problems = (error as? ConfigurationError)?.problems ?? []
            for expected in [
                "e.yaml: prot: unknown key, did you mean port?",
                "e.yaml: port: expected a number, got a string",
                "e.yaml: database: stands beside embedded: true, expected one of the two",
                "e.yaml: roles[1]: \"cook\", expected one of collect, evaluate, notify, web, shadow, kafka",
                "e.yaml: spool.bytes_mx: unknown key, did you mean bytes_max?",
                "e.yaml: monitors.psi_flor: unknown key, did you mean psi_floor?",
                "e.yaml: destinations[0].url: expected an http or https URL",
                "e.yaml: destinations[1].name: a is named twice",
                "e.yaml: destinations[2].name: missing, expected a name",
                "e.yaml: policies[0].window: \"month\", expected \(WindowKind.words)",
                "e.yaml: policies[0].findings: 5, expected at most of: 3",
                "e.yaml: policies[0].destinations[0]: there is no destination named nobody",
            ] {
                #expect(problems.contains(expected), "missing: \(expected)\nin \(problems)")
            }
            #expect(problems.contains { $0.hasPrefix("e.yaml: monitors.alpha: 2, expected") })
        }
    }

    @Test("the key of private values is the file's or else the environment's, and is never printed") func privacyKey() throws {
        let environment = ["EVENKEEL_PRIVACY_KEY": "environment 0123456789", "KEY": "configured 0123456789"]
        var file = try ServiceConfiguration(yaml: "privacy: {key: {env: KEY}}", file: "e.yaml", environment: environment)
        try file.readPrivacyKey(environment)
        #expect(file.limits.privacyKey == PrivacyKey(Secret("configured 0123456789")))
        var without = ServiceConfiguration()
        try without.readPrivacyKey([:])
        #expect(without.limits.privacyKey == nil)
        try without.readPrivacyKey(environment)
        #expect(without.limits.privacyKey == PrivacyKey(Secret("environment 0123456789")))
        var dumped = ""
        dump(without, to: &dumped)
        #expect(!dumped.contains("0123456789") && !"\(without)".contains("0123456789"))
        var short = ServiceConfiguration()
        let error = #expect(throws: ConfigurationError.self) { try short.readPrivacyKey(["EVENKEEL_PRIVACY_KEY": "tiny"]) }
        #expect(error?.problems == ["EVENKEEL_PRIVACY_KEY: too short, expected at least 16 bytes"])
        let other = #expect(throws: ConfigurationError.self) {
            try ServiceConfiguration(yaml: "privacy: {key: tiny}", file: "e.yaml", environment: [:])
        }
        #expect(other?.problems == ["e.yaml: privacy.key: too short, expected at least 16 bytes"])
    }

    @Test("retention is a number of days each, or for ever") func retention() throws {
        let yaml = "retention: {raw_days: 30, label_days: 3, profile_days: forever, hour_profile_days: 2}"
        #expect(throws: ConfigurationError.self) { try ServiceConfiguration(yaml: yaml, file: "e.yaml", environment: [:]) }
        let good = try ServiceConfiguration(yaml: yaml.replacing("label_days: 3, ", with: ""), file: "e.yaml", environment: [:])
        #expect(good.retention.rawDays == 30 && good.retention.profileDays == nil && good.retention.hourProfileDays == 2)
        #expect(good.retention.receiptDays == 30)
        for (bad, problem) in [
            ("raw_days: 7", "retention.raw_days: 7, expected 14 to 36500"),
            ("raw_days: long", "retention.raw_days: expected a number, got a string"),
            ("profile_days: 20", "retention.profile_days: 20, expected at least hour_profile_days"),
        ] {
            let error = #expect(throws: ConfigurationError.self) {
                try ServiceConfiguration(yaml: "retention: {\(bad)}", file: "e.yaml", environment: [:])
            }
            #expect(error?.problems == ["e.yaml: \(problem)"])
        }
    }

    @Test("a receiver that retrains hears no alerts unless a policy says so") func retrainingReceiver() throws {
        let yaml = """
            destinations:
              - {name: pager, url: "http://hooks.example.com/p"}
              - {name: trainer, url: "http://hooks.example.com/t"}
            policies:
              - {name: a, retraining: trainer}
              - {name: b, destinations: [trainer]}
            """
        let configuration = try ServiceConfiguration(yaml: yaml, file: "e.yaml", environment: [:])
        #expect(configuration.policies.map(\.destinations) == [["pager"], ["trainer"]])
    }

    @Test("YAML that is none says where") func notYAML() {
        #expect(throws: ConfigurationError.self) { try ServiceConfiguration(yaml: "a: [1,\nb: }", file: "e.yaml", environment: [:]) }
        #expect(throws: ConfigurationError.self) { try ServiceConfiguration(yaml: "- 1\n- 2", file: "e.yaml", environment: [:]) }
    }
}
