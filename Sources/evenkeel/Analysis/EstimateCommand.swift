public import Analysis
public import ArgumentParser

struct EstimateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "estimate", abstract: "Estimates the performance of a model on rows without labels.",
        discussion: """
            The reference has labels; the current file need not, and where it does, what came true is shown beside the estimate. \
            Classifiers are judged by their calibrated scores (CBPE), regressions by a model of their loss (DLE).

            Example: evenkeel estimate reference.csv current.csv --label label --score score --prediction prediction --chunk-size 1000
            """)

    @Argument(help: "A CSV file with labels.")
    var reference: String

    @Argument(help: "The CSV file to judge, or - for standard input.")
    var current: String

    @Option(help: "The column with the label.")
    var label: String

    @Option(help: "The column with the score of the positive class.")
    var score: String?

    @Option(help: "A score column for each of several classes: CLASS=column,...")
    var scores: String = ""

    @Option(help: "The classes in their order.")
    var classes: String = ""

    @Option(help: "The column with the prediction; without it a score of at least --threshold, or the class of the highest score.")
    var prediction: String?

    @Option(help: "The label that is positive (default: 1 or true).")
    var positive: String?

    @Option(parsing: .unconditional, help: "The least score of a positive prediction.")
    var threshold = 0.5

    @Option(help: "binary, multiclass or regression; else told from the columns given.")
    var task: Estimation.Task?

    @Option(help: "Calibration of the scores on the reference: auto (when it helps), isotonic or none.")
    var calibrate = Estimation.Calibration.auto

    @Option(help: "Inputs of the loss model of a regression; else every column that can be one.")
    var features: String?

    @Option(help: "The column with the time, for --chunk-period.")
    var timestamp: String?

    @Option(help: "The column that names a row; it is no feature.")
    var id: String?

    @Option(help: "Refused: neither CBPE nor DLE has a published form with weights.")
    var weights: String?

    @OptionGroup var chunks: ChunkOptions
    @OptionGroup var analysis: AnalysisOptions

    func run() throws {
        var estimation = Estimation(label: label)
        estimation.score = score
        estimation.scores = try list(scores).map { word in
            guard let equals = word.firstIndex(of: "=") else { throw AnalysisError("--scores \(word), expected CLASS=column") }
            return (String(word[..<equals]), String(word[word.index(after: equals)...]))
        }
        estimation.classes = list(classes)
        estimation.prediction = prediction
        estimation.timestamp = timestamp
        estimation.id = id
        estimation.weights = weights
        estimation.positive = positive
        estimation.threshold = threshold
        estimation.task = task
        estimation.calibration = calibrate
        estimation.features = features.map(list)
        estimation.chunking = chunks.chunking
        estimation.seed = analysis.seed
        let inputs = [try analysis.frame(reference), try analysis.frame(current)]
        try analysis.print(estimation.report(reference: inputs[0], current: inputs[1]), estimation.settings, from: inputs)
    }
}

extension Estimation.Task: ExpressibleByArgument {}
extension Estimation.Calibration: ExpressibleByArgument {}
