import Testing

@testable import Storage

/// What lets the same schema run sharded on Citus. A new table must be put into one of the three lists of ``Distribution``.
@Suite("The schema can be sharded by stream_id")
struct SchemaRulesTests {
    private static let big = Set(Distribution.distributed)
    private static let lookup = Set(Distribution.copied)
    private static let local = Set(Distribution.local)

    private func list(_ names: Set<String>) -> Parameter { .texts(names.sorted()) }

    @Test("every table is distributed, copied or local")
    func classified() async throws {
        try await withBench { bench in
            let tables = try await bench.column(
                "select relname from pg_class where relnamespace = 'evenkeel'::regnamespace and relkind in ('r', 'p') and not relispartition"
            )
            #expect(Set(tables) == Self.big.union(Self.lookup).union(Self.local))
        }
    }

    @Test("every primary key and unique index of a big table begins with stream_id")
    func keys() async throws {
        try await withBench { bench in
            let firsts = try await bench.rows(
                """
                select c.relname, a.attname, i.indisprimary from pg_index i
                join pg_class c on c.oid = i.indrelid
                join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                where c.relnamespace = 'evenkeel'::regnamespace and c.relname = any ($1::text[]) and i.indisunique
                """, [list(Self.big)], columns: 3)
            #expect(
                Set(firsts.filter { $0[2] == "t" }.compactMap(\.first!)) == Self.big.subtracting(["prediction"]), "each has a primary key")
            for first in firsts { #expect(first[1] == "stream_id", "\(first[0] ?? "")") }
        }
    }

    @Test("ids are unique by stream in every partition of predictions, which no key of the whole can say")
    func partitions() async throws {
        try await withBench { bench in
            try await bench.collector().makePartitions(at: Bench.now)
            let found = try await bench.rows(
                """
                select c.relname, pg_get_indexdef(x.indexrelid) from pg_inherits i join pg_class c on c.oid = i.inhrelid
                left join pg_index x on x.indrelid = c.oid and x.indisunique
                where i.inhparent = 'evenkeel.prediction'::regclass
                """, columns: 2)
            #expect(found.count >= 2)
            for one in found { #expect(one[1]?.hasSuffix("(stream_id, record_id)") == true, "\(one)") }
        }
    }

    @Test("stream_id is a bigint that is never null in every big table")
    func column() async throws {
        try await withBench { bench in
            let tables = try await bench.column(
                """
                select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
                where c.relnamespace = 'evenkeel'::regnamespace and c.relname = any ($1::text[])
                  and attname = 'stream_id' and attnotnull and atttypid = 'bigint'::regtype
                """, [list(Self.big)])
            #expect(Set(tables) == Self.big)
        }
    }

    @Test("there are no triggers")
    func triggers() async throws {
        try await withBench { bench in
            // Those that enforce foreign keys are internal, and Citus brings its own.
            let triggers = try await bench.column(
                """
                select tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
                where c.relnamespace = 'evenkeel'::regnamespace and not tgisinternal
                """)
            #expect(triggers.isEmpty)
        }
    }

    @Test("distributed and copied tables number no rows by themselves")
    func identity() async throws {
        try await withBench { bench in
            let columns = try await bench.column(
                """
                select a.attrelid::regclass || '.' || attname from pg_attribute a
                join pg_class c on c.oid = a.attrelid
                left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                where c.relnamespace = 'evenkeel'::regnamespace and c.relname = any ($1::text[]) and attnum > 0
                  and (attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like '%nextval%')
                """, [list(Self.big.union(Self.lookup))])
            #expect(columns.isEmpty)
        }
    }

    @Test("no foreign key points from a local or copied table to a big one, or from a big one to a local one")
    func foreignKeys() async throws {
        try await withBench { bench in
            let keys = try await bench.rows(
                """
                select s.relname, t.relname from pg_constraint k
                join pg_class s on s.oid = k.conrelid join pg_class t on t.oid = k.confrelid
                where k.contype = 'f' and s.relnamespace = 'evenkeel'::regnamespace
                """, columns: 2)
            #expect(!keys.isEmpty)
            for key in keys {
                let (from, to) = (key[0] ?? "", key[1] ?? "")
                if Self.big.contains(to) { #expect(Self.big.contains(from), "\(from) → \(to)") }
                if Self.big.contains(from) { #expect(!Self.local.contains(to), "\(from) → \(to)") }
            }
        }
    }

    @Test("what an analyst calls on packed rows is immutable SQL, safe on every node")
    func functions() async throws {
        try await withBench { bench in
            let functions = try await bench.rows(
                """
                select proname, provolatile, proparallel, lanname from pg_proc p join pg_language l on l.oid = p.prolang
                where pronamespace = 'evenkeel'::regnamespace order by proname
                """, columns: 4)
            #expect(functions == [["float8_at", "i", "s", "sql"], ["int4_at", "i", "s", "sql"]])
        }
    }
}
