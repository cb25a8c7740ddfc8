import ArgumentParser
import Foundation
import Logging
import Reporting
import Service
import Storage
import Vocabulary

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check an installation: what is wrong and how to mend it.",
        discussion: """
            Examples:
              evenkeel doctor --data /var/lib/evenkeel
              evenkeel doctor --config evenkeel.yaml
              evenkeel doctor --database postgresql://evenkeel@db/evenkeel --profiles

            Looks at the database, its schema and clock, what waits, disk and permissions of the folders, tokens and certificate, and \
            whether destinations are reached; it changes nothing and sends nothing.

            --profiles folds every stored row and label anew and compares the sums with the profiles, count by count. It reads all rows.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "Compare the profiles of every version with its rows.") var profiles = false
    @Flag(help: "End with exit code 1 when something is wrong.") var failOnFinding = false

    func run() async throws {
        let engine = Engine(try database.configuration(), logger: Logger(label: "evenkeel"))
        var (checks, hasDatabase) = await Doctor(engine).checks()
        if profiles, hasDatabase {
            do { checks += try await profileChecks(engine) } catch { checks.append(HealthCheck("profiles", .unknown, "\(error)")) }
        }
        await engine.stop()
        let isWell = checks.allSatisfy { $0.state != .wrong }
        switch output.format {
        case .json:
            let list = checks.map {
                JSON.object([
                    "check": .string($0.name), "state": .string($0.state.rawValue), "detail": .string($0.detail), "mend": JSON($0.mend),
                ])
            }
            try output.print(JSON.object(["command": "doctor", "well": .bool(isWell), "checks": .array(list)]).prettyText)
        case .table:
            try output.print(
                checks.map { "\($0.state.rawValue)  \($0.name): \($0.detail)" + ($0.mend.map { "\n       \($0)" } ?? "") }
                    .joined(separator: "\n"))
        }
        if failOnFinding, !isWell { throw ExitCode(1) }
    }

    private func profileChecks(_ engine: Engine) async throws -> [HealthCheck] {
        var checks: [HealthCheck] = []
        for version in try await engine.registry.versions() {
            let name = "profiles of \(version.key)"
            switch try await engine.profiles.check(version) {
            case .equal(let rows, let labelled):
                checks.append(HealthCheck(name, .well, "equal to \(rows) rows and \(labelled) labels, count by count"))
            case .different(let lines): checks.append(HealthCheck(name, .wrong, "not those of the rows: " + lines.joined(separator: "; ")))
            case .incomparable(let why): checks.append(HealthCheck(name, .unknown, "cannot be compared: \(why)"))
            }
        }
        return checks
    }
}
