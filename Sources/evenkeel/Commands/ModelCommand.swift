import ArgumentParser
import Collecting
import Foundation
import Reporting
import Service
import Storage
import Tables
import Vocabulary

struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "The registry of models and versions.",
        discussion: "Example: evenkeel model register --name credit --version 1 --reference reference.csv --score score --label label",
        subcommands: [
            Register.self, Spec.self, Configure.self, Candidate.self, List.self, Show.self, Changes.self, Promote.self, Rollback.self,
            Retire.self,
        ])

    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a version from a reference file; column kinds are inferred and printed.",
            discussion: """
                Example: evenkeel model register --name credit --version 1 --reference reference.csv \\
                           --label repaid --score score --sensitive sex,race --id request_id --timestamp timestamp
                         evenkeel model register --spec credit.yaml      # all of it in one file: docs/configuration.md
                """)

        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "The model, unless the spec names it.") var name: String?
        @Option(help: "Its version, likewise. A version is frozen: register a new one to change it.") var version: String?
        @Option(help: "A CSV file of the model's normal inputs and scores; - for standard input. Unless the spec names it.")
        var reference: String?
        @Option(help: "A YAML file that says what the options say, the kinds of single columns, and how the version is watched.")
        var spec: String?
        @OptionGroup var columns: ColumnOptions
        @Option(help: "The positive label.") var positive: String?
        @Option(help: "A decision is positive from this score on.") var threshold: Double?
        @Option(help: "binary, regression or multiclass.") var task: String?
        @Option(help: "With --task multiclass: the classes. Default: those of the reference's labels and predictions.") var classes: String?
        @Option(help: "With --task multiclass: CLASS=column for each class, comma-separated.") var scores: String?
        @Option(help: "Columns declared numeric.") var numeric: String?
        @Option(help: "Columns declared categorical.") var categorical: String?
        @Option(help: "Only these columns are features.") var features: String?
        @Option(help: "Columns to leave out.") var ignore: String?

        func run() async throws {
            let (registration, table) = try prepared()
            try await database.withEngine { engine in
                let outcome = try await registration.run(table, registry: engine.registry, actor: NSUserName(), at: Engine.systemClock())
                try tell(outcome)
            }
        }

        /// What is registered, and its reference, as the spec and the options say it: an option goes before the spec.
        private func prepared() throws -> (Registration, CSVTable) {
            let file = try spec.map { try ModelSpecFile(String(decoding: try readInput($0), as: UTF8.self), file: $0) }
            let key = try modelVersion(name, version, spec: file)
            guard let reference = reference ?? file?.referencePath else {
                throw ValidationError("--reference: missing, expected a CSV file of normal traffic")
            }
            let configuration = try database.configuration()
            var registration = Registration(key: key, mapping: TableMapping())
            if let file { try registration.apply(file, destinations: database.config == nil ? nil : configuration.destinations) }
            let table = try columns.table(reference)
            columns.apply(to: &registration.mapping)
            if let positive { registration.base.positiveLabel = positive }
            if let threshold { registration.base.threshold = threshold }
            if let task {
                guard let known = ModelTask(rawValue: task) else {
                    throw ValidationError("--task: \(task), expected \(ModelTask.words)")
                }
                registration.base.task = known
            }
            if let classes { registration.base.classes = commaList(classes) }
            if let scores { registration.mapping.scores = try classColumns(scores) }
            for column in commaList(numeric) { registration.declared[column] = .numeric }
            for column in commaList(categorical) { registration.declared[column] = .categorical }
            if let features { registration.features = commaList(features) }
            registration.ignored.formUnion(commaList(ignore))
            registration.privacyKey = configuration.limits.privacyKey
            return (registration, table)
        }

        private func tell(_ outcome: Registration.Outcome) throws {
            let version = outcome.version
            RegisterHints.tell(features: version.schema.features.map(\.name), key: "\(version.key)")
            if let suited = outcome.suited { Terminal.note("note: \(suited.words)") }
            switch output.format {
            case .json:
                let columns = outcome.columns.map { JSON.object(["name": .string($0.name), "role": .string($0.role)]) }
                try output.print(
                    JSON.object([
                        "command": "model register", "model": .string(version.key.model), "version": .string(version.key.version),
                        "stage": .string(version.stage.rawValue), "rows": .integer(version.referenceRows), "columns": .array(columns),
                    ]).prettyText)
            case .table:
                var lines = TextTable(["column", "role"])
                for column in outcome.columns { lines.add([column.name, column.role]) }
                try output.print(
                    lines.fitted + "registered \(version.key) as \(version.stage.rawValue) from \(version.referenceRows) rows")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List models and versions.", discussion: "Example: evenkeel model list")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await database.withEngine { engine in
                let versions = try await engine.registry.versions()
                switch output.format {
                case .json: try output.print(JSON.object(["models": .array(versions.map(RegistryAnswer.summary))]).prettyText)
                case .table:
                    var table = TextTable(["model", "version", "stage", "task", "features", "sensitive", "reference rows", "registered"])
                    for version in versions {
                        table.add([
                            version.key.model, version.key.version, version.stage.rawValue, version.schema.task.rawValue,
                            String(version.schema.features.count), version.schema.sensitive.joined(separator: ","),
                            String(version.referenceRows), "\(version.registeredAt.rfc3339.prefix(19))Z",
                        ])
                    }
                    try output.print(table.fitted)
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a version: its stage, its schema and its reference.",
            discussion: "Example: evenkeel model show --name credit --version 3")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "The model.") var name: String
        @Option(help: "Its version.") var version: String

        func run() async throws {
            try await database.withEngine { engine in
                let version = try await engine.version(name, version)
                if output.format == .json { return try output.print(RegistryAnswer.detail(version).prettyText) }
                var table = TextTable(["feature", "kind"])
                for feature in version.schema.features { table.add([feature.name, feature.kind.rawValue]) }
                var text =
                    "\(version.key): \(version.stage.rawValue), \(version.schema.task.rawValue), \(version.referenceRows) reference rows\n"
                if !version.schema.sensitive.isEmpty { text += "sensitive: \(version.schema.sensitive.joined(separator: ", "))\n" }
                try output.print(text + table.fitted)
            }
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Retire a version: it is not evaluated and not exported any more.",
            discussion: "Example: evenkeel model retire --name credit --version 3")
        @OptionGroup var database: DatabaseOptions
        @Option(help: "The model.") var name: String
        @Option(help: "Its version.") var version: String

        func run() async throws {
            try await database.withEngine { engine in
                let version = try await engine.version(name, version)
                try await engine.registry.setStage(.retired, of: version, actor: NSUserName(), at: Engine.systemClock())
                print("\(version.key) is retired")
            }
        }
    }
}

/// The bytes of a file, or of standard input for `-`.
func readInput(_ path: String) throws -> [UInt8] {
    if path == "-" { return Array(try FileHandle.standardInput.readToEnd() ?? Data()) }
    guard let data = FileManager.default.contents(atPath: path) else {
        throw TableError(file: path, line: 1, message: "cannot be read, expected a file")
    }
    return Array(data)
}

extension Engine {
    func version(_ name: String, _ version: String) async throws -> RegisteredVersion {
        let key = ModelVersion(model: name, version: version)
        guard let found = try await registry.version(key) else {
            throw ConfigurationError(["\(key) is not registered: see evenkeel model list"])
        }
        return found
    }
}
