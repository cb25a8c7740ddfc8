public import Analysis
public import ArgumentParser
import Foundation
public import Reporting
import Tables
import Vocabulary

extension ReportFormat: ExpressibleByArgument {}
extension Chunking.Period: ExpressibleByArgument {}

/// What every analysis of files takes: how to read, what to print.
struct AnalysisOptions: ParsableArguments {
    @Option(help: "table, json, markdown or html.")
    var format = ReportFormat.table

    @Option(help: "Write the result to this file instead of standard output.")
    var output: String?

    @Flag(help: "End with code 1 when something is found.")
    var failOnFinding = false

    @Option(help: "Words that mean missing beside the empty field, comma-separated; '' for none.")
    var missing = CSVTable.defaultMissing.sorted().joined(separator: ",")

    @Option(help: "Bad rows that are set aside in FILE.rejected rather than end the reading.")
    var maxErrors = 0

    @Option(help: "Level of the intervals.")
    var confidence = 0.95

    @Option(help: "Seed of everything that is drawn at random.")
    var seed: UInt64 = 1

    func validate() throws {
        guard maxErrors >= 0 else { throw ValidationError("--max-errors \(maxErrors), expected 0 or more") }
        guard ConfidenceLevel.range.contains(confidence) else {
            throw ValidationError("--confidence \(confidence), expected \(ConfidenceLevel.expected)")
        }
    }

    /// Whether the form of the result shows charts.
    var hasCharts: Bool { format != .json }

    /// Reads CSV, NDJSON or Parquet, or standard input for `-`. Bad rows, if some are allowed, are written beside the file and said.
    func frame(_ path: String) throws -> Frame {
        let frame = try Frame(path: path, missing: Set(list(missing)), maxErrors: maxErrors)
        if !frame.rejected.isEmpty {
            let side = (path == "-" ? "standard-input" : path) + ".rejected"
            do {
                try Data(frame.rejected.flatMap { $0.bytes + [10] }).write(to: URL(filePath: side))
            } catch { throw AnalysisError("\(side): cannot be written: \(error.localizedDescription)") }
            for row in frame.rejected.prefix(10) { Terminal.note("\(path):\(row.line):\(row.column): \(row.message)") }
            Terminal.note("\(path): \(frame.rejected.count) bad rows were set aside in \(side)")
        }
        return frame
    }

    /// Prints the result with what is needed to repeat it, and ends with code 1 if something was found and that is asked for.
    func print(_ report: Report, _ settings: Settings, from inputs: [Frame]) throws {
        var settings = settings
        settings.set("missing_words", list(missing))
        settings.set("max_errors", maxErrors)
        let report = report.repeatable(settings, from: inputs)
        let text = ReportText.render(
            report, as: format, isTerminal: output == nil && Terminal.isColoured, width: output == nil ? Terminal.columns : nil)
        try Output.write(text, to: output)
        if failOnFinding, report.hasFinding { throw ExitCode(1) }
    }
}

/// A comma-separated list, blanks around its words left out.
func list(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
}

/// `--chunk-size n`, `--chunk-count k` or `--chunk-period p`, at most one of them.
struct ChunkOptions: ParsableArguments {
    @Option(help: "Chunks of this many rows.")
    var chunkSize: Int?

    @Option(help: "This many chunks of equal size.")
    var chunkCount: Int?

    @Option(help: "Chunks of calendar time: day, week or month; needs --timestamp.")
    var chunkPeriod: Chunking.Period?

    func validate() throws {
        if [chunkSize != nil, chunkCount != nil, chunkPeriod != nil].count(where: { $0 }) > 1 {
            throw ValidationError("--chunk-size, --chunk-count and --chunk-period exclude each other")
        }
    }

    var chunking: Chunking? { chunkSize.map(Chunking.size) ?? chunkCount.map(Chunking.count) ?? chunkPeriod.map(Chunking.period) }
}
