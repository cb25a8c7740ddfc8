import Foundation
import Glibc
import Service
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// The service behind a real PgBouncer that gives a connection to somebody else after each transaction.
@Suite("PgBouncer in transaction mode") struct PgBouncerTests {
    static let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].first(where: FileManager.default.isExecutableFile(atPath:))
    static var isInstalled: Bool {
        if program == nil { print("skipped: PgBouncer is not installed, so nothing ran behind it") }
        return program != nil
    }

    @Test("what is acknowledged is stored once and evaluated, over two connections that all share", .enabled(if: isInstalled))
    func transactions() async throws {
        try await OutsideServer.with { server in
            // What a session says of itself must not depend on who had the connection before.
            let direct = Database(url: server.cluster.url, connections: 1)
            try await direct.run {
                try $0.run("alter database evenkeel set timezone = 'Asia/Tokyo'; alter database evenkeel set datestyle = 'German'")
            }
            let port = Int.random(in: 20_000..<32_000)
            let folder = URL(filePath: "/tmp/ek-pgbouncer-\(UInt32.random(in: 0...UInt32.max))")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            try """
            [databases]
            evenkeel = \(server.cluster.url.reveal())
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = 2
            """.write(to: folder.appending(path: "pgbouncer.ini"), atomically: true, encoding: .utf8)
            let pooler = Process()
            pooler.executableURL = URL(filePath: try #require(Self.program))
            pooler.arguments = (geteuid() == 0 ? ["-u", "postgres"] : []) + ["-q", folder.path + "/pgbouncer.ini"]
            pooler.standardError = FileHandle.nullDevice
            try pooler.run()
            do {
                try await serve(Secret("host=127.0.0.1 port=\(port) user=evenkeel dbname=evenkeel"), spool: server.spool)
            } catch {
                await end(pooler)
                throw error
            }
            await end(pooler)
        }
    }

    /// Whoever starts it may have its other signals blocked, and so has it.
    private func end(_ pooler: Process) async {
        kill(pooler.processIdentifier, SIGKILL)
        await pooler.end()
    }

    private func serve(_ url: Secret, spool: URL) async throws {
        let reached = try await eventually {
            (try? await Database(url: url, connections: 1).run { try $0.query("select 1").int(0, 0) }) == 1
        }
        #expect(reached)
        let service = try await RunningService.start { configuration in
            configuration.database = .server(url: url)
            configuration.connections = 6
            configuration.spool.folder = spool
        }
        do {
            try await SmallModel.register("pooled", on: service)
            // Each request twice, side by side.
            try await withThrowingTaskGroup(of: Int.self) { group in
                for request in 0..<40 {
                    let records = (0..<25).map { SmallModel.prediction("pooled", id: "r\(request / 2 * 25 + $0)") }
                    group.addTask {
                        try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson").status
                    }
                }
                for try await status in group { #expect(status == 202) }
            }
            #expect(try await service.label("pooled", "r7", 1) == 202)
            #expect(try await service.stored("pooled") == [500, 500, 500, 1])
            let results = try await service.eventually("/v1/models/pooled/results") {
                $0.text.contains(#""window":"hour""#) || $0.text.contains("hour")
            }
            #expect(results.text.contains("2026-01-05T10:00:00Z"), "\(results.text.prefix(300))")
            #expect(!(try await service.get("/readyz")).text.contains("spooling"))
        } catch {
            await service.stop()
            throw error
        }
        await service.stop()
    }
}
