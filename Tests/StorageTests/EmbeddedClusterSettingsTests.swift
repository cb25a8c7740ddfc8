import Foundation
import Testing
import Vocabulary

@testable import Storage

@Suite("The embedded cluster is durable, private, and refuses clearly what it cannot use", .serialized, .timeLimit(.minutes(30)))
struct EmbeddedClusterSettingsTests {
    private func refusal(_ cluster: EmbeddedCluster) async throws -> StoreError {
        try #require(await #expect(throws: StoreError.self) { try await cluster.start() })
    }

    /// The addresses on which any process of the folder's server listens, as the kernel lists them.
    private func listeningAddresses(_ folder: URL) throws -> Set<String> {
        var sockets: Set<String> = []
        for pid in Scratch.processes(in: folder) {
            // A process may end while it is looked at.
            for file in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? [] {
                guard let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(file)"),
                    place.hasPrefix("socket:[")
                else { continue }
                sockets.insert(String(place.dropFirst(8).dropLast()))
            }
        }
        return Set(listeners().filter { sockets.contains($0.inode) }.map(\.address))
    }

    private func listeners() -> [(address: String, inode: String)] {
        ["tcp", "tcp6"].flatMap { file -> [(address: String, inode: String)] in
            // By a handle, to its end: String(contentsOfFile:) takes the first short read of a /proc file, its first page, for the whole.
            let bytes = (try? FileHandle(forReadingAtPath: "/proc/net/\(file)")?.readToEnd()) ?? Data()
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst()
            return lines.map { $0.split(separator: " ").map(String.init) }.filter { $0.count > 9 && $0[3] == "0A" }.map { ($0[1], $0[9]) }
        }
    }

    @Test("its settings keep what is committed, and its folders are its owner's alone")
    func durable() async throws {
        let folder = Scratch.folder()
        defer { Scratch.remove(folder) }
        let cluster = EmbeddedCluster(folder: folder)
        try await cluster.start()
        let connection = try Connection(conninfo: cluster.url.reveal())
        let expected = [
            "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on", "listen_addresses": "",
            "unix_socket_permissions": "0700", "server_encoding": "UTF8", "lc_collate": "C", "TimeZone": "UTC",
        ]
        for (setting, value) in expected { #expect(try connection.query("show \(setting)").text(0, 0) == value, "\(setting)") }
        #expect(try connection.query("select current_user, current_database()").text(0, 1) == "evenkeel")
        for path in [folder.path, folder.path + "/sock", folder.path + "/data"] {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o700, "\(path)")
        }
        #expect(try listeningAddresses(folder) == [], "no TCP port")
        try await cluster.stop()
    }

    @Test("asked for a TCP port it listens on it, on 127.0.0.1 alone, and asks for a password there")
    func port() async throws {
        let folder = Scratch.folder()
        defer { Scratch.remove(folder) }
        let taken = Set(listeners().compactMap { Int($0.address.split(separator: ":").last ?? "", radix: 16) })
        let port = try #require((20_000..<30_000).shuffled().first { !taken.contains($0) })
        let cluster = EmbeddedCluster(folder: folder, tcpPort: port, syncs: false)
        try await cluster.start()
        #expect(try Connection(conninfo: cluster.url.reveal()).query("select 1").text(0, 0) == "1")
        let hexadecimal = String(port, radix: 16, uppercase: true)
        let addresses = try listeningAddresses(folder)
        #expect(addresses == ["0100007F:\(hexadecimal)"], "\(addresses)")
        let error = try #require(
            #expect(throws: StoreError.self) {
                try Connection(conninfo: "postgresql://evenkeel:hunter2@127.0.0.1:\(port)/evenkeel")
            })
        #expect(error.description.contains("password") && !error.debugDescription.contains("hunter2"))
        try await cluster.stop()
    }

    @Test("data of another major version are refused with a sentence that names both")
    func otherVersion() async throws {
        let folder = Scratch.folder()
        defer { Scratch.remove(folder) }
        let installed = try #require(PostgresTools.installed().first).major
        try FileManager.default.createDirectory(at: folder.appending(path: "data"), withIntermediateDirectories: true)
        try "9\n".write(to: folder.appending(path: "data/PG_VERSION"), atomically: true, encoding: .utf8)
        let error = try await refusal(EmbeddedCluster(folder: folder, syncs: false))
        #expect(error.code == .cluster && !error.isRetryable)
        for words in ["made by PostgreSQL 9", "\(installed)", folder.path, "install postgresql-9", "pg_dump"] {
            #expect(error.description.contains(words))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["data"], "nothing was touched")
    }

    @Test("a path that is too long for a socket is refused before anything is made")
    func longPath() async throws {
        let folder = Scratch.folder().appending(path: String(repeating: "x", count: 90))
        let error = try await refusal(EmbeddedCluster(folder: folder, syncs: false))
        #expect(error.code == .cluster && error.description.contains("too long") && error.description.contains("shorter"))
        #expect(!FileManager.default.fileExists(atPath: folder.deletingLastPathComponent().path))
    }

    @Test("a folder that cannot be made is refused by its name")
    func impossibleFolder() async throws {
        let error = await #expect(throws: (any Error).self) {
            try await EmbeddedCluster(folder: URL(filePath: "/proc/x"), syncs: false).start()
        }
        #expect((error as? StoreError)?.code == .cluster && (error as? StoreError)?.description.contains("/proc/x") == true)
    }

    @Test("tools are found where they are said to be, and there alone")
    func chosenTools() throws {
        let found = try #require(PostgresTools.installed().first)
        #expect(PostgresTools.installed(environment: ["EVENKEEL_PG_BIN": found.folder]) == [found])
        #expect(PostgresTools.installed(environment: ["EVENKEEL_PG_BIN": "/nowhere"]).isEmpty)
    }

    @Test("a program's status and words are given back, whatever it leaves running")
    func tool() throws {
        let failed = try runTool("/bin/sh", ["-c", "echo out; echo err >&2; exit 3"])
        #expect(failed.status == 3 && failed.output == "out\nerr\n")
        #expect(try runTool("/bin/sh", ["-c", "kill -9 $$"]).status == 128 + 9)
        #expect(try runTool("/bin/pwd", []).output == "/\n")
        // A child that lives on, as a server does, is not waited for.
        let left = try runTool("/bin/sh", ["-c", "sleep 600 & echo $!"])
        let pid = try #require(Int32(left.output.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(FileManager.default.fileExists(atPath: "/proc/\(pid)"))
        #expect(try runTool("/bin/sh", ["-c", "kill \(pid)"]).status == 0)
        #expect(try runTool("/no/such/program", []).status != 0)
    }
}
