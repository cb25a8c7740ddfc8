import Foundation
import Service
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("What is kept, seen over HTTP", .service, .serialized) struct KeepTests {
    var service: RunningService { RunningService.current }

    private func profile(_ model: String) async throws -> (rows: Int64, labelled: Int64) {
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: model, version: "1")))
        let profile = try await service.engine.profiles.profile(
            of: version, from: Timestamp(seconds: 0), to: Timestamp(seconds: 4_000_000_000))
        return (profile.rows, profile.labelled)
    }

    @Test("the service makes the partitions of the coming weeks by itself") func ahead() async throws {
        func weeks() async throws -> Int64? {
            try await service.engine.database.run {
                try $0.query("select count(*) from evenkeel.prediction_week where week > now()").int(0, 0)
            }
        }
        #expect(try await eventually { try await weeks() == 2 })
    }

    @Test("a record is erased by its id; sent again it is new") func erase() async throws {
        try await SmallModel.register("forget", on: service)
        let ids = ["a", "b/c d"]
        let body = "[" + ids.map { SmallModel.prediction("forget", id: $0) }.joined(separator: ",") + "]"
        #expect(try await service.post("/v1/predictions", body).status == 202)
        _ = try await service.post("/v1/labels", #"{"model":"forget","id":"b/c d","label":1}"#)
        let erased = try await service.send("DELETE", "/v1/models/forget/records/b%2Fc%20d?by=officer", nil, [:])
        #expect(erased.status == 200)
        #expect(erased.json["erased"] == .object(["predictions": 1, "labels": 1, "waiting_labels": 0, "halves": 0]))
        let nothing = try await service.send("DELETE", "/v1/models/forget/records/b%2Fc%20d", nil, [:])
        #expect(nothing.json["erased"]?["predictions"]?.doubleValue == 0)
        let again = try await service.post("/v1/predictions", body)
        #expect(again.json["accepted"]?.doubleValue == 2 && again.json["duplicates"]?.doubleValue == 1)
        #expect(try await profile("forget").rows == 3)
        let unknown = try await service.send("DELETE", "/v1/models/nobody/records/a", nil, [:])
        #expect(unknown.status == 404 && unknown.json["detail"]?.stringValue == "model: nobody is not registered")
    }

    @Test("a version that keeps no raw rows counts records, finds repeated ids and joins labels") func profilesOnly() async throws {
        let path = "/v1/models/lean/versions/1?id=id&score=score&label=label&sensitive=sex&spec="
        let bad = try await service.post(path + "raw%3A%20some", SmallModel.reference(), type: "text/csv")
        #expect(bad.json["detail"]?.stringValue == #"spec: raw: "some", expected one of all, sample, none"#)
        let registered = try await service.post(path + "raw%3A%20none", SmallModel.reference(), type: "text/csv")
        #expect(registered.status == 201 && registered.json["schema"]?["raw"]?.stringValue == "none")
        let body = SmallModel.prediction("lean", id: "a")
        #expect(try await service.post("/v1/predictions", body).json["duplicates"]?.doubleValue == 0)
        #expect(try await service.post("/v1/predictions", body).json["duplicates"]?.doubleValue == 1)
        let label = try await service.post("/v1/labels", #"{"model":"lean","id":"a","label":1}"#)
        #expect(label.json["joined"]?.doubleValue == 1)
        let counted = try await profile("lean")
        #expect(counted.rows == 1 && counted.labelled == 1)
    }

    @Test("records of a week whose rows were dropped are rejected by that name, with their places; the others are taken")
    func tooLate() async throws {
        try await SmallModel.register("late", on: service)
        let old = SmallModel.prediction("late", id: "a")
        #expect(try await service.post("/v1/predictions", old).status == 202)
        // A year later; the records were sent now.
        let future = Engine.systemClock().adding(seconds: 400 * 86_400)
        let report = try await service.engine.records.keep(RetentionSettings(), versions: [], at: future)
        #expect(report.droppedWeeks.contains(Timestamp(rfc3339: "2026-01-01T00:00:00Z")!))
        let body =
            "[\(old),\(SmallModel.prediction("late", id: "b", ts: "2025-06-05T10:00:00Z")),\(SmallModel.prediction("late", id: "c"))]"
        let answer = try await service.post("/v1/predictions", body)
        #expect(answer.status == 202 && answer.json["accepted"]?.doubleValue == 1)
        let rejected = answer.json["rejected"]?.arrayValue ?? []
        #expect(rejected.compactMap { $0["index"]?.doubleValue } == [0, 2])
        #expect(
            rejected.first?["error"]?.stringValue
                == "ts: 2026-01-05T10:00:00Z, the raw rows of the week from 2026-01-01 were dropped (retention.raw_days), expected a later time"
        )
        #expect(try await profile("late").rows == 2)
    }
}
