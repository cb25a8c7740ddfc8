import Testing
import Vocabulary

@testable import Collecting

/// Samples are written after Amazon's published format: SageMaker Developer Guide, "Capture data from real-time endpoint" and
/// "Ingest Ground Truth labels and merge them with predictions".
@Suite("SageMaker data capture becomes predictions and labels")
struct CaptureTests {
    private func payload(_ data: String, _ encoding: String, type: String = "") -> String {
        #"{"observedContentType":"\#(type)","mode":"X","data":\#(JSON.string(data).text),"encoding":"\#(encoding)"}"#
    }

    private func line(_ input: String, _ output: String, id: String = "4651a1bf", metadata: String = "") -> String {
        let metadata = #"{"eventId":"\#(id)","inferenceTime":"2026-05-01T03:47:25Z"\#(metadata)}"#
        return #"{"captureData":{"endpointInput":\#(input),"endpointOutput":\#(output)},"eventMetadata":\#(metadata),"eventVersion":"0"}"#
    }

    private func bench(_ mapping: TableMapping = TableMapping(), columns: [String]? = nil) throws -> IngestBench {
        let bench = try IngestBench()
        bench.settings.mapping = mapping
        bench.settings.inputColumns = columns
        return bench
    }

    private func batch(_ lines: [String], _ mapping: TableMapping = TableMapping(), columns: [String]? = nil) async throws
        -> PredictionBatch
    {
        let bench = try bench(mapping, columns: columns)
        try await bench.take(lines.joined(separator: "\n"), as: "capture.jsonl")
        return try #require(try await bench.stored())
    }

    @Test("a CSV request and its CSV answer are a record under the event's id and time")
    func csv() async throws {
        let batch = try await batch([
            line(payload("37,car", "CSV", type: "text/csv"), payload("0.25", "CSV", type: "text/csv; charset=utf-8")),
            line(payload(",NA\n", "CSV", type: "text/csv"), payload("0.5\n", "CSV", type: "text/csv"), id: "b"),
        ])
        #expect(Array(batch.ids) == ["4651a1bf", "b"] && batch.scores == [0.25, 0.5])
        #expect(batch.numbers(0)[0] == 37 && batch.numbers(0)[1].isNaN && batch.levels(1) == ["car", nil])
        #expect(batch.timestamps[0] == Timestamp(rfc3339: "2026-05-01T03:47:25Z"))
    }

    @Test("several rows of a request are several records, named by their place")
    func manyRows() async throws {
        let batch = try await batch([line(payload("1,car\n2,\"a,b\"\n3,home\n", "CSV"), payload("0.1\n0.2\n0.3\n", "CSV"))])
        #expect(Array(batch.ids) == ["4651a1bf/0", "4651a1bf/1", "4651a1bf/2"])
        #expect(batch.scores == [0.1, 0.2, 0.3] && batch.levels(1) == ["car", "a,b", "home"])
        #expect(try await self.batch([line(payload("1,car\n2,x\n", "CSV"), payload("0.1,0.2", "CSV"))]).scores == [0.1, 0.2])
    }

