import TestSupport
import Testing
import Vocabulary

@testable import Collecting

@Suite("Writes are coded for the spool and come back as they were")
struct SpooledWriteTests {
    private func prediction(_ batch: PredictionBatch, key: BatchKey? = nil) -> SpooledWrite {
        .predictions(SpooledPredictions(PredictionWrite(version: Bench.credit, batch: batch, key: key)))
    }

    /// Equal bit for bit: NaN is NaN, and −0 is not 0.
    private func same(_ a: [Double], _ b: [Double]) -> Bool { a.map(\.bitPattern) == b.map(\.bitPattern) }

    @Test("random batches, column by column", arguments: [0, 1, 2, 7, 33, 1000])
    func roundTrip(rows: Int) throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            var random = Seeded(seed)
            let batch = Bench.batch(rows: rows, random: &random)
            let key = seed % 2 == 0 ? BatchKey("k\(seed)", fingerprint: "f") : nil
            guard case .predictions(let back) = try SpooledWrite(decoding: prediction(batch, key: key).encoded()[...]) else {
                Issue.record("no predictions, seed \(seed)")
                continue
            }
            #expect(back.fits(Bench.credit) && back.key == key, "seed \(seed)")
            #expect(Array(back.batch.ids) == Array(batch.ids) && back.batch.timestamps == batch.timestamps, "seed \(seed)")
            #expect(same(back.batch.numbers(0), batch.numbers(0)) && back.batch.levels(1) == batch.levels(1), "seed \(seed)")
            #expect(back.batch.groups == batch.groups, "seed \(seed)")
            #expect(same(back.batch.scores, batch.scores) && same(back.batch.predictions, batch.predictions), "seed \(seed)")
            #expect(back.batch.errors == batch.errors && back.batch.variants == batch.variants, "seed \(seed)")
            #expect(back.batch.measures.keys == batch.measures.keys, "seed \(seed)")
            for (name, values) in batch.measures { #expect(same(back.batch.measures[name] ?? [], values), "seed \(seed)") }
        }
    }

    @Test("labels, with and without a key", arguments: [nil, BatchKey("k", fingerprint: "f")])
    func labels(key: BatchKey?) throws {
        var write = LabelWrite(model: "credit", batch: LabelBatch(), key: key)
        for i in 0..<100 {
            write.batch.ids.append("id \(i)")
            write.batch.labels.append(i == 7 ? -.infinity : Double(i))
            write.batch.timestamps.append(Bench.now.adding(seconds: Int64(i)))
        }
        guard case .labels(let back) = try SpooledWrite(decoding: SpooledWrite.labels(write).encoded()[...]) else {
            Issue.record("no labels")
            return
        }
        #expect(back.model == "credit" && back.batch == write.batch && back.key == key)
    }

    private static let response = ResponseHalf(
        scores: [0.5, -0.0], predictions: [1, .infinity], classScores: [[0.25, 0.75], []], error: "too\u{1F600} late")
    private func half(_ half: HalfWrite.Half, isTimed: Bool = false) -> SpooledWrite {
        .half(SpooledHalf(HalfWrite(model: "credit", eventID: "e 1", time: Bench.now, isTimed: isTimed, half: half)))
    }

    @Test("halves of inferences") func halves() throws {
        guard case .half(let back) = try SpooledWrite(decoding: half(.response(Self.response), isTimed: true).encoded()[...]) else {
            Issue.record("no half")
            return
        }
        #expect(
            back.write(nil) == HalfWrite(model: "credit", eventID: "e 1", time: Bench.now, isTimed: true, half: .response(Self.response)))
        var random = Seeded(6)
        let batch = Bench.batch(rows: 5, random: &random)
        guard case .half(let back) = try SpooledWrite(decoding: half(.request(Bench.credit, batch)).encoded()[...]),
            case .request(let request) = back.half
        else {
            Issue.record("no request")
            return
        }
        #expect(request.fits(Bench.credit) && back.write(nil) == nil && !back.isTimed)
        guard case .request(_, let copy)? = back.write(Bench.credit)?.half else {
            Issue.record("no request")
            return
        }
        #expect(Array(copy.ids) == Array(batch.ids) && copy.levels(1) == batch.levels(1) && same(copy.numbers(0), batch.numbers(0)))
    }

    @Test("cut short at every place, it is refused", arguments: [0, 1, 2])
    func truncated(kind: Int) {
        var random = Seeded(3)
        let batch = Bench.batch(rows: 3, random: &random)
        let writes = [
            prediction(batch, key: BatchKey("k", fingerprint: "f")), half(.request(Bench.credit, batch)), half(.response(Self.response)),
        ]
        let bytes = writes[kind].encoded()
        for count in 0..<bytes.count {
            #expect(throws: SpoolDamage.self, "\(count) of \(bytes.count) bytes") { try SpooledWrite(decoding: bytes[..<count]) }
        }
        #expect(throws: SpoolDamage.self) { try SpooledWrite(decoding: (bytes + [0])[...]) }
    }

    @Test("with any bit flipped it is refused, or is a batch whose columns are of one length")
    func flipped() throws {
        var random = Seeded(4)
        let bytes = prediction(Bench.batch(rows: 3, random: &random)).encoded()
        var refused = 0
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            guard case .predictions(let back)? = try? SpooledWrite(decoding: flipped[...]) else {
                refused += 1
                continue
            }
            let columns =
                back.batch.features.map(\.count) + back.batch.groups.map(\.count) + back.batch.measures.values.map(\.count)
                + [back.batch.scores.count, back.batch.errors.count, back.batch.variants.count, back.batch.timestamps.count]
            #expect(columns.allSatisfy { $0 == back.batch.count }, "bit \(bit)")
        }
        #expect(refused > 100)
    }

    @Test("a frame with any bit flipped is no frame")
    func flippedFrame() {
        var random = Seeded(5)
        let payload = prediction(Bench.batch(rows: 2, random: &random)).encoded()
        let frame = SpoolFrame(sequence: 9, rows: 2, payload: payload[...], payloadChecksum: crc32(payload[...]))
        let bytes = frame.header + frame.payload
        guard case .frame(let back, let end) = SpoolFrame.read(bytes[...], at: 0) else {
            Issue.record("the frame cannot be read")
            return
        }
        #expect(back.sequence == 9 && back.rows == 2 && back.payload == payload[...] && end == bytes.count)
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            if case .frame = SpoolFrame.read(flipped[...], at: 0) { Issue.record("bit \(bit) was not noticed") }
        }
    }

    @Test("a level code that its column does not have is refused")
    func foreignLevel() {
        #expect(LevelColumn(codes: [0, 1, -1], levels: ["a", "b"])?[1] == "b")
        #expect(LevelColumn(codes: [2], levels: ["a", "b"]) == nil)
        #expect(LevelColumn(codes: [-2], levels: ["a"]) == nil)
        #expect(LevelColumn(codes: [0], levels: ["a", "a"]) == nil)
    }
}
