internal import Dispatch
public import Foundation
internal import Glibc
internal import Synchronization
public import Vocabulary

/// A private PostgreSQL cluster in a folder of ours: made when it is not there, started, watched and stopped with the service.
///
/// It listens on a Unix socket in a folder that only its owner may enter, and on no TCP port unless asked. Settings are
/// durable: what is committed survives kill -9 of the server and of us. As root the server runs as the `postgres` user.
public final class EmbeddedCluster: Sendable {
    public let folder: URL
    private let tcpPort: Int?
    private let syncs: Bool
    private let queue = DispatchQueue(label: "evenkeel.embedded")
    private let lock = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - folder: made if absent. One service at a time may use it.
    ///   - tcpPort: also listen on 127.0.0.1; nil for the socket alone.
    ///   - syncs: false only for tests that throw their data away.
    public init(folder: URL, tcpPort: Int? = nil, syncs: Bool = true) {
        self.folder = Self.real(folder.standardizedFileURL)
        self.tcpPort = tcpPort
        self.syncs = syncs
    }

    private var data: String { folder.path + "/data" }
    private var sockets: String { folder.path + "/sock" }
    private var isRoot: Bool { geteuid() == 0 }

    /// The connection string of the service's database.
    public var url: Secret { conninfo(database: "evenkeel") }
    private func conninfo(database: String) -> Secret {
        let host = sockets.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return Secret("host='\(host)' port=\(port) user=evenkeel dbname=\(database)")
    }
    /// The socket is named by it, too.
    private var port: Int { tcpPort ?? 5432 }

    /// Makes the cluster if needed and starts it; adopts the server that a killed service left running.
    ///
    /// - Throws: ``StoreError`` `.cluster` with what to do: no server installed, another major version, the folder in use.
    public func start() async throws { try await onQueue { try self.startBlocking() } }

    /// Starts the server, or joins the one that a running service owns; then `stop` leaves it alone. For commands.
    public func startOrJoin() async throws {
        try await onQueue {
            do { try self.startBlocking() } catch let error as StoreError where error.code == .busy && self.runningServer != nil { return }
        }
    }

    /// Whether this process started the server, and no other one does its work beside us.
    public var isOwned: Bool { lock.withLock { $0 != nil } }

    /// Stops the server: clients are disconnected, everything is written.
    public func stop() async throws { try await onQueue { try self.stopBlocking() } }

