import Synchronization
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("A database is a few connections, each used by one caller at a time", .timeLimit(.minutes(30)))
struct DatabaseTests {
    @Test("what is sent as a parameter comes back as it was", arguments: Loans.seeds)
    func parameters(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let doubles = Loans.hardNumbers + (0..<200).map { _ in Double(bitPattern: random.next()) }
            let texts: [String?] = [nil, "", "NULL", "null", "\"", "\\", "{}", "a,b", " x ", "\n", "it's", "日本🙂", "\u{1}\u{7f}"]
            let times = [Timestamp(seconds: 0), Timestamp(microseconds: -1), Timestamp(microseconds: 1_234_567_890_123_457), Bench.now]
            let ints: [Int64] = [0, -1, .max, .min]
            let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
            let found = try await bench.database.run { connection in
                let numbers = try connection.query("select unnest($1::float8[])", [.doubles(doubles)])
                let words = try connection.query("select unnest($1::text[])", [.texts(texts)])
                let moments = try connection.query("select unnest($1::timestamptz[])", [.times(times)])
                let integers = try connection.query("select unnest($1::bigint[])", [.ints(ints)])
                let binary = try connection.query("select $1::bytea, $2::bytea, null::bytea", [.bytes(bytes), .bytes([])])
                return (
                    (0..<numbers.count).map { numbers.double($0, 0) }, (0..<words.count).map { words.text($0, 0) },
                    (0..<moments.count).map { moments.time($0, 0) }, (0..<integers.count).map { integers.int($0, 0) },
                    (0..<3).map { binary.bytes(0, $0) }
                )
            }
            let isSame = zip(found.0, doubles).allSatisfy { $0?.bitPattern == $1.bitPattern || ($0?.isNaN == true && $1.isNaN) }
            #expect(isSame && found.0.count == doubles.count, "seed \(seed)")
            #expect(found.1 == texts && found.2 == times && found.3 == ints && found.4 == [bytes, [], nil])
            for text in texts { #expect(try await bench.text("select $1::text", [.text(text)]) == text) }
            for double in Loans.hardNumbers where !double.isNaN {
                let back = try await bench.database.run { try $0.query("select $1::float8", [.double(double)]).double(0, 0) }
                #expect(back?.bitPattern == double.bitPattern)
            }
        }
    }

