import Foundation
import Vocabulary

@testable import Storage

/// The PostgreSQL server of this test process: started by the first test that needs one, stopped and removed with the process.
actor TestServer {
    static let shared = TestServer()

    /// Databases, and so tests that have one at the same time; the others wait. Each is emptied before it is used again, which takes
    /// a fourth of the time that a new one does.
    private static let databasesMax = 5

    /// A database on the coordinator of a Citus cluster, for which the tests take turns; its schema evenkeel is removed by each.
    static let citus = ProcessInfo.processInfo.environment["EVENKEEL_TEST_CITUS"].map { Secret($0) }

    private var starting: Task<EmbeddedCluster, any Error>?
    private var admin: Database?
    private var made = 0
    private var free: [String] = []
    private var waiting: [CheckedContinuation<String, Never>] = []

    func cluster() async throws -> EmbeddedCluster {
        if let starting { return try await starting.value }
        let task = Task {
            let cluster = EmbeddedCluster(folder: Scratch.folder(), syncs: false)
            try await cluster.start()
            admin = Database(url: Self.url(of: "postgres", on: cluster), connections: 1)
            return cluster
        }
        starting = task
        return try await task.value
    }

    /// The connection string of one of its databases.
    private static func url(of database: String, on cluster: EmbeddedCluster) -> Secret {
        if let citus, database != "postgres" { return citus }
        return Secret(cluster.url.reveal().replacing("dbname=evenkeel", with: "dbname=\(database)"))
    }

    /// Hands out a database that nobody else uses and that holds nothing.
    func takeDatabase() async throws -> (name: String, url: Secret) {
        let cluster = try await cluster()
        if let name = free.popLast() { return (name, Self.url(of: name, on: cluster)) }
        if made == (Self.citus == nil ? Self.databasesMax : 1) {
            let name = await withCheckedContinuation { waiting.append($0) }
            return (name, Self.url(of: name, on: cluster))
        }
        made += 1
        let name = "test_\(made)"
        try await admin?.run { try $0.run("create database \(name)") }
        return (name, Self.url(of: name, on: cluster))
    }

    /// Adds a role that has to show its password.
    func addGuardedRole(name: String, password: String) async throws {
        let cluster = try await cluster()
        let rules = cluster.folder.appending(path: "data/pg_hba.conf")
        let text = try String(contentsOf: rules, encoding: .utf8)
        try "local all \(name) scram-sha-256\n\(text)".write(to: rules, atomically: false, encoding: .utf8)
        try await admin?.run { connection in
            try connection.run("create role \(name) login password '\(password)'; select pg_reload_conf()")
        }
        // The server reads its rules in its own time.
        let wrong = Self.url(of: "postgres", on: cluster).reveal().replacing("user=evenkeel", with: "user=\(name) password=no")
        while (try? await Database(url: Secret(wrong), connections: 1).ping()) != nil { try Task.checkCancellation() }
    }

    func giveBackDatabase(_ name: String) async throws {
        _ = try await admin?.run { connection in
            try connection.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [.text(name)]).count
        }
        if waiting.isEmpty { free.append(name) } else { waiting.removeFirst().resume(returning: name) }
    }
}

/// One test's own database, and the stores on it.
struct Bench: Sendable {
    let name: String
    let url: Secret
    let database: Database
    /// What the stores take for now.
    static let now = Timestamp(rfc3339: "2026-03-10T12:00:00Z")!

    var registry: RegistryStore { RegistryStore(database: database) }
    var profiles: ProfileStore { ProfileStore(database: database) }
    var results: ResultStore { ResultStore(database: database) }
    var alerts: AlertStore { AlertStore(database: database) }
    /// A collector of its own, which knows of the others' levels and partitions only what it reads. What is old by its clock is stored by the hour.
    func collector(at now: Timestamp = Bench.now) -> RecordStore { RecordStore(database: database, clock: { now }) }

    /// The first columns of a query's rows, as text.
    func rows(_ sql: String, _ parameters: [Parameter] = [], columns: Int = 1) async throws -> [[String?]] {
        try await database.run { connection in
            let rows = try connection.query(sql, parameters)
            return (0..<rows.count).map { row in (0..<columns).map { rows.text(row, $0) } }
        }
    }
    func column(_ sql: String, _ parameters: [Parameter] = []) async throws -> [String] {
        try await rows(sql, parameters).compactMap(\.first!)
    }
    func text(_ sql: String, _ parameters: [Parameter] = []) async throws -> String? {
        try await database.run { try $0.query(sql, parameters).text(0, 0) }
    }
    func int(_ sql: String, _ parameters: [Parameter] = []) async throws -> Int64? {
        try await database.run { try $0.query(sql, parameters).int(0, 0) }
    }
    func run(_ sql: String) async throws { try await database.run { try $0.run(sql) } }

    /// Waits until a query of one boolean says yes.
    func until(_ sql: String, _ parameters: [Parameter] = []) async throws {
        while try await text(sql, parameters) != "t" { try Task.checkCancellation() }
    }
}

/// Runs a test on a database of its own: migrated, or empty.
func withBench<R>(connections: Int = 3, isMigrated: Bool = true, _ body: (Bench) async throws -> R) async throws -> R {
    let taken = try await TestServer.shared.takeDatabase()
    let result: Result<R, any Error>
    do {
        let bench = Bench(name: taken.name, url: taken.url, database: Database(url: taken.url, connections: connections))
        try await bench.run("drop schema if exists evenkeel cascade")
        if isMigrated { try await Migrator(database: bench.database).migrate(spreads: TestServer.citus != nil) }
        result = .success(try await body(bench))
    } catch { result = .failure(error) }
    try await TestServer.shared.giveBackDatabase(taken.name)
    return try result.get()
}
