import Collecting
import Testing
import Vocabulary

@Suite("A request body is records in the order in which they were sent")
struct RequestBodyTests {
    private func refusal(_ text: String, isLines: Bool = false, limits: CollectorLimits = CollectorLimits()) -> RequestError? {
        do throws(RequestError) {
            _ = try Bench.body(text, isLines: isLines, limits: limits)
            return nil
        } catch { return error }
    }
    private func values(_ body: RequestBody) -> [JSON?] { body.records.map { try? $0.record.get() } }

    @Test("one object is one record")
    func object() throws {
        let body = try Bench.body(#"  {"id":"a"}  "#)
        #expect(body.records.map(\.index) == [0])
        #expect(values(body) == [.object(["id": "a"])])
    }

    @Test("an array is a record an item, whatever the items are")
    func array() throws {
        let body = try Bench.body(#"[{"id":"a"}, 7, null, [1]]"#)
        #expect(body.records.map(\.index) == [0, 1, 2, 3])
        #expect(values(body) == [.object(["id": "a"]), 7, .null, [1]])
        #expect(try Bench.body("[]").records.isEmpty)
    }

    @Test("NDJSON is a record a line; blank lines are no records and take no index")
    func lines() throws {
        let body = try Bench.body("\n{\"id\":\"a\"}\r\n  \t\r\n\n{\"id\":\"b\"}", isLines: true)
        #expect(body.records.map(\.index) == [0, 1])
        #expect(values(body) == [.object(["id": "a"]), .object(["id": "b"])])
    }

    @Test("a bad line of NDJSON is that record's own error, with its place in the line")
    func badLine() throws {
        let body = try Bench.body("{\"id\":\"a\"}\n{\"id\": oops}\n{\"id\":\"c\"}\n{\"id\":\"d\"", isLines: true)
        #expect(body.records.map(\.index) == [0, 1, 2, 3])
        #expect(values(body) == [.object(["id": "a"]), nil, .object(["id": "c"]), nil])
        guard case .failure(let error) = body.records[1].record else {
            Issue.record("the line was taken")
            return
        }
        #expect(error.description == "line 2, column 8: expected a value, got 'o'")
    }

    @Test("an item of an array that cannot be read is its own error, with its place in the body, and spoils no other")
    func badItem() throws {
        let body = try Bench.body(
            #"""
             [ {"id":"a","x":"],\"["}, {"id":"b","score":1e999},{"id":"c"},
             {"id":"d",
              "x":"\ud800"}, {"id":"e","score":NaN} , [}, {"id":"f"}]
            """#)
        #expect(body.records.map(\.index) == [0, 1, 2, 3, 4, 5, 6])
        #expect(values(body).map { $0?["id"]?.stringValue } == ["a", nil, "c", nil, nil, nil, "f"])
        let errors = body.records.compactMap { record -> String? in
            if case .failure(let error) = record.record { error.description } else { nil }
        }
        #expect(
            errors.map { $0.prefix { $0 != ":" } } == ["line 1, column 46", "line 3, column 8", "line 3, column 36", "line 3, column 44"])
        var few = CollectorLimits()
        few.recordsMax = 2
        #expect(refusal(#"[{"a":1e999},1,2]"#, limits: few)?.code == .tooLarge)
    }

    @Test(
        "an array of nothing that can be read, or that does not close, is refused whole",
        arguments: [
            "[{\"a\":1e999}]", "[{\"a\":1},{\"b\":1e999}", "[{\"a\":1},,{\"b\":NaN}]", "[{\"a\":1},{\"b\":NaN}] x",
            "[{\"a\":1},{\"b\":NaN}}]", "[{\"a\":\"1},NaN]",
        ]) func badArray(text: String)
    {
        #expect(refusal(text)?.description.hasPrefix("the body is not JSON: line 1, column ") == true)
    }

    @Test("a body of NDJSON without a record is refused", arguments: ["", "\n", "\r\n \n"])
    func emptyLines(text: String) throws {
        #expect(throws: RequestError(.malformed, "the body has no records, expected one JSON object a line")) {
            try Bench.body(text, isLines: true)
        }
    }

    @Test(
        "a body that is neither an object nor an array is refused",
        arguments: [("7", "a number"), ("\"x\"", "a string"), ("null", "null"), ("true", "a boolean"), ("-1.5e3", "a number")])
    func scalar(text: String, kind: String) {
        let expected = "the body is \(kind), expected an object, an array of objects, or NDJSON"
        #expect(refusal(text) == RequestError(.malformed, expected))
    }

    @Test(
        "a malformed body is refused with line and column",
        arguments: [
            ("", "line 1, column 1: expected a value, got the end"),
            ("{", "line 1, column 2: expected a key in quotes, got the end"),
            ("{\"a\":1}\n{\"a\":2}", "line 2, column 1: expected the end of the value, got '{'"),  // NDJSON that was not announced
            ("[{\"a\":1,},\n {\"a\":}]", "line 1, column 9: expected a key in quotes, got '}'"),
            ("[1,2", "line 1, column 5: expected ',' or ']', got the end"),
            ("{\"a\":NaN}", "line 1, column 6: expected a value, got 'N'"),
            ("{\"a\":1e999}", "line 1, column 6: a number beyond the range of a double"),
            ("{'a':1}", "line 1, column 2: expected a key in quotes, got '''"),
        ])
    func malformed(text: String, place: String) {
        #expect(refusal(text) == RequestError(.malformed, "the body is not JSON: " + place))
    }

    @Test("text that is not UTF-8 is refused where the string starts")
    func invalidUTF8() {
        let bytes = Array("{\"id\":\"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8)
        #expect(throws: RequestError(.malformed, "the body is not JSON: line 1, column 8: invalid UTF-8 in the string")) {
            try RequestBody(bytes, isLines: false, limits: CollectorLimits())
        }
    }

    @Test("more records than the limit are refused as too large, in either form")
    func tooMany() throws {
        var limits = CollectorLimits()
        limits.recordsMax = 2
        let expected = RequestError(.tooLarge, "more than 2 records, send them in several requests")
        #expect(refusal("[{},{},{}]", limits: limits) == expected)
        #expect(refusal("{}\n{}\n{}", isLines: true, limits: limits) == expected)
        #expect(refusal("[{},{}]", limits: limits) == nil)
        #expect(refusal("{}\n\n{}\n\n", isLines: true, limits: limits) == nil)
    }

    @Test("nesting without end is refused, not followed")
    func deep() {
        let text = String(repeating: "[", count: 100_000)
        #expect(refusal(text)?.code == .malformed)
    }
}
