public import Foundation
import Glibc

/// A program that runs beside a test and says in its log where it listens. Whoever starts it ends it.
public final class LoggedProgram {
    public struct NotReady: Error, CustomStringConvertible { public var description: String }

    private let process = Process()
    private let log: URL

    /// - Parameter folder: where the log is written, under `name`.
    public init(_ path: String, _ arguments: [String], in folder: URL, name: String) throws {
        log = folder.appending(path: name + ".log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    public var text: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
    /// The whole lines so far.
    public var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().filter { !$0.isEmpty } }

    /// The port that the program chose, once its log tells it.
    public func port(after words: String) async throws -> Int {
        let deadline = ContinuousClock.now + patience
        while true {
            // Decided before the last look: the pause before it may have lasted beyond the deadline.
            let isLast = ContinuousClock.now > deadline || !process.isRunning
            for line in lines {
                guard let place = line.firstRange(of: words) else { continue }
                if let port = Int(line[place.upperBound...].prefix(while: \.isNumber)) { return port }
            }
            if isLast { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw NotReady(description: "\(process.executableURL?.path ?? "") does not say where it listens: \(text)")
    }

    /// By SIGKILL: it has nothing to lose, and a program that was started by a thread of the tests' pool inherits that SIGTERM is blocked.
    public func end() async {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        await process.end()
    }
}

/// How long a test waits for what must come. Only what never comes takes as long: a busy machine is slow, and no test may fail for that.
public let patience = Duration.seconds(600)

/// Asks again until `isDone`, as long as there is patience.
public func eventually(_ isDone: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + patience
    while try await !isDone() {
        if ContinuousClock.now > deadline { return false }
        try await Task.sleep(for: .milliseconds(20))
    }
    return true
}
