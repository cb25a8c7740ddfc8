import TestSupport
import Testing

@testable import Tables

/// Goal: reading in parallel chunks by the kernel gives what reading from front to back gives, errors included. Method: random files,
/// chunks of a few bytes, one and three threads, the wide kernel and the portable one, against `PlainTable`.
@Suite("A file read in chunks is the file read from front to back")
struct ChunkedReadingTests {
    /// Fields and line ends as they come in files, and as nobody would write them.
    static func file(_ random: inout Seeded, columns: Int, rows: Int, wild: Bool) -> [UInt8] {
        let fields = [
            "", "1", "-2.5", "0.12345678901234567", "1e5", "-0", "007", "12345678901234567890", "inf", "NA", "null", "NaN", "low", "high",
            "K\u{F6}ln", "a\"b", "\"\"", "\"q\"", "\"a,b\"", "\"two\nlines\"", "\"cr\r\nlf\"", "\"\"\"\"", "\"NA\"", "\"12\"", " 7",
            "x y z",
        ]
        let odd = ["\"", "\"x", "\"x\"y", "\u{0}", ",", ",,", "\n", "\r", "\u{FEFF}"]
        let ends = ["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n"]
        let common = ends.randomElement(using: &random) ?? "\n"
        let numeric = (0..<columns).map { _ in Bool.random(using: &random) }
        var out = Array(((0..<columns).map { "c\($0)" }.joined(separator: ",") + "\n").utf8)
        for _ in 0..<rows {
            for c in 0..<columns {
                if c > 0 { out.append(UInt8(ascii: ",")) }
                let pool = numeric[c] && Int.random(in: 0..<40, using: &random) > 0 ? Array(fields[..<12]) : fields
                out += Array((pool.randomElement(using: &random) ?? "").utf8)
                if wild, Int.random(in: 0..<60, using: &random) == 0 { out += Array((odd.randomElement(using: &random) ?? "").utf8) }
                if wild, Int.random(in: 0..<200, using: &random) == 0 { out.append(0xFF) }
            }
            out += Array((Int.random(in: 0..<10, using: &random) == 0 ? ends.randomElement(using: &random) ?? "\n" : common).utf8)
        }
        if Bool.random(using: &random) { out.removeLast() }
        return out
    }

    @Test("the same cells, lines, numbers and refusals", arguments: 1...60 as ClosedRange<UInt64>)
    func same(seed: UInt64) {
        var random = Seeded(seed)
        for round in 0..<20 {
            let bytes = Self.file(
                &random, columns: Int.random(in: 1...5, using: &random), rows: Int.random(in: 0...60, using: &random),
                wild: round % 2 == 1)
            for (threads, chunkBytes, isWide) in [(1, 1 << 19, true), (1, 1 << 19, false), (3, 40, true), (2, 7, false), (3, 150, true)] {
                Self.compare(bytes, threads: threads, chunkBytes: chunkBytes, isWide: isWide, "seed \(seed) round \(round)")
            }
        }
    }

