import Analysis
import ArgumentParser
import Foundation

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

    @OptionGroup var outcome: OutcomeOptions
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
        var options = try outcome.options(analysis)
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
        let input = try analysis.frame(file)
        try analysis.print(try PerformanceAnalysis(input, options).report, options.settings, from: [input] + options.inputs)
    }
}
