internal import Migrations
public import Vocabulary

/// The tokens of clients.
public struct TokenStore: Sendable {
    private let database: Database
    public init(database: Database) { self.database = database }

    /// - Throws: ``StoreError`` `.conflict` when a token that is not revoked has the name.
    public func create(_ token: AccessToken) async throws {
        try await database.transaction { connection in
            let inserted = try connection.query(
                Queries["insert_token"],
                [
                    .text(token.id), .text(token.name), .texts(token.roles.map(\.rawValue).sorted()),
                    token.models.map { .texts($0.sorted()) } ?? .null, .text(token.secretHash), .time(token.createdAt),
                    .text(token.createdBy), .time(token.expiresAt),
                ])
            guard inserted.affected == 1 else {
                throw StoreError(.conflict, "there is a token named \(token.name): revoke or rotate it, or choose another name")
            }
            try connection.audit("token_create", token.id, token.name, actor: token.createdBy, at: token.createdAt)
        }
    }

    public func find(_ id: String) async throws -> AccessToken? {
        try await database.run { connection in
            let rows = try connection.query(Queries["find_token"], [.text(id)])
            return rows.count > 0 ? Self.token(rows, 0) : nil
        }
    }

    public func list() async throws -> [AccessToken] {
        try await database.run { connection in
            let rows = try connection.query(Queries["list_tokens"])
            return (0..<rows.count).compactMap { Self.token(rows, $0) }
        }
    }

    /// How many may be used now.
    public func count(at now: Timestamp) async throws -> Int64 {
        try await database.run { try $0.query(Queries["count_tokens"], [.time(now)]).int(0, 0) ?? 0 }
    }

    /// By id or name.
    ///
    /// - Returns: its id; nil when there is none that is not revoked.
    public func revoke(_ token: String, actor: String, at now: Timestamp) async throws -> String? {
        try await database.transaction { connection in
            let rows = try connection.query(Queries["revoke_token"], [.text(token), .time(now)])
            guard let id = rows.text(0, 0), let name = rows.text(0, 1) else { return nil }
            try connection.audit("token_revoke", id, name, actor: actor, at: now)
            return id
        }
    }

    /// Gives a token another secret. The one before is good until `formerUntil`.
    ///
    /// - Returns: its id; nil when there is none that is not revoked.
    public func rotate(_ token: String, hash: String, formerUntil: Timestamp, actor: String, at now: Timestamp) async throws -> String? {
        try await database.transaction { connection in
            let rows = try connection.query(Queries["rotate_token"], [.text(token), .text(hash), .time(formerUntil)])
            guard let id = rows.text(0, 0), let name = rows.text(0, 1) else { return nil }
            try connection.audit("token_rotate", id, name, actor: actor, at: now)
            return id
        }
    }

    private static func token(_ rows: Rows, _ row: Int) -> AccessToken? {
        func words(_ column: Int) -> [String]? {
            rows.text(row, column).flatMap { try? JSON.parse($0) }?.arrayValue?.compactMap(\.stringValue)
        }
        guard let id = rows.text(row, 0), let name = rows.text(row, 1), let roles = words(2), let hash = rows.text(row, 4),
            let at = rows.time(row, 7)
        else { return nil }
        var token = AccessToken(
            id: id, name: name, roles: Set(roles.compactMap(AccessRole.init)), models: words(3).map(Set.init), secretHash: hash,
            createdAt: at, createdBy: rows.text(row, 8) ?? "", expiresAt: rows.time(row, 9))
        token.formerHash = rows.text(row, 5)
        token.formerUntil = rows.time(row, 6)
        token.revokedAt = rows.time(row, 10)
        return token
    }
}

extension Connection {
    fileprivate func audit(_ action: String, _ id: String, _ name: String, actor: String, at now: Timestamp) throws {
        try audit(action, name, actor: actor, at: now, detail: .object(["token": .string(id)]))
    }
}
