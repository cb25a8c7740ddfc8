import Collecting
import Testing
import Vocabulary

@Suite("The collector takes request bodies to the sink")
struct CollectorTests {
    let sink = MemorySink()
    let directory = MemoryDirectory()
    let metrics = MetricRegistry()
    var collector: Collector { Collector(sink: sink, directory: directory, metrics: metrics, clock: { Bench.now }) }

    private func send(_ text: String, isLines: Bool = false, key: String? = nil) async throws -> Collector.PredictionAnswer {
        try await collector.predictions(Array(text.utf8), isLines: isLines, key: key)
    }
    private func sendLabels(_ text: String, key: String? = nil) async throws -> Collector.LabelAnswer {
        try await collector.labels(Array(text.utf8), isLines: false, key: key)
    }

    /// Three good records and two bad ones.
    private let mixed = """
        [\(Bench.record(#""score":0.5,"latency_ms":10,"cost":0.5,"features":{"age":1}"#, id: "a")),
         \(Bench.record(#""score":"x""#, id: "b")),
         \(Bench.record(#""error":"timeout","latency_ms":30000"#, id: "c")),
         {"model":"price","version":"1","id":"d","cost":0.25,"features":{"km":3}},
         {"model":"nobody","version":"1","id":"e"}]
        """

    @Test("what was decoded is stored, one write a version, all under the request's key")
    func stores() async throws {
        let answer = try await send(mixed, key: "k1")
        #expect(answer.accepted == 3)
        #expect(answer.duplicates == 0)
        #expect(answer.rejections.map(\.index) == [1, 4])
        let writes = await sink.predictions
        #expect(writes.map(\.version) == [Bench.credit, Bench.price])
        #expect(writes.map(\.key?.name) == ["k1", "k1"])
        #expect(writes.map(\.batch.ids) == [["a", "c"], ["d"]])
        #expect(await sink.calls == 1)
    }

    @Test("every measure's column is as long as the batch")
    func measures() async throws {
        _ = try await send(
            "[\(Bench.record(#""latency_ms":10"#, id: "a")),\(Bench.record(#""measures":{"m":1}"#, id: "b")),\(Bench.record("", id: "c"))]")
        let batch = try #require(await sink.predictions.first).batch
        let latency = try #require(batch.measures["latency_seconds"])
        let m = try #require(batch.measures["m"])
        #expect(latency.count == 3 && m.count == 3)
        #expect(latency[0] == 0.01 && latency[1].isNaN && latency[2].isNaN)
        #expect(m[0].isNaN && m[1] == 1 && m[2].isNaN)
    }

