public import ArgumentParser
public import Collecting
import Foundation
import Reporting
import Service
import Synchronization
import Tables
import Vocabulary

extension FileForm: ExpressibleByArgument {}

struct IngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", abstract: "Load predictions or labels from CSV, NDJSON and SageMaker data capture, of files and folders.",
        discussion: """
            Examples:
              evenkeel ingest log.csv --model credit --version 1 --id request_id --timestamp time --score score --label repaid
              evenkeel ingest labels.csv --labels --model credit --version 1 --id request_id --label repaid --timestamp label_time
              evenkeel ingest capture/ --watch --model credit --version 1

            A run that was interrupted goes on where it stopped, and a file that is taken twice is stored once.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Files and folders; - for standard input.") var files: [String]
    @Option(help: "The model.") var model: String
    @Option(help: "Its version.") var version: String
    @Flag(help: "The files hold label events: --id, --label and --timestamp name their columns.") var labels = false
    @Option(
        help:
            "csv, rows (NDJSON, a row a line), records (NDJSON as POST /v1/predictions takes it) or sagemaker. Default: as each file looks."
    )
    var fileFormat: FileForm?
    @Option(help: "The column that names a row. Default: a digest of the file up to the row.") var id: String?
    @Option(help: "The time column. Default: when the file was first seen.") var timestamp: String?
    @Option(help: "The score column; of a capture the output of this name or place (from 0).") var score: String?
    @Option(help: "Of a model of several classes: CLASS=column for each class, comma-separated.") var scores: String?
    @Option(help: "The column of decisions; of a capture the output of this name or place.") var prediction: String?
    @Option(help: "The label column.") var label: String?
    @Option(help: "The time of the label. Default: that of its row.") var labelTimestamp: String?
    @Option(help: "Sensitive attributes: those of the version, whose columns have their names.") var sensitive: String?
    @Option(help: "Of a capture: the columns of CSV and array requests, in their order. Default: the version's features.")
    var inputColumns: String?
    @Option(help: "Words that mean missing beside the empty field, comma-separated; '' for none.")
    var missing = CSVTable.defaultMissing.sorted().joined(separator: ",")
    @Option(help: "Bad rows of a file that are set aside in FILE.rejected rather than end the run.") var maxErrors = 0
    @Flag(help: "Follow the files and folders until SIGTERM or SIGINT.") var watch = false
    @Option(help: "Seconds between two looks of --watch.") var pollSeconds = 5.0

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("no file, expected at least one") }
        guard maxErrors >= 0 else { throw ValidationError("--max-errors \(maxErrors), expected 0 or more") }
        guard (0.05...86_400).contains(pollSeconds) else { throw ValidationError("--poll-seconds \(pollSeconds), expected 0.05 to 86400") }
        guard !(watch && files.contains("-")) else {
            throw ValidationError("--watch: standard input cannot be followed, expected files or folders")
        }
    }

    func run() async throws {
        var isInterrupted = false
        try await database.withEngine { engine in
            var settings = IngestSettings(version: try await engine.version(model, version))
            settings.mapping = TableMapping(
                id: id, timestamp: timestamp, label: label, score: score, prediction: prediction,
                sensitive: settings.version.schema.sensitive)
            if let scores { settings.mapping.scores = try classColumns(scores) }
            settings.labelTimestamp = labelTimestamp
            settings.form = fileFormat
            settings.isLabels = labels
            settings.inputColumns = inputColumns.map { list($0) }
            settings.missing = Set(list(missing))
            settings.maxErrors = maxErrors
            settings.limits = engine.configuration.limits
            let problems = settings.problems(sensitive: list(sensitive ?? ""))
            if !problems.isEmpty { throw ConfigurationError(problems) }
            let line = ProgressLine()
            let ingest = engine.fileIngest(settings, note: { line.note($0) }, report: { line.show($0) })
            let (files, watch, pollSeconds) = (files, watch, pollSeconds)
            let started = ContinuousClock.now
            let run: @Sendable () async throws -> IngestResult = {
                watch ? try await ingest.watch(files, pollSeconds: pollSeconds) : try await ingest.run(files)
            }
            // A read of standard input cannot be called off: there a signal ends the program at once, as it ends any filter.
            let (result, isStopped) = files.contains("-") ? (try await run(), false) : try await untilStopped(run)
            line.clear()
            isInterrupted = isStopped && !watch
            try print(result, seconds: started.duration(to: .now) / .seconds(1), of: settings.version.key)
        }
        if isInterrupted { Failure.stop(3, "interrupted: the same command goes on from here") }
    }

    private func print(_ result: IngestResult, seconds: Double, of key: ModelVersion) throws {
        if output.format == .json { return try output.print(result.json(seconds: seconds, of: key).prettyText) }
        var table = TextTable(["what", "count"])
        table.add(["files", String(result.files)])
        if result.unchanged > 0 { table.add(["files without anything new", String(result.unchanged)]) }
        table.add(["rows", String(result.rows)])
        if !labels {
            table.add(["accepted", String(result.accepted)])
            table.add(["duplicates", String(result.duplicates)])
        }
        table.add(["rejected", String(result.rejected)])
        if result.tooLate > 0 { table.add(["of weeks that retention has dropped", String(result.tooLate)]) }
        if result.unlabelled > 0 { table.add(["without a label", String(result.unlabelled)]) }
        if result.labels.accepted > 0 {
            table.add(["labels", String(result.labels.accepted)])
            table.add(["labels joined", String(result.labels.joined)])
            table.add(["labels corrected", String(result.labels.corrected)])
            table.add(["labels known before", String(result.labels.resent)])
            table.add(["labels waiting for their prediction", String(result.labels.waiting)])
        }
        let rate = seconds > 0 ? Int64(Double(result.rows) / seconds) : 0
        try output.print(table.fitted + "\(key): \(String(format: "%.1f", seconds)) s, \(rate) rows/s")
    }
}

/// One line on a terminal that says how far the work is; nothing where standard error is none.
final class ProgressLine: Sendable {
    private struct State {
        var isShown = false
        var last: ContinuousClock.Instant?
    }
    private let state = Mutex(State())
    private let started = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1

    private static let pause = Duration.milliseconds(200)

    func show(_ progress: IngestProgress) {
        if !isTerminal { return }
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.last, last.duration(to: now) < Self.pause { return }
            state.last = now
            state.isShown = true
            write("\r\u{1B}[K" + progress.text(seconds: started.duration(to: now) / .seconds(1)))
        }
    }

    /// A line of its own above the progress.
    func note(_ text: String) {
        state.withLock { state in
            write((state.isShown ? "\r\u{1B}[K" : "") + "evenkeel: \(text)\n")
            state.isShown = false
        }
    }

    func clear() { state.withLock { state in if state.isShown { write("\r\u{1B}[K") } } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