    @Test("who does not wait for ever is told that there is no answer; the connection is of use again")
    func impatient() async throws {
        try await withBench { bench in
            let database = Database(url: bench.url, connections: 1)
            let error = try #require(
                await #expect(throws: StoreError.self) {
                    try await Database.$answerSeconds.withValue(0.2) { try await database.run { try $0.run("select pg_sleep(2)") } }
                })
            #expect(error.code == .unavailable && error.isRetryable)
            try await database.ping()
        }
    }

    @Test("empty arrays are empty")
    func emptyArrays() async throws {
        try await withBench { bench in
            let count = "select coalesce(array_length($1::text[], 1), 0)"
            for empty in [Parameter.texts([]), .ints([]), .doubles([]), .times([])] {
                let length = try await bench.int(count, [empty])
                #expect(length == 0)
            }
        }
    }

    @Test("more callers than may wait for a connection are refused as busy; the others are served")
    func busy() async throws {
        try await withBench { bench in
            let database = Database(url: bench.url, connections: 1)
            let holder = Database(url: bench.url, connections: 1)
            try await holder.run { try $0.run("begin; select pg_advisory_xact_lock(1, 1)") }
            let (refusals, refused) = AsyncStream.makeStream(of: StoreError?.self)
            let count = Database.waitersMax + 40
            let served = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<count {
                    group.addTask {
                        do {
                            try await database.run { _ = try $0.query("select pg_advisory_xact_lock_shared(1, 1)") }
                            return true
                        } catch {
                            refused.yield(error as? StoreError)
                            return false
                        }
                    }
                }
                var errors = refusals.makeAsyncIterator()
                let first = await errors.next() ?? nil
                #expect(first?.code == .busy && first?.isRetryable == true)
                await #expect(throws: Never.self) { try await holder.run { try $0.run("commit") } }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            refused.finish()
            #expect(served > Database.waitersMax && served < count)
            try await database.ping()
        }
    }

    @Test("a transaction that throws is rolled back, and its connection is used again")
    func rolledBack() async throws {
        struct Stop: Error {}
        try await withBench { bench in
            let database = Database(url: bench.url, connections: 1)
            let process = try await database.run { try $0.query("select pg_backend_pid()").int(0, 0) }
            await #expect(throws: Stop.self) {
                try await database.transaction { connection in
                    try connection.run("create table evenkeel.made (x int)")
                    throw Stop()
                }
            }
            #expect(try await bench.text("select to_regclass('evenkeel.made')") == nil)
            await #expect(throws: StoreError.self) { try await database.transaction { try $0.run("select 1 / 0") } }
            let after = try await database.run { try $0.query("select pg_backend_pid()").int(0, 0) }
            #expect(after == process)
        }
    }

    @Test("a connection that is left inside a failed transaction is not given to the next caller")
    func leftOpen() async throws {
        try await withBench { bench in
            let database = Database(url: bench.url, connections: 1)
            await #expect(throws: StoreError.self) { try await database.run { try $0.run("begin; select 1 / 0") } }
            try await database.ping()
            #expect(try await database.run { $0.isInTransaction } == false)
        }
    }

    @Test("a connection that the server ended while it was idle costs no request")
    func hungUp() async throws {
        try await withBench { bench in
            let database = Database(url: bench.url, connections: 1)
            let process = try await database.run { try $0.query("select pg_backend_pid()").int(0, 0) }
            let old = try #require(process)
            try await bench.run("select pg_terminate_backend(\(old))")
            while try await bench.int("select count(*) from pg_stat_activity where pid = \(old)") != 0 {}
            let after = try await database.run { try $0.query("select pg_backend_pid()").int(0, 0) }
            #expect(after != nil && after != process)
        }
    }

    @Test("a broken connection gives its caller a retryable error, and the next one a new connection")
    func broken() async throws {
        try await withBench { bench in
            let database = Database(url: bench.url, connections: 1)
            let url = bench.url
            let error = try #require(
                await #expect(throws: StoreError.self) {
                    try await database.run { connection in
                        let process = try connection.query("select pg_backend_pid()").int(0, 0)
                        try Connection(conninfo: url.reveal()).query("select pg_terminate_backend($1)", [.int(process)])
                        while true { try connection.query("select pg_sleep(0.01)") }
                    }
                })
            #expect(error.code == .unavailable && error.isRetryable)
            try await database.ping()
        }
    }

    @Test("what the server refuses is told apart: our mistake, a conflict, or something that passes")
    func codes() async throws {
        try await withBench { bench in
            func code(_ sql: String) async -> StoreError.Code? {
                do { try await bench.run(sql); return nil } catch { return (error as? StoreError)?.code }
            }
            try await bench.run("create table evenkeel.made (x int primary key); insert into evenkeel.made values (1)")
            #expect(await code("select nonsense") == .failed)
            #expect(await code("insert into evenkeel.made values (1)") == .conflict)
            #expect(await code("insert into evenkeel.made values (null)") == .failed)
            // A standby: the records wait for the primary rather than be refused.
            #expect(await code("begin read only; insert into evenkeel.made values (2)") == .unavailable)
            let holder = Database(url: bench.url, connections: 1)
            try await holder.run { try $0.run("begin; lock table evenkeel.made") }
            #expect(await code("begin; lock table evenkeel.made nowait") == .unavailable)
            #expect(await code("begin; set local statement_timeout = 1; lock table evenkeel.made") == .unavailable)
        }
    }

    @Test("copying bad data in is refused and leaves the connection usable")
    func badCopy() async throws {
        try await withBench { bench in
            let database = Database(url: bench.url, connections: 1)
            try await database.run { try $0.run("create table evenkeel.made (x bigint, t text)") }
            var short = CopyEncoder(fieldCount: 1)
            short.startRow()
            short.int8(1)
            let bad: [[UInt8]] = [short.finished(), [1, 2, 3], []]
            for data in bad {
                let error = try #require(
                    await #expect(throws: StoreError.self) {
                        try await database.run { try $0.copy("copy evenkeel.made from stdin (format binary)", data) }
                    })
                #expect(error.code == .failed)
            }
            let error = try #require(
                await #expect(throws: StoreError.self) { try await database.run { try $0.copy("copy evenkeel.absent from stdin", []) } })
            #expect(error.sqlState == "42P01")
            // More than one chunk.
            let good = { () -> [UInt8] in
                var rows = CopyEncoder(fieldCount: 2)
                for i in 0..<20_000 {
                    rows.startRow()
                    rows.int8(Int64(i))
                    rows.textOrNull("row \(i) it's 日本")
                }
                return rows.finished()
            }()
            try await database.run { try $0.copy("copy evenkeel.made from stdin (format binary)", good) }
            #expect(try await bench.int("select count(*) from evenkeel.made where t = 'row ' || x || ' it''s 日本'") == 20_000)
        }
    }

    @Test("an error says nothing of the rows to a log")
    func noRowValues() async throws {
        try await withBench { bench in
            try await bench.run(
                """
                create table evenkeel.made (x text primary key check (x <> 'hunter2 checked'), n int not null);
                insert into evenkeel.made values ('hunter2', 1)
                """)
            let statements: [(String, [Parameter])] = [
                ("insert into evenkeel.made values ($1, 1)", [.text("hunter2")]),
                ("insert into evenkeel.made values ($1, 1)", [.text("hunter2 checked")]),
                ("insert into evenkeel.made values ($1, null)", [.text("hunter2 null")]), ("select $1::float8", [.text("hunter2")]),
                ("select $1::jsonb", [.text("{hunter2")]), ("select $1::timestamptz", [.text("hunter2")]),
            ]
            for (sql, parameters) in statements {
                let error = try #require(await #expect(throws: StoreError.self) { try await bench.text(sql, parameters) })
                #expect(!error.description.contains("hunter2") && error.sqlState != nil, "\(sql)")
            }
        }
    }
}

