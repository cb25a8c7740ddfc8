import Kernels
import TestSupport
import Testing

@testable import Tables

/// Goal: reading NDJSON in chunks on several threads gives what reading it as one chunk gives, errors included. Method: random files,
/// chunks of a few bytes.
@Suite("NDJSON read in chunks is NDJSON read from front to back")
struct NDJSONChunksTests {
    private func read(_ bytes: [UInt8], _ maxErrors: Int, threads: Int, chunkBytes: Int) -> Result<Table, TableError> {
        Result { () throws(TableError) in
            try Table(ndjson: ByteSource(bytes), file: "f", maxErrors: maxErrors, threads: threads, chunkBytes: chunkBytes)
        }
    }

    private func isSame(_ a: Result<Table, TableError>, _ b: Result<Table, TableError>) -> Bool {
        switch (a, b) {
        case (.success(let a), .success(let b)):
            guard a.names == b.names, a.rowCount == b.rowCount, a.lines == b.lines, a.rejected == b.rejected, a.columns == b.columns else {
                return false
            }
            return a.names.allSatisfy { name in
                let (x, y) = (try? a.levels(name), try? b.levels(name))
                return x?.codes == y?.codes && x?.names == y?.names && (try? a.kind(name)) == (try? b.kind(name))
                    && (try? a.numbers(name))?.map(\.bitPattern) == (try? b.numbers(name))?.map(\.bitPattern)
            }
        case (.failure(let a), .failure(let b)): return a == b
        default: return false
        }
    }

    private func file(_ random: inout Seeded, lines: Int) -> [UInt8] {
        let values = [
            "1", "2.50", "-3e2", "null", "true", "\"x\"", "\"\"", "\"NA\"", "\"long text with \\n and \\u00f6\"", "[1,2]",
            "{\"in\":1,\"out\":\"y\"}",
        ]
        let kinds = (0..<6).map { _ in Int.random(in: 0..<4, using: &random) }
        var out: [UInt8] = Bool.random(using: &random) ? [0xEF, 0xBB, 0xBF] : []
        for _ in 0..<lines {
            switch Int.random(in: 0..<30, using: &random) {
            case 0: out += Array("\n".utf8)
            case 1: out += Array("  \r\n".utf8)
            case 2 where Int.random(in: 0..<4, using: &random) == 0:
                out +=
                    Array(
                        ["{\"k0\":1,", "[1]", "{\"a\":1,\"a\":2}", "{\"bad\u{0}\":1}", "x"].randomElement(using: &random)?.utf8 ?? "".utf8)
                    + [10]
            default:
                let keys = (0..<6).filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
                let fields = keys.map { key -> String in
                    let pool = kinds[key] == 0 ? Array(values[..<4]) : kinds[key] == 1 ? Array(values[4..<9]) : values
                    return "\"k\(key)\":" + (pool.randomElement(using: &random) ?? "1")
                }
                out += Array("{\(fields.joined(separator: ","))}".utf8) + (Bool.random(using: &random) ? [10] : [13, 10])
            }
        }
        if Bool.random(using: &random), out.last == 10 { out.removeLast() }
        return out
    }

    @Test("the same cells, levels, lines and refusals", arguments: 1...40 as ClosedRange<UInt64>)
    func same(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<15 {
            let bytes = file(&random, lines: Int.random(in: 0..<40, using: &random))
            let maxErrors = Int.random(in: 0..<4, using: &random)
            let whole = read(bytes, maxErrors, threads: 1, chunkBytes: 1 << 20)
            for (threads, chunk) in [(1, 7), (3, 1), (2, 64), (3, 300)] {
                let parts = read(bytes, maxErrors, threads: threads, chunkBytes: chunk)
                #expect(
                    isSame(whole, parts), "seed \(seed), \(threads) threads, chunks of \(chunk): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    @Test("a line longer than many chunks, and a column that turns into texts late")
    func long() throws {
        let long = String(repeating: "y", count: 10_000)
        let text = (0..<200).map { "{\"a\":\($0),\"b\":\"\($0 == 100 ? long : "s\($0 % 3)")\"}\n" }.joined() + "{\"a\":\"late\"}\n"
        let whole = read(Array(text.utf8), 0, threads: 1, chunkBytes: 1 << 20)
        let parts = read(Array(text.utf8), 0, threads: 3, chunkBytes: 100)
        #expect(isSame(whole, parts))
        #expect(try parts.get().column("a")?.last == "late" && parts.get().column("a")?.first == "0")
    }
}
