import ArgumentParser
import Foundation
import Service
import Storage
import Vocabulary

extension ModelCommand {
    struct Configure: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change how a version is watched: the monitors, policies and prices of a spec take the place of those it has.",
            discussion: """
                Its schema and reference are frozen, and the rest of the spec is not looked at. Prices hold for records that are stored from then on. \
                The change is in the audit log.

                Example: evenkeel model configure --name credit --version 1 --spec credit.yaml
                """)

        @OptionGroup var database: DatabaseOptions
        @Option(help: "The model, unless the spec names it.") var name: String?
        @Option(help: "Its version, likewise.") var version: String?
        @Option(help: "The YAML file; - for standard input.") var spec: String

        func run() async throws {
            let file = try ModelSpecFile(String(decoding: try readInput(spec), as: UTF8.self), file: spec)
            let key = try modelVersion(name, version, spec: file)
            let destinations = database.config == nil ? nil : try database.configuration().destinations
            let watch = try file.watch(destinations: destinations)
            try await database.withEngine { engine in
                let version = try await engine.version(key.model, key.version)
                try await engine.registry.setWatch(watch, of: version, actor: NSUserName(), at: Engine.systemClock())
                print("\(version.key) is watched as \(spec) says, from the next evaluation on")
            }
        }
    }
}

/// What the options name, else what the spec names.
func modelVersion(_ name: String?, _ version: String?, spec: ModelSpecFile?) throws -> ModelVersion {
    guard let name = name ?? spec?.model else { throw ValidationError("--name: missing, expected the model's name") }
    guard let version = version ?? spec?.version else { throw ValidationError("--version: missing, expected the model's version") }
    return ModelVersion(model: name, version: version)
}

extension ModelSpecFile {
    /// The reference, seen from the folder of the spec.
    var referencePath: String? {
        guard let reference, reference != "-", !reference.hasPrefix("/"), file != "-" else { return reference }
        return URL(filePath: file).deletingLastPathComponent().appending(path: reference).path
    }
}
