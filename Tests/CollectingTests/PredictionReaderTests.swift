import Tables
import TestSupport
import Testing
import Vocabulary

@testable import Collecting

@Suite("The quick reader of predictions gives what the general one gives, to the record and to the word")
struct PredictionReaderTests {
    private static let versions: PredictionReader.Versions = {
        var versions = PredictionReader.Versions()
        for version in [Bench.credit, Bench.price] { versions.known[version.key] = version }
        versions.models = ["credit", "price"]
        return versions
    }()

    /// Both readers on one body.
    private func check(_ text: String, isLines: Bool, dropped: DroppedWeeks = DroppedWeeks()) throws {
        let body = Array(text.utf8)
        var limits = CollectorLimits()
        limits.droppedWeeks = dropped
        let decoder = PredictionDecoder(limits: limits, now: Bench.now)
        var expected: PredictionReader.Batches?
        var refused: RequestError?
        do throws(RequestError) {
            let request = try RequestBody(body, isLines: isLines, limits: limits)
            expected = decoder.decode(request, versions: Self.versions.registered, models: Self.versions.models)
        } catch { refused = error }
        var versions = Self.versions
        do throws(RequestError) {
            while true {
                switch try PredictionReader(body, isLines: isLines, decoder: decoder).read(versions) {
                case .needs(let key): versions.known[key] = .some(nil)
                case .batches(let batches, let rejections):
                    #expect(rejections == expected?.rejections, "\(text)")
                    #expect(batches.map(\.version) == expected?.batches.map(\.version), "\(text)")
                    for (a, b) in zip(batches, expected?.batches ?? []) { #expect(isSame(a.batch, b.batch), "\(text)") }
                    return
                }
            }
        } catch { #expect(error == refused, "\(text)") }
    }

    /// As ==, but NaN is NaN.
    private func isSame(_ a: PredictionBatch, _ b: PredictionBatch) -> Bool {
        func bits(_ x: [Double]) -> [UInt64] { x.map { $0.isNaN ? 1 : $0.bitPattern } }
        func columns(_ batch: PredictionBatch) -> [String] {
            batch.features.map { column in
                switch column {
                case .numeric(let values): "\(bits(values))"
                case .categorical(let levels): "\(levels.codes) \(levels.levels)"
                case .vector(let vectors): "\(bits(vectors.values))"
                }
            }
        }
        return a.ids == b.ids && a.timestamps == b.timestamps && columns(a) == columns(b) && a.groups == b.groups
            && bits(a.scores) == bits(b.scores) && bits(a.predictions) == bits(b.predictions) && a.errors == b.errors
            && a.variants == b.variants && a.measures.mapValues(bits) == b.measures.mapValues(bits)
    }

    private static let usual =
        #"{"model":"credit","version":"3","id":"r1","ts":"2026-05-31T10:00:00.25Z","features":{"age":37.5,"purpose":"car"},"score":0.83,"#
        + #""prediction":1,"groups":{"sex":"F"},"latency_ms":12.5,"cost":0.0004,"measures":{"tokens_in":12,"tokens_out":5},"error":null,"variant":"b"}"#

    @Test("for a record of a week that was dropped, with a time and without one")
    func droppedWeek() throws {
        let week = DroppedWeeks([DroppedWeeks.start(of: Bench.now)])
        for text in [
            #"{"model":"credit","version":"3","id":"a"}"#, #"{"model":"credit","version":"3","id":"a","ts":"\#(Bench.now.rfc3339)"}"#,
        ] {
            try check(text, isLines: true, dropped: week)
            let decoder = PredictionDecoder(
                limits: {
                    var limits = CollectorLimits(); limits.droppedWeeks = week; return limits
                }(), now: Bench.now)
            guard
                case .batches(let batches, let rejections) = try PredictionReader(Array(text.utf8), isLines: true, decoder: decoder)
                    .read(Self.versions)
            else { Issue.record("expected an answer"); return }
            #expect(batches.isEmpty && rejections.map(\.error) == [DroppedWeeks.refusal(Bench.now)])
        }
    }

    @Test(
        "for every kind of record",
        arguments: [
            usual, "{}", "[]", "[1]", "", " ", "null", "{", usual + "x", "[" + usual + "," + usual + "]", "[" + usual + ",]", "[" + usual,
            #"{"model":"credit","version":3,"id":17,"ts":1780000000000,"score":null}"#,
            #"{"model":"credit","version":"3","id":17.0}"#, #"{"model":"credit","version":"3","id":true}"#,
            #"{"model":"credit","version":"3","id":""}"#, #"{"model":"credit","version":"3"}"#,
            #"{"model":"credit","version":"9","id":"a"}"#,
            #"{"model":"nobody","version":"1","id":"a"}"#, #"{"model":"credit","model":"price","version":"3","id":"a"}"#,
            #"{"model":"credit","version":"3","id":"a","id":"b"}"#, #"{"model":"credit","version":"3","id":"a","colour":1}"#,
            #"{"model":"credit","version":"3","id":"a","features":{"height":1}}"#,
            #"{"model":"credit","version":"3","id":"a","features":null}"#,
            #"{"model":"credit","version":"3","id":"a","features":{"age":true,"purpose":false}}"#,
            #"{"model":"credit","version":"3","id":"a","features":{"age":"37"}}"#,
            #"{"model":"credit","version":"3","id":"a","features":[]}"#,
            #"{"model":"credit","version":"3","id":"a","features":{"purpose":12}}"#,
            #"{"model":"credit","version":"3","id":"a","features":{"purpose":1.50}}"#,
            #"{"model":"credit","version":"3","id":"a","features":{"purpose":""},"groups":{"sex":""}}"#,
            #"{"model":"credit","version":"3","id":"a","features":{"purpose":{"a":1}}}"#,
            #"{"model":"credit","version":"3","id":"a","groups":{"race":"x"}}"#,
            #"{"model":"credit","version":"3","id":"\u00e9\n","features":{"purpose":"caf\u00e9"}}"#,
            #"{"model":"credit","version":"3","id":"é","features":{"purpose":"café"}}"#,
            #"{"model":"credit","version":"3","id":"a\u0000"}"#,
            #"{"model":"credit","version":"3","id":"a","prediction":2}"#, #"{"model":"credit","version":"3","id":"a","prediction":"1"}"#,
            #"{"model":"credit","version":"3","id":"a","prediction":false}"#,
            #"{"model":"price","version":"1","id":"a","prediction":-7.25,"features":{"km":1e3}}"#,
            #"{"model":"credit","version":"3","id":"a","score":1e999}"#, #"{"model":"credit","version":"3","id":"a","score":-0}"#,
            #"{"model":"credit","version":"3","id":"a","score":01}"#, #"{"model":"credit","version":"3","id":"a","score":1.}"#,
            #"{"model":"credit","version":"3","id":"a","score":.5}"#, #"{"model":"credit","version":"3","id":"a","score":1e5}"#,
            #"{"model":"credit","version":"3","id":"a","score":1.e5}"#, #"{"model":"credit","version":"3","id":"a","score":+1}"#,
            #"{"model":"credit","version":"3","id":"a","score":0.1234567890123456789012345}"#,
            #"{"model":"credit","version":"3","id":"a","score":NaN}"#,
            #"{"model":"credit","version":"3","id":"a","score":123456789012345678901234567890}"#,
            #"{"model":"credit","version":"3","id":"a","ts":"yesterday"}"#, #"{"model":"credit","version":"3","id":"a","ts":12}"#,
            #"{"model":"credit","version":"3","id":"a","ts":1e15}"#, #"{"model":"credit","version":"3","id":"a","ts":"2026-05-31"}"#,
            #"{"model":"credit","version":"3","id":"a","ts":true}"#,
            #"{"model":"credit","version":"3","id":"a","ts":"2030-01-01T00:00:00Z"}"#,
            #"{"model":"credit","version":"3","id":"a","latency_ms":-1}"#, #"{"model":"credit","version":"3","id":"a","cost":"x"}"#,
            #"{"model":"credit","version":"3","id":"a","measures":{"":1}}"#,
            #"{"model":"credit","version":"3","id":"a","measures":{"cost":1}}"#,
            #"{"model":"credit","version":"3","id":"a","measures":{"a":null,"b":1}}"#,
            #"{"model":"credit","version":"3","id":"a","measures":{"a":1,"a":2}}"#,
            #"{"model":"credit","version":"3","id":"a","error":"timeout"}"#, #"{"model":"credit","version":"3","id":"a","error":""}"#,
            #"{"model":"credit","version":"3","id":"a","error":504}"#, #"{"model":"credit","version":"3","id":"a","error":{"code":1}}"#,
            #"{"model":"credit","version":"3","id":"a","error":false}"#, #"{"model":"credit","version":"3","id":"a","variant":7}"#,
            #" { "model" : "credit" , "version" : "3" , "id" : "a" , "features" : { "age" : 1 } } "#,
            #"{"model":"credit","version":"3","id":"a","features":{},"groups":{}}"#, #"{"model":"credit","version":"3","id":"a",}"#,
            #"{"model":"credit","version":"3","id":"a" "score":1}"#, #"{"model":"credit","version":"3","id":"a","features":{"age":1,}}"#,
            #"{"model":"credit","version":"3","id":"a","features":{"age":1}"#, #"{model:"credit"}"#,
            #"{"model":"credit","version":"3","id":"a"}}"#,
        ])
    func kinds(_ text: String) throws {
        try check(text, isLines: false)
        try check(text, isLines: true)
        try check(Self.usual + "\n" + text + "\n\n" + Self.usual, isLines: true)
        try check("[" + Self.usual + "," + text + "," + Self.usual + "]", isLines: false)
    }

    @Test("limits on lengths and names are those of the general one")
    func limits() throws {
        let long = String(repeating: "x", count: 600)
        for members in [
            "\"id\":\"\(long)\"", "\"id\":\"a\",\"features\":{\"purpose\":\"\(long)\"}", "\"id\":\"a\",\"groups\":{\"sex\":\"\(long)\"}",
            "\"id\":\"a\",\"error\":\"\(long)\"", "\"id\":\"a\",\"variant\":\"\(long)\"", "\"id\":\"a\",\"measures\":{\"\(long)\":1}",
            "\"id\":\"a\",\"measures\":{" + (0..<17).map { "\"m\($0)\":1" }.joined(separator: ",") + "}",
        ] { try check("{\"model\":\"credit\",\"version\":\"3\",\(members)}", isLines: true) }
        // More names than a request may bring.
        try check(
            (0..<80).map { "{\"model\":\"credit\",\"version\":\"3\",\"id\":\"\($0)\",\"measures\":{\"m\($0)\":1}}" }.joined(
                separator: "\n"), isLines: true)
    }

    @Test("broken bytes change nothing: 3,000 mutations of a request", arguments: [1, 2, 3] as [UInt64])
    func mutations(seed: UInt64) throws {
        var random = Seeded(seed)
        let other = #"{"model":"price","version":"1","id":"p","features":{"km":12},"prediction":3.5}"#
        let bytes = Array([Self.usual, other, Self.usual].joined(separator: "\n").utf8)
        let pool = Array(#"{}[],:"\ntfu01.-+eE xé"#.utf8) + [0, 255, 200, 10]
        for _ in 0..<1000 {
            var body = bytes
            for _ in 0...Int(random.uniform() * 3) {
                let at = Int(random.uniform() * Double(body.count))
                let byte = pool[Int(random.uniform() * Double(pool.count))]
                switch Int(random.uniform() * 3) {
                case 0: body[at] = byte
                case 1: body.insert(byte, at: at)
                default: body.remove(at: at)
                }
            }
            try checkBytes(body)
        }
    }

    private func checkBytes(_ body: [UInt8]) throws {
        let decoder = PredictionDecoder(limits: CollectorLimits(), now: Bench.now)
        let request = try RequestBody(body, isLines: true, limits: CollectorLimits())
        let expected = decoder.decode(request, versions: Self.versions.registered, models: Self.versions.models)
        var versions = Self.versions
        while true {
            switch try PredictionReader(body, isLines: true, decoder: decoder).read(versions) {
            case .needs(let key): versions.known[key] = .some(nil)
            case .batches(let batches, let rejections):
                let text = String(decoding: body, as: UTF8.self)
                #expect(rejections == expected.rejections, "\(text)")
                #expect(
                    batches.count == expected.batches.count && zip(batches, expected.batches).allSatisfy { isSame($0.batch, $1.batch) },
                    "\(text)")
                return
            }
        }
    }
}
