import Collecting
import TestSupport
import Testing
import Vocabulary

@Suite("Prediction records become columns")
struct PredictionDecoderTests {
    private func only(_ text: String) throws -> PredictionBatch {
        let (batches, rejections) = try Bench.decode(text)
        #expect(rejections.isEmpty)
        #expect(batches.count == 1)
        return try #require(batches.first).batch
    }

    @Test("every field of a full record has its place")
    func full() throws {
        let batch = try only(
            Bench.record(
                #""ts":"2026-06-01T11:59:00.25Z","features":{"age":37,"purpose":"car"},"score":0.83,"prediction":1,"groups":{"sex":"F"},"latency_ms":12.5,"cost":0.0004,"measures":{"tokens_in":12},"error":null,"variant":"champion""#
            ))
        #expect(batch.ids == ["r1"])
        #expect(batch.timestamps == [Timestamp(rfc3339: "2026-06-01T11:59:00.25Z")])
        #expect(batch.numbers(0) == [37])
        #expect(batch.levels(1) == ["car"])
        #expect(batch.groups[0][0] == "F")
        #expect(batch.scores == [0.83])
        #expect(batch.predictions == [1])
        #expect(batch.measures == ["latency_seconds": [0.0125], "cost": [0.0004], "tokens_in": [12]])
        #expect(batch.errors == [nil])
        #expect(batch.variants == ["champion"])
    }

    @Test("only model, version and id are needed; the rest is missing and the time is now")
    func minimal() throws {
        let batch = try only(Bench.record(""))
        #expect(batch.timestamps == [Bench.now])
        #expect(batch.numbers(0)[0].isNaN)
        #expect(batch.levels(1) == [nil])
        #expect(batch.groups[0][0] == nil)
        #expect(batch.scores[0].isNaN && batch.predictions[0].isNaN)
        #expect(batch.measures.isEmpty)
    }

