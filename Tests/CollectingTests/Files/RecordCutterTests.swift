import TestSupport
import Testing

@testable import Collecting

@Suite("A piece of a file is cut where records end")
struct RecordCutterTests {
    private func csv(_ text: String, max: Int = 100, isLast: Bool = true) -> [String] {
        let bytes = Array(text.utf8)
        let cut = RecordCutter.csv(bytes[...], recordsMax: max, isLast: isLast)
        let ends = cut.records.dropFirst().map(\.start) + [cut.end]
        return zip(cut.records, ends).map { String(decoding: bytes[$0.start..<$1], as: UTF8.self) }
    }

    @Test("rows end with any line end, and never within quotes")
    func rows() {
        #expect(csv("a,b\nc,d\r\ne\rf") == ["a,b\n", "c,d\r\n", "e\r"])
        #expect(csv("\"a\nb\",c\nd\n") == ["\"a\nb\",c\n", "d\n"])
        #expect(csv("\"a\"\"\n\",c\nd\n") == ["\"a\"\"\n\",c\n", "d\n"])
        #expect(csv("a\"b\nc\n") == ["a\"b\n", "c\n"])
        #expect(csv("x,\"open\nc\n") == [])
    }

    @Test("a carriage return at the end of a piece may be half a line end")
    func half() {
        #expect(csv("a\r", isLast: false) == [])
        #expect(csv("a\r", isLast: true) == ["a\r"])
    }

    @Test("no more rows than were asked for are cut")
    func limit() { #expect(csv("a\nb\nc\n", max: 2) == ["a\n", "b\n"]) }

    @Test("lines of rows are counted, those within quotes too")
    func lines() {
        let bytes = Array("a\n\"b\n\n\"\nc\n".utf8)
        let cut = RecordCutter.csv(bytes[...], recordsMax: 9, isLast: true)
        #expect(cut.records.map(\.line) == [0, 1, 4])
        #expect(cut.lines == 5)
        let plain = RecordCutter.lines(Array("{}\n\n{}\nhalf".utf8)[...], recordsMax: 9)
        #expect(plain.records.map(\.line) == [0, 1, 2] && plain.end == 7)
    }

    /// Goal: chunks hold the same rows wherever their ends fall. Method: random text of the troublesome bytes, read with a buffer of few
    /// bytes.
    @Test("chunks of any size hold the same rows", arguments: 1...40)
    func chunks(seed: UInt64) throws {
        var random = Seeded(seed)
        let alphabet: [Character] = ["a", ",", "\"", "\n", "\r", "é"]
        var text = "h\n"
        for _ in 0..<200 { text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)]) }
        let bench = try IngestBench()
        let path = try bench.write(text)
        func pieces(_ limits: ChunkLimits) throws -> [(String, Int)] {
            var feed = try FileFeed(path: path, limits: limits)
            var pieces: [(String, Int)] = []
            while let chunk = try feed.next(isCSV: true, takesUnfinished: { _ in true }) {
                for i in chunk.records.indices {
                    pieces.append((String(decoding: chunk.bytes[chunk.range(i)], as: UTF8.self), chunk.line + chunk.records[i].line))
                }
            }
            return pieces
        }
        var small = ChunkLimits()
        small.bytesMax = Int.random(in: 1...9, using: &random)
        small.rowsMax = Int.random(in: 1...4, using: &random)
        let (whole, cut) = (try pieces(ChunkLimits()), try pieces(small))
        #expect(whole.map(\.0) == cut.map(\.0) && whole.map(\.1) == cut.map(\.1), "seed \(seed)")
        #expect(whole.map(\.0).joined() == text, "seed \(seed)")
    }
}
