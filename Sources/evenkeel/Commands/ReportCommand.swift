public import ArgumentParser
import Foundation
import Reporting
public import Service
public import Vocabulary

extension ReportRequest.Kind: ExpressibleByArgument {}
extension WindowKind: ExpressibleByArgument {}

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Reports of a model: what happened, its card, its datasheet, a fairness audit that can be verified.",
        discussion: """
            Examples:
              evenkeel report credit --from 2026-11-01 --to 2026-12-01 --format html --output november.html
              evenkeel report credit --kind card --notes credit-notes.yaml --format pdf --output card.pdf
              evenkeel report credit --kind audit --format json --output audit.json
              evenkeel report verify audit.json --database postgresql://evenkeel@db/evenkeel
            """, subcommands: [Make.self, Verify.self], defaultSubcommand: Make.self)

    enum Format: String, CaseIterable, ExpressibleByArgument { case table, html, pdf, md, json }

    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "make", abstract: "Make a report from the stored results, beside a running service or without it.",
            discussion: """
                Example: evenkeel report make credit --from 2026-11-01 --to 2026-12-01 --format html --output november.html

                The word make may be left out. The verdict comes first, then what moved and why, performance as realised and as \
                estimated, calibration, fairness, alerts, data quality and label coverage. PDF is printed by Chromium.
                """)

        @OptionGroup var database: DatabaseOptions
        @Argument(help: "The model.") var model: String
        @Option(help: "Its version. Default: the champion.") var version: String?
        @Option(help: "monitoring, card, datasheet or audit.") var kind = ReportRequest.Kind.monitoring
        @Option(help: "Start of the stretch, RFC 3339 or a day. Default: 30 days before its end.") var from: String?
        @Option(help: "Its end, not included. Default: the newest data.") var to: String?
        @Option(help: "The windows side by side: hour, day, week, custom or one of the model's own. Default: those that suit the stretch.")
        var window: WindowKind?
        @Option(help: "A YAML file of what only its owners know (intended_use: …), for card and datasheet.") var notes: String?
        @Option(help: "table, html, pdf, md or json.") var format = Format.table
        @Option(help: "Write the result to this file instead of standard output; PDF needs one.") var output: String?
        @Flag(help: "End with code 1 when something was found.") var failOnFinding = false

        func validate() throws {
            for (name, text) in [("--from", from), ("--to", to)] {
                if let text, time(text).map({ $0 < .earliest }) ?? true {
                    throw ValidationError("\(name): \(text), expected RFC 3339 such as 2026-01-31T12:00:00Z, or a day")
                }
            }
            if format == .pdf, output == nil { throw ValidationError("--format pdf: expected --output FILE") }
        }

        private func time(_ text: String) -> Timestamp? { Timestamp(rfc3339: text.utf8.count == 10 ? text + "T00:00:00Z" : text) }

        func run() async throws {
            // Told before the database is read: what cannot be printed is not made.
            let printer = format == .pdf ? try PDFPrinter() : nil
            let said = try notes.map { try ReportNotesFile.notes(String(decoding: try readInput($0), as: UTF8.self), file: $0) } ?? []
            let request = ReportRequest(
                kind, model: model, version: version, from: from.flatMap(time), to: to.flatMap(time), window: window, notes: said)
            var hasFinding = false
            try await database.withEngine { engine in
                let report = try await ReportReader(engine).report(request)
                hasFinding = report.hasFinding
                switch format {
                case .pdf: try printer?.print(ReportText.render(report, as: .html), to: output ?? "")
                case .table:
                    let isShown = output == nil
                    try Output.write(
                        ReportText.render(
                            report, as: .table, isTerminal: isShown && Terminal.isColoured, width: isShown ? Terminal.columns : nil),
                        to: output)
                case .html: try Output.write(ReportText.render(report, as: .html), to: output)
                case .md: try Output.write(ReportText.render(report, as: .markdown), to: output)
                case .json: try Output.write(ReportText.render(report, as: .json), to: output)
                }
            }
            if failOnFinding, hasFinding { throw ExitCode(1) }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Check a fairness audit file: that it is whole, and that its counts and the database say the same.",
            discussion: """
                Examples:
                  evenkeel report verify audit.json
                  evenkeel report verify audit.json --data /var/lib/evenkeel --format json

                Without a database the file alone is looked at: its digest, and every rate and disparity anew from its counts. With \
                one, its digests are compared with the sums there, which are judged again. A file that does not verify ends with code 2.
                """)

        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The file of evenkeel report --kind audit --format json; - for standard input.") var file: String

        func run() async throws {
            let json: JSON
            do { json = try JSON.parse(try readInput(file)[...]) } catch let error as JSONError {
                throw AuditFileError("\(file): \(error)")
            }
            let audit = try AuditVerification(json)
            var checks = audit.ofTheFile
            if database.isNamed { try await database.withEngine { checks = try await ReportReader($0).verify(audit) } }
            let wrong = checks.filter { $0.state == .wrong }
            switch output.format {
            case .json:
                let list = checks.map {
                    JSON.object(["check": .string($0.name), "state": .string($0.state.rawValue), "detail": .string($0.detail)])
                }
                try output.print(
                    JSON.object([
                        "command": "report verify", "model": .string(audit.version.model), "version": .string(audit.version.version),
                        "verified": .bool(wrong.isEmpty), "checks": .array(list),
                    ]).prettyText)
            case .table:
                var table = TextTable(["check", "state", "detail"])
                for check in checks { table.add([check.name, check.state.rawValue, check.detail]) }
                if !database.isNamed { table.add(["database", "open", "not asked: name one with --database, --data or --config"]) }
                try output.print(table.fitted)
            }
            if !wrong.isEmpty { Failure.stop(2, "\(file): does not verify: \(wrong.map(\.name).joined(separator: ", "))") }
        }
    }
}
