import TestSupport
import Testing

@testable import Tables

@Suite("Bad rows are set aside and counted")
struct RejectedRowsTests {
    private func read(_ text: String, maxErrors: Int, chunkBytes: Int = 1 << 19) throws(TableError) -> Table {
        try Table(Array(text.utf8), file: "log.csv", maxErrors: maxErrors, threads: 2, chunkBytes: chunkBytes, isWide: true)
    }

    @Test("the rows around them stay, with their lines", arguments: [1 << 19, 5, 16])
    func aside(chunkBytes: Int) throws {
        let log = try read("a,b\n1,2\n3\n4,5\n6,7,8\n\"9\"x,1\n10,11\n", maxErrors: 3, chunkBytes: chunkBytes)
        #expect(log.columns == [["1", "4", "10"], ["2", "5", "11"]])
        #expect(log.lines == [2, 4, 7])
        #expect(log.rejected.map(\.line) == [3, 5, 6])
        #expect(log.rejected.map(\.column) == [2, 3, 1])
        #expect(log.rejected.map { String(decoding: $0.bytes, as: UTF8.self) } == ["3", "6,7,8", "\"9\"x,1"])
        #expect(log.rejected[1].message == "3 fields, expected 2 as in the header")
    }

    @Test("one more than allowed is an error, and it is that one's")
    func tooMany() {
        #expect(throws: TableError(file: "log.csv", line: 5, column: 3, message: "3 fields, expected 2 as in the header")) {
            try read("a,b\n1,2\n3\n4,5\n6,7,8\n\"9\"x,1\n10,11\n", maxErrors: 1)
        }
    }

    @Test("a quote that is never closed takes one line with it, not the rest of the file")
    func openQuote() throws {
        let log = try read("a,b\n1,\"2\n3,4\n5,6\n", maxErrors: 1)
        #expect(log.columns == [["3", "5"], ["4", "6"]])
        #expect(log.rejected.map(\.line) == [2])
    }

    @Test("bytes that are no text are set aside too, and columns read later leave out the same rows")
    func invalid() throws {
        var bytes = Array("a,b\n1.50,x\n2.5,".utf8)
        bytes += [0xFF, 10] + Array("3.5,z\n".utf8)
        let log = try Table(bytes, file: "log.csv", maxErrors: 1)
        #expect(try log.numbers("a") == [1.5, 3.5])
        #expect(try log.requiredColumn("a") == ["1.50", "3.5"])
        #expect(log.column("b") == ["x", "z"])
        #expect(log.lines == [2, 4])
    }
}
