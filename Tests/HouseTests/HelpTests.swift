import Foundation
import Testing

/// What the program says of itself, command by command.
@Suite("Help") struct HelpTests {
    static let program = ImportTableTests.package.appending(path: ".build/debug/evenkeel")
    static var isBuilt: Bool {
        let isThere = FileManager.default.isExecutableFile(atPath: program.path)
        if !isThere { print("skipped: \(program.path) is not built, so no help was asked for") }
        return isThere
    }

    private struct Command: Decodable {
        struct Argument: Decodable {
            struct Name: Decodable { var name: String }
            var kind: String
            var abstract: String?
            var names: [Name]?
            var shouldDisplay: Bool?
        }
        var commandName: String
        var abstract: String?
        var discussion: String?
        var subcommands: [Command]?
        var arguments: [Argument]?
    }
    private struct Tree: Decodable { var command: Command }

    private func run(_ words: [String], environment: [String: String] = [:]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        (process.standardOutput, process.standardError, process.standardInput) = (pipe, pipe, FileHandle.nullDevice)
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    private func commands(_ command: Command, _ path: [String] = []) -> [(path: [String], command: Command)] {
        [(path, command)]
            + (command.subcommands ?? []).filter { $0.commandName != "help" }.flatMap { commands($0, path + [$0.commandName]) }
    }

    @Test("every command has an example, and every option words", .enabled(if: isBuilt)) func examples() throws {
        let tree = try JSONDecoder().decode(Tree.self, from: Data(try run(["--experimental-dump-help"]).output.utf8))
        let all = commands(tree.command)
        #expect(all.count > 30)
        for (path, command) in all {
            let name = path.joined(separator: " ")
            #expect(command.abstract?.isEmpty == false, "\(name)")
            let isGroup = command.subcommands?.isEmpty == false
            let example = path.isEmpty ? "evenkeel demo" : isGroup ? "evenkeel \(path[0])" : "evenkeel \(name)"
            // A group without an example of its own shows those of its commands one step further.
            if !isGroup || command.discussion?.isEmpty == false {
                #expect(command.discussion?.contains(example) == true, "evenkeel \(name) --help shows no example")
            }
            for argument in command.arguments ?? [] where argument.shouldDisplay != false {
                #expect(argument.abstract?.isEmpty == false, "evenkeel \(name): \(argument.names?.first?.name ?? argument.kind)")
            }
            let help = try run(path + ["--help"])
            #expect(help.status == 0 && help.output.contains("USAGE: evenkeel"), "\(name)")
        }
    }

    @Test("completion scripts name every command and are read by their shell", .enabled(if: isBuilt)) func completion() throws {
        for shell in ["bash", "zsh", "fish"] {
            let script = try run(["completion", shell])
            #expect(script.status == 0)
            for command in ["report", "verify", "serve", "drift", "completion"] { #expect(script.output.contains(command), "\(shell)") }
        }
        let other = try run(["completion", "tcsh"])
        #expect(other.status == 2)
        let check = Process()
        check.executableURL = URL(filePath: "/bin/bash")
        check.arguments = ["-c", "\(Self.program.path) completion bash | bash -n"]
        try check.run()
        check.waitUntilExit()
        #expect(check.terminationStatus == 0)
    }

    @Test("the reference of commands is what the program says", .enabled(if: isBuilt)) func reference() throws {
        let check = Process()
        check.executableURL = URL(filePath: "/usr/bin/env")
        check.arguments = ["python3", ImportTableTests.package.appending(path: "scripts/reference.py").path, "--check"]
        try check.run()
        check.waitUntilExit()
        #expect([0, 127].contains(check.terminationStatus), "run scripts/reference.py")
    }

    @Test("what is piped has no colours, whatever the terminal", .enabled(if: isBuilt)) func plain() throws {
        for environment in [["NO_COLOR": "1"], ["TERM": "xterm-256color"]] {
            let listed = try run(["stat", "--list"], environment: environment)
            #expect(listed.status == 0 && !listed.output.contains("\u{1B}"))
        }
    }

    @Test("a column that looks like a score, and is not said to be one, is told", .enabled(if: isBuilt)) func hints() throws {
        let folder = URL(filePath: "/tmp/ek-hints-\(UInt32.random(in: 0...UInt32.max))")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "reference.csv")
        let rows = (0..<200).map { "\($0 * 7 % 31),0.\(10 + $0 % 80),\($0 % 2)" }
        try Data((["income,score,label"] + rows).joined(separator: "\n").utf8).write(to: file)
        let words = ["model", "register", "--data", folder.path + "/data", "--name", "m", "--reference", file.path]
        let naive = try run(words + ["--version", "1"])
        #expect(naive.status == 0 && naive.output.contains("register another version than m 1 with --score score --label label"))
        let said = try run(words + ["--version", "2", "--score", "score", "--label", "label"])
        #expect(said.status == 0 && !said.output.contains("note:"))
    }
}
