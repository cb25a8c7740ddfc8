import Analysis
public import ArgumentParser
import Shadowing

extension PairedPredictions.Task: ExpressibleByArgument {}

/// `evenkeel shadow`
struct ShadowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shadow", abstract: "A candidate beside the champion over the same rows: agreement, who is better, and for whom.",
        discussion: """
            Example: evenkeel shadow march.csv --champion old.json --candidate new.json --label repaid --sensitive sex

            Verdict: promote where the candidate is surely better (with --margin: not worse by more than that) and no group is worse off; \
            reject where it is surely worse; else hold. Intervals "right at every look" may be looked at after every row.
            """)

    @Argument(help: "CSV file with a header; - for standard input.") var file: String
    @Option(help: "The champion's model file.") var champion: String?
    @Option(help: "The candidate's model file.") var candidate: String?
    @Option(help: "Column of the champion's scores, instead of its file.") var championScore: String?
    @Option(help: "Column of the candidate's scores, instead of its file.") var candidateScore: String?
    @Option(help: "Columns in the champion's order, comma-separated (default: the model's names).") var championFeatures: String?
    @Option(help: "Columns in the candidate's order.") var candidateFeatures: String?
    @Option(help: "Column of labels.") var label: String?
    @Option(help: "The positive label (default: 1 or true).") var positive: String?
    @Option(help: "The classes in the models' order, comma-separated (default: those seen, by code point).") var classes: String?
    @Option(help: "binary, multiclass or regression (default: by the scores).") var task: PairedPredictions.Task?
    @Option(parsing: .unconditional, help: "Decision = score >= this.") var threshold = 0.5
    @Option(help: "Sensitive attributes, comma-separated.") var sensitive = ""
    @Option(help: "The metric that decides (default: log_loss, of a regression mse).") var primary: String?
    @Option(help: "How much worse in it the candidate may be.") var margin = 0.0
    @Option(help: "Labelled rows below which nothing is decided.") var minRows = 500
    @OptionGroup var analysis: AnalysisOptions

    func validate() throws {
        if (champion == nil) == (championScore == nil) { throw ValidationError("expected one of --champion and --champion-score") }
        if (candidate == nil) == (candidateScore == nil) { throw ValidationError("expected one of --candidate and --candidate-score") }
        if margin < 0 || !margin.isFinite { throw ValidationError("--margin \(margin), expected 0 or more") }
        if minRows < 2 { throw ValidationError("--min-rows \(minRows), expected 2 or more") }
    }

    func run() throws {
        func source(_ model: String?, _ column: String?, _ features: String?) throws -> ShadowOptions.Source {
            if let model { return .model(try FileModel(path: model, features: features.map(list))) }
            return .column(column ?? "")
        }
        var options = ShadowOptions(
            champion: try source(champion, championScore, championFeatures),
            candidate: try source(candidate, candidateScore, candidateFeatures))
        options.label = label
        options.positive = positive
        options.classes = classes.map(list)
        options.task = task
        options.threshold = threshold
        options.sensitive = list(sensitive)
        options.policy.primary = primary
        options.policy.margin = margin
        options.policy.rowsMin = minRows
        options.confidence = analysis.confidence
        let frame = try analysis.frame(file)
        try analysis.print(try ShadowAnalysis(frame, options).report, options.settings, from: [frame])
    }
}
