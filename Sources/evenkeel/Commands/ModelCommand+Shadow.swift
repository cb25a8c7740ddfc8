import ArgumentParser
import Foundation
import Service
import Storage
import Vocabulary

extension ModelCommand {
    struct Candidate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a version its model file: as a candidate it is scored in shadow, with the features that the champion logs.",
            discussion: """
                The file is kept in the database. What does not fit the champion's columns is named here, before the first row.

                Example: evenkeel model register --name credit --version 2 --reference reference.csv --label repaid --score score
                         evenkeel model candidate --name credit --version 2 --file new.json
                         evenkeel shadow --model credit
                """)
        @OptionGroup var database: DatabaseOptions
        @Option(help: "The model.") var name: String
        @Option(help: "Its version, which must be registered.") var version: String
        @Option(help: "The model file: XGBoost, LightGBM, ONNX or linear JSON; - for standard input.") var file: String
        @Flag(help: "Score from the next prediction on, rather than over the whole log that is stored.") var fromNow = false

        func run() async throws {
            let data = try readInput(file)
            try await database.withEngine { engine in
                let version = try await engine.version(name, version)
                let record = try await engine.registerModelFile(
                    data, file: file, of: version, fromNow: fromNow, actor: NSUserName(), at: Engine.systemClock())
                print("\(version.key) has its model file: \(record.format), \(record.size) bytes, SHA-256 \(record.digest)")
                if version.stage != .candidate { print("it is \(version.stage.rawValue): only candidates are scored in shadow") }
            }
        }
    }

    struct Promote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a version the champion, the one whose findings raise alerts: at once, or step by step.",
            discussion: """
                With --gradual gateways are advised 1, 5, 25, 50 and 100 % at GET /v1/models/NAME/rollout; a step follows when the one before it was \
                well, and a broken guardrail goes a step back. A candidate whose verdict is not promote needs --force.
                Example: evenkeel model promote --name credit --version 4 --gradual
                """)
        @OptionGroup var database: DatabaseOptions
        @Option(help: "The model.") var name: String
        @Option(help: "Its version.") var version: String
        @Flag(help: "By the steps of 1, 5, 25, 50 and 100 % of the traffic.") var gradual = false
        @Flag(help: "Whatever the verdict of its shadow says.") var force = false

        func run() async throws {
            try await database.withEngine { engine in
                let version = try await engine.version(name, version)
                let record = try await engine.promote(
                    version, isGradual: gradual, isForced: force, actor: NSUserName(), at: Engine.systemClock())
                // Without a champion there is nobody to take the place of step by step.
                print(record?.state == .rolling ? "the rollout of \(version.key) has begun with 1 %" : "\(version.key) is the champion")
            }
        }
    }

    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a rollout, or give the place of the version that was promoted last back to the champion before it.",
            discussion: "Example: evenkeel model rollback --name credit")
        @OptionGroup var database: DatabaseOptions
        @Option(help: "The model.") var name: String
        @Option(help: "Why; it is in the audit log.") var reason: String?

        func run() async throws {
            try await database.withEngine { engine in
                let actor = NSUserName()
                guard
                    try await engine.rollBack(name, reason: reason ?? "asked for by \(actor)", actor: actor, at: Engine.systemClock())
                        != nil
                else { throw ConfigurationError(["\(name) is not registered: see evenkeel model list"]) }
                print("\(name) is rolled back: version \(try await engine.rolloutAnswer(of: name)?["champion"]?.stringValue ?? "?") serves")
            }
        }
    }
}
