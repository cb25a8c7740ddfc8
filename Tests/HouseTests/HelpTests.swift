import Foundation
import TestSupport
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

    private func run(_ words: [String], environment: [String: String] = [:]) async throws -> ProgramEnd {
        try await runProgram(Self.program.path, words, environment: environment)
    }

    private func commands(_ command: Command, _ path: [String] = []) -> [(path: [String], command: Command)] {
        [(path, command)]
            + (command.subcommands ?? []).filter { $0.commandName != "help" }.flatMap { commands($0, path + [$0.commandName]) }
    }

    @Test("every command has an example, and every option words", .enabled(if: isBuilt)) func examples() async throws {
        let tree = try JSONDecoder().decode(Tree.self, from: Data(try await run(["--experimental-dump-help"]).text.utf8))
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
            let help = try await run(path + ["--help"])
            #expect(help.status == 0 && help.text.contains("USAGE: evenkeel"), "\(name)")
        }
    }

    @Test("completion scripts name every command and are read by their shell", .enabled(if: isBuilt)) func completion() async throws {
        for shell in ["bash", "zsh", "fish"] {
            let script = try await run(["completion", shell])
            #expect(script.status == 0)
            for command in ["report", "verify", "serve", "drift", "completion"] { #expect(script.text.contains(command), "\(shell)") }
        }
        let other = try await run(["completion", "tcsh"])
        #expect(other.status == 2)
        let check = try await runProgram("/bin/bash", ["-c", "\(Self.program.path) completion bash | bash -n"])
        #expect(check.status == 0, "\(check.text)")
    }

    @Test("the reference of commands is what the program says", .enabled(if: isBuilt)) func reference() async throws {
        let script = ImportTableTests.package.appending(path: "scripts/reference.py").path
        let check = try await runProgram("/usr/bin/env", ["python3", script, "--check"])
        #expect([0, 127].contains(check.status), "run scripts/reference.py: \(check.text)")
    }

    @Test("what is piped has no colours, whatever the terminal", .enabled(if: isBuilt)) func plain() async throws {
        for environment in [["NO_COLOR": "1"], ["TERM": "xterm-256color"]] {
            let listed = try await run(["stat", "--list"], environment: environment)
            #expect(listed.status == 0 && !listed.text.contains("\u{1B}"))
        }
    }

    @Test("a column that looks like a score, and is not said to be one, is told", .enabled(if: isBuilt)) func hints() async throws {
        let folder = URL(filePath: "/tmp/ek-hints-\(UInt32.random(in: 0...UInt32.max))")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "reference.csv")
        let rows = (0..<200).map { "\($0 * 7 % 31),0.\(10 + $0 % 80),\($0 % 2)" }
        try Data((["income,score,label"] + rows).joined(separator: "\n").utf8).write(to: file)
        let words = ["model", "register", "--data", folder.path + "/data", "--name", "m", "--reference", file.path]
        let naive = try await run(words + ["--version", "1"])
        #expect(naive.status == 0 && naive.text.contains("register another version than m 1 with --score score --label label"))
        let said = try await run(words + ["--version", "2", "--score", "score", "--label", "label"])
        #expect(said.status == 0 && !said.text.contains("note:"))
    }
}
