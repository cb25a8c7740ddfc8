import Foundation
import Synchronization
import TestSupport
import Testing
import Vocabulary

@testable import Collecting

@Suite("What the database cannot take now is spooled, acknowledged, and stored exactly once")
struct SpoolingSinkTests {
    private let scratch = SpoolScratch()
    private let database = FickleSink()
    private let metrics = MetricRegistry()

    private func sink(_ spool: Spool?, afterSeconds: Double = 30) -> SpoolingSink {
        let sink = SpoolingSink(live: database, metrics: metrics, afterSeconds: afterSeconds, report: { _ in })
        sink.use(spool)
        return sink
    }
    private func replayer(_ spool: Spool, directory: MemoryDirectory = MemoryDirectory()) -> SpoolReplayer {
        SpoolReplayer(spool: spool, sink: database, halves: database, directory: directory, metrics: metrics, report: { _ in })
    }
    private func write(_ ids: String..., key: String? = nil, version: RegisteredVersion = Bench.credit) -> PredictionWrite {
        PredictionWrite(version: version, batch: Bench.batch(ids: ids), key: key.map { BatchKey($0, fingerprint: "f") })
    }
    private func label(_ id: String) -> LabelWrite {
        var batch = LabelBatch()
        batch.ids.append(id)
        batch.labels.append(1)
        batch.timestamps.append(Bench.now)
        return LabelWrite(model: "credit", batch: batch, key: nil)
    }
    private func storedIDs() async -> [String] { await database.tables.predictions.flatMap { Array($0.batch.ids) } }

    @Test("while the database answers nothing is spooled")
    func live() async throws {
        let spool = try scratch.open()
        let receipts = try await sink(spool).store(predictions: [write("a", "b")])
        #expect(receipts == [PredictionReceipt(accepted: 2, duplicates: 0, stored: [0, 1])])
        #expect(spool.isEmpty && spool.byteCounts.waiting == 0)
    }

    @Test("without a spool the database's error is the caller's")
    func noSpool() async throws {
        database.be(.away)
        await #expect(throws: FickleSink.Away.self) { try await sink(nil).store(predictions: [write("a")]) }
    }

    @Test("while it is away writes are acknowledged from the disk, and the same ones are in the tables when it is back")
    func away() async throws {
        let spool = try scratch.open()
        let sink = sink(spool)
        database.be(.away)
        let receipts = try await sink.store(predictions: [write("a", "b"), write("c", key: "k")])
        #expect(receipts.map(\.accepted) == [2, 1])
        #expect(receipts.allSatisfy { $0.isSpooled && $0.stored.isEmpty && $0.duplicates == 0 })
        #expect(try await sink.store(labels: [label("a")]).first?.isSpooled == true)
        database.be(.well)
        try await replayer(spool).replayGroup()
        #expect(await storedIDs() == ["a", "b", "c"])
        #expect(await database.tables.labels.count == 1)
        #expect(spool.isEmpty)
        #expect(metrics.number(.spoolRecords, ["spooled"]) == 4)
        #expect(metrics.number(.spoolRecords, ["replayed"]) == 4)
        #expect(metrics.number(.spoolRecords, ["refused"]) == 0)
    }

    @Test("halves of inferences wait in the spool, and find each other when it is replayed; those that do not fit are kept beside")
    func halves() async throws {
        func half(_ id: String, _ half: HalfWrite.Half) -> HalfWrite {
            HalfWrite(model: "credit", eventID: id, time: Bench.now, isTimed: true, half: half)
        }
        func request(_ id: String) -> HalfWrite { half(id, .request(Bench.credit, Bench.batch(ids: [id]))) }
        func response(_ id: String, rows: Int = 1) -> HalfWrite {
            half(
                id, .response(ResponseHalf(scores: [Double](repeating: 0.5, count: rows), predictions: [Double](repeating: 1, count: rows)))
            )
        }
        let spool = try scratch.open()
        let halves = SpoolingHalves(live: database, sink: sink(spool))
        _ = try await halves.store(halves: [request("a")])
        database.be(.away)
        let receipts = try await halves.store(halves: [
            response("a"), request("b"), response("b"), request("c"), response("d"), response("e", rows: 2), request("e"),
        ])
        #expect(receipts.count == 7)
        for receipt in receipts { guard case .waiting = receipt else { Issue.record("\(receipt)"); continue } }
        database.be(.well)
        try await replayer(spool).replayGroup()
        #expect(spool.isEmpty)
        #expect(await storedIDs() == ["a", "b"])
        #expect(await database.tables.predictions.map(\.batch.scores) == [[0.5], [0.5]])
        #expect(database.waiting.withLock { $0.keys.sorted() } == ["c", "d"])
        #expect(metrics.number(.spoolRecords, ["replayed"]) == 6 && metrics.number(.spoolRecords, ["refused"]) == 1)
        #expect(try scratch.files("refused-").count == 1)
    }

