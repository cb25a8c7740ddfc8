internal import Migrations
internal import Vocabulary

/// Brings a database to this program's schema.
///
/// Steps run in order, in one transaction, under an advisory lock, so that several services may start at once. A database that
/// is ahead of the program is refused: it was migrated by a newer one, which may store what this one does not understand.
public struct Migrator: Sendable {
    private let database: Database
    public init(database: Database) { self.database = database }

    public struct Plan: Sendable, Equatable {
        public var current: Int
        /// `version name` of each step to run.
        public var pending: [String]
        /// What was placed on the nodes of a Citus cluster, in words.
        public var placed: [String] = []
    }

    public static var latestVersion: Int { migrations.count }

    public func plan() async throws -> Plan {
        try await database.run { connection in try Self.plan(on: connection) }
    }

    /// - Parameter spreads: whether the tables are placed on the nodes of a Citus cluster, with what they hold. Once they are, those of
    ///   later steps are too.
    /// - Returns: what was run.
    @discardableResult
    public func migrate(spreads: Bool = false) async throws -> Plan {
        try await database.run { connection in
            try connection.transaction {
                // Building an index on a large table takes its time.
                try connection.run("set local statement_timeout = 0")
                try connection.query("select pg_advisory_xact_lock(1163282245, 0)")
                try connection.run(
                    """
                    create schema if not exists evenkeel;
                    create table if not exists evenkeel.schema_migration (
                        version int primary key, name text not null, checksum text not null,
                        applied_at timestamptz not null default now())
                    """)
                var plan = try Self.plan(on: connection)
                for migration in migrations.dropFirst(plan.current) {
                    try connection.run(migration.sql)
                    try connection.query(
                        "insert into evenkeel.schema_migration (version, name, checksum) values ($1, $2, $3)",
                        [.int(Int64(migration.version)), .text(migration.name), .text(Self.checksum(migration))])
                }
                if try spreads || !plan.pending.isEmpty && Distribution.isInUse(on: connection) {
                    plan.placed = try Distribution.place(on: connection)
                }
                return plan
            }
        }
    }

    private static func checksum(_ migration: Migration) -> String {
        Digest.hex(Digest.sha256(Array(migration.sql.utf8)))
    }

    private static func plan(on connection: Connection) throws -> Plan {
        guard try connection.query("select to_regclass('evenkeel.schema_migration')").text(0, 0) != nil else {
            return Plan(current: 0, pending: migrations.map { "\($0.version) \($0.name)" })
        }
        let applied = try connection.query("select version, name, checksum from evenkeel.schema_migration order by version")
        for row in 0..<applied.count {
            guard let version = applied.int(row, 0), version <= migrations.count else {
                throw StoreError(
                    .ahead,
                    "the database is at schema version \(applied.int(applied.count - 1, 0) ?? 0), this program knows \(migrations.count): use a newer evenkeel"
                )
            }
            let known = migrations[Int(version) - 1]
            guard applied.text(row, 2) == checksum(known) else {
                throw StoreError(
                    .ahead, "migration \(version) \(applied.text(row, 1) ?? "") in the database is not the one of this program")
            }
        }
        return Plan(current: applied.count, pending: migrations.dropFirst(applied.count).map { "\($0.version) \($0.name)" })
    }
}