    /// Starts the server again whenever it died, until the task is cancelled.
    public func keepRunning(every interval: Duration = .seconds(1), report: @Sendable (String) -> Void) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            if Task.isCancelled { return }
            do {
                let restarted = try await onQueue {
                    // A folder that is not locked was stopped on purpose.
                    if self.runningServer != nil || self.lock.withLock({ $0 == nil }) { return false }
                    try self.startBlocking()
                    return true
                }
                if restarted { report("the embedded database had died and was started again") }
            } catch { report("the embedded database died and could not be started: \(error)") }
        }
    }

    private func onQueue<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }

    private func startBlocking() throws {
        do { try startServer() } catch let error as StoreError { throw error } catch {
            throw StoreError(.cluster, "the folder \(folder.path) cannot be used: choose another with --data", detail: "\(error)")
        }
    }

    private func startServer() throws {
        if sockets.utf8.count > 90 {
            throw StoreError(.cluster, "the path \(folder.path) is too long for a Unix socket: choose a shorter one")
        }
        let tools = try chooseTools()
        try prepareFolder()
        try lockFolder()
        if !FileManager.default.fileExists(atPath: data) { try create(tools) }
        try writeSettings()
        if runningServer == nil {
            try removeStaleState()
            let started = try asOwner(
                tools.folder + "/pg_ctl", ["-D", data, "-l", folder.path + "/postgres.log", "-w", "-t", "60", "-s", "start"])
            guard started.status == 0 else {
                throw StoreError(.cluster, "the embedded PostgreSQL did not start: see \(folder.path)/postgres.log", detail: started.output)
            }
        }
        let connection = try firstConnection()
        if try connection.query("select 1 from pg_database where datname = 'evenkeel'").count == 0 {
            try connection.run("create database evenkeel")
        }
    }

    /// A server that was left running may still be recovering from what killed its backends.
    private func firstConnection() throws -> Connection {
        let deadline = ContinuousClock.now + .seconds(Self.recoverySecondsMax)
        while true {
            do { return try Connection(conninfo: conninfo(database: "postgres").reveal()) } catch {
                guard error.isRetryable, runningServer != nil, ContinuousClock.now < deadline else { throw error }
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    /// How long a running server may take until it answers.
    static let recoverySecondsMax = 60.0

    private func stopBlocking() throws {
        guard lock.withLock({ $0 != nil }) else { return }  // joined, not ours
        defer { unlockFolder() }
        guard runningServer != nil else { return }
        let stopped = try asOwner(try chooseTools().folder + "/pg_ctl", ["-D", data, "-m", "fast", "-w", "-t", "60", "-s", "stop"])
        guard stopped.status == 0 else { throw StoreError(.cluster, "the embedded PostgreSQL did not stop", detail: stopped.output) }
    }

    /// The tools of the data's own major version, or the newest for new data.
    private func chooseTools() throws -> PostgresTools {
        let installed = PostgresTools.installed()
        guard let newest = installed.first else {
            throw StoreError(
                .cluster,
                "no PostgreSQL server is installed: apt-get install postgresql (or set EVENKEEL_PG_BIN to the folder of initdb, or use --database URL)"
            )
        }
        guard let text = try? String(contentsOfFile: data + "/PG_VERSION", encoding: .utf8),
            let made = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return newest }
        guard let same = installed.first(where: { $0.major == made }) else {
            let have = installed.map { String($0.major) }.joined(separator: ", ")
            throw StoreError(
                .cluster,
                "\(folder.path) was made by PostgreSQL \(made), but PostgreSQL \(have) is installed: install postgresql-\(made), or move the data with pg_dump and pg_restore into a new folder"
            )
        }
        return same
    }

    private func create(_ tools: PostgresTools) throws {
        // Made aside and renamed: an initdb that was killed leaves no half-made cluster behind.
        let fresh = data + ".new"
        try? FileManager.default.removeItem(atPath: fresh)
        let made = try asOwner(
            tools.folder + "/initdb",
            [
                "-D", fresh, "-U", "evenkeel", "-E", "UTF8", "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256",
                "--data-checksums",
            ]
                + (syncs ? [] : ["--no-sync"]))
        guard made.status == 0 else {
            throw StoreError(
                .cluster, "initdb failed in \(folder.path): \(made.output.split(separator: "\n").last ?? "")", detail: made.output)
        }
        let include = FileHandle(forWritingAtPath: fresh + "/postgresql.conf")
        try include?.seekToEnd()
        try include?.write(contentsOf: Array("\ninclude \(Self.quoted(folder.path + "/evenkeel.conf"))\n".utf8))
        try include?.close()
        try FileManager.default.moveItem(atPath: fresh, toPath: data)
    }

    /// A text as postgresql.conf reads it.
    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
    }

    /// Small, yet durable.
    private func writeSettings() throws {
        let settings = """
            listen_addresses = '\(tcpPort == nil ? "" : "127.0.0.1")'
            port = \(port)
            unix_socket_directories = \(Self.quoted("\"" + sockets.replacing("\"", with: "\"\"") + "\""))
            unix_socket_permissions = 0700
            max_connections = 60
            shared_buffers = 64MB
            fsync = \(syncs ? "on" : "off")
            full_page_writes = \(syncs ? "on" : "off")
            synchronous_commit = on
            max_wal_size = 256MB
            max_locks_per_transaction = 512
            jit = off
            timezone = 'UTC'
            log_timezone = 'UTC'
            logging_collector = off

            """
        let path = folder.path + "/evenkeel.conf"
        if (try? String(contentsOfFile: path, encoding: .utf8)) == settings { return }
        try settings.write(toFile: path, atomically: true, encoding: .utf8)
        try giveToOwner(path)
    }

    /// The path as /proc shows it: links are resolved also where the folder is still to be made.
    private static func real(_ folder: URL) -> URL {
        if FileManager.default.fileExists(atPath: folder.path) || folder.path == "/" { return folder.resolvingSymlinksInPath() }
        return real(folder.deletingLastPathComponent()).appending(path: folder.lastPathComponent)
    }

    /// Refuses a folder that holds something else, before anything in it is touched: as root we would take it from its owner.
    private func refuseForeignFolder() throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        if !names.isEmpty, !names.contains("data"), !names.contains("lock"), !names.contains("data.new"), names != ["spool"] {
            throw StoreError(
                .cluster, "\(folder.path) is not empty and holds no embedded database: choose an empty or new folder with --data")
        }
    }

    private func prepareFolder() throws {
        try refuseForeignFolder()
        let parent = folder.deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: sockets, withIntermediateDirectories: true)
        for path in [folder.path, sockets] {
            try giveToOwner(path)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        }
        if isRoot, try asOwner("/usr/bin/test", ["-x", parent]).status != 0 {
            throw StoreError(
                .cluster, "the postgres user cannot enter \(parent): choose another folder with --data, such as /var/lib/evenkeel")
        }
    }

    /// One service at a time. The lock goes with the process, so a killed one leaves none; the server does not inherit it.
    private func lockFolder() throws {
        try lock.withLock { held in
            if held != nil { return }
            let file = unsafe open(folder.path + "/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw StoreError(.cluster, "cannot write in \(folder.path)") }
            guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
                close(file)
                throw StoreError(.busy, "another evenkeel uses \(folder.path): stop it, or choose another folder with --data")
            }
            held = file
        }
    }
    private func unlockFolder() {
        lock.withLock { held in
            if let file = held { close(file) }
            held = nil
        }
    }

    /// The server of this very data folder: a pid alone proves nothing, since pids are used again.
    private var runningServer: Int32? {
        guard let text = try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8),
            let pid = text.split(separator: "\n").first.flatMap({ Int32($0) })
        else { return nil }
        return processes(in: data).contains(pid) ? pid : nil
    }

    private func processes(in path: String) -> [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.filter { pid in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) == path
        }
    }

    private func removeStaleState() throws {
        // The backends of a killed server still write for a moment.
        for _ in 0..<100 where !processes(in: data).isEmpty { usleep(100_000) }
        guard processes(in: data).isEmpty else {
            throw StoreError(
                .cluster, "processes of a dead server still use \(data): \(processes(in: data).map(String.init).joined(separator: " "))")
        }
        try? FileManager.default.removeItem(atPath: data + "/postmaster.pid")
        for name in (try? FileManager.default.contentsOfDirectory(atPath: sockets)) ?? [] where name.hasPrefix(".s.PGSQL.") {
            try? FileManager.default.removeItem(atPath: sockets + "/" + name)
        }
    }

    private func asOwner(_ program: String, _ arguments: [String]) throws -> ToolResult {
        guard isRoot else { return try runTool(program, arguments) }
        return try runTool("/usr/bin/setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", "--", program] + arguments)
    }

    private func giveToOwner(_ path: String) throws {
        guard isRoot else { return }
        guard let entry = unsafe getpwnam("postgres") else {
            throw StoreError(.cluster, "there is no postgres user: apt-get install postgresql, or run as an ordinary user")
        }
        guard unsafe chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
            throw StoreError(.cluster, "cannot give \(path) to the postgres user")
        }
    }
}