    @Test("one half that the database refuses holds up no other") func refusedHalf() async throws {
        let spool = try scratch.open()
        let halves = SpoolingHalves(live: database, sink: sink(spool))
        database.be(.away)
        for id in ["bad", "good"] {
            let half = HalfWrite.Half.request(Bench.credit, Bench.batch(ids: [id]))
            _ = try await halves.store(halves: [HalfWrite(model: "credit", eventID: id, time: Bench.now, isTimed: true, half: half)])
        }
        database.refuse("bad")
        database.be(.well)
        try await replayer(spool).replayGroup()
        #expect(database.waiting.withLock { Array($0.keys) } == ["good"])
        #expect(try scratch.files("refused-").count == 1)
    }

    @Test("what a write refuses for good is the caller's error, not the spool's")
    func refusedLive() async throws {
        let spool = try scratch.open()
        database.refuse("bad")
        await #expect(throws: FickleSink.Refused.self) { try await sink(spool).store(predictions: [write("bad")]) }
        #expect(spool.isEmpty)
    }

    @Test("while the spool holds anything writes go behind it, so that no label overtakes its prediction")
    func order() async throws {
        let spool = try scratch.open()
        let sink = sink(spool)
        database.be(.away)
        _ = try await sink.store(predictions: [write("a")])
        database.be(.well)
        _ = try await sink.store(labels: [label("a")])
        #expect(await database.tables.calls == 0)
        try await replayer(spool).replayGroup()
        let receipts = try await sink.store(labels: [label("a")])
        #expect(receipts.first?.isSpooled == false && receipts.first?.joined == 1)
        // The replayed label found its prediction too.
        #expect(metrics.number(.labels, ["credit"]) == 1)
    }

    @Test("a write that is answered too late is spooled; stored twice by that, it is in the tables once and counted once")
    func slow() async throws {
        let spool = try scratch.open()
        database.be(.slow)
        let receipts = try await sink(spool, afterSeconds: 0.01).store(predictions: [write("a", "b")])
        #expect(receipts.first?.isSpooled == true)
        database.be(.well)
        try await replayer(spool).replayGroup()
        database.release()
        while await database.tables.calls < 2 { await Task.yield() }
        #expect(await database.tables.predictions.map(\.batch.count) == [2, 2])
        #expect(metrics.number(.predictions, ["credit", "3"]) == 2)
        #expect(metrics.number(.ingestRecords, ["accepted"]) == 2)
    }

    @Test("of a write that is stored while its request has given up waiting, everything is counted once, too")
    func late() async throws {
        let spool = try scratch.open()
        database.be(.slow)
        _ = try await sink(spool, afterSeconds: 0.01).store(predictions: [write("a", "b")])
        database.be(.well)
        database.release()
        while metrics.number(.predictions, ["credit", "3"]) == nil { await Task.yield() }
        try await replayer(spool).replayGroup()
        #expect(metrics.number(.predictions, ["credit", "3"]) == 2)
        #expect(metrics.number(.ingestRecords, ["duplicate"]) == 2)
    }

