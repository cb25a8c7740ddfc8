import ArgumentParser
import Foundation
import Reporting
import Service
import Storage
import Vocabulary

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Tokens: who may send, read and change over HTTP.",
        discussion: """
            Examples:
              evenkeel token create --name credit-app --roles ingest --models credit
              evenkeel token create --name prometheus --roles read
              evenkeel token create --name ana --roles operate,audit --expires-in 90d
              evenkeel token rotate credit-app
              evenkeel token revoke ana

            Roles: ingest (send records), read (all but values per group), operate (read, acknowledge, silence), audit (read, values per \
            group too), admin (everything). The secret is shown once; only its hash is stored.
            """,
        subcommands: [Create.self, List.self, Revoke.self, Rotate.self], defaultSubcommand: List.self)

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token and print it, this once.",
            discussion: "Example: evenkeel token create --name credit-app --roles ingest --models credit")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "Who it is for: the actor in the audit log.") var name: String
        @Option(help: "Comma-separated: ingest, read, operate, audit, admin.") var roles: String
        @Option(help: "Only these models, comma-separated. Default: all.") var models: String?
        @Option(help: "Until when it may be used: 12h, 90d. Default: until it is revoked.") var expiresIn: String?

        func run() async throws {
            if let problem = AccessToken.problem(ofName: name) { throw ValidationError("--name: \(problem)") }
            let roles = try Set(
                commaList(roles).map { word in
                    guard let role = AccessRole(rawValue: word) else {
                        throw ValidationError("--roles: \(word), expected \(AccessRole.words)")
                    }
                    return role
                })
            if roles.isEmpty { throw ValidationError("--roles: expected \(AccessRole.words)") }
            let models = models.map { Set(commaList($0)) }
            if let models, !(1...AccessToken.modelsMax).contains(models.count) {
                throw ValidationError("--models: \(models.count) names, expected 1 to \(AccessToken.modelsMax)")
            }
            let now = Engine.systemClock()
            let expiresAt = try expiresIn.map { now.adding(seconds: try seconds($0, "--expires-in")) }
            let text = TokenText()
            let token = AccessToken(
                id: text.id, name: name, roles: roles, models: models, secretHash: TokenHash.make(text.secret), createdAt: now,
                createdBy: NSUserName(), expiresAt: expiresAt)
            try await database.withEngine { try await $0.tokens.create(token) }
            try show(text, "token create", output)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The tokens that there are and were, without their secrets.", discussion: "Example: evenkeel token list")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await database.withEngine { engine in
                let tokens = try await engine.tokens.list()
                switch output.format {
                case .json:
                    let list = tokens.map { token in
                        JSON.object([
                            "id": .string(token.id), "name": .string(token.name), "roles": .array(words(token.roles)),
                            "models": token.models.map { .array($0.sorted().map(JSON.string)) } ?? .null,
                            "created_at": .string(token.createdAt.rfc3339), "created_by": .string(token.createdBy),
                            "expires_at": JSON(token.expiresAt?.rfc3339), "revoked_at": JSON(token.revokedAt?.rfc3339),
                        ])
                    }
                    try output.print(JSON.object(["command": "token list", "tokens": .array(list)]).prettyText)
                case .table:
                    let now = Engine.systemClock()
                    var table = TextTable(["id", "name", "roles", "models", "created", "state"])
                    for token in tokens {
                        let state =
                            token.revokedAt.map { "revoked \($0.rfc3339)" }
                            ?? token.expiresAt.map { ($0 <= now ? "expired " : "expires ") + $0.rfc3339 } ?? "in use"
                        table.add([
                            token.id, token.name, words(token.roles).compactMap(\.stringValue).joined(separator: ","),
                            token.models?.sorted().joined(separator: ",") ?? "all", "\(token.createdAt.rfc3339.prefix(19))Z", state,
                        ])
                    }
                    try output.print(tokens.isEmpty ? "no tokens" : table.fitted)
                }
            }
        }

        private func words(_ roles: Set<AccessRole>) -> [JSON] { AccessRole.allCases.filter(roles.contains).map { .string($0.rawValue) } }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Refuse a token from now on; a running service learns of it within 30 seconds.",
            discussion: "Example: evenkeel token revoke credit-app")
        @OptionGroup var database: DatabaseOptions
        @Argument(help: "Its id or name.") var token: String

        func run() async throws {
            try await database.withEngine { engine in
                guard try await engine.tokens.revoke(token, actor: NSUserName(), at: Engine.systemClock()) != nil else {
                    throw unknown(token)
                }
                print("\(token) is revoked")
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a token a new secret and print it, this once; the old one stays good for a while.",
            discussion: "Example: evenkeel token rotate credit-app --overlap 24h")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Its id or name.") var token: String
        @Option(help: "How long the old secret stays good: 0h, 24h, 7d.") var overlap = "24h"

        func run() async throws {
            let now = Engine.systemClock()
            let until = now.adding(seconds: try seconds(overlap, "--overlap", atLeast: 0))
            let new = TokenText()
            let hash = TokenHash.make(new.secret)
            var text = new
            try await database.withEngine { engine in
                guard let id = try await engine.tokens.rotate(token, hash: hash, formerUntil: until, actor: NSUserName(), at: now) else {
                    throw unknown(token)
                }
                text.id = id
            }
            try show(text, "token rotate", output)
        }
    }
}

private func unknown(_ token: String) -> ConfigurationError {
    ConfigurationError(["there is no token \(token) that is not revoked: see evenkeel token list"])
}

private func show(_ text: TokenText, _ command: String, _ output: OutputOptions) throws {
    switch output.format {
    case .json:
        try output.print(JSON.object(["command": .string(command), "id": .string(text.id), "token": .string(text.reveal())]).prettyText)
    case .table: try output.print(text.reveal())
    }
}

/// `30m`, `12h`, `90d`.
private func seconds(_ text: String, _ option: String, atLeast least: Int64 = 1) throws -> Int64 {
    let units: [Character: Int64] = ["m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), (least...100_000).contains(count) else {
        throw ValidationError("\(option): \(text), expected for example 12h or 90d")
    }
    return count * unit
}
