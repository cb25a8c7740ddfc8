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

    @OptionGroup var outcome: OutcomeOptions
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
        var options = SliceOptions(try outcome.options(analysis))
        options.metric = metric
        options.columns = columns.map(list)
        options.bins = bins
        options.rowsMin = minRows
        options.limit = limit
        options.floor = floor
        let input = try analysis.frame(file)
        try analysis.print(try SliceAnalysis(input, options).report, options.settings, from: [input])
    }
}
