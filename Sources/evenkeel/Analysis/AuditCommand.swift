public import Analysis
public import ArgumentParser
import Foundation

/// `evenkeel audit`.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Fairness audit: rates of every group, how far apart they are, and whether that matters.",
        discussion: """
            Compares decisions between the groups of each sensitive attribute and of all together. A verdict of unfair needs a difference \
            that is more than chance (corrected over everything asked) and at least the floor; groups with fewer than --min-rows rows \
            keep their numbers but take no part in verdicts.

            Example: evenkeel audit loans.csv --label repaid --score score --threshold 0.6 --sensitive sex,race
            """)

    @Argument(help: "CSV file with a header; - for standard input.")
    var file: String

    @OptionGroup var analysis: AnalysisOptions

    @Option(help: "Column of the true outcome.")
    var label: String

    @Option(help: "Column of the decision; without it, score ≥ threshold.")
    var prediction: String?

    @Option(help: "Column of the score; adds AUC and calibration of every group.")
    var score: String?

    @Option(help: "Column of sample weights, 0 or more.")
    var weights: String?

    @Option(help: "Columns of the sensitive attributes, comma-separated.")
    var sensitive: String

    @Option(help: "The value of label and prediction that is positive (default: 1 or true).")
    var positive: String?

    @Option(parsing: .unconditional, help: "A score of at least this is a positive decision.")
    var threshold = 0.5

    @Option(help: "binary, multiclass (each class against the others) or regression.")
    var task = AuditOptions.Task.binary

    @Option(help: "Names, signs and rules of another tool: fairlearn, aif360, aequitas or clarify.")
    var convention: String?

    @Option(help: "Reference (privileged) groups, ATTRIBUTE=VALUE, comma-separated.")
    var referenceGroup = ""

    @Option(help: "The label that is a benefit, for aif360 and clarify; the positive one if not given.")
    var favorable: String?

    @Option(help: "Ratios from this to its inverse are parity: 0.8 is the four-fifths rule.")
    var tau = 0.8

    @Option(help: "Smaller groups take no part in verdicts.")
    var minRows = 30

    @Option(help: "Column whose values the demographic disparity is conditional on, such as the department applied to.")
    var stratum: String?

    @Option(help: "Numeric columns of likeness, for the consistency of decisions on similar rows.")
    var features = ""

    @Option(help: "Nearest rows that consistency looks at.")
    var neighbours = 5

    @Option(help: "Bootstrap replicates.")
    var replicates = 1000

    @Option(help: "thresholds (one for each group) or reweigh (weights that make label and group independent).")
    var mitigate: AuditOptions.Mitigation?

    @Option(help: "What thresholds make equal: demographic_parity, equal_opportunity, predictive_equality or equalized_odds.")
    var criterion = "demographic_parity"

    @Option(help: "File for the weights of --mitigate reweigh, a line for each row.")
    var weightsOutput: String?

    func validate() throws {
        if weightsOutput != nil, mitigate != .reweigh { throw ValidationError("--weights-output needs --mitigate reweigh") }
    }

    func run() throws {
        var options = AuditOptions()
        options.label = label
        (options.prediction, options.score, options.weights) = (prediction, score, weights)
        options.sensitive = list(sensitive)
        (options.stratum, options.features, options.neighbours) = (stratum, list(features), neighbours)
        (options.task, options.positive, options.favorable, options.threshold) = (task, positive, favorable, threshold)
        if let convention {
            guard let known = AuditOptions.Convention(rawValue: convention) else {
                throw AnalysisError.unsupported("--convention \(convention), expected fairlearn, aif360, aequitas or clarify")
            }
            options.convention = known
        }
        options.referenceGroups = try referenceGroups()
        (options.tau, options.minRows, options.replicates) = (tau, minRows, replicates)
        (options.confidence, options.seed) = (analysis.confidence, analysis.seed)
        options.mitigation = mitigate
        try options.setCriterion(criterion)
        let input = try analysis.frame(file)
        let result = try Audit.run(input, options)
        if let weightsOutput, let weights = result.weights {
            // As many lines as the file has rows, so that the column can be put beside it; empty where a row was left out.
            let text = "weight\n" + weights.map { ($0.map { "\($0)" } ?? "") + "\n" }.joined()
            try Output.write(text, to: weightsOutput)
        }
        try analysis.print(result.report, options.settings, from: [input])
    }

    private func referenceGroups() throws -> [String: String] {
        var out: [String: String] = [:]
        var last: String?
        for item in list(referenceGroup) {
            if let equal = item.firstIndex(of: "="), equal != item.startIndex, item.index(after: equal) != item.endIndex {
                last = String(item[..<equal])
                out[String(item[..<equal])] = String(item[item.index(after: equal)...])
            } else if let last, let value = out[last], !item.contains("=") {
                out[last] = value + "," + item  // a comma inside the value
            } else {
                throw AnalysisError("--reference-group \(item), expected ATTRIBUTE=VALUE")
            }
        }
        return out
    }
}

extension AuditOptions.Task: ExpressibleByArgument {}
extension AuditOptions.Mitigation: ExpressibleByArgument {}
