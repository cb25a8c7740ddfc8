import Foundation
import Testing
import Vocabulary

@testable import Collecting

@Suite("The spool keeps writes on the disk, in their order")
struct SpoolTests {
    let scratch = SpoolScratch()

    @Test("writes come back in their order, also in another process, and then its files are gone")
    func order() async throws {
        let spool = try scratch.open()
        for i in 0..<50 { try await spool.append("write \(i)") }
        #expect(!spool.isEmpty)
        await spool.close()
        let again = try scratch.open()
        #expect(try await again.drain() == (0..<50).map { "write \($0)" })
        #expect(again.isEmpty && again.byteCounts.waiting == 0)
        #expect(try scratch.files("segment-").isEmpty)
        try await again.append("late")
        #expect(try await again.drain() == ["late"])
        #expect(scratch.reports.isEmpty, "\(scratch.reports)")
    }

    @Test("writes that come together are all kept, each request's in its order")
    func together() async throws {
        let spool = try scratch.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<20 {
                group.addTask { for i in 0..<20 { try await spool.append("\(sender) \(i)") } }
            }
            try await group.waitForAll()
        }
        await spool.close()
        let texts = try await scratch.open().drain()
        for sender in 0..<20 { #expect(texts.filter { $0.hasPrefix("\(sender) ") } == (0..<20).map { "\(sender) \($0)" }) }
    }

