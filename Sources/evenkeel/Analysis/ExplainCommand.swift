public import Analysis
public import ArgumentParser

extension ExplainOptions.Method: ExpressibleByArgument {}

/// `evenkeel explain`
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "What a model's answers depend on, what moved them, or in what two models differ, feature by feature.",
        discussion: """
            Examples:
              evenkeel explain model.json march.csv                            # what its answers depend on
              evenkeel explain model.json march.csv --label repaid             # what its loss depends on
              evenkeel explain model.json march.csv --reference january.csv    # what moved its answers since
              evenkeel explain new.json march.csv --against old.json           # in what two models differ

            Trees of XGBoost and LightGBM are explained by their exact contributions to the margin (TreeSHAP), all other models, and losses, by \
            answers to rows whose values are mixed.
            """)

    @Argument(help: "The model file.") var model: String
    @Argument(help: "CSV file with a header; - for standard input.") var file: String
    @Option(help: "Explain what moved the answers since the rows of this file.") var reference: String?
    @Option(help: "Explain in what the model differs from this model file.") var against: String?
    @Option(help: "Explain the loss: the column of labels.") var label: String?
    @Option(help: "The positive label (default: 1 or true).") var positive: String?
    @Option(help: "The classes in the model's order, comma-separated (default: numbers from 0 are places; else those seen, by code point).")
    var classes: String?
    @Option(help: "tree_shap or mixing (default: tree_shap where the model has it).") var method: ExplainOptions.Method?
    @Option(help: "Of several answers a row the one to explain, counted from 0 (default: the one that says most).") var answer: Int?
    @Option(help: "Columns in the model's order, comma-separated (default: the model's names).") var features: String?
    @Option(help: "Columns in the order of --against.") var againstFeatures: String?
    @Option(help: "Rows that are looked at; of more as many are drawn.") var rows = 10_000
    @Option(help: "How often a feature's values are dealt out anew.") var repeats = 5
    @OptionGroup var analysis: AnalysisOptions

    func validate() throws {
        if [reference, against, label].count(where: { $0 != nil }) > 1 {
            throw ValidationError("--reference, --against and --label exclude each other")
        }
        if positive != nil || classes != nil, label == nil { throw ValidationError("--positive and --classes: expected with --label") }
        if againstFeatures != nil, against == nil { throw ValidationError("--against-features: expected with --against") }
    }

    func run() throws {
        var options = ExplainOptions(try FileModel(path: model, features: features.map(list)))
        if let label { options.question = .loss(label: label) }
        if let reference { options.question = .shift(try analysis.frame(reference)) }
        if let against { options.question = .difference(try FileModel(path: against, features: againstFeatures.map(list))) }
        options.method = method
        options.answer = answer
        options.positive = positive
        options.classes = classes.map(list)
        options.rowsMax = rows
        options.repeats = repeats
        options.confidence = analysis.confidence
        options.seed = analysis.seed
        let input = try analysis.frame(file)
        try analysis.print(try Explanation(input, options).report, options.settings, from: [input] + options.inputs)
    }
}
