import Foundation
import Testing
import Vocabulary

@testable import Storage

/// Each test has a folder of its own; one after the other, so that not ten servers start at once.
@Suite("The embedded cluster lives in its folder, survives what kills it, and has one owner", .serialized, .timeLimit(.minutes(30)))
struct EmbeddedClusterTests {
    /// A folder for one test, whose server is gone afterwards however the test ends.
    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = Scratch.folder()
        defer { Scratch.remove(folder) }
        try await body(folder)
    }
    private func cluster(_ folder: URL) -> EmbeddedCluster { EmbeddedCluster(folder: folder, syncs: false) }

    private func run(_ sql: String, on cluster: EmbeddedCluster) throws { try Connection(conninfo: cluster.url.reveal()).run(sql) }
    private func text(_ sql: String, on cluster: EmbeddedCluster) throws -> String? {
        try Connection(conninfo: cluster.url.reveal()).query(sql).text(0, 0)
    }

    @Test("starting makes it, stopping leaves the data, and starting again finds them")
    func restart() async throws {
        try await withFolder { folder in
            let first = cluster(folder)
            try await first.start()
            try run("create table kept (x int); insert into kept values (42)", on: first)
            try await first.start()  // a second time changes nothing
            #expect(try text("select x from kept", on: first) == "42")
            try await first.stop()
            #expect(try await Scratch.isEmptied(folder))
            #expect(throws: StoreError.self) { try text("select 1", on: first) }
            let second = cluster(folder)
            try await second.start()
            #expect(try text("select x from kept", on: second) == "42")
            try await second.stop()
            try await second.stop()  // of one that is stopped: nothing
        }
    }

    @Test("a folder that holds only the spool of a collector is taken")
    func besideSpool() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(at: folder.appending(path: "spool/again"), withIntermediateDirectories: true)
            let cluster = cluster(folder)
            try await cluster.start()
            try await cluster.stop()
        }
    }

    @Test("what was committed is there after the server was killed, and what was not is not")
    func killed() async throws {
        try await withFolder { folder in
            let cluster = cluster(folder)
            try await cluster.start()
            try run("create table kept (x int); insert into kept values (42)", on: cluster)
            let open = try Connection(conninfo: cluster.url.reveal())
            try open.run("begin; insert into kept values (43)")
            let before = try #require(Scratch.serverProcess(folder))
            try await Scratch.killServer(folder)
            let error = try #require(#expect(throws: StoreError.self) { try open.run("commit") })
            #expect(error.isRetryable)
            try await cluster.start()
            #expect(Scratch.serverProcess(folder) != before)
            #expect(try text("select string_agg(x::text, ',') from kept", on: cluster) == "42")
            try await cluster.stop()
        }
    }

    @Test("a server that is killed while it is watched is started again, and a store goes on with the same database object")
    func watched() async throws {
        try await withFolder { folder in
            let cluster = cluster(folder)
            try await cluster.start()
            let database = Database(url: cluster.url, connections: 2)
            try await Migrator(database: database).migrate()
            let (reports, reported) = AsyncStream.makeStream(of: String.self)
            let watch = Task { await cluster.keepRunning(every: .milliseconds(20)) { reported.yield($0) } }
            try await Scratch.killServer(folder)
            var words = reports.makeAsyncIterator()
            let report = try #require(await words.next())
            #expect(report.contains("started again"))
            while true { do { try await database.ping(); break } catch let error as StoreError where error.isRetryable {} }
            #expect(try await Migrator(database: database).plan().pending.isEmpty)
            watch.cancel()
            await watch.value
            try await cluster.stop()
        }
    }

    @Test("a postmaster.pid whose number now belongs to another process does not keep it from starting")
    func reusedPid() async throws {
        try await withFolder { folder in
            let cluster = cluster(folder)
            try await cluster.start()
            try run("create table kept (x int); insert into kept values (42)", on: cluster)
            let file = folder.appending(path: "data/postmaster.pid")
            var lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).map(
                String.init)
            try await Scratch.killServer(folder)
            lines[0] = "\(ProcessInfo.processInfo.processIdentifier)"
            try lines.joined(separator: "\n").write(to: file, atomically: false, encoding: .utf8)
            try await cluster.start()
            #expect(try text("select x from kept", on: cluster) == "42")
            try await cluster.stop()
        }
    }

    @Test("the server that a killed service left running is adopted as it is")
    func adopted() async throws {
        try await withFolder { folder in
            let killed = cluster(folder)
            try await killed.start()
            try run("create table kept (x int); insert into kept values (42)", on: killed)
            let server = Scratch.serverProcess(folder)
            try Scratch.releaseLock(folder)
            let next = cluster(folder)
            try await next.start()
            #expect(server != nil && Scratch.serverProcess(folder) == server)
            #expect(try text("select x from kept", on: next) == "42")
            try await next.stop()
            #expect(try await Scratch.isEmptied(folder))
        }
    }

    @Test("a second owner is refused with a sentence that says what to do; a command may join, and does not stop it")
    func secondOwner() async throws {
        try await withFolder { folder in
            let owner = cluster(folder)
            try await owner.start()
            let error = try #require(await #expect(throws: StoreError.self) { try await cluster(folder).start() })
            #expect(error.code == .busy)
            #expect(error.description == "another evenkeel uses \(folder.path): stop it, or choose another folder with --data")
            let guest = cluster(folder)
            try await guest.startOrJoin()
            #expect(try text("select 1", on: guest) == "1")
            let server = Scratch.serverProcess(folder)
            try await guest.stop()
            #expect(server != nil && Scratch.serverProcess(folder) == server)
            try await owner.stop()
            // Now the folder is free: who comes next owns it.
            try await guest.startOrJoin()
            try await #require(throws: StoreError.self) { try await owner.start() }
            try await guest.stop()
            #expect(try await Scratch.isEmptied(folder))
        }
    }

    @Test("a cluster that was half made is made anew")
    func halfMade() async throws {
        try await withFolder { folder in
            let half = folder.appending(path: "data.new")
            try FileManager.default.createDirectory(at: half, withIntermediateDirectories: true)
            for name in ["PG_VERSION", "junk"] { try "15".write(to: half.appending(path: name), atomically: false, encoding: .utf8) }
            let cluster = cluster(folder)
            try await cluster.start()
            #expect(!FileManager.default.fileExists(atPath: half.path))
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/data/junk"))
            try await cluster.stop()
        }
    }

    @Test("a folder whose name has a blank and an apostrophe will do")
    func awkwardName() async throws {
        try await withFolder { outer in
            let cluster = cluster(outer.appending(path: "o'brien's 日本"))
            try FileManager.default.createDirectory(at: outer, withIntermediateDirectories: true)
            try await cluster.start()
            #expect(try text("select 1", on: cluster) == "1")
            try await cluster.stop()
        }
    }
}