    @Test("a write that was torn at any byte is cut off, and all before it stay")
    func torn() async throws {
        let spool = try scratch.open()
        for text in ["first", "second"] { try await spool.append(text) }
        let whole = spool.byteCounts.waiting
        try await spool.append("third and last")
        await spool.close()
        let segment = try #require(try scratch.files("segment-").first)
        let bytes = try scratch.bytes(segment)
        for count in whole..<bytes.count {
            try scratch.write(Array(bytes[..<count]), to: segment)
            let torn = try scratch.open()
            #expect(torn.byteCounts.waiting == whole, "\(count) bytes")
            #expect(
                try await torn.nextGroup().map { String(decoding: $0.payload, as: UTF8.self) } == ["first", "second"], "\(count) bytes")
            // What comes now is behind them.
            if count == bytes.count - 1 {
                try await torn.append("fourth")
                await torn.advance()
                #expect(try await torn.drain() == ["fourth"])
            }
            await torn.close()
            try? FileManager.default.removeItem(atPath: scratch.path("cursor"))
        }
        #expect(scratch.reports.count == bytes.count - whole - 1, "nothing is to be told of a clean end")
        #expect(scratch.reports.allSatisfy { $0.hasSuffix("were never acknowledged, and are cut off") }, "\(scratch.reports)")
        #expect(try scratch.files("damaged-").isEmpty)
    }

    @Test("a write that is damaged anywhere is set aside and told of, and the others come", arguments: [1, 2, 3])
    func damaged(place: Int) async throws {
        let texts = ["one", "two", "three", "four"]
        let spool = try scratch.open()
        var ends = [0]
        for text in texts {
            try await spool.append(text)
            ends.append(spool.byteCounts.waiting)
        }
        await spool.close()
        let segment = try #require(try scratch.files("segment-").first)
        let bytes = try scratch.bytes(segment)
        for at in ends[place - 1]..<ends[place] {
            var broken = bytes
            broken[at] ^= 0x10
            try scratch.write(broken, to: segment)
            let reopened = try scratch.open()
            #expect(try await reopened.drain() == texts.enumerated().filter { $0.offset != place - 1 }.map(\.element), "byte \(at)")
            await reopened.close()
            let kept = try #require(try scratch.files("damaged-").first, "byte \(at)")
            #expect(try scratch.bytes(kept) == Array(broken[ends[place - 1]..<ends[place]]), "byte \(at)")
            #expect(reopened.byteCounts.kept == ends[place] - ends[place - 1])
            try FileManager.default.removeItem(atPath: scratch.path(kept))
            try FileManager.default.removeItem(atPath: scratch.path("cursor"))
        }
        #expect(scratch.reports.contains { $0.contains("are damaged, and kept in") })
    }

    @Test("a last write whose bytes were flipped may have been acknowledged: it is set aside, not cut off")
    func damagedLast() async throws {
        let spool = try scratch.open()
        try await spool.append("one")
        try await spool.append("two")
        await spool.close()
        let segment = try #require(try scratch.files("segment-").first)
        var bytes = try scratch.bytes(segment)
        bytes[bytes.count - 1] ^= 1
        try scratch.write(bytes, to: segment)
        let reopened = try scratch.open()
        try await reopened.append("three")
        #expect(try await reopened.drain() == ["one", "three"])
        #expect(try scratch.files("damaged-").count == 1)
    }

    @Test("a full spool takes no more, and takes again when it was replayed")
    func full() async throws {
        let spool = try scratch.open(bytesMax: 4000)
        var taken = 0
        let text = String(repeating: "x", count: 300)
        do {
            while taken < 100 {
                try await spool.append("\(text)\(taken)")
                taken += 1
            }
        } catch let error as SpoolError {
            #expect(error.code == .full && error.isRetryable)
            #expect(error.description.hasPrefix("spool.bytes_max: "))
        }
        #expect(taken > 5 && taken < 14)
        #expect(spool.byteCounts.waiting <= 4000)
        #expect(try await spool.drain().count == taken)
        try await spool.append("after")
        #expect(try await spool.drain() == ["after"])
    }

    @Test("segments that were replayed are deleted one by one")
    func segments() async throws {
        let spool = try scratch.open(bytesMax: 8 * 4096)
        let text = String(repeating: "y", count: 1000)
        for _ in 0..<20 { try await spool.append(text, rows: 10_000) }
        let before = try scratch.files("segment-").count
        #expect(before > 2)
        _ = try await spool.nextGroup()  // a write of 10,000 records, more than a group otherwise takes
        await spool.advance()
        for _ in 0..<3 {
            _ = try await spool.nextGroup()
            await spool.advance()
        }
        #expect(try scratch.files("segment-").count < before)
        #expect(try await spool.drain().count == 16)
        #expect(try scratch.files("segment-").isEmpty)
    }

    @Test("a group that was handed out comes again as it was, also in another process, until it is settled")
    func group() async throws {
        let spool = try scratch.open()
        for i in 0..<5 { try await spool.append("\(i)", rows: 3600) }
        #expect(try await spool.nextGroup().map(\.sequence) == [1, 2])
        #expect(try await spool.nextGroup().map(\.sequence) == [1, 2])
        await spool.close()
        let again = try scratch.open()
        try await again.append("5", rows: 1)
        #expect(try await again.nextGroup().map(\.sequence) == [1, 2])
        await again.advance()
        #expect(try await again.nextGroup().map(\.sequence) == [3, 4])
    }

    @Test("a group's end holds although more would fit into it now")
    func groupEnd() async throws {
        let spool = try scratch.open()
        try await spool.append("a")
        #expect(try await spool.nextGroup().count == 1)
        try await spool.append("b")
        await spool.close()
        let again = try scratch.open()
        #expect(try await again.nextGroup().map(\.sequence) == [1])
        await again.advance()
        #expect(try await again.nextGroup().map(\.sequence) == [2])
    }

    @Test("without its cursor everything is replayed; with a damaged one too, and that is told")
    func cursor() async throws {
        let spool = try scratch.open()
        for i in 0..<3 { try await spool.append("\(i)", rows: 15_000) }
        _ = try await spool.nextGroup()
        await spool.advance()
        _ = try await spool.nextGroup()
        await spool.close()
        var bytes = try scratch.bytes("cursor")
        bytes[5] ^= 1
        try scratch.write(bytes, to: "cursor")
        #expect(try await scratch.open().drain() == ["0", "1", "2"])
        #expect(scratch.reports.contains { $0.hasPrefix("the spool's cursor cannot be read") })
    }

    @Test("sequence numbers go on after the spool was empty, so that a key is never used for other writes")
    func sequence() async throws {
        let spool = try scratch.open()
        for text in ["a", "b"] { try await spool.append(text) }
        _ = try await spool.drain()
        await spool.close()
        let again = try scratch.open()
        try await again.append("c")
        #expect(try await again.nextGroup().map(\.sequence) == [3])
    }

    @Test("the group behind is read while one is stored, and comes next")
    func ahead() async throws {
        let spool = try scratch.open()
        for i in 0..<6 { try await spool.append("\(i)", rows: 3600) }
        #expect(try await spool.nextGroup().map(\.sequence) == [1, 2])
        #expect(try await spool.groupAhead().map(\.sequence) == [3, 4])
        #expect(try await spool.nextGroup().map(\.sequence) == [1, 2])
        await spool.advance()
        #expect(try await spool.nextGroup().map(\.sequence) == [3, 4])
        await spool.advance()
        #expect(try await spool.drain() == ["4", "5"])
    }

    @Test("what was read before damage that cannot be set aside comes again", arguments: [true, false])
    func cannotSetAside(isAhead: Bool) async throws {
        let spool = try scratch.open()
        try await spool.append("zero", rows: isAhead ? 20_000 : 1)
        for text in ["one", "two", "three"] { try await spool.append(text) }
        await spool.close()
        let segment = try #require(try scratch.files("segment-").first)
        var bytes = try scratch.bytes(segment)
        let two = 3 * SpoolFrame.headerBytes + 7  // the content of the third write
        bytes[two] ^= 1
        try scratch.write(bytes, to: segment)
        let reopened = try scratch.open()
        // A folder in the place of the file.
        let obstacle = scratch.path("damaged-1-\(two - SpoolFrame.headerBytes).bytes")
        try FileManager.default.createDirectory(atPath: obstacle + "/x", withIntermediateDirectories: true)
        if isAhead {
            #expect(try await reopened.nextGroup().map(\.sequence) == [1])
            await #expect(throws: DiskError.self) { try await reopened.groupAhead() }
        } else {
            await #expect(throws: DiskError.self) { try await reopened.nextGroup() }
        }
        try FileManager.default.removeItem(atPath: obstacle)
        #expect(try await reopened.drain() == ["zero", "one", "three"])
    }

    @Test("one process has a spool; the next one when it is closed")
    func locked() async throws {
        let spool = try scratch.open()
        #expect { try scratch.open() } throws: { ($0 as? SpoolError)?.code == .inUse }
        await spool.close()
        let next = try scratch.open()
        await #expect(throws: SpoolError.self) { try await spool.append("too late") }
        try await next.append("mine")
        #expect(try await next.drain() == ["mine"])
    }

    @Test("refused writes are kept, and taken again when the operator moves them to the folder again")
    func again() async throws {
        let spool = try scratch.open()
        try await spool.append("refused", rows: 3)
        let frame = try #require(try await spool.nextGroup().first)
        try await spool.refuse(frame, because: "no such model")
        await spool.advance()
        let name = try #require(try scratch.files("refused-").first)
        #expect(spool.byteCounts.kept == frame.byteCount)
        await spool.close()
        try FileManager.default.moveItem(atPath: scratch.path(name), toPath: scratch.path("again/" + name))
        let next = try scratch.open()
        try await next.takeAgain()
        #expect(next.byteCounts.kept == 0)
        #expect(try await next.drain() == ["refused"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path("again")).isEmpty)
    }
}