    @Test("a key travels with the hash of its body; without one records go by their ids")
    func keys() async throws {
        _ = try await send(Bench.record(""), key: "k1")
        _ = try await send(Bench.record("") + " ")
        let body = Array(Bench.record("").utf8)
        #expect(await sink.predictions.map(\.key) == [BatchKey("k1", fingerprint: Digest.hex(Digest.sha256(body))), nil])
        _ = try await sendLabels(#"{"model":"credit","id":"a","label":1}"#)
        #expect(await sink.labels.map(\.key) == [nil])
    }

    @Test("each version is looked up once")
    func lookups() async throws {
        _ = try await send("[\(Bench.record("", id: "a")),\(Bench.record("", id: "b")),\(Bench.record("", id: "c"))]")
        #expect(await directory.lookups == [Bench.credit.key])
    }

    @Test("everything is counted: predictions, failures, latency, cost, and what became of the records")
    func counts() async throws {
        _ = try await send(mixed)
        #expect(metrics.number(.predictions, ["credit", "3"]) == 2)
        #expect(metrics.number(.predictions, ["price", "1"]) == 1)
        #expect(metrics.number(.predictionErrors, ["credit", "3"]) == 1)
        #expect(metrics.number(.predictionErrors, ["price", "1"]) == 0)
        #expect(metrics.number(.predictionCost, ["credit", "3", "EUR"]) == 0.5)
        #expect(metrics.number(.predictionCost, ["price", "1", "USD"]) == 0.25)
        let latency = try #require(metrics.histogram(.predictionLatency, ["credit", "3"]))
        #expect(latency.count == 2 && latency.sum == 30.01)
        #expect(metrics.histogram(.predictionLatency, ["price", "1"]) == nil)
        #expect(metrics.number(.ingestRecords, ["accepted"]) == 3)
        #expect(metrics.number(.ingestRecords, ["rejected"]) == 2)
        #expect(metrics.number(.ingestRecords, ["duplicate"]) == 0)
    }

    @Test("a repeated request is answered as the first one and counts nothing twice")
    func repeated() async throws {
        let first = try await send(mixed, key: "k")
        let second = try await send(mixed, key: "k")
        #expect(second.accepted == first.accepted)
        #expect(await sink.predictions.count == 2)
        #expect(metrics.number(.predictions, ["credit", "3"]) == 2)
        #expect(metrics.number(.predictionErrors, ["credit", "3"]) == 1)
        #expect(metrics.number(.predictionCost, ["credit", "3", "EUR"]) == 0.5)
        #expect(metrics.histogram(.predictionLatency, ["credit", "3"])?.count == 2)
    }

    @Test("the records of a repeated request are counted as duplicates, not as accepted again")
    func repeatedOutcome() async throws {
        _ = try await send(mixed)
        _ = try await send(mixed)
        #expect(metrics.number(.ingestRecords, ["accepted"]) == 3)
        #expect(metrics.number(.ingestRecords, ["duplicate"]) == 3)
        #expect(metrics.number(.ingestRecords, ["rejected"]) == 4)
    }

    @Test("latency, cost and errors are counted of the records that were stored, not of their repetitions")
    func repeatedMeasures() async throws {
        let failed = Bench.record(#""latency_ms":10,"cost":0.5,"error":"timeout""#, id: "a")
        _ = try await send("[\(failed)]")
        _ = try await send("[\(failed),\(Bench.record(#""latency_ms":30,"cost":0.25"#, id: "b"))]")
        #expect(metrics.number(.predictionErrors, ["credit", "3"]) == 1)
        #expect(metrics.number(.predictionCost, ["credit", "3", "EUR"]) == 0.75)
        #expect(metrics.histogram(.predictionLatency, ["credit", "3"])?.count == 2)
    }

    @Test("records that were stored by another request are duplicates")
    func duplicates() async throws {
        _ = try await send("[\(Bench.record("", id: "a")),\(Bench.record("", id: "b"))]")
        let answer = try await send("[\(Bench.record("", id: "b")),\(Bench.record("", id: "c")),\(Bench.record("", id: "c"))]")
        #expect(answer.accepted == 3 && answer.duplicates == 2)
        #expect(metrics.number(.predictions, ["credit", "3"]) == 3)
        #expect(metrics.number(.ingestRecords, ["accepted"]) == 3)
        #expect(metrics.number(.ingestRecords, ["duplicate"]) == 2)
    }

    @Test("a sink that cannot store is the caller's error; nothing is counted, and sending again stores once")
    func sinkFails() async throws {
        await sink.fail()
        await #expect(throws: MemorySink.Failure()) { try await send(mixed) }
        await #expect(throws: MemorySink.Failure()) { try await sendLabels(#"{"model":"credit","id":"a","label":1}"#) }
        #expect(metrics.samples().isEmpty)
        await sink.recover()
        #expect(try await send(mixed).accepted == 3)
        #expect(metrics.number(.predictions, ["credit", "3"]) == 2)
    }

    @Test("a body of which nothing can be used never reaches the sink")
    func unusable() async throws {
        await #expect(throws: RequestError.self) { try await send("{") }
        await #expect(throws: RequestError.self) { try await send("7") }
        await #expect(throws: RequestError.self) { try await sendLabels("[") }
        let answer = try await send("[1,2]")
        #expect(answer.accepted == 0 && answer.rejections.count == 2)
        #expect(await sink.calls == 0)
        #expect(metrics.number(.ingestRecords, ["rejected"]) == 2)
    }

    @Test("a version that is not registered is named as such, also when the request names no other")
    func unknownVersion() async throws {
        let answer = try await send(#"{"model":"credit","version":"9","id":"a"}"#)
        #expect(answer.rejections.first?.error.hasPrefix("version: credit 9 is not registered") == true, "\(answer.rejections)")
        let other = try await send(#"{"model":"fraud","version":"9","id":"a"}"#)
        #expect(other.rejections.first?.error.hasPrefix("model: fraud 9 is not registered") == true, "\(other.rejections)")
    }

    @Test("labels are stored by model and counted by what they did")
    func labels() async throws {
        _ = try await send("[\(Bench.record("", id: "a")),\(Bench.record("", id: "b"))]")
        let answer = try await sendLabels(
            """
            [{"model":"credit","id":"a","label":1},{"model":"price","id":"p","label":7},{"model":"credit","id":"z","label":0},
             {"model":"credit","id":"b","label":"maybe","ts":1}]
            """, key: "labels-1")
        #expect(answer.receipt == LabelReceipt(accepted: 3, joined: 1, corrected: 0, resent: 0, waiting: 2))
        #expect(answer.rejections.map(\.index) == [3])
        let writes = await sink.labels
        #expect(writes.map(\.model) == ["credit", "price"])
        #expect(writes.map(\.batch.ids) == [["a", "z"], ["p"]])
        #expect(writes.map(\.key?.name) == ["labels-1", "labels-1"])
        #expect(metrics.number(.labels, ["credit"]) == 1)
        #expect(metrics.number(.labels, ["price"]) == 0)
        #expect(metrics.number(.ingestRecords, ["label"]) == 3)
        #expect(metrics.number(.ingestRecords, ["rejected"]) == 1)
    }

    @Test("the newest version of a model says what its labels look like")
    func newestSchema() async throws {
        var old = Bench.credit
        old.schema.positiveLabel = "yes"
        var new = Bench.version("credit", "4", 9, old.schema)
        new.schema.positiveLabel = "bad"
        let collector = Collector(sink: sink, directory: MemoryDirectory([old, new]), metrics: metrics, clock: { Bench.now })
        _ = try await collector.labels(
            Array(#"[{"model":"credit","id":"a","label":"bad"},{"model":"credit","id":"b","label":"yes"}]"#.utf8), isLines: false, key: nil)
        #expect(await sink.labels.first?.batch.labels == [1, 0])
    }

    @Test("NDJSON is taken line by line")
    func lines() async throws {
        let answer = try await send("\(Bench.record("", id: "a"))\n{\n\(Bench.record("", id: "c"))\n", isLines: true)
        #expect(answer.accepted == 2)
        #expect(answer.rejections.map(\.index) == [1])
    }
}
