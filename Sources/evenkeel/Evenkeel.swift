import Analysis
import ArgumentParser
import Collecting
import Foundation
import Logging
import Reporting
import Service
import Storage
import Tables
import Vocabulary

/// The one binary. Its subcommands are thin: they read options, call the rooms, and print.
struct Evenkeel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evenkeel",
        abstract: "Drift, calibration, performance and fairness monitoring for models in production.",
        discussion: """
            Try it:      evenkeel demo
            Run it:      evenkeel serve --embedded
            Ask a file:  evenkeel drift reference.csv current.csv
                         evenkeel audit log.csv --label repaid --score score --sensitive sex,race
            Watch yours: evenkeel model register --name credit --version 1 --reference reference.csv --score score --label label --sensitive sex

            Which it is: evenkeel --version

            Exit codes: 0 done; 1 done and something found, with --fail-on-finding; 2 bad usage or bad input; 3 could not run.
            """,
        subcommands: [
            DemoCommand.self, ServeCommand.self, MigrateCommand.self, ModelCommand.self, IngestCommand.self, EvaluateCommand.self,
            AlertsCommand.self, ReportCommand.self, EraseCommand.self, TokenCommand.self, AuditLogCommand.self, DoctorCommand.self,
            CompletionCommand.self,
            DriftCommand.self, AuditCommand.self, CalibrationCommand.self, PerformanceCommand.self, SlicesCommand.self,
            EstimateCommand.self, DetectCommand.self, ScoreCommand.self, ExplainCommand.self, ShadowCommand.self,
            StatCommand.self,
        ])
}

@main struct Main {
    static func main() async {
        Digest.keepUntilTheEnd()
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = ProcessInfo.processInfo.environment["EVENKEEL_LOG"].flatMap { Logger.Level(rawValue: $0) } ?? .notice
            return handler
        }
        // Not the library's own flag, which stands in the help of every subcommand, beside --version of a model.
        if CommandLine.arguments.dropFirst().elementsEqual(["--version"]) { return print(Engine.buildVersion) }
        do {
            var command = try Evenkeel.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand { try await asynchronous.run() } else { try command.run() }
        } catch { Failure.end(with: error) }
    }
}

/// How a failure ends the program: one line a problem on standard error, and the exit codes of CONTRACTS.md.
enum Failure {
    static func end(with error: any Error) -> Never {
        switch error {
        case let error as StoreError: stop(error.code == .conflict ? 2 : 3, error.description)
        case let error as ConfigurationError: stop(2, error.description)
        case let error as PrivacyKeyError: stop(2, error.description)
        case let error as TableError: stop(2, error.description)
        case let error as AnalysisError: stop(2, error.description)
        case let error as AuditFileError: stop(2, error.description)
        case let error as ServeError: stop(3, error.description)
        case let error as OutputError: stop(3, error.description)
        case let code as ExitCode: exit(code.rawValue)
        case let error as CocoaError: stop(2, error.localizedDescription)
        default:
            let text = Evenkeel.fullMessage(for: error)
            let code = Evenkeel.exitCode(for: error)
            if code == .success {  // help and version
                print(text)
                exit(0)
            }
            if code == .validationFailure { stop(2, usageText(Evenkeel.message(for: error))) }
            stop(3, text)
        }
    }

    static func stop(_ code: Int32, _ text: String) -> Never {
        FileHandle.standardError.write(Data((text.hasPrefix("Error:") ? text : "evenkeel: " + text).utf8 + [10]))
        exit(code)
    }
}
