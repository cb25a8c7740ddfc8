import ArgumentParser
import Collecting
import Foundation
import Reporting
import Service
import Tables

extension ModelCommand {
    struct Spec: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a first spec from a reference file: the role and kind of each column, for you to check.",
            discussion: """
                Example: evenkeel model spec --infer reference.csv --label repaid --output credit.yaml
                         evenkeel model register --name credit --version 1 --reference reference.csv --spec credit.yaml
                """)

        @Option(help: "The reference: a CSV file; - for standard input.") var infer: String
        @Option(help: "Write the spec to this file instead of standard output.") var output: String?
        @OptionGroup var columns: ColumnOptions

        func run() async throws {
            var mapping = TableMapping()
            columns.apply(to: &mapping)
            let draft = try SpecDraft(
                try columns.table(infer), mapping: mapping,
                command: "evenkeel model register --name NAME --version VERSION --reference \(infer)")
            guard let output else { return print(draft.text, terminator: "") }
            do { try draft.text.write(toFile: output, atomically: true, encoding: .utf8) } catch {
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