    static func compare(_ bytes: [UInt8], threads: Int, chunkBytes: Int, isWide: Bool, _ place: String) {
        let what =
            "\(place), \(threads) threads, chunks of \(chunkBytes), wide \(isWide): \(String(decoding: bytes, as: UTF8.self).debugDescription)"
        let plain: PlainTable
        do throws(TableError) { plain = try PlainTable(bytes, file: "f") } catch {
            #expect(throws: error, "\(what)") {
                try Table(bytes, file: "f", maxErrors: 0, threads: threads, chunkBytes: chunkBytes, isWide: isWide)
            }
            return
        }
        do throws(TableError) {
            let table = try Table(bytes, file: "f", maxErrors: 0, threads: threads, chunkBytes: chunkBytes, isWide: isWide)
            #expect(table.names == plain.names, "\(what)")
            #expect(table.lines == plain.lines, "\(what)")
            #expect(plain.lines.indices.allSatisfy { table.line(ofRow: $0) == plain.lines[$0] }, "\(what)")
            for (c, name) in plain.names.enumerated() {
                #expect(table.rowCount == plain.columns[c].count, "\(what)")
                #expect(try table.kind(name) == inferKind(plain.columns[c]), "\(what)")
                let numbers = plain.columns[c].map { $0.map { plainNumber($0) } ?? .some(.nan) }
                if numbers.contains(nil) {
                    #expect(throws: TableError.self, "\(what)") { try table.numbers(name) }
                } else {
                    #expect(try table.numbers(name).map(\.bitPattern) == numbers.map { ($0 ?? 0).bitPattern }, "\(what)")
                }
                #expect(try table.requiredColumn(name) == plain.columns[c], "\(what)")
                // Levels stand in the order of their first appearance.
                var seen: [String] = []
                for case let text? in plain.columns[c] where !seen.contains(text) { seen.append(text) }
                #expect(try table.levels(name).names == seen, "\(what)")
            }
        } catch {
            Issue.record("\(what): \(error)")
        }
    }

    @Test("an empty field in quotes is missing among numbers, also where a row that is set aside had a text", arguments: [7, 17, 1 << 16])
    func setAside(chunkBytes: Int) throws {
        let bytes = Array("x\n1\n\"\"\n1\n\"2\"x\n1\u{0}\n2\n".utf8)
        let log = try Table(bytes, file: "f", maxErrors: 2, threads: 1, chunkBytes: chunkBytes, isWide: chunkBytes != 17)
        #expect(log.columns == [["1", nil, "1", "2"]])
        #expect(log.rejected.count == 2)
    }

    @Test("rows longer than a chunk, and a quoted field that goes through many of them")
    func longRows() {
        let long = String(repeating: "lorem\nipsum,\"\"", count: 400)
        let text = "a,b\n1,\"\(long)\"\n2,x\n\"\(long)\",\(String(repeating: "y", count: 9000))\n"
        for (chunkBytes, isWide) in [(64, true), (64, false), (1000, true), (1 << 19, true)] {
            Self.compare(Array(text.utf8), threads: 3, chunkBytes: chunkBytes, isWide: isWide, "long rows")
        }
    }

    @Test("a column that turns into texts late is texts from its first row on")
    func lateText() throws {
        let text = "a,b\n" + (0..<500).map { "\($0 % 90).50,\($0)\n" }.joined() + "low,1\n" + (0..<500).map { "\($0).5,7\n" }.joined()
        let late = try Table(Array(text.utf8), file: "f", maxErrors: 0, threads: 3, chunkBytes: 256, isWide: true)
        #expect(try late.requiredColumn("a")[3] == "3.50")
        #expect(try late.levels("a").names[90] == "low")
        #expect(try late.kind("a") == .categorical)
        #expect(try late.kind("b") == .numeric)
    }
}

@Suite("Numbers are read as the standard library reads them")
struct NumberReadingTests {
    @Test("random numbers of every size come out bit by bit the same", arguments: 1...20 as ClosedRange<UInt64>)
    func same(seed: UInt64) throws {
        var random = Seeded(seed)
        var texts: [String] = []
        for _ in 0..<2000 {
            let double = Double(bitPattern: UInt64.random(in: .min ... .max, using: &random))
            if double.isFinite { texts.append("\(double)") }
            texts.append("\(Double.random(in: -100...100, using: &random))")
            texts.append("\(Int.random(in: .min ... .max, using: &random))")
            let digits = String((0..<Int.random(in: 1...25, using: &random)).map { _ in "0123456789".randomElement(using: &random) ?? "0" })
            texts.append(digits)
            let cut = digits.index(digits.startIndex, offsetBy: Int.random(in: 0...digits.count, using: &random))
            texts.append(digits[..<cut] + "." + digits[cut...])
            texts.append("-0." + digits)
            texts.append(digits + "e\(Int.random(in: -360...330, using: &random))")
            // Halfway between two doubles.
            texts.append("\((UInt64(1) << 53 | UInt64.random(in: 0..<(1 << 53), using: &random)) &* 2 + 1)")
        }
        let table = try Table(Array(("x\n" + texts.joined(separator: "\n") + "\n").utf8), file: "f")
        let numbers = try table.numbers("x")
        for (i, text) in texts.enumerated() {
            let expected = try #require(Double(text))
            #expect(numbers[i].bitPattern == expected.bitPattern, "\(text)")
            #expect(parseNumber(text)?.bitPattern == expected.bitPattern, "\(text)")
        }
    }
}
