import Analysis
import ArgumentParser
import Foundation
import Reporting
import Vocabulary

/// `evenkeel stat`: any statistic of the library on numbers given as JSON.
struct StatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat",
        abstract: "Any statistic of the library on numbers given as JSON.",
        discussion: """
            Reads a list of calls from standard input and prints a list with one result a call, in order. A call that cannot be
            answered gives {"error": "what, expected what"}; the others are not touched.

            Example:   echo '[{"name":"fisher_exact","args":{"table":[[2,7],[8,2]]}}]' | evenkeel stat
            The same:  echo '[{"table":[[2,7],[8,2]]}]' | evenkeel stat fisher_exact

            In arguments null is a missing value, and "Infinity" and "-Infinity" are numbers.
            """)

    @Argument(help: "A function; then standard input is a list of its arguments alone.")
    var name: String?

    @Flag(help: "Print the functions and their arguments.")
    var list = false

    @Option(help: "table, json, markdown or html; of the list of functions. Results are always JSON.")
    var format: ReportFormat?

    @Option(help: "Write the result to this file instead of standard output.")
    var output: String?

    func validate() throws {
        if let format, !list, format != .json { throw ValidationError("--format \(format.rawValue), expected json: results are JSON") }
    }

    func run() throws {
        let text: String
        if list {
            let isShown = output == nil
            text = ReportText.render(
                StatFunctions.list(), as: format ?? .table, isTerminal: isShown && Terminal.isColoured,
                width: isShown ? Terminal.columns : nil)
        } else {
            text = try StatFunctions.answer(text: Array(FileHandle.standardInput.readDataToEndOfFile()), name: name).text + "\n"
        }
        try Output.write(text, to: output)
    }
}