    @Test("a group that was committed before a crash is found by its key: writes without one have the spool's")
    func crash() async throws {
        let spool = try scratch.open()
        let sink = sink(spool)
        database.be(.away)
        for id in ["a", "b", "c"] { _ = try await sink.store(predictions: [write(id)]) }
        _ = try await sink.store(predictions: [write("d", key: "client")])
        database.be(.well)
        // All but the cursor's advance, as when the process is killed after the commit.
        let frames = try await spool.nextGroup()
        try await replayer(spool).replayGroup()
        await spool.close()
        let segment = SpoolSegment(first: 1, in: scratch.folder.path)
        try Data(frames.flatMap { $0.header + $0.payload }).write(to: URL(filePath: segment.path))

        let again = try scratch.open()
        #expect(!again.isEmpty)
        try await replayer(again).replayGroup()
        #expect(again.isEmpty)
        let writes = await database.tables.predictions
        #expect(writes.map { Array($0.batch.ids) } == [["a", "b", "c"], ["d"]], "three writes without a key are one; nothing came twice")
        #expect(writes[0].key?.name.hasPrefix("spool ") == true && writes[1].key?.name == "client")
        #expect(metrics.number(.predictions, ["credit", "3"]) == 4)
    }

    @Test("what the database refuses for good is kept in a file, and does not hold up the others", arguments: [true, false])
    func refused(hasKeys: Bool) async throws {
        let spool = try scratch.open()
        let sink = sink(spool)
        database.be(.away)
        _ = try await sink.store(predictions: [write("a", key: hasKeys ? "1" : nil)])
        _ = try await sink.store(predictions: [write("bad", "worse", key: hasKeys ? "2" : nil)])
        _ = try await sink.store(predictions: [write("c", key: hasKeys ? "3" : nil)])
        _ = try await sink.store(labels: [label("a")])
        database.be(.well)
        database.refuse("bad")
        try await replayer(spool).replayGroup()
        #expect(await storedIDs() == ["a", "c"])
        #expect(await database.tables.labels.count == 1)
        #expect(spool.isEmpty)
        #expect(try scratch.files("refused-") == ["refused-2.spool"])
        #expect(scratch.reports.contains { $0.hasPrefix("a write of 2 records that the spool held is kept in") })
        #expect(metrics.number(.spoolRecords, ["refused"]) == 2)
        #expect(metrics.number(.spoolRecords, ["replayed"]) == 3)
    }

    @Test("acknowledged records whose week was dropped meanwhile are kept in a file and told of, never lost in silence")
    func lateForTheirWeek() async throws {
        let spool = try scratch.open()
        let sink = sink(spool)
        database.be(.away)
        _ = try await sink.store(predictions: [write("a", "b", "c")])
        database.be(.well)
        database.late.withLock { $0 = 2 }
        try await replayer(spool).replayGroup()
        #expect(spool.isEmpty)
        #expect(try scratch.files("refused-").count == 1)
        #expect(scratch.reports.contains { $0.contains("2 records came after retention had dropped") })
        #expect(metrics.number(.spoolRecords, ["refused"]) == 2 && metrics.number(.spoolRecords, ["replayed"]) == 1)
    }

    @Test("records of a version that is no more, or is another one now, are refused", arguments: [true, false])
    func deleted(isGone: Bool) async throws {
        let spool = try scratch.open()
        let sink = sink(spool)
        database.be(.away)
        _ = try await sink.store(predictions: [write("a")])
        database.be(.well)
        var other = Bench.credit
        other.registeredAt = other.registeredAt.adding(seconds: 1)
        try await replayer(spool, directory: MemoryDirectory(isGone ? [] : [other])).replayGroup()
        #expect(await storedIDs().isEmpty)
        #expect(try scratch.files("refused-") == ["refused-1.spool"])
        #expect(spool.isEmpty)
    }

