public import Analysis
public import ArgumentParser
import Foundation

extension PerformanceOptions.Task: ExpressibleByArgument {}

/// `evenkeel performance`
struct PerformanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "performance", abstract: "How good predictions were: metrics with intervals, curves, chunks against a reference.",
        discussion: """
            Example: evenkeel performance march.csv --label repaid --score score --reference january.csv --chunk-size 1000

            Rows in which a needed cell is missing are left out and counted. Predictions are score >= threshold unless \
            --prediction is given.
            """)

    @Argument(help: "CSV file with a header; - for standard input.") var file: String

    @Option(help: "Column of labels.") var label: String
    @Option(help: "Column of scores of the positive label; need not be probabilities.") var score: String?
    @Option(help: "CLASS=column for each class, comma-separated.") var scores: String?
    @Option(help: "Column of predictions.") var prediction: String?
    @Option(help: "binary, multiclass or regression (default: by the columns).") var task: PerformanceOptions.Task?
    @Option(help: "The classes and their order, comma-separated (default: those seen, by code point).") var classes: String?
    @Option(help: "The positive label (default: 1 or true).") var positive: String?
    @Option(parsing: .unconditional, help: "Prediction = score >= this.") var threshold = 0.5
    @Option(help: "Column of weights, at least 0.") var weights: String?
    @Option(help: "Column of times, for --chunk-period and labels that are due.") var timestamp: String?
    @Option(help: "Column that names a prediction, for --label-events.") var id: String?
    @Flag(help: "Print the ROC and precision-recall curves.") var curves = false
    @Option(help: "Limit of partial_roc_auc.") var maxFpr = 0.1
    @Option(help: "Quantile of pinball_loss.") var quantile = 0.5
    @Option(help: "File whose chunks set the thresholds.") var reference: String?
    @Option(help: "File of label events, joined by --id; the last event of an id counts.") var labelEvents: String?
    @Option(help: "Only label events known by this time, RFC 3339.") var asOf: String?
    @Option(help: "Column of times in the file of label events.") var labelTimestamp: String?
    @OptionGroup var chunks: ChunkOptions
    @OptionGroup var analysis: AnalysisOptions

    func run() throws {
        var options = PerformanceOptions(label: label)
        options.score = score
        options.scores = try ClassScore.list(list(scores ?? ""))
        options.prediction = prediction
        options.task = task
        options.classes = classes.map(list)
        options.positive = positive
        options.threshold = threshold
        options.weights = weights
        options.timestamp = timestamp
        options.id = id
        options.hasCurves = curves
        options.maxFPR = maxFpr
        options.quantile = quantile
        options.chunking = chunks.chunking
        options.reference = try reference.map(analysis.frame)
        options.labelEvents = try labelEvents.map(analysis.frame)
        options.asOf = asOf
        options.labelTimestamp = labelTimestamp
        options.confidence = analysis.confidence
        options.seed = analysis.seed
        let input = try analysis.frame(file)
        try analysis.print(try PerformanceAnalysis(input, options).report, options.settings, from: [input] + options.inputs)
    }
}
