import Alerting
import ArgumentParser
import Foundation
import Logging
import Reporting
import Service
import Storage
import Vocabulary

struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts", abstract: "List alerts, acknowledge and silence them, test destinations.",
        discussion: """
            Examples:
              evenkeel alerts
              evenkeel alerts acknowledge 5 --by ana
              evenkeel alerts silence --model credit --for 4h --reason "known outage"
              evenkeel alerts test --config evenkeel.yaml
              evenkeel alerts deliveries --state dead
              evenkeel alerts attempts 17
              evenkeel alerts replay --all
              evenkeel alerts enable on-call
            """,
        subcommands: [
            List.self, Acknowledge.self, SilenceCommand.self, Test.self, Deliveries.self, Attempts.self, Replay.self, Enable.self,
        ],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The newest 200 alerts that fire or are resolved.",
            discussion: "Example: evenkeel alerts list --model credit --firing")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "Only this model.") var model: String?
        @Flag(help: "Only those that fire.") var firing = false
        @Flag(help: "End with 1 when an alert fires.") var failOnFinding = false

        func run() async throws {
            var isFiring = false
            try await database.withEngine { engine in
                let alerts = try await engine.alerts.alerts().filter {
                    (model == nil || $0.version.model == model) && (!firing || $0.state == .firing)
                }
                isFiring = alerts.contains { $0.state == .firing }
                switch output.format {
                case .json:
                    try output.print(JSON.object(["command": "alerts list", "alerts": .array(alerts.map(Messages.data))]).prettyText)
                case .table:
                    var table = TextTable(["id", "state", "severity", "since", "acknowledged by", "what"])
                    for alert in alerts {
                        table.add([
                            String(alert.id ?? 0), alert.state.rawValue, alert.severity.rawValue,
                            "\((alert.firedAt ?? alert.startedAt).rfc3339.prefix(19))Z",
                            alert.acknowledgedBy ?? "", alert.summary,
                        ])
                    }
                    try output.print(alerts.isEmpty ? "no alerts" : table.fitted)
                }
            }
            if failOnFinding, isFiring { throw ExitCode(1) }
        }
    }

    struct Acknowledge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Note that somebody looks after an alert that fires.", discussion: "Example: evenkeel alerts acknowledge 17 --by ana")
        @OptionGroup var database: DatabaseOptions
        @Argument(help: "The alert's number.") var id: Int64
        @Option(help: "Who does.") var by = NSUserName()

        func run() async throws {
            try await database.withEngine { engine in
                guard try await engine.alerts.acknowledge(id, by: by, at: Engine.systemClock()) else {
                    throw ConfigurationError(["no alert \(id) is firing: see evenkeel alerts"])
                }
                print("alert \(id) is acknowledged by \(by)")
            }
        }
    }

    struct SilenceCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "silence", abstract: "Tell nobody of a model's alerts for a while.",
            discussion: "Example: evenkeel alerts silence --model credit --for 4h --reason \"a known outage\"")
        @OptionGroup var database: DatabaseOptions
        @Option(help: "The model.") var model: String
        @Option(help: "Only this monitor.") var monitor: String?
        @Option(help: "Until when (RFC 3339).") var until: String?
        @Option(name: .customLong("for"), help: "For how long: 30m, 4h, 2d.") var length: String?
        @Option(help: "Why.") var reason = ""

        func run() async throws {
            let now = Engine.systemClock()
            let end: Timestamp
            switch (until, length) {
            case (.some(let text), nil):
                guard let time = Timestamp(rfc3339: text), time > now else {
                    throw ValidationError("--until: \(text), expected a time to come, in RFC 3339")
                }
                end = time
            case (nil, .some(let text)):
                let units: [Character: Int64] = ["m": 60, "h": 3600, "d": 86_400]
                guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), 1...100_000 ~= count else {
                    throw ValidationError("--for: \(text), expected for example 30m, 4h or 2d")
                }
                end = now.adding(seconds: count * unit)
            default: throw ValidationError("expected one of --until and --for")
            }
            var known: Vocabulary.Monitor?
            if let monitor {
                known = Vocabulary.Monitor(rawValue: monitor)
                if known == nil {
                    let words = Vocabulary.Monitor.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("--monitor: \(monitor), expected one of \(words)")
                }
            }
            let silence = Silence(model: model, monitor: known, until: end, reason: reason)
            try await database.withEngine { engine in
                guard let id = try await engine.alerts.silence(silence, actor: NSUserName(), at: now) else {
                    throw ConfigurationError(["\(model) is not registered: see evenkeel model list"])
                }
                print("silence \(id): nobody is told of \(model)\(monitor.map { " " + $0 } ?? "") until \(end.rfc3339)")
            }
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a made-up alert and its end to the destinations of the configuration.",
            discussion: """
                Example: evenkeel alerts test --config evenkeel.yaml --destination on-call

                A destination that starts retraining is only tried when it is named: the job would run.
                """)
        @OptionGroup var database: DatabaseOptions
        @Option(help: "Only this destination.") var destination: String?

        func run() async throws {
            let engine = Engine(try database.configuration(), logger: .init(label: "evenkeel"))
            let known = engine.configuration.destinations
            if known.isEmpty { throw ConfigurationError(["there are no destinations: name a file that has them with --config"]) }
            if let destination, !known.contains(where: { $0.name == destination }) {
                throw ConfigurationError([
                    "there is no destination \(destination), expected one of \(known.map(\.name).joined(separator: ", "))"
                ])
            }
            let retraining = Set(engine.configuration.policies.compactMap(\.retraining))
            var isReached = true
            for one in known
            where destination == one.name || destination == nil && one.format.takesAlerts && !retraining.contains(one.name) {
                for outcome in await engine.outbox.test(one.name) ?? [] {
                    switch outcome {
                    case .sent(let status): print("\(one.name): sent, HTTP \(status)")
                    case .retry(_, _, let error), .dead(_, let error):
                        isReached = false
                        print("\(one.name): not sent: \(error)")
                    }
                }
            }
            if !isReached { throw ExitCode(3) }
        }
    }

    struct Deliveries: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The newest 200 messages of the outbox, and what became of them.",
            discussion: "Example: evenkeel alerts deliveries --state dead")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "Only those that are waiting, sent or dead.") var state: String?

        func run() async throws {
            let wanted = try state.map { word in
                guard let state = DeliveryState(rawValue: word) else {
                    throw ValidationError("--state: \(word), expected waiting, sent or dead")
                }
                return state
            }
            try await database.withEngine { engine in
                let found = try await engine.alerts.deliveries(in: wanted)
                switch output.format {
                case .json:
                    try output.print(
                        JSON.object(["command": "alerts deliveries", "deliveries": .array(found.map(\.json))]).prettyText)
                case .table:
                    var table = TextTable(["id", "state", "destination", "type", "model", "attempts", "created", "last answer"])
                    for one in found {
                        table.add([
                            String(one.id), one.state.rawValue, one.destination, one.type, one.model ?? "", String(one.attempts),
                            "\(one.createdAt.rfc3339.prefix(19))Z", one.lastError ?? one.lastStatus.map { "HTTP \($0)" } ?? "",
                        ])
                    }
                    try output.print(found.isEmpty ? "no messages" : table.fitted)
                }
            }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send messages again that were given up; they keep their ids.", discussion: "Example: evenkeel alerts replay --all")
        @OptionGroup var database: DatabaseOptions
        @Argument(help: "The number of a dead delivery.") var id: Int64?
        @Flag(help: "All of them.") var all = false

        func validate() throws {
            if (id == nil) != all { throw ValidationError("expected the number of a delivery, or --all") }
        }

        func run() async throws {
            try await database.withEngine { engine in
                let count = try await engine.alerts.replay(id, at: Engine.systemClock())
                if let id, count == 0 { throw ConfigurationError(["no dead delivery \(id): see evenkeel alerts deliveries --state dead"]) }
                print("\(count) message\(count == 1 ? "" : "s") will be sent again by the service")
            }
        }
    }
}
