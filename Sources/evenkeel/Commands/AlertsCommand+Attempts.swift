import ArgumentParser
import Reporting
import Service
import Storage
import Vocabulary

extension AlertsCommand {
    struct Attempts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The attempts to send a message: when, what the receiver answered, how long it took.",
            discussion: "Example: evenkeel alerts attempts 17")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The delivery's number: see evenkeel alerts deliveries.") var id: Int64

        func run() async throws {
            try await database.withEngine { engine in
                let found = try await engine.alerts.attempts(of: id)
                switch output.format {
                case .json:
                    try output.print(JSON.object(["command": "alerts attempts", "attempts": .array(found.map(\.json))]).prettyText)
                case .table:
                    var table = TextTable(["attempt", "at", "answer", "ms"])
                    for one in found {
                        table.add([
                            String(one.attempt), one.at.rfc3339, one.error ?? one.status.map { "HTTP \($0)" } ?? "",
                            String(one.milliseconds),
                        ])
                    }
                    try output.print(found.isEmpty ? "no attempts" : table.fitted)
                }
            }
        }
    }
}
