import Collecting
import Foundation
import Tables
import Testing
import Vocabulary

@testable import Service
@testable import Storage

@Suite("Costs by prices that change with time", .service) struct PricesTests {
    private var service: RunningService { RunningService.current }
    private static let spec = """
        id: id
        score: score
        currency: EUR
        prices:
          - {from: 2026-01-01T00:00:00Z, per: {tokens_in: 0.25, tokens_out: 0.5, record: 2}}
          - {from: 2026-02-01, per: {tokens_in: 1}}
        """

    private func register(_ model: String) async throws {
        let spec = try #require(Self.spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let reference = "id,income,score\n" + (0..<100).map { "r\($0),\($0),0.\(10 + $0 % 80)\n" }.joined()
        let answer = try await service.post("/v1/models/\(model)/versions/1?spec=\(spec)", reference, type: "text/csv")
        try #require(answer.status == 201, "\(answer.text)")
        #expect(answer.json["watch"]?["prices"]?.arrayValue?.count == 2)
    }

    private func record(_ model: String, _ id: String, _ ts: String, _ rest: String) -> String {
        #"{"model":"\#(model)","version":"1","id":"\#(id)","ts":"\#(ts)","features":{"income":1},"score":0.5\#(rest)}"#
    }

    private func total(_ model: String) async throws -> String? {
        let metric = #"evenkeel_prediction_cost_total{model="\#(model)",version="1",currency="EUR"} "#
        return try await service.get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(metric) }
            .map { String($0.dropFirst(metric.count)) }
    }

    @Test("over HTTP: in the counter and in the window's findings; a cost of its own goes before, a change holds from then on")
    func http() async throws {
        try await register("priced")
        let tokens = #","measures":{"tokens_in":8,"tokens_out":4}"#
        let records = [
            record("priced", "a", "2026-01-10T10:00:00Z", tokens), record("priced", "b", "2026-01-10T10:01:00Z", tokens + #","cost":100"#),
            record("priced", "c", "2026-01-10T10:02:00Z", ""), record("priced", "d", "2025-12-31T10:02:00Z", tokens),
            record("priced", "e", "2026-02-01T00:00:00Z", tokens),
        ]
        let sent = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(sent.json["accepted"]?.intValue == 5)
        // a: 8 · 0.25 + 4 · 0.5 + 2, b: 100, c: 2, d: none, e: 8.
        #expect(try await total("priced") == "116")
        _ = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(try await total("priced") == "116", "repeated records cost nothing")
        let found = try await service.eventually("/v1/models/priced/results?metric=mean&feature=cost&window=hour") {
            $0.text.contains(#""from":"2026-01-10T10:00:00Z""#)
        }
        let hour = found.json["results"]?.arrayValue?.first { $0["from"]?.stringValue == "2026-01-10T10:00:00Z" }
        #expect(hour?["value"]?.doubleValue == 36 && hour?["n"]?.intValue == 3, "\(found.text)")

        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "priced", version: "1")))
        let watch = try ModelSpecFile("prices: [{from: 2026-01-01, per: {record: 0.5}}]", file: "s").watch(destinations: [])
        try await service.engine.registry.setWatch(watch, of: version, actor: "ada", at: Engine.systemClock())
        _ = try await service.post("/v1/predictions", record("priced", "f", "2026-01-10T10:03:00Z", tokens))
        #expect(try await total("priced") == "116.5")
    }

    @Test("from files") func files() async throws {
        try await register("priced-files")
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "priced-files", version: "1")))
        let folder = FileManager.default.temporaryDirectory.appending(path: "ek-prices-\(UInt32.random(in: 0...UInt32.max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "log.ndjson").path
        let lines = [record("priced-files", "a", "2026-01-10T10:00:00Z", #","measures":{"tokens_in":4}"#)]
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        var settings = IngestSettings(version: version)
        settings.form = .records
        let result = try await service.engine.fileIngest(settings).run([path])
        #expect(result.accepted == 1)
        let cost = try await service.engine.database.run { connection in
            try connection.query("select cost from evenkeel.prediction where stream_id = $1", [.int(version.streamID)]).double(0, 0)
        }
        #expect(cost == 3)
    }

    @Test("what was spooled while the database was away is priced when it is stored, once") func spooled() async throws {
        try await register("priced-spool")
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "priced-spool", version: "1")))
        var batch = PredictionBatch(schema: version.schema)
        batch.ids = ["s"]
        batch.timestamps = [Timestamp(rfc3339: "2026-01-10T10:00:00Z")!]
        batch.features = [.numeric([1])]
        batch.scores = [0.5]
        batch.predictions = [.nan]
        batch.errors = [nil]
        batch.variants = [nil]
        batch.measures = ["tokens_out": [6]]
        // As the replayer hands it on: with what came, which has no cost.
        let receipts = try await service.engine.records.store(predictions: [PredictionWrite(version: version, batch: batch, key: nil)])
        #expect(receipts[0].priced == 5)
        let again = try await service.engine.records.store(predictions: [PredictionWrite(version: version, batch: batch, key: nil)])
        #expect(again[0].priced == 0 && again[0].duplicates == 1)
    }
}