    @Test("a key that the client has used for another request loses no acknowledged record")
    func keyConflict() async throws {
        struct Jealous: RecordSink {
            let tables: MemorySink
            func store(predictions writes: [PredictionWrite]) async throws -> [PredictionReceipt] {
                if let key = writes.compactMap(\.key).first(where: { $0.name == "used" }) { throw BatchKeyConflict(key.name) }
                return try await tables.store(predictions: writes)
            }
            func store(labels writes: [LabelWrite]) async throws -> [LabelReceipt] { try await tables.store(labels: writes) }
        }
        let spool = try scratch.open()
        let sink = sink(spool)
        database.be(.away)
        _ = try await sink.store(predictions: [write("a", key: "used")])
        let tables = MemorySink()
        let replayer = SpoolReplayer(
            spool: spool, sink: Jealous(tables: tables), halves: database, directory: MemoryDirectory(), metrics: metrics, report: { _ in })
        try await replayer.replayGroup()
        #expect(await tables.predictions.map { Array($0.batch.ids) } == [["a"]])
        #expect(try scratch.files("refused-").isEmpty)
    }

    @Test("the replayer waits for the database, and goes on with what comes later")
    func running() async throws {
        let spool = try scratch.open()
        let sink = sink(spool)
        database.be(.away)
        _ = try await sink.store(predictions: [write("a")])
        let replayer = replayer(spool)
        let task = Task { await replayer.run(prepare: {}) }
        while database.groups.count < 3 { await Task.yield() }  // it has tried twice
        database.be(.well)
        while !spool.isEmpty { await Task.yield() }
        database.be(.away)
        _ = try await sink.store(predictions: [write("b")])
        database.be(.well)
        while !spool.isEmpty { await Task.yield() }
        task.cancel()
        await task.value
        #expect(await storedIDs() == ["a", "b"])
    }

    @Test("groups are replayed in their order, each once")
    func manyGroups() async throws {
        let spool = try scratch.open()
        let sink = sink(spool)
        database.be(.away)
        for i in 0..<10 {
            var random = Seeded(UInt64(i))
            let batch = Bench.batch(rows: 2400, from: i * 2400, random: &random)
            _ = try await sink.store(predictions: [PredictionWrite(version: Bench.credit, batch: batch, key: nil)])
        }
        database.be(.well)
        let replayer = replayer(spool)
        let task = Task { await replayer.run(prepare: {}) }
        while !spool.isEmpty { await Task.yield() }
        task.cancel()
        await task.value
        #expect(await storedIDs() == (0..<24_000).map { "r\($0)" })
        #expect(await database.tables.predictions.map(\.batch.count) == [7200, 7200, 7200, 2400])
    }

    @Test("many small writes are replayed in few transactions")
    func groups() async throws {
        let spool = try scratch.open()
        let sink = sink(spool)
        database.be(.away)
        for i in 0..<500 { _ = try await sink.store(predictions: [write("r\(i)")]) }
        database.be(.well)
        try await replayer(spool).replayGroup()
        #expect(spool.isEmpty)
        #expect(database.groups.last == 500)
    }

    @Test("while the database is not ready everything is spooled")
    func notReady() async throws {
        let spool = try scratch.open()
        let sink = sink(spool)
        sink.setDatabaseReady(false)
        #expect(try await sink.store(predictions: [write("a")]).first?.isSpooled == true)
        #expect(await database.tables.calls == 0)
    }

    @Test("the collector counts spooled records when they are stored, and answers them as accepted")
    func collector() async throws {
        let spool = try scratch.open()
        let collector = Collector(sink: sink(spool), directory: MemoryDirectory(), metrics: metrics, clock: { Bench.now })
        database.be(.away)
        let answer = try await collector.predictions(Array(Bench.record(#""latency_ms":10,"cost":2"#).utf8), isLines: false, key: nil)
        #expect(answer.accepted == 1 && answer.duplicates == 0)
        #expect(metrics.number(.predictions, ["credit", "3"]) == nil)
        #expect(metrics.number(.ingestRecords, ["accepted"]) == nil)
        database.be(.well)
        try await replayer(spool).replayGroup()
        #expect(metrics.number(.predictions, ["credit", "3"]) == 1)
        #expect(metrics.number(.predictionCost, ["credit", "3", "EUR"]) == 2)
        #expect(metrics.number(.ingestRecords, ["accepted"]) == 1)
        #expect(metrics.number(.ingestRecords, ["duplicate"]) == 0)
    }
}
