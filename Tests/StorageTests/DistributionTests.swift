import Testing

@testable import Storage

/// Citus itself is no part of these tests: what it would be asked, and in which order, is written down by functions of the same names.
/// `EVENKEEL_TEST_CITUS` names a real cluster for all tests of Storage: see docs/operations.md.
@Suite("Tables are placed on the nodes of a Citus cluster", .disabled(if: TestServer.citus != nil))
struct DistributionTests {
    /// What Citus 13 has of these names, and a record of what was called.
    private static let stand = """
        create schema stand;
        create table stand.pg_dist_partition (logicalrel regclass primary key);
        create table stand.called (number bigint generated always as identity, call text not null);
        create function stand.create_reference_table(name regclass) returns void language sql as $$
            insert into stand.pg_dist_partition values (name);
            insert into stand.called (call) values ('copy ' || name) $$;
        create function stand.create_distributed_table(name regclass, key text, colocate_with text) returns void language sql as $$
            insert into stand.pg_dist_partition values (name);
            insert into stand.called (call) values ('spread ' || name || ' by ' || key || ' with ' || colocate_with) $$;
        """

    private func withStand(_ body: (Bench) async throws -> Void) async throws {
        try await withBench(connections: 1, isMigrated: false) { bench in
            try await bench.run("drop schema if exists stand cascade;" + Self.stand + "set search_path = stand, public")
            try await body(bench)
            try await bench.run("drop schema stand cascade")
        }
    }

    @Test("copied tables first, then the big ones beside each other, each once, with what they hold")
    func order() async throws {
        try await withStand { bench in
            let plan = try await Migrator(database: bench.database).migrate(spreads: true)
            let calls = try await bench.column("select call from stand.called order by number")
            #expect(calls.prefix(2) == ["copy evenkeel.model", "copy evenkeel.model_version"])
            #expect(calls.contains("spread evenkeel.prediction by stream_id with default"))
            #expect(calls.contains("spread evenkeel.profile by stream_id with evenkeel.prediction"))
            #expect(calls.count == Distribution.copied.count + Distribution.distributed.count && plan.placed.count == calls.count)
            #expect(calls.firstIndex { $0.hasPrefix("spread") } == Distribution.copied.count)
            // A foreign key of a copied table points at one that was copied before.
            let keys = try await bench.rows(
                """
                select s.relname, t.relname from pg_constraint k
                join pg_class s on s.oid = k.conrelid join pg_class t on t.oid = k.confrelid
                where k.contype = 'f' and s.relnamespace = 'evenkeel'::regnamespace and s.relname = any ($1)
                """, [.texts(Distribution.copied)], columns: 2)
            for key in keys {
                let (from, to) = (Distribution.copied.firstIndex(of: key[0]!), Distribution.copied.firstIndex(of: key[1]!))
                #expect(try #require(to) < #require(from), "\(key)")
            }
            #expect(try await Migrator(database: bench.database).migrate(spreads: true).placed.isEmpty)
        }
    }

    @Test("a database that is spread places the tables of later steps without being asked; one that is not stays as it is")
    func later() async throws {
        try await withStand { bench in
            let migrator = Migrator(database: bench.database)
            #expect(try await migrator.migrate().placed.isEmpty)
            #expect(try await migrator.migrate(spreads: true).placed.count > 20)
            let placed = try await bench.database.run { connection in
                // As if a later step had made this one.
                try connection.run("delete from stand.pg_dist_partition where logicalrel = 'evenkeel.error_run'::regclass")
                return try Distribution.isInUse(on: connection) ? Distribution.place(on: connection) : []
            }
            #expect(placed == ["spread error_run by stream_id"])
        }
    }

    @Test("without Citus it says what to do, and changes nothing") func absent() async throws {
        try await withBench(isMigrated: false) { bench in
            let error = try #require(
                await #expect(throws: StoreError.self) { try await Migrator(database: bench.database).migrate(spreads: true) })
            #expect(error.code == .unsupported && error.description.contains("create extension citus"))
            #expect(try await bench.text("select to_regnamespace('evenkeel')") == nil)
        }
    }
}
