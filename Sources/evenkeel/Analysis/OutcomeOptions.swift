public import Analysis
public import ArgumentParser

extension PerformanceOptions.Task: ExpressibleByArgument {}

/// What came true, and what the model said of it.
struct OutcomeOptions: ParsableArguments {
    @Option(help: "Column of labels.") var label: String
    @Option(help: "Column of scores of the positive label; need not be probabilities.") var score: String?
    @Option(help: "CLASS=column for each class, comma-separated.") var scores: String?
    @Option(help: "Column of predictions.") var prediction: String?
    @Option(help: "binary, multiclass or regression (default: by the columns).") var task: PerformanceOptions.Task?
    @Option(help: "The classes and their order, comma-separated (default: those seen, by code point).") var classes: String?
    @Option(help: "The positive label (default: 1 or true).") var positive: String?
    @Option(parsing: .unconditional, help: "Prediction = score >= this.") var threshold = 0.5

    func options(_ analysis: AnalysisOptions) throws -> PerformanceOptions {
        var options = PerformanceOptions(label: label)
        options.score = score
        options.scores = try ClassScore.list(list(scores ?? ""))
        options.prediction = prediction
        options.task = task
        options.classes = classes.map(list)
        options.positive = positive
        options.threshold = threshold
        options.confidence = analysis.confidence
        options.seed = analysis.seed
        return options
    }
}
