import Migrations
import Testing
import Vocabulary

@testable import Storage

@Suite("A database is brought to this program's schema")
struct MigratorTests {
    @Test("a fresh database plans every step, runs them in order, and plans none afterwards")
    func fresh() async throws {
        try await withBench(isMigrated: false) { bench in
            let migrator = Migrator(database: bench.database)
            let all = migrations.map { "\($0.version) \($0.name)" }
            #expect(try await migrator.plan() == Migrator.Plan(current: 0, pending: all))
            #expect(try await migrator.migrate().pending == all)
            #expect(try await migrator.plan() == Migrator.Plan(current: Migrator.latestVersion, pending: []))
            let recorded = try await bench.column("select version || ' ' || name from evenkeel.schema_migration order by version")
            #expect(recorded == all)
        }
    }

    @Test("planning changes nothing")
    func planOnly() async throws {
        try await withBench(isMigrated: false) { bench in
            _ = try await Migrator(database: bench.database).plan()
            #expect(try await bench.text("select to_regnamespace('evenkeel')") == nil)
        }
    }

    @Test("migrating again runs nothing and keeps what is stored")
    func again() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let applied = try await bench.column("select applied_at from evenkeel.schema_migration order by version")
            #expect(try await Migrator(database: bench.database).migrate().pending.isEmpty)
            #expect(try await bench.column("select applied_at from evenkeel.schema_migration order by version") == applied)
            #expect(try await bench.registry.version(Loans.key) == version)
        }
    }

    @Test("four services that start at once migrate once")
    func together() async throws {
        try await withBench(connections: 4, isMigrated: false) { bench in
            let plans = try await withThrowingTaskGroup(of: Migrator.Plan.self) { group in
                for _ in 0..<4 { group.addTask { try await Migrator(database: bench.database).migrate() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(plans.map(\.pending.count).sorted() == [0, 0, 0, Migrator.latestVersion])
            #expect(try await bench.int("select count(*) from evenkeel.schema_migration") == Int64(Migrator.latestVersion))
        }
    }

    @Test("a half-migrated database runs only what is missing")
    func partial() async throws {
        try await withBench(isMigrated: false) { bench in
            // As a program left it that knew only the first step.
            let first = try #require(migrations.first)
            let checksum = Digest.hex(Digest.sha256(Array(first.sql.utf8)))
            try await bench.run(
                """
                create schema evenkeel;
                create table evenkeel.schema_migration (
                    version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now());
                insert into evenkeel.schema_migration (version, name, checksum) values (1, '\(first.name)', '\(checksum)')
                """)
            try await bench.run(first.sql)
            let plan = try await Migrator(database: bench.database).migrate()
            #expect(plan == Migrator.Plan(current: 1, pending: migrations.dropFirst().map { "\($0.version) \($0.name)" }))
            try await bench.register()
        }
    }

    @Test("a database that is ahead is refused, with both versions")
    func ahead() async throws {
        try await withBench { bench in
            let next = Migrator.latestVersion + 1
            try await bench.run("insert into evenkeel.schema_migration (version, name, checksum) values (\(next), 'of tomorrow', 'x')")
            let migrator = Migrator(database: bench.database)
            for attempt in [{ _ = try await migrator.plan() }, { _ = try await migrator.migrate() }] {
                let error = try #require(await #expect(throws: StoreError.self) { try await attempt() })
                #expect(error.code == .ahead && !error.isRetryable)
                #expect(error.description.contains("version \(next)") && error.description.contains("knows \(Migrator.latestVersion)"))
            }
        }
    }

    @Test("a step that is not the one of this program is refused by its name")
    func changed() async throws {
        try await withBench { bench in
            try await bench.run("update evenkeel.schema_migration set checksum = 'other' where version = 2")
            let error = try #require(
                await #expect(throws: StoreError.self) { try await Migrator(database: bench.database).migrate() })
            #expect(error.code == .ahead && error.description.contains("migration 2 \(migrations[1].name)"))
        }
    }

    @Test("a step that fails leaves the database as it was")
    func rolledBack() async throws {
        try await withBench(isMigrated: false) { bench in
            // The third step finds its table taken.
            try await bench.run("create schema evenkeel; create table evenkeel.profile (x int)")
            await #expect(throws: StoreError.self) { try await Migrator(database: bench.database).migrate() }
            let tables = try await bench.column(
                "select relname from pg_class where relnamespace = 'evenkeel'::regnamespace and relkind = 'r'")
            #expect(tables == ["profile"])
        }
    }
}
