import ArgumentParser
import Reporting
import Service
import Vocabulary

extension ModelCommand {
    struct Changes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List when the errors of a model's labelled predictions changed, as its detectors saw it; the newest first.",
            discussion: """
                The running service follows the labels. Which detectors it uses is in the monitors of the configuration or of the version's spec.

                Example: evenkeel model changes --name credit
                """)
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "The model.") var name: String
        @Option(help: "One of its versions; all unless given.") var version: String?
        @Option(help: "Changes at most.") var limit = 100

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit: \(limit), expected 1 to 10000") }
        }

        func run() async throws {
            try await database.withEngine { engine in
                guard let found = try await ErrorChanges.page(engine, model: name, version: version, limit: limit) else {
                    throw ConfigurationError(["\(name)\(version.map { " " + $0 } ?? "") is not registered: see evenkeel model list"])
                }
                if output.format == .json {
                    let changes = JSON.array(found.map { $0.change.json(of: $0.version) })
                    return try output.print(JSON.object(["changes": changes]).prettyText)
                }
                if found.isEmpty { return try output.print("no detector has seen a change of the errors") }
                var table = TextTable(["version", "detector", "seen at", "label", "began", "error before", "error after"])
                for (key, change) in found {
                    table.add([
                        key.version, change.detector, change.time.rfc3339, String(change.followed), change.beganAt?.rfc3339 ?? "",
                        "\(shortNumber(change.before)) (\(change.beforeCount))", "\(shortNumber(change.after)) (\(change.afterCount))",
                    ])
                }
                try output.print(table.fitted)
            }
        }
    }
}
