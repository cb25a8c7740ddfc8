import ArgumentParser
import Foundation
import Service
import Storage
import Vocabulary

extension AlertsCommand {
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send to a destination again that said that it is gone for good (410).",
            discussion: """
                What was given up meanwhile is sent by evenkeel alerts replay.
                Example: evenkeel alerts enable on-call
                """)
        @OptionGroup var database: DatabaseOptions
        @Argument(help: "The destination's name.") var destination: String

        func run() async throws {
            try await database.withEngine { engine in
                guard try await engine.alerts.enable(destination, actor: NSUserName(), at: Engine.systemClock()) else {
                    throw ConfigurationError(["\(destination) is not disabled"])
                }
                print("\(destination) is enabled")
            }
        }
    }
}
