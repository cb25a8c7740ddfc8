import TestSupport
import Testing

@testable import Tables

@Suite("NDJSON is a table too")
struct NDJSONTests {
    private func read(_ text: String, maxErrors: Int = 0) throws(TableError) -> Table {
        try Table(ndjson: Array(text.utf8), file: "log.ndjson", maxErrors: maxErrors)
    }
    private func refusal(_ text: String) -> String {
        do throws(TableError) {
            _ = try read(text)
            return "taken"
        } catch { return error.description }
    }

    @Test("an object a line, a column a key, in the order in which keys appear")
    func plain() throws {
        let log = try read("{\"age\":37,\"city\":\"Oslo\"}\n{\"age\":41.5,\"city\":\"Lima\"}\n")
        #expect(log.names == ["age", "city"])
        #expect(try log.numbers("age") == [37, 41.5])
        #expect(log.columns == [["37", "41.5"], ["Oslo", "Lima"]])
        #expect(log.lines == [1, 2])
    }

    @Test("a key that is no text is refused, also where an empty object makes no column of it")
    func keysAreText() {
        for (json, place) in [("{\"a\":1,\"b\u{1}\":{}}", 8), ("{\"a\":{\"b\u{1}\":[]}}", 7)] {
            let line = Array(json.utf8).map { $0 == 1 ? 0xFF : $0 } + [10]
            #expect(throws: TableError(file: "f", line: 1, column: place, message: "invalid UTF-8 or a zero byte in a key, expected text"))
            {
                try Table(ndjson: line, file: "f")
            }
        }
    }

    @Test("nested values have dotted names, arrays numbers")
    func nested() throws {
        let log = try read("{\"id\":\"x\",\"features\":{\"a\":1,\"b\":{\"c\":2}},\"scores\":[0.25,0.75]}\r\n")
        #expect(log.names == ["id", "features.a", "features.b.c", "scores.0", "scores.1"])
        #expect(try log.numbers("features.b.c") == [2])
        #expect(try log.numbers("scores.1") == [0.75])
    }

    @Test("a key that is not there is missing, and so are null, missing words and the empty text")
    func missing() throws {
        let log = try read("{\"a\":1}\n{\"b\":\"x\"}\n\n{\"b\":null,\"a\":3}\n{\"a\":null,\"b\":\"NA\"}\n{\"b\":\"\"}\n")
        #expect(log.columns == [["1", nil, "3", nil, nil], [nil, "x", nil, nil, nil]])
        #expect(log.lines == [1, 2, 4, 5, 6])
    }

    @Test("texts and numbers in one column are texts as they were written")
    func mixed() throws {
        let log = try read("{\"a\":1.50,\"b\":true}\n{\"a\":\"low\",\"b\":false}\n{\"a\":-2e3}\n")
        #expect(log.columns == [["1.50", "low", "-2e3"], ["true", "false", nil]])
    }

    @Test("escapes, surrogate pairs and any script")
    func escapes() throws {
        let log = try read("{\"a\":\"\\u00f6\\n\\ud83d\\udea2\\/\",\"citt\u{E0}\":\"\u{65E5}\u{672C}\"}")
        #expect(log.columns == [["\u{F6}\n\u{1F6A2}/"], ["\u{65E5}\u{672C}"]])
    }

    @Test(
        "a bad line is refused with its line and byte",
        arguments: [
            ("{\"a\":1}\n[1]\n", "log.ndjson:2:1: '[', expected an object in braces"),
            ("{\"a\":1}\n{\"a\":01}\n", "log.ndjson:2:6: a number that starts with 0, expected none before other digits"),
            ("{\"a\":1,}\n", "log.ndjson:1:8: '}', expected a key in quotes"),
            ("{\"a\":1} x\n", "log.ndjson:1:9: 'x' after the object, expected the end of the line"),
            ("{\"a\":\"x}\n", "log.ndjson:1:6: the text that starts here has no end, expected another quote"),
            ("{\"a\":1,\"a\":2}\n", "log.ndjson:1:1: the key a stands twice in the object, expected each once"),
            ("{\"a.b\":1,\"a\":{\"b\":2}}\n", "log.ndjson:1:1: the key a.b stands twice in the object, expected each once"),
            ("{\"a\":NaN}\n", "log.ndjson:1:6: 'N', expected a value"),
            ("\n\n", "log.ndjson:1:1: no object with a key, expected one a line"),
        ])
    func refused(text: String, message: String) {
        #expect(refusal(text) == message)
    }

    @Test("bad lines are set aside, and leave no column behind")
    func aside() throws {
        let log = try read("{\"a\":1}\n{\"z\":2,\n{\"a\":3}\n", maxErrors: 1)
        #expect(log.names == ["a"])
        #expect(try log.numbers("a") == [1, 3])
        #expect(log.rejected.map(\.line) == [2])
    }

    @Test("a few bytes a line do not take all memory")
    func sparse() {
        let keys = "{" + (0..<4000).map { "\"k\($0)\":1" }.joined(separator: ",") + "}\n"
        #expect(refusal(keys + String(repeating: "{}\n", count: 20_000)).contains("4000 different keys in a file of short lines"))
    }

    @Test("deep nesting is refused, not followed")
    func deep() {
        let text = String(repeating: "{\"a\":", count: 100_000)
        #expect(refusal(text).contains("nested deeper than 64 levels"))
        #expect(refusal("{\"a\":" + String(repeating: "[", count: 100_000)).contains("nested deeper than 64 levels"))
    }
}
