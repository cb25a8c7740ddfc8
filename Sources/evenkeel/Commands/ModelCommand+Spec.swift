import ArgumentParser
import Collecting
import Foundation
import Reporting
import Service
import Tables
import Vocabulary

extension ModelCommand {
    struct Spec: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a first spec from a reference file, for you to check; or check one, without a database.",
            discussion: """
                Example: evenkeel model spec --infer reference.csv --label repaid --output credit.yaml
                         evenkeel model spec --check credit.yaml --reference reference.csv
                         evenkeel model register --name credit --version 1 --reference reference.csv --spec credit.yaml
                """)

        @Option(help: "The reference: a CSV file; - for standard input.") var infer: String?
        @Option(help: "A spec: every problem is told, and nothing is stored.") var check: String?
        @Option(help: "A constraints.json of SageMaker Model Monitor, to write a first spec from.") var sagemaker: String?
        @Option(help: "With --sagemaker: its statistics.json, for comments.") var statistics: String?
        @Option(help: "With --check: the reference, unless the spec names it.") var reference: String?
        @Option(help: "With --check: a configuration, whose destinations the policies may name.") var config: String?
        @Option(help: "Write the spec to this file instead of standard output.") var output: String?
        @OptionGroup var columns: ColumnOptions

        func run() async throws {
            switch (infer, check, sagemaker) {
            case (let infer?, nil, nil): try self.infer(infer)
            case (nil, let check?, nil): try self.check(check)
            case (nil, nil, let constraints?): try self.read(constraints)
            default: throw ValidationError("expected one of --infer REFERENCE, --check SPEC and --sagemaker CONSTRAINTS")
            }
        }

        private func check(_ path: String) throws {
            let file = try ModelSpecFile(String(decoding: try readInput(path), as: UTF8.self), file: path)
            let configuration = try config.map { try ServiceConfiguration(file: URL(filePath: $0)) } ?? ServiceConfiguration()
            var registration = Registration(
                key: ModelVersion(model: file.model ?? "model", version: file.version ?? "1"), mapping: TableMapping())
            try registration.apply(file, destinations: config == nil ? nil : configuration.destinations)
            columns.apply(to: &registration.mapping)
            registration.privacyKey = configuration.limits.privacyKey
            guard let reference = reference ?? file.referencePath else {
                return print("\(path): good as far as can be said without a reference: name one with --reference")
            }
            let prepared = try registration.prepare(try columns.table(reference), at: Engine.systemClock())
            print("\(path): good, \(prepared.schema.features.count) features")
        }

        private func infer(_ infer: String) throws {
            var mapping = TableMapping()
            columns.apply(to: &mapping)
            let draft = try SpecDraft(
                try columns.table(infer), mapping: mapping,
                command: "evenkeel model register --name NAME --version VERSION --reference \(infer)")
            write(draft.text)
        }

        private func read(_ constraints: String) throws {
            func json(_ path: String) throws -> JSON {
                do { return try JSON.parse(try readInput(path)[...]) } catch let error as TableError { throw error } catch {
                    throw ConfigurationError(["\(path): not JSON: \(error)"])
                }
            }
            write(try SageMakerSpec(constraints: try json(constraints), statistics: try statistics.map(json), file: constraints).text)
        }

        private func write(_ text: String) {
            guard let output else { return print(text, terminator: "") }
            do { try text.write(toFile: output, atomically: true, encoding: .utf8) } catch {
                Failure.stop(3, "\(output): cannot be written")
            }
        }
    }
}

/// Which column is what, and what in the file means missing.
struct ColumnOptions: ParsableArguments {
    @Option(help: "The label column.") var label: String?
    @Option(help: "The score column.") var score: String?
    @Option(help: "The column of decisions, if they are not score ≥ threshold.") var prediction: String?
    @Option(help: "Sensitive attributes, comma-separated.") var sensitive: String?
    @Option(help: "The time column.") var timestamp: String?
    @Option(help: "The column that names a row.") var id: String?
    @Option(help: "Words that mean missing beside the empty field.") var missing = "NA,NaN,null"

    func table(_ file: String) throws -> CSVTable {
        try CSVTable(try readInput(file), file: file, missing: Set(commaList(missing)))
    }

    /// What was given here wins over what the mapping says already.
    func apply(to mapping: inout TableMapping) {
        if let id { mapping.id = id }
        if let timestamp { mapping.timestamp = timestamp }
        if let label { mapping.label = label }
        if let score { mapping.score = score }
        if let prediction { mapping.prediction = prediction }
        if let sensitive { mapping.sensitive = commaList(sensitive) }
    }
}
