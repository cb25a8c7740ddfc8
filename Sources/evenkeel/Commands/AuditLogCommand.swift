import ArgumentParser
import Foundation
import Service
import Storage
import Vocabulary

struct AuditLogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit-log", abstract: "Who did what: write the audit log out, and see that nobody changed it.",
        discussion: """
            Examples:
              evenkeel audit-log export --output audit.ndjson
              evenkeel audit-log verify
              evenkeel audit-log verify --file audit.ndjson --noted 3f5a…
            """,
        subcommands: [Export.self, Verify.self])

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every entry as a line of JSON, oldest first.", discussion: "Example: evenkeel audit-log export --output audit.ndjson"
        )
        @OptionGroup var database: DatabaseOptions
        @Option(help: "Write to this file instead of standard output.") var output: String?

        func run() async throws {
            try await database.withEngine { engine in
                var lines = ""
                _ = try await AuditStore(database: engine.database).read { lines += $0.json.text + "\n" }
                try Output.write(lines, to: output)
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follow the chain of hashes; exit code 1 when it is broken.",
            discussion: """
                Note the last hash somewhere else now and then: with --noted it is looked for.
                Example: evenkeel audit-log verify --file audit.ndjson --noted 3f5a…
                """)
        @OptionGroup var database: DatabaseOptions
        @Option(help: "An export, instead of the database.") var file: String?
        @Option(help: "A hash that was noted before.") var noted: String?

        func run() async throws {
            var chain = AuditChain(noted: noted)
            if let file {
                for (number, line) in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").enumerated() {
                    guard let entry = (try? JSON.parse(String(line))).flatMap(AuditEntry.init(json:)) else {
                        throw ConfigurationError([
                            "\(file):\(number + 1): no entry of an audit log, expected a line of evenkeel audit-log export"
                        ])
                    }
                    chain.follow(entry)
                }
                chain.end(nil)
            } else {
                try await database.withEngine { engine in
                    chain.end(try await AuditStore(database: engine.database).read { chain.follow($0) })
                }
            }
            for problem in chain.problems { print(problem) }
            print(
                "\(chain.entries) entries, \(chain.problems.isEmpty ? "the chain is whole" : "the chain is broken"); the last hash is \(chain.hash)"
            )
            if !chain.problems.isEmpty { throw ExitCode(1) }
        }
    }
}
