import Analysis
import ArgumentParser
import Foundation
import Logging
import Service
import Vocabulary

/// Which database: the same options on every command that needs one.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "A PostgreSQL connection string: postgresql://user@host/db. Also from EVENKEEL_DATABASE.")
    var database: String?

    @Flag(help: "A private PostgreSQL in --data (the default when no database is named).")
    var embedded = false

    @Option(help: "Folder of the embedded database. Default: /var/lib/evenkeel for root, else ~/.local/share/evenkeel.")
    var data: String?

    @Option(help: "A YAML configuration file; options win over it.")
    var config: String?

    func configuration() throws -> ServiceConfiguration {
        var configuration = try config.map { try ServiceConfiguration(file: URL(filePath: $0)) } ?? ServiceConfiguration()
        let named = database ?? (config == nil && !embedded && data == nil ? ProcessInfo.processInfo.environment["EVENKEEL_DATABASE"] : nil)
        if embedded, database != nil { throw ValidationError("--embedded and --database exclude each other") }
        if let named {
            configuration.database = .server(url: Secret(named))
            configuration.dataFolder = data.map { URL(filePath: $0) } ?? configuration.dataFolder
        } else if let data {
            configuration.database = .embedded(folder: URL(filePath: data))
        } else if embedded, case .server = configuration.database {
            configuration.database = .embedded(folder: ServiceConfiguration.defaultFolder)
        }
        try configuration.readPrivacyKey()
        return configuration
    }

    /// Whether a database is named, by an option or by the environment.
    var isNamed: Bool {
        database != nil || embedded || data != nil || config != nil || ProcessInfo.processInfo.environment["EVENKEEL_DATABASE"] != nil
    }

    /// Runs `body` with a started engine, beside a running service if there is one.
    func withEngine(_ body: (Engine) async throws -> Void) async throws {
        let engine = Engine(try configuration(), logger: Logger(label: "evenkeel"))
        do {
            try await engine.start(joining: true)
            try await body(engine)
        } catch {
            await engine.stop()
            throw error
        }
        await engine.stop()
    }
}

enum OutputFormat: String, CaseIterable, ExpressibleByArgument { case table, json }

struct OutputOptions: ParsableArguments {
    @Option(help: "table or json.")
    var format = OutputFormat.table

    @Option(help: "Write the result to this file instead of standard output.")
    var output: String?

    func print(_ text: String) throws {
        let line = text.hasSuffix("\n") ? text : text + "\n"
        try Output.write(line, to: output)
    }
}

/// A list written with commas.
func commaList(_ text: String?) -> [String] { (text ?? "").split(separator: ",").map(String.init) }

/// `CLASS=column` of every class.
func classColumns(_ text: String) throws -> [String: String] {
    Dictionary(try ClassScore.list(commaList(text)).map { ($0.name, $0.column) }, uniquingKeysWith: { a, _ in a })
}
