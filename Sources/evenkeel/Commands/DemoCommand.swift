import ArgumentParser
import Foundation
import Logging
import Service

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "A live loan model that drifts, watched by the real service over a private database.",
        discussion: "Example: evenkeel demo --port 8080 --exit-after 120")

    @Option(help: "Port of the page and metrics; 0 takes any free one.") var port = 8080
    @Option(help: "End after this many seconds: with 0 if an alert reached the receiver, else with 1.") var exitAfter: Double?
    @Option(help: "Keep the database in this folder instead of a temporary one.") var data: String?

    func run() async throws {
        var logger = Logger(label: "evenkeel")
        logger.logLevel = .warning
        let demo = Demo(port: port, exitAfterSeconds: exitAfter, folder: data.map { URL(filePath: $0) }, logger: logger)
        if let reason = try await demo.run(), exitAfter != nil { Failure.stop(1, reason) }
    }
}