@Suite("A password never stands in an error")
struct SecretInErrorTests {
    private func expectHidden(_ url: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let database = Database(url: Secret(url), connections: 1)
        let error = try #require(await #expect(throws: StoreError.self) { try await database.ping() }, sourceLocation: sourceLocation)
        let texts = [error.description, error.debugDescription, "\(error)", error.message, error.detail ?? ""]
        #expect(!texts.joined(separator: "\n").contains("hunter2"), sourceLocation: sourceLocation)
        #expect(!error.description.isEmpty, sourceLocation: sourceLocation)
    }

    @Test(
        "nor when the connection string is written wrongly",
        arguments: [
            "postgresql://evenkeel:hunter2@127.0.0.1:1/evenkeel", "host=127.0.0.1 port=1 user=evenkeel password=hunter2",
            // Characters that should have been percent-encoded or quoted.
            "postgresql://evenkeel:100%hunter2@127.0.0.1:1/evenkeel", "postgresql://evenkeel:hunter2/x@127.0.0.1:1/evenkeel",
            "postgresql://evenkeel:a/hunter2@127.0.0.1:1/evenkeel", "host=127.0.0.1 port=1 password=my hunter2 user=evenkeel",
            "host=127.0.0.1 port=1 password='it's hunter2'", "postgresql://evenkeel:hunter2@[::1/evenkeel",
            "postgresql://evenkeel@127.0.0.1:1/evenkeel?pasword=hunter2", "host=127.0.0.1 port=1 passwort=hunter2",
        ])
    func malformed(url: String) async throws { try await expectHidden(url) }

    @Test("nor when the server does not take it")
    func wrongPassword() async throws {
        try await withBench { bench in
            // Roles belong to the whole server, whose own rules trust everybody.
            try await TestServer.shared.addGuardedRole(name: "guarded", password: "right")
            let url = { (password: String) in bench.url.reveal().replacing("user=evenkeel", with: "user=guarded password=\(password)") }
            try await Database(url: Secret(url("right")), connections: 1).ping()
            try await expectHidden(url("hunter2"))
        }
    }
}