@Suite("When the disk of the spool is full")
struct SpoolFullDiskTests {
    /// Runs on a file system of 256 KiB. - Returns: false when this process may not make one.
    private func onSmallDisk(_ body: (SpoolScratch, String) async throws -> Void) async throws -> Bool {
        let mount = FileManager.default.temporaryDirectory.appending(path: "ek-disk-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        func run(_ program: String, _ arguments: String...) -> Bool {
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = arguments
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }
        defer { try? FileManager.default.removeItem(atPath: mount) }
        guard run("/usr/bin/mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", mount) else { return false }
        defer { _ = run("/usr/bin/umount", mount) }
        try await body(SpoolScratch(in: mount), mount)
        return true
    }

    @Test("what does not fit is refused, nothing before it is lost, and it goes on when there is room")
    func full() async throws {
        let done = try await onSmallDisk { scratch, mount in
            let spool = try scratch.open()
            var kept: [String] = []
            let text = String(repeating: "z", count: 30_000)
            var failure: (any Error)?
            while failure == nil, kept.count < 100 {
                do {
                    try await spool.append("\(text)\(kept.count)")
                    kept.append("\(text)\(kept.count)")
                } catch { failure = error }
            }
            #expect((failure as? DiskError)?.isRetryable == true, "\(failure.map { "\($0)" } ?? "it took everything")")
            #expect(kept.count > 3)
            // Small ones may still fit, and none of them stands behind half of another.
            for i in 0..<5 { do { try await spool.append("small \(i)"); kept.append("small \(i)") } catch {} }
            await spool.close()
            let reopened = try scratch.open()
            #expect(try await reopened.drain() == kept)
            try await reopened.append("room again")
            #expect(try await reopened.drain() == ["room again"])
            #expect(try scratch.files("damaged-").isEmpty)
        }
        if !done { print("skipped: no tmpfs can be mounted here") }
    }
}
