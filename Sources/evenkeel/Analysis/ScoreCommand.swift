import Analysis
import ArgumentParser
import Tables

/// `evenkeel score`
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Score a file with a model: XGBoost (JSON, UBJSON), LightGBM (text), ONNX, linear (JSON).",
        discussion: """
            Examples:
              evenkeel score model.json march.csv --output scores.csv
              evenkeel score model.txt march.csv --features income,age,debt --raw

            Prints CSV with one line for each row: prediction, or prediction_0, prediction_1, … where there are several.
            """)

    @Argument(help: "The model file.") var model: String
    @Argument(help: "CSV file with a header; - for standard input.") var input: String
    @Option(help: "Write to this file instead of standard output.") var output: String?
    @Flag(help: "The sums before the link.") var raw = false
    @Flag(help: "The leaf of every tree.") var leaves = false
    @Flag(help: "Every output of an ONNX model.") var outputs = false
    @Flag(help: "How much each feature adds to the margin of each row (TreeSHAP), and the base.") var contributions = false
    @Option(
        help:
            "Only the first rounds of boosting. Default: those up to the best iteration of early stopping where the file has one, else all."
    ) var rounds: Int?
    @Option(help: "Columns in the model's order, comma-separated (default: the model's names).") var features: String?
    @Option(help: "Words that mean missing beside the empty field, comma-separated; '' for none.")
    var missing = CSVTable.defaultMissing.sorted().joined(separator: ",")

    func validate() throws {
        if [raw, leaves, outputs, contributions].count(where: { $0 }) > 1 {
            throw ValidationError("--raw, --leaves, --outputs and --contributions exclude each other")
        }
        if let rounds, rounds < 0 { throw ValidationError("--rounds \(rounds), expected 0 or more") }
    }

    func run() throws {
        let file = try FileModel(path: model, features: features.map(list))
        let frame = try Frame(path: input, missing: Set(list(missing)), isHashed: false)
        let answer: FileModel.Answer =
            raw ? .margins : leaves ? .leaves : outputs ? .outputs : contributions ? .contributions : .predictions
        if rounds == nil, let (used, all) = file.roundsUsed {
            Terminal.note("\(model): the first \(used) of \(all) rounds, as early stopping chose; --rounds \(all) takes all")
        }
        try Output.write(try file.csv(frame, answer, rounds: rounds), to: output)
    }
}