    @Test("the caller's own inference id goes before the event's")
    func inferenceID() async throws {
        let batch = try await batch([
            line(payload("1,car", "CSV"), payload("0.1", "CSV"), metadata: #","inferenceId":"order-7","customAttributes":["x"]"#)
        ])
        #expect(Array(batch.ids) == ["order-7"])
    }

    @Test(
        "requests in JSON are read however models take them",
        arguments: [
            #"{"instances":[{"age":1,"purpose":"car","sex":"F"},{"age":2,"purpose":"home","sex":"M"}]}"#,
            #"[{"age":1,"purpose":"car","sex":"F"},{"age":"2","purpose":"home","sex":"M"}]"#,
            #"{"instances":[{"features":{"age":1,"purpose":"car","sex":"F"}},{"features":{"age":2,"purpose":"home","sex":"M"}}]}"#,
            "{\"age\":1,\"purpose\":\"car\",\"sex\":\"F\"}\n{\"age\":2,\"purpose\":\"home\",\"sex\":\"M\"}\n",
        ])
    func jsonInputs(data: String) async throws {
        let batch = try await batch([line(payload(data, "JSON", type: "application/json"), payload("[0.1,0.2]", "JSON"))])
        #expect(batch.numbers(0) == [1, 2] && batch.levels(1) == ["car", "home"] && batch.scores == [0.1, 0.2])
        #expect((0..<2).map { batch.groups[0][$0] } == ["F", "M"])
    }

    @Test(
        "arrays stand in the order of the features",
        arguments: [
            #"{"instances":[[1,"car"],[2,"home"]]}"#, #"[[1,"car"],[2,"home"]]"#,
            #"{"instances":[{"features":[1,"car"]},{"features":[2,"home"]}]}"#,
            #"{"inputs":[[1,"car"],[2,"home"]]}"#, "[1,\"car\"]\n[2,\"home\"]",
        ])
    func arrays(data: String) async throws {
        let batch = try await batch([line(payload(data, "JSON"), payload("[0.1,0.2]", "JSON"))])
        #expect(batch.numbers(0) == [1, 2] && batch.levels(1) == ["car", "home"])
    }

    @Test("columns may be named, and those that are no feature are left out")
    func inputColumns() async throws {
        let bench = try bench(columns: ["sex", "purpose", "colour", "age"])
        try await bench.take(line(payload("F,car,red,7", "CSV"), payload("0.1", "CSV")), as: "capture.jsonl")
        let batch = try #require(try await bench.stored())
        #expect(batch.numbers(0) == [7] && batch.groups[0][0] == "F")
        #expect(bench.notes == ["left out, not in the schema of credit 3: colour"])
    }

    @Test("what was captured as base64 is read by its content type, or by its looks")
    func base64() async throws {
        func packed(_ text: String) -> String { Digest.base64(Array(text.utf8)) }
        let batch = try await batch([
            line(
                payload(packed("1,car"), "BASE64", type: "text/csv"),
                payload(packed(#"{"score":0.1}"#), "BASE64", type: "application/json"), id: "a"),
            line(payload(packed("[2,\"home\"]"), "BASE64"), payload(packed("0.2"), "BASE64"), id: "b"),
        ])
        #expect(batch.numbers(0) == [1, 2] && batch.scores == [0.1, 0.2])
    }

    @Test(
        "the score and the decision have their usual names",
        arguments: [
            (#"{"predictions":[1],"probabilities":[0.85]}"#, 0.85, 1.0),
            (#"{"predictions":[{"score":0.85,"predicted_label":1}]}"#, 0.85, 1),
            (#"{"score":0.85,"prediction":0}"#, 0.85, 0), (#"{"predictions":[0.85]}"#, 0.85, .nan),
            (#"{"predictions":[[0.15,0.85]]}"#, 0.85, .nan),
            (#"{"probabilities":[0.15,0.85]}"#, 0.85, .nan), ("[[0.15,0.85]]", 0.85, .nan), ("0.85", 0.85, .nan),
            (#"{"predicted_label":1}"#, .nan, 1), (#"{"outputs":{"probability":0.85},"model":"x"}"#, .nan, .nan),
        ])
    func outputs(data: String, score: Double, decision: Double) async throws {
        let bench = try bench()
        bench.settings.maxErrors = 1
        let result = try await bench.take(line(payload("1,car", "CSV"), payload(data, "JSON")), as: "capture.jsonl")
        guard !score.isNaN || !decision.isNaN else {
            #expect(result.rejected == 1)
            #expect(
                bench.notes.first
                    == "capture.jsonl:1:1: endpointOutput: outputs.probability, model, expected --score or --prediction to name one of them"
            )
            return
        }
        let batch = try #require(try await bench.stored())
        #expect(batch.scores[0] == score || (batch.scores[0].isNaN && score.isNaN))
        #expect(batch.predictions[0] == decision || (batch.predictions[0].isNaN && decision.isNaN))
    }

    @Test("options say which outputs they are, by name or by place from 0")
    func namedOutputs() async throws {
        let byPlace = TableMapping(score: "1", prediction: "0")
        let first = try await batch([line(payload("1,car", "CSV"), payload("1,0.85", "CSV"))], byPlace)
        #expect(first.scores == [0.85] && first.predictions == [1])
        let byName = TableMapping(score: "outputs.probability")
        let second = try await batch(
            [line(payload("1,car", "CSV"), payload(#"{"outputs":{"probability":0.85},"model":"x"}"#, "JSON"))], byName)
        #expect(second.scores == [0.85])
    }

    @Test("the single output of a regression is its prediction")
    func regression() async throws {
        let bench = try bench()
        bench.settings = IngestSettings(version: Bench.price)
        try await bench.take(line(payload("120000", "CSV"), payload("6295.25", "CSV")), as: "capture.jsonl")
        let batch = try #require(try await bench.stored())
        #expect(batch.predictions == [6295.25] && batch.scores[0].isNaN)
    }

    @Test("a capture of only one side is a record without the other")
    func oneSide() async throws {
        let batch = try await batch([
            #"{"captureData":{"endpointInput":\#(payload("1,car", "CSV"))},"eventMetadata":{"eventId":"a"}}"#,
            #"{"captureData":{"endpointOutput":\#(payload("0.5", "CSV"))},"eventMetadata":{"eventId":"b"}}"#,
        ])
        #expect(Array(batch.ids) == ["a", "b"] && batch.scores[0].isNaN && batch.scores[1] == 0.5 && batch.numbers(0)[1].isNaN)
        #expect(batch.timestamps == [Bench.now, Bench.now])
    }

    @Test("malformed captures are refused with what was expected")
    func malformed() async throws {
        let good = payload("1,car", "CSV")
        let samples = [
            ("{}", "captureData: missing, expected an object with endpointInput and endpointOutput"),
            (#"{"captureData":{},"eventMetadata":{"eventId":"a"}}"#, "captureData: neither endpointInput nor endpointOutput"),
            (#"{"captureData":{"endpointInput":\#(good)}}"#, "eventMetadata: missing, expected an object with eventId"),
            (#"{"captureData":{"endpointInput":\#(good)},"eventMetadata":{}}"#, "eventMetadata.eventId: missing, expected a string"),
            (line(payload("1", "CSV"), payload("1", "CSV")), "endpointInput.data: 1 columns, expected 2 (--input-columns names them)"),
            (line(payload("x,car", "CSV"), payload("1", "CSV")), "endpointInput.age: \"x\", expected a number"),
            (line(good, payload("0.1\n0.2", "CSV")), "endpointOutput: 2 rows, expected 1 as in endpointInput"),
            (line(good, payload("high", "CSV")), "endpointOutput.0: \"high\", expected a number"),
            (line(payload("1,car", "XML"), payload("1", "CSV")), "endpointInput.encoding: XML, expected CSV, JSON or BASE64"),
            (line(payload("%", "BASE64"), payload("1", "CSV")), "endpointInput.data: no base64, expected it as encoding says"),
            (line(payload("{", "JSON"), payload("1", "CSV")), "endpointInput.data: not JSON: "),
            (line(payload("", "CSV"), payload("", "CSV")), "endpointInput.data: no rows, expected at least one"),
        ]
        for (text, reason) in samples {
            let bench = try bench()
            bench.settings.form = .sagemaker
            let refusal = await bench.refusal(text, as: "capture.jsonl")
            #expect(refusal.hasPrefix("capture.jsonl:1:1: \(reason)"), "\(refusal)")
        }
        #expect(await (try bench()).refusal(#"{"captureData":{},"#, as: "c.jsonl").hasPrefix("c.jsonl:1:19:"))
    }

    @Test("ground truth becomes labels under the ids of its events")
    func groundTruth() async throws {
        let bench = try bench()
        bench.settings.isLabels = true
        bench.settings.maxErrors = 1
        let result = try await bench.take(
            """
            {"groundTruthData":{"data":"1","encoding":"CSV"},"eventMetadata":{"eventId":"aaaa"},"eventVersion":"0"}
            {"groundTruthData":{"data":"0\\n1\\n","encoding":"CSV"},"eventMetadata":{"eventId":"bbbb"},"eventVersion":"0"}
            {"groundTruthData":{"data":"2","encoding":"CSV"},"eventMetadata":{"eventId":"cccc"},"eventVersion":"0"}

            """, as: "truth.jsonl")
        #expect(result.labels.accepted == 3 && result.rejected == 1)
        let labels = try #require(await bench.sink.labels.first).batch
        #expect(labels.ids == ["aaaa", "bbbb/0", "bbbb/1"] && labels.labels == [1, 0, 1])
        #expect(bench.notes.first == "truth.jsonl:3:1: label: \"2\", expected 0 or 1")
    }
}
