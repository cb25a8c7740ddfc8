import ArgumentParser
import Foundation
import Monitoring
import Reporting
import Service
import Storage
import Vocabulary

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "One evaluation pass: every window that ended and changed, or one window by --from and --to.",
        discussion: """
            Examples:
              evenkeel evaluate --config evenkeel.yaml
              evenkeel evaluate --model credit --version 1 --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z --format json

            Without --config a pass beside a running service only looks: it stores results and leaves the alerts to the service.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "Only this model.") var model: String?
    @Option(help: "Only this version.") var version: String?
    @Option(help: "Start of a window of one's own (RFC 3339).") var from: String?
    @Option(help: "Its end, not included.") var to: String?
    @Flag(help: "End with 1 when something was found.") var failOnFinding = false

    func validate() throws {
        if (from == nil) != (to == nil) { throw ValidationError("--from and --to belong together") }
        if from != nil, model == nil { throw ValidationError("--from and --to need --model") }
        for (name, text) in [("--from", from), ("--to", to)] {
            if let text, Timestamp(rfc3339: text).map({ $0 < .earliest }) ?? true {
                throw ValidationError("\(name): \(text), expected RFC 3339 such as 2026-01-31T12:00:00Z")
            }
        }
    }

    func run() async throws {
        var hasFinding = false
        try await database.withEngine { engine in
            let made = try await evaluations(engine)
            hasFinding = made.contains { $0.findings.contains { $0.verdict?.isFinding == true } }
            switch output.format {
            case .json: try output.print(JSON.object(["command": "evaluate", "evaluations": .array(made.map(\.json))]).prettyText)
            case .table:
                try output.print(
                    made.isEmpty ? "no window ended and changed since the last evaluation" : made.map(Self.table).joined(separator: "\n"))
            }
        }
        if failOnFinding, hasFinding { throw ExitCode(1) }
    }

    private func evaluations(_ engine: Engine) async throws -> [Evaluation] {
        if let start = from.flatMap(Timestamp.init(rfc3339:)), let end = to.flatMap(Timestamp.init(rfc3339:)) {
            guard start < end else { throw ValidationError("--from must be before --to") }
            let versions = try await engine.registry.versions().filter {
                $0.key.model == model && (version == nil || $0.key.version == version)
            }
            if versions.isEmpty { throw ConfigurationError(["\(model ?? "") is not registered: see evenkeel model list"]) }
            var made: [Evaluation] = []
            for version in versions {
                made.append(try await engine.evaluation.evaluate(version, Window(kind: .custom, start: start, end: end)))
            }
            return made
        }
        // Policies are in the configuration. Without it, and with a service that may have one, alerts are not ours to raise.
        let looksOnly = database.config == nil && engine.cluster?.isOwned != true
        var made: [Evaluation] = []
        while true {
            let round = try await engine.evaluation.run(looksOnly: looksOnly)
            made += round
            if looksOnly || round.count < EvaluationPass.windowsMax { break }
        }
        return made.filter { (model == nil || $0.version.model == model) && (version == nil || $0.version.version == version) }
    }

    private static func table(_ evaluation: Evaluation) -> String {
        var text = "\(evaluation.version), \(evaluation.window.kind.rawValue) \(evaluation.window.start) to \(evaluation.window.end): "
        text += "\(evaluation.rows) predictions, \(evaluation.labelled) labelled\n"
        let hasSegments = evaluation.findings.contains { !$0.segment.isEmpty }
        var table = TextTable(
            (hasSegments ? ["segment"] : []) + ["monitor", "of", "group", "statistic", "value", "adjusted p", "n", "verdict", "why"])
        for finding in evaluation.findings {
            table.add(
                (hasSegments ? [finding.segment] : []) + [
                    finding.monitor.rawValue, finding.subject, finding.group, finding.statistic, shortNumber(finding.value),
                    shortNumber(finding.adjustedP),
                    String(finding.currentCount), finding.verdict?.rawValue ?? "", finding.why,
                ])
        }
        return text + table.fitted
    }
}
