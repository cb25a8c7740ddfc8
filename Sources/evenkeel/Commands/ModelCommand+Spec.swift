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
        @Option(help: "The label column.") var label: String?
        @Option(help: "The score column.") var score: String?
        @Option(help: "The column of decisions.") var prediction: String?
        @Option(help: "Sensitive attributes, comma-separated.") var sensitive: String?
        @Option(help: "The time column.") var timestamp: String?
        @Option(help: "The column that names a row.") var id: String?
        @Option(help: "Words that mean missing beside the empty field.") var missing = "NA,NaN,null"

        func run() async throws {
            let table = try CSVTable(try readInput(infer), file: infer, missing: Set(commaList(missing)))
            let mapping = TableMapping(
                id: id, timestamp: timestamp, label: label, score: score, prediction: prediction, sensitive: commaList(sensitive ?? ""))
            let draft = try SpecDraft(
                table, mapping: mapping, command: "evenkeel model register --name NAME --version VERSION --reference \(infer)")
            guard let output else { return print(draft.text, terminator: "") }
            do { try draft.text.write(toFile: output, atomically: true, encoding: .utf8) } catch {
                Failure.stop(3, "\(output): cannot be written")
            }
        }
    }
}
