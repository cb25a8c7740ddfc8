import Analysis
import Tables
import Testing

@Suite("Rows are cut into chunks")
struct ChunkingTests {
    private func shape(_ chunking: Chunking, _ rows: Int, _ times: [Double]? = nil) throws -> [[Int]] {
        try chunking.chunks(rows: rows, times: times).map { [$0.rows.count, $0.start, $0.end] }
    }

    @Test("by size or by count, what is left over is one more, smaller chunk")
    func equal() throws {
        #expect(try shape(.size(4), 10) == [[4, 0, 3], [4, 4, 7], [2, 8, 9]])
        #expect(try shape(.count(3), 10) == [[3, 0, 2], [3, 3, 5], [3, 6, 8], [1, 9, 9]])
        #expect(try shape(.count(5), 10).count == 5)
        #expect(try shape(.size(3), 0).isEmpty)
    }

    @Test("by calendar time in UTC, in the order of time; weeks begin on Monday")
    func calendar() throws {
        let times = ["2026-03-02 00:00", "2026-03-01T23:59:59Z", "2026-02-28", "1969-12-31T23:00:00Z"]
        let frame = Frame(try CSVTable(Array(("t\n" + times.joined(separator: "\n") + "\n").utf8), file: "t.csv"))
        let seconds = try frame.times("t")
        #expect(try Chunking.period(.day).chunks(rows: 4, times: seconds).map(\.rows) == [[3], [2], [1], [0]])
        #expect(try Chunking.period(.week).chunks(rows: 4, times: seconds).map(\.rows) == [[3], [2, 1], [0]])
        #expect(try Chunking.period(.month).chunks(rows: 4, times: seconds).map(\.rows) == [[3], [2], [1, 0]])
    }

    @Test("what cannot be cut says why")
    func refused() {
        #expect(throws: AnalysisError("--chunk-size 0, expected at least 1")) { try Chunking.size(0).chunks(rows: 3, times: nil) }
        #expect(throws: AnalysisError("--chunk-count 4, expected 1 to 3, the number of rows")) {
            try Chunking.count(4).chunks(rows: 3, times: nil)
        }
        #expect(throws: AnalysisError("--chunk-period needs --timestamp")) { try Chunking.period(.day).chunks(rows: 3, times: nil) }
        #expect(throws: AnalysisError.self) { try Chunking.period(.day).chunks(rows: 2, times: [1, .nan]) }
    }
}
