public import Analysis
public import ArgumentParser

extension SliceOptions.Metric: ExpressibleByArgument {}

/// `evenkeel slices`
struct SlicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slices",
        abstract: "Where a model is worst: the values of columns, and of pairs of them, that it serves surely worse.",
        discussion: """
            Example: evenkeel slices march.csv --label repaid --score score

            Every level of every column and every pair of levels of two columns is compared with all other rows; p-values and intervals \
            are corrected for the search. Numbers are cut into quantile bins. What is found can be pasted into a spec as `where` of a \
            segment, so that it is watched from then on.
            """)

    @Argument(help: "CSV file with a header; - for standard input.") var file: String

    @Option(help: "Column of labels.") var label: String
    @Option(help: "Column of scores of the positive label.") var score: String?
    @Option(help: "CLASS=column for each class, comma-separated.") var scores: String?
    @Option(help: "Column of predictions.") var prediction: String?
    @Option(help: "binary, multiclass or regression (default: by the columns).") var task: PerformanceOptions.Task?
    @Option(help: "The classes and their order, comma-separated (default: those seen, by code point).") var classes: String?
    @Option(help: "The positive label (default: 1 or true).") var positive: String?
    @Option(parsing: .unconditional, help: "Prediction = score >= this.") var threshold = 0.5
    @Option(
        help: """
            error, false_positive, false_negative, log_loss or brier; of a regression absolute_error or squared_error (default: error or \
            absolute_error).
            """)
    var metric: SliceOptions.Metric?
    @Option(help: "Columns to cut by, comma-separated (default: all that are not named above, times or names of rows).") var columns:
        String?
    @Option(help: "Quantile bins of a numeric column with more values than that.") var bins = 5
    @Option(help: "Rows that a slice and its rest have at least.") var minRows = 50
    @Option(help: "Slices that are shown.") var limit = 10
    @Option(help: "A loss less than this share above the rest's is negligible.") var floor = 0.1
    @OptionGroup var analysis: AnalysisOptions

    func run() throws {
        var outcome = PerformanceOptions(label: label)
        outcome.score = score
        outcome.scores = try ClassScore.list(list(scores ?? ""))
        outcome.prediction = prediction
        outcome.task = task
        outcome.classes = classes.map(list)
        outcome.positive = positive
        outcome.threshold = threshold
        outcome.confidence = analysis.confidence
        outcome.seed = analysis.seed
        var options = SliceOptions(outcome)
        options.metric = metric
        options.columns = columns.map(list)
        options.bins = bins
        options.rowsMin = minRows
        options.limit = limit
        options.floor = floor
        options.confidence = analysis.confidence
        let input = try analysis.frame(file)
        try analysis.print(try SliceAnalysis(input, options).report, options.settings, from: [input])
    }
}
