import Analysis
public import ArgumentParser
import Foundation
import Reporting
import Service
import Shadowing
import Storage
import Vocabulary

extension PairedPredictions.Task: ExpressibleByArgument {}

/// `evenkeel shadow`
struct ShadowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shadow",
        abstract: "A candidate beside the champion over the rows of a file or the live log: agreement, who is better, and for whom.",
        discussion: """
            Example: evenkeel shadow march.csv --champion old.json --candidate new.json --label repaid --sensitive sex
                     evenkeel shadow --model credit --database "$EVENKEEL_DATABASE"      # the live log: see evenkeel model candidate

            Verdict: promote where the candidate is surely better (with --margin: not worse by more than that) and no group is worse off; \
            reject where it is surely worse; else hold. Intervals "right at every look" may be looked at after every row.
            """)

    @Argument(help: "CSV file with a header; - for standard input.") var file: String?
    @Option(help: "Instead of a file: what is known of the candidates of this model, by the service.") var model: String?
    @Option(help: "With --model: close the circuit breaker of this candidate.") var reset: String?
    @Option(
        help: "With --model: compare two variants that both serve, unpaired: the champion's and the candidate's, with a comma; as JSON.")
    var arms: String?
    @Option(help: "With --arms: what each was meant to get, such as 0.95,0.05 (default: the same).") var shares: String?
    @OptionGroup var database: DatabaseOptions
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
        if (file == nil) == (model == nil) { throw ValidationError("expected one of FILE and --model") }
        if arms != nil || shares != nil, model == nil { throw ValidationError("--arms and --shares: expected with --model") }
        if reset != nil, model == nil { throw ValidationError("--reset: expected with --model") }
        if shares != nil, arms == nil { throw ValidationError("--shares: expected with --arms") }
        if arms != nil, reset != nil { throw ValidationError("expected one of --arms and --reset") }
        if model != nil {
            // Heeded without a word they would say something else than what is configured.
            let offline: [(String, Bool)] = [
                ("--champion", champion != nil || championScore != nil), ("--candidate", candidate != nil || candidateScore != nil),
                ("--label", label != nil), ("--sensitive", !sensitive.isEmpty), ("--task", task != nil), ("--threshold", threshold != 0.5),
                ("--primary", primary != nil), ("--margin", margin != 0), ("--min-rows", minRows != 500),
            ]
            if let (name, _) = offline.first(where: \.1) {
                throw ValidationError("\(name): not with --model: there the registration and the service's configuration (shadow:) decide")
            }
            return
        }
        if (champion == nil) == (championScore == nil) { throw ValidationError("expected one of --champion and --champion-score") }
        if (candidate == nil) == (candidateScore == nil) { throw ValidationError("expected one of --candidate and --candidate-score") }
        if margin < 0 || !margin.isFinite { throw ValidationError("--margin \(margin), expected 0 or more") }
        if minRows < 2 { throw ValidationError("--min-rows \(minRows), expected 2 or more") }
    }

    func run() async throws {
        if let model { return try await live(model) }
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
        let frame = try analysis.frame(file ?? "-")
        try analysis.print(try ShadowAnalysis(frame, options).report, options.settings, from: [frame])
    }

    private func live(_ model: String) async throws {
        let test = try arms.map { try ArmsQuery(arms: $0, shares: shares) }
        try await database.withEngine { engine in
            if let test {
                guard let json = try await engine.abComparison(of: model, arms: test.arms, shares: test.shares, from: nil, to: nil) else {
                    throw ConfigurationError(["\(model) is not registered: see evenkeel model list"])
                }
                try Output.write(json.prettyText + "\n", to: analysis.output)
                if analysis.failOnFinding, json["verdict"]?.stringValue != "promote" { throw ExitCode(1) }
                return
            }
            if let reset {
                let version = try await engine.version(model, reset)
                guard try await engine.resetShadow(version, actor: NSUserName(), at: Engine.systemClock()) else {
                    throw ConfigurationError(["\(version.key): its circuit breaker is not open"])
                }
                return print("\(version.key) is scored again, from the row on that it stopped at")
            }
            guard let answer = try await engine.shadowAnswer(of: model) else {
                throw ConfigurationError(["\(model) is not registered: see evenkeel model list"])
            }
            let report = LiveReport.make(answer)
            let isTerminal = analysis.output == nil && isatty(STDOUT_FILENO) == 1
            try Output.write(ReportText.render(report, as: analysis.format, isTerminal: isTerminal), to: analysis.output)
            if analysis.failOnFinding, report.hasFinding { throw ExitCode(1) }
        }
    }
}
