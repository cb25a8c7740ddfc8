import Collecting
import Profiles
import Testing
import Vocabulary

@Suite("A bad prediction record is rejected alone, with the path and what was expected")
struct PredictionRejectionTests {
    private func errors(_ text: String, isLines: Bool = false, limits: CollectorLimits = CollectorLimits()) throws -> [String] {
        try Bench.decode(text, isLines: isLines, limits: limits).rejections.map(\.error)
    }

    @Test(
        "a field of the wrong type, or with a value that cannot be",
        arguments: [
            (#""features":[1]"#, "features: expected an object, got an array"),
            (#""features":{"age":"37"}"#, "features.age: expected a number or null, got a string"),
            (#""features":{"age":"NaN"}"#, "features.age: expected a number or null, got a string"),
            (#""features":{"age":{}}"#, "features.age: expected a number or null, got an object"),
            (#""features":{"purpose":["car"]}"#, "features.purpose: expected a string or null, got an array"),
            (#""features":{"purpose":{}}"#, "features.purpose: expected a string or null, got an object"),
            (#""features":{"height":1}"#, "features.height: not a feature of this version (expected age, purpose)"),
            (#""features":{"Age":1}"#, "features.Age: not a feature of this version (expected age, purpose)"),
            (#""groups":"F""#, "groups: expected an object, got a string"),
            (#""groups":{"race":"x"}"#, "groups.race: not a sensitive attribute of this version (expected sex)"),
            (#""groups":{"sex":["F"]}"#, "groups.sex: expected a string or null, got an array"),
            (#""score":"0.8""#, "score: expected a number or null, got a string"),
            (#""score":"Infinity""#, "score: expected a number or null, got a string"),
            (#""score":true"#, "score: expected a number or null, got a boolean"),
            (#""score":[0.8]"#, "score: expected a number or null, got an array"),
            (#""prediction":2"#, "prediction: 2, expected 0 or 1"),
            (#""prediction":0.5"#, "prediction: 0.5, expected 0 or 1"),
            (#""prediction":-1"#, "prediction: -1, expected 0 or 1"),
            (#""prediction":{}"#, "prediction: expected 0 or 1, got an object"),
            (#""latency_ms":-1"#, "latency_ms: -1.0, expected at least 0.0"),
            (#""latency_ms":"12""#, "latency_ms: expected a number or null, got a string"),
            (#""cost":-0.01"#, "cost: -0.01, expected at least 0.0"),
            (#""cost":false"#, "cost: expected a number or null, got a boolean"),
            (#""measures":3"#, "measures: expected an object, got a number"),
            (#""measures":{"tokens":"9"}"#, "measures.tokens: expected a number or null, got a string"),
            (#""measures":{"tokens":"-Infinity"}"#, "measures.tokens: expected a number or null, got a string"),
            (#""measures":{"":1}"#, "measures.: expected a name of 1 to 100 bytes, not latency_seconds or cost"),
            (#""measures":{"cost":1}"#, "measures.cost: expected a name of 1 to 100 bytes, not latency_seconds or cost"),
            (
                #""measures":{"latency_seconds":1}"#,
                "measures.latency_seconds: expected a name of 1 to 100 bytes, not latency_seconds or cost"
            ),
            (#""variant":["B"]"#, "variant: expected a string or null, got an array"),
            (
                #""probability":0.5"#,
                "probability: unknown key, expected one of cost, error, features, groups, id, latency_ms, measures, model, prediction, score, ts, variant, version"
            ),
        ])
    func wrongType(members: String, error: String) throws {
        let (batches, rejections) = try Bench.decode(Bench.record(members))
        #expect(rejections == [Rejection(index: 0, error: error)])
        #expect(batches.isEmpty)
    }

    @Test(
        "a time that cannot be meant",
        arguments: [
            // Seconds where milliseconds are expected: the commonest mistake.
            (
                "1780000000",
                "ts: 1970-01-21T14:26:40Z is too early, expected milliseconds since 1970 or RFC 3339, from 1990-01-01T00:00:00Z on"
            ),
            ("0", "ts: 1970-01-01T00:00:00Z is too early, expected milliseconds since 1970 or RFC 3339, from 1990-01-01T00:00:00Z on"),
            (
                #""1989-12-31T23:59:59Z""#,
                "ts: 1989-12-31T23:59:59Z is too early, expected milliseconds since 1970 or RFC 3339, from 1990-01-01T00:00:00Z on"
            ),
            (#""2026-06-02T12:00:01Z""#, "ts: 2026-06-02T12:00:01Z is more than 24 hours ahead of 2026-06-01T12:00:00Z"),
            ("1780000000000000", "ts: expected epoch milliseconds"),  // microseconds
            ("-1e300", "ts: expected epoch milliseconds"),
            (#""soon""#, "ts: expected RFC 3339 such as 2026-01-31T12:00:00Z, got \"soon\""),
            (#""1780000000000""#, "ts: expected RFC 3339 such as 2026-01-31T12:00:00Z, got \"1780000000000\""),
            (#""2026-02-30T00:00:00Z""#, "ts: expected RFC 3339 such as 2026-01-31T12:00:00Z, got \"2026-02-30T00:00:00Z\""),
            ("true", "ts: expected RFC 3339 text or epoch milliseconds, got a boolean"),
            ("{}", "ts: expected RFC 3339 text or epoch milliseconds, got an object"),
        ])
    func times(value: String, error: String) throws {
        #expect(try errors(Bench.record(#""ts":"# + value)) == [error])
    }

    @Test(
        "a record that does not say whose it is",
        arguments: [
            ("7", "expected an object, got a number"),
            ("null", "expected an object, got null"),
            ("[]", "expected an object, got an array"),
            ("{}", "model: missing, expected a string"),
            (#"{"model":null,"version":"3","id":"a"}"#, "model: missing, expected a string"),
            (#"{"model":true,"version":"3","id":"a"}"#, "model: expected a string, got a boolean"),
            (#"{"model":"","version":"3","id":"a"}"#, "model: 0 bytes, expected 1 to 200"),
            (#"{"model":"credit","id":"a"}"#, "version: missing, expected a string"),
            (#"{"model":"credit","version":3.5,"id":"a"}"#, "version: expected a string, got a number"),
            (#"{"model":"credit","version":"9","id":"a"}"#, "version: credit 9 is not registered"),
            (#"{"model":"fraud","version":"3","id":"a"}"#, "model: fraud 3 is not registered, expected a registered model and version"),
            (#"{"model":"credit","version":"3"}"#, "id: missing, expected a string"),
            (#"{"model":"credit","version":"3","id":null}"#, "id: missing, expected a string"),
            (#"{"model":"credit","version":"3","id":""}"#, "id: 0 bytes, expected 1 to 256"),
            (#"{"model":"credit","version":"3","id":{}}"#, "id: expected a string, got an object"),
            // A number that would lose digits is not an id.
            (#"{"model":"credit","version":"3","id":18446744073709551615}"#, "id: expected a string, got a number"),
        ])
    func nameless(record: String, error: String) throws {
        #expect(try errors("[\(record)]") == [error])
    }

    @Test("texts longer than their limit")
    func lengths() throws {
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        #expect(try errors(Bench.record("", id: text(256))).isEmpty)
        #expect(try errors(Bench.record("", id: text(257))) == ["id: 257 bytes, expected 1 to 256"])
        #expect(try errors(Bench.record("", id: text(100_000))) == ["id: 100000 bytes, expected 1 to 256"])
        #expect(try errors(Bench.record("", id: String(repeating: "é", count: 129))) == ["id: 258 bytes, expected 1 to 256"])
        #expect(try errors(#"{"model":"\#(text(201))","version":"3","id":"a"}"#) == ["model: 201 bytes, expected 1 to 200"])
        #expect(try errors(Bench.record(#""features":{"purpose":"\#(text(500))"}"#)).isEmpty)
        #expect(
            try errors(Bench.record(#""features":{"purpose":"\#(text(501))"}"#)) == ["features.purpose: 501 bytes, expected at most 500"])
        #expect(try errors(Bench.record(#""variant":"\#(text(501))""#)) == ["variant: 501 bytes, expected at most 500"])
        #expect(
            try errors(Bench.record(#""measures":{"\#(text(101))":1}"#))
                == ["measures.\(text(60)): expected a name of 1 to 100 bytes, not latency_seconds or cost"])
        #expect(
            try errors(Bench.record(#""features":{"\#(text(5000))":1}"#)) == [
                "features.\(text(60)): not a feature of this version (expected age, purpose)"
            ])
    }

    @Test("more measures than the limit of a record")
    func measures() throws {
        func record(_ count: Int) -> String {
            Bench.record(#""measures":{"# + (0..<count).map { "\"m\($0)\":1" }.joined(separator: ",") + "}")
        }
        #expect(try errors(record(16)).isEmpty)
        #expect(try errors(record(17)) == ["measures: 17, expected at most 16"])
        var limits = CollectorLimits()
        limits.measuresMax = 0
        #expect(try errors(Bench.record(#""latency_ms":1,"cost":1,"measures":{}"#), limits: limits).isEmpty)
        #expect(try errors(record(1), limits: limits) == ["measures: 1, expected at most 0"])
    }

    /// Goal: a request's memory is bounded. `Profile.measuresMax` says: "a request that brings more is refused". Without it, names that
    /// are new in every record make columns of rows × names.
    @Test("a request does not bring more measure names than a profile can hold")
    func distinctMeasures() throws {
        let lines = (0..<100).map { Bench.record(#""measures":{"m\#($0)":1}"#, id: "r\($0)") }
        let (batches, rejections) = try Bench.decode(lines.joined(separator: "\n"), isLines: true)
        #expect(batches.allSatisfy { $0.batch.measures.count <= Profile.measuresMax })
        #expect(rejections.count == 100 - Profile.measuresMax)
        #expect(batches.reduce(0) { $0 + $1.batch.count } == Profile.measuresMax)
    }

    @Test("the rest of the batch is kept, and every rejection has its own index")
    func theRest() throws {
        let (batches, rejections) = try Bench.decode(
            """
            [\(Bench.record("\"score\":0.1", id: "a")),\(Bench.record("\"score\":\"x\"", id: "b")),null,\(Bench.record("\"score\":0.4", id: "d")),
             {"model":"fraud","version":"1","id":"e"},{"model":"price","version":"1","id":"f","features":{"km":5}},\(Bench.record("", id: "g"))]
            """)
        #expect(rejections.map(\.index) == [1, 2, 4])
        #expect(batches.map(\.batch.ids) == [["a", "d", "g"], ["f"]])
        #expect(batches[0].batch.scores.prefix(2) == [0.1, 0.4])
        #expect(batches[0].batch.numbers(0).count == 3 && batches[0].batch.groups[0].count == 3 && batches[0].batch.errors.count == 3)
    }

    @Test("what is no JSON spoils only its line: NaN, numbers beyond a double, broken text")
    func badLines() throws {
        let lines = [
            Bench.record(""), Bench.record("\"score\":NaN"), Bench.record("\"score\":1e999"), "{", Bench.record("\"score\":1", id: "last"),
        ]
        let (batches, rejections) = try Bench.decode(lines.joined(separator: "\n"), isLines: true)
        #expect(batches.map(\.batch.ids) == [["r1", "last"]])
        #expect(rejections.map(\.index) == [1, 2, 3])
        let column = Bench.record("\"score\":").utf8.count
        #expect(rejections[0].error == "not JSON: line 2, column \(column): expected a value, got 'N'")
        #expect(rejections[1].error == "not JSON: line 3, column \(column): a number beyond the range of a double")
        #expect(rejections[2].error == "not JSON: line 4, column 2: expected a key in quotes, got the end")
    }

    @Test("a line that is not UTF-8 is rejected, the lines around it are kept")
    func invalidUTF8() throws {
        let bytes =
            Array(Bench.record("", id: "a").utf8) + [10] + Array(#"{"model":"credit","version":"3","id":""#.utf8) + [0xE9, 0x22, 0x7D, 10]
            + Array(Bench.record("", id: "c").utf8)
        let body = try RequestBody(bytes, isLines: true, limits: CollectorLimits())
        let (batches, rejections) = PredictionDecoder(limits: CollectorLimits(), now: Bench.now)
            .decode(body, versions: [Bench.credit.key: Bench.credit])
        #expect(batches.map(\.batch.ids) == [["a", "c"]])
        #expect(rejections == [Rejection(index: 1, error: "not JSON: line 2, column 39: invalid UTF-8 in the string")])
    }
}