    @Test("null is missing, wherever it stands")
    func nulls() throws {
        let batch = try only(
            Bench.record(
                #""ts":null,"features":{"age":null,"purpose":null},"score":null,"prediction":null,"groups":{"sex":null},"latency_ms":null,"cost":null,"measures":{"m":null},"error":null,"variant":null"#
            ))
        #expect(batch.timestamps == [Bench.now])
        #expect(batch.numbers(0)[0].isNaN && batch.levels(1) == [nil] && batch.groups[0][0] == nil)
        #expect(batch.scores[0].isNaN && batch.predictions[0].isNaN)
        #expect(batch.measures.isEmpty && batch.errors == [nil] && batch.variants == [nil])
        _ = try only(Bench.record(#""features":null,"groups":null,"measures":null"#))
    }

    @Test("a time is RFC 3339 in any zone or epoch milliseconds")
    func times() throws {
        func time(_ text: String) throws -> Timestamp { try only(Bench.record(#""ts":"# + text)).timestamps[0] }
        let moment = Timestamp(seconds: 1_780_000_000)
        #expect(try time(#""2026-05-28T20:26:40Z""#) == moment)
        #expect(try time(#""2026-05-28T22:26:40+02:00""#) == moment)
        #expect(try time("1780000000000") == moment)
        #expect(try time("1780000000000.5") == Timestamp(microseconds: moment.microseconds + 500))
        #expect(try time("1.78e12") == moment)
        #expect(try time(#""2026-05-28""#) == Timestamp(seconds: 1_779_926_400))
        // The bounds themselves are taken.
        #expect(try time(#""1990-01-01T00:00:00Z""#) == Timestamp(seconds: 631_152_000))
        #expect(try time(#""2026-06-02T12:00:00Z""#) == Bench.now.adding(seconds: 86_400))
    }

    @Test("infinities come as strings, in numeric features only")
    func infinities() throws {
        #expect(try only(Bench.record(#""features":{"age":"Infinity"}"#)).numbers(0) == [.infinity])
        #expect(try only(Bench.record(#""features":{"age":"-Infinity"}"#)).numbers(0) == [-.infinity])
        #expect(try only(Bench.record(#""features":{"purpose":"Infinity"}"#)).levels(1) == ["Infinity"])
    }

    @Test("booleans are 1 and 0 as numbers, true and false as levels")
    func booleans() throws {
        #expect(try only(Bench.record(#""features":{"age":true,"purpose":true}"#)).numbers(0) == [1])
        #expect(try only(Bench.record(#""features":{"age":false,"purpose":false}"#)).numbers(0) == [0])
        #expect(try only(Bench.record(#""features":{"purpose":true},"groups":{"sex":false}"#)).levels(1) == ["true"])
        #expect(try only(Bench.record(#""groups":{"sex":false}"#)).groups[0][0] == "false")
        #expect(try only(Bench.record(#""prediction":true"#)).predictions == [1])
        #expect(try only(Bench.record(#""prediction":false"#)).predictions == [0])
    }

    @Test("a level may be written as a number, and an empty text is missing")
    func levels() throws {
        func level(_ text: String) throws -> String? { try only(Bench.record(#""features":{"purpose":"# + text + "}")).levels(1)[0] }
        #expect(try level("3") == "3")
        #expect(try level("3.0") == "3")
        #expect(try level("2.5") == "2.5")
        #expect(try level(#""""#) == nil)
        #expect(try level(#"" ""#) == " ")
        #expect(try level(#""日本""#) == "日本")
    }

    @Test("ids, models and versions may be written as whole numbers")
    func numericNames() throws {
        #expect(try only(#"{"model":"credit","version":3,"id":12}"#).ids == ["12"])
    }

    @Test("whatever went wrong is the error, cut at 500 characters")
    func errors() throws {
        #expect(try only(Bench.record(#""error":"timeout""#)).errors == ["timeout"])
        #expect(try only(Bench.record(#""error":{"code":504}"#)).errors == [#"{"code":504}"#])
        #expect(try only(Bench.record(#""error":"\#(String(repeating: "é", count: 600))""#)).errors[0]?.count == 500)
    }

    @Test("of a repeated key the last value counts")
    func repeatedKeys() throws {
        let batch = try only(Bench.record(#""score":0.1,"score":0.2,"features":{"age":1,"age":2},"measures":{"m":3,"m":4}"#))
        #expect(batch.scores == [0.2])
        #expect(batch.numbers(0) == [2])
        #expect(batch.measures["m"] == [4])
    }

    @Test("a regression's prediction is any number")
    func regression() throws {
        let (batches, rejections) = try Bench.decode(#"{"model":"price","version":"1","id":"a","features":{"km":12},"prediction":-1234.5}"#)
        #expect(rejections.isEmpty)
        #expect(batches[0].batch.predictions == [-1234.5])
    }

    @Test("records of several versions make a batch each, in the order of arrival")
    func severalVersions() throws {
        let (batches, rejections) = try Bench.decode(
            """
            [{"model":"price","version":"1","id":"p1"},\(Bench.record("", id: "c1")),{"model":"price","version":"1","id":"p2"},\(Bench.record("", id: "c2"))]
            """)
        #expect(rejections.isEmpty)
        #expect(batches.map(\.version.key) == [Bench.price.key, Bench.credit.key])
        #expect(batches.map(\.batch.ids) == [["p1", "p2"], ["c1", "c2"]])
    }

    @Test("the versions that a request names are known before it is decoded")
    func versions() throws {
        let body = try Bench.body(#"[{"model":"a","version":"1"},{"model":"a","version":"1"},{"model":"b","version":2},{"model":"c"},7]"#)
        #expect(PredictionDecoder.versions(body) == [ModelVersion(model: "a", version: "1"), ModelVersion(model: "b", version: "2")])
    }

    /// Goal: rows stay together. Method: random records, some of them bad, read back by id.
    @Test("every column keeps its row, whatever stands between", arguments: [1, 2, 3] as [UInt64])
    func rowsStayTogether(seed: UInt64) throws {
        var random = Seeded(seed)
        var lines: [String] = []
        var kept: [(id: String, age: Int, score: Double, tokens: Int?)] = []
        for i in 0..<300 {
            let age = Int.random(in: 0...99, using: &random)
            let score = Double(Int.random(in: 0...64, using: &random)) / 64
            let tokens = random.uniform() < 0.3 ? Int.random(in: 1...9, using: &random) : nil
            let isBad = random.uniform() < 0.2
            var members = #""features":{"age":\#(age),"purpose":"p\#(i)"},"score":\#(isBad ? "\"high\"" : "\(score)")"#
            if let tokens { members += #","measures":{"tokens":\#(tokens)}"# }
            lines.append(Bench.record(members, id: "r\(i)"))
            if !isBad { kept.append(("r\(i)", age, score, tokens)) }
        }
        let (batches, rejections) = try Bench.decode(lines.joined(separator: "\n"), isLines: true)
        let batch = batches[0].batch
        #expect(
            rejections.map { "r\($0.index)" } == (0..<300).map { "r\($0)" }.filter { id in !kept.contains { $0.id == id } }, "seed \(seed)")
        #expect(batch.ids == TextColumn(kept.map(\.id)), "seed \(seed)")
        #expect(batch.numbers(0) == kept.map { Double($0.age) }, "seed \(seed)")
        #expect(batch.levels(1) == kept.map { "p" + $0.id.dropFirst() }, "seed \(seed)")
        #expect(batch.scores == kept.map(\.score), "seed \(seed)")
        let tokens = batch.measures["tokens"] ?? []
        for (row, record) in kept.enumerated() {
            let value = row < tokens.count ? tokens[row] : .nan
            #expect(record.tokens.map(Double.init) == value || (record.tokens == nil && value.isNaN), "seed \(seed), row \(row)")
        }
    }
}
