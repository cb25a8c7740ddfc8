import Analysis
import ArgumentParser
import Foundation

/// `evenkeel calibration`
struct CalibrationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibration", abstract: "Whether scores mean what they say: ECE, Brier score, tests, reliability curve.",
        discussion: """
            Example: evenkeel calibration loans.csv --label repaid --score score --by sex

            Rows in which a needed cell is missing are left out and counted. With --scores CLASS=column,... every class has a score: the \
            result is top-label and class-wise.
            """)

    @Argument(help: "CSV file with a header; - for standard input.") var file: String

    @Option(help: "Column of labels.") var label: String
    @Option(help: "Column of scores: probabilities of the positive label.") var score: String?
    @Option(help: "CLASS=column for each class, comma-separated.") var scores: String?
    @Option(help: "Order of the classes, comma-separated (default: that of --scores).") var classes: String?
    @Option(help: "The positive label (default: 1 or true).") var positive: String?
    @Option(help: "Column of weights, at least 0.") var weights: String?
    @Option(help: "Columns whose values make groups, comma-separated.") var by: String?
    @Option(help: "Number of bins.") var bins = 10
    @Option(help: "equal-width, equal-mass (by rank) or quantiles (ties together).") var binning = "equal-width"
    @Option(help: "Fit a map to better scores: platt, isotonic or temperature.") var recalibrate: String?
    @Option(help: "With --recalibrate: write the mapped scores to this CSV file, one line a row.") var outputScores: String?
    @OptionGroup var analysis: AnalysisOptions

    func validate() throws {
        if outputScores != nil, recalibrate == nil { throw ValidationError("--output-scores needs --recalibrate") }
    }

    func run() throws {
        var options = CalibrationOptions(label: label)
        options.score = score
        options.scores = try ClassScore.list(list(scores ?? ""))
        options.classes = classes.map(list)
        options.positive = positive
        options.weights = weights
        options.by = list(by ?? "")
        options.bins = bins
        options.binning = binning
        options.confidence = analysis.confidence
        options.seed = analysis.seed
        options.recalibrate = recalibrate
        let input = try analysis.frame(file)
        let result = try CalibrationAnalysis(input, options)
        if let outputScores, let scores = result.recalibratedScores {
            let text = "score\n" + scores.map { $0.isNaN ? "\"\"\n" : "\($0)\n" }.joined()
            try Output.write(text, to: outputScores)
        }
        try analysis.print(result.report, options.settings, from: [input])
    }
}
