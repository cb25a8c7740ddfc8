import Alerting
import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Service
@testable import Storage

/// From an alert to what the trainer says, over a real database and real HTTP.
@Suite("Retraining", .service({ $0.policies = [AlertPolicy(name: "p", destinations: ["people"], retraining: "trainer")] }), .serialized)
struct RetrainingTests {
    var service: RunningService { RunningService.current }

    private func fire(
        _ model: String, at now: Timestamp = Engine.systemClock(), monitor: Monitor = .fairness,
        change: (inout AlertPolicy) -> Void = { _ in }
    ) async throws {
        let key = ModelVersion(model: model, version: "1")
        var policy = AlertPolicy(name: "p", destinations: ["people"], retraining: "trainer")
        policy.retrainingCooldownSeconds = 0
        change(&policy)
        let asked = policy
        let alert = Alert(
            version: key, monitor: monitor, policy: "p\(now.microseconds)", severity: .warning, state: .firing, memory: AlertMemory(),
            summary: "it moved", detail: .object(["rows": 7]), startedAt: now, firedAt: now)
        let facts = RetrainingFacts(baseline: "frozen", referenceRows: 400, registeredAt: now) { "select 1 -- \($0) \($1)" }
        // Past the lease, as a command does it.
        _ = try await AlertStore(database: service.engine.database).update(
            key, at: now, decide: { _, _ in [AlertChange(alert: alert, isAnnounced: true)] },
            render: { Messages.messages(for: $0, policy: asked, facts: facts, newID: Messages.randomID) })
    }
    private func all(_ model: String) async throws -> [JSON] {
        (try await service.get("/v1/retraining").json["retrainings"]?.arrayValue ?? []).filter { $0["model"]?.stringValue == model }
    }
    private func say(_ id: String, _ body: String) async throws -> RunningService.Answer {
        try await service.post("/v1/retraining/\(id)", body)
    }

    @Test("what is asked for, started, and brings a new version, each said once and written down") func succeeds() async throws {
        try await fire("good")
        let asked = try #require(try await all("good").first)
        #expect(asked["state"] == "requested" && asked["manifest"]?["training"]?["sql"]?.stringValue?.hasPrefix("select 1") == true)
        let id = try #require(asked["id"]?.stringValue)
        #expect(try await say(id, #"{"state":"started"}"#).json["state"] == "started")
        #expect(try await say(id, #"{"state":"started"}"#).status == 200, "callbacks are repeated")
        #expect(try await say(id, #"{"state":"succeeded"}"#).status == 400)
        let done = try await say(id, #"{"state":"succeeded","version":"4","note":"AUC 0.81"}"#)
        #expect(done.status == 200 && done.json["new_version"] == "4" && done.json["ended_at"]?.stringValue != nil)
        #expect(try await say(id, #"{"state":"succeeded","version":"4"}"#).status == 200, "callbacks are repeated")
        let other = try await say(id, #"{"state":"succeeded","version":"5"}"#)
        #expect(other.status == 409 && other.text.contains("is succeeded already, as version 4"), "\(other.text)")
        #expect(try await say(id, #"{"state":"failed"}"#).status == 409)
        #expect(try await say(id, #"{"state":"asked"}"#).status == 400)
        #expect(try await say("msg_none", #"{"state":"started"}"#).status == 404)
        let written = try await service.engine.database.run { connection in
            let rows = try connection.query("select action from evenkeel.audit_log where subject = 'good 1' order by entry_id")
            return (0..<rows.count).compactMap { rows.text($0, 0) }
        }
        #expect(written == ["retraining_requested", "retraining_started", "retraining_succeeded"])
    }

    @Test("one is under way for a model, and a month has its number") func limits() async throws {
        let now = Engine.systemClock()
        try await fire("busy", at: now)
        try await fire("busy", at: now.adding(seconds: 1), monitor: .calibration)
        #expect(try await all("busy").count == 1)
        for i in 0..<6 {
            for one in try await all("busy") where one["state"] == "requested" {
                _ = try await say(one["id"]?.stringValue ?? "", #"{"state":"failed","note":"no memory"}"#)
            }
            try await fire("busy", at: now.adding(seconds: Int64(10 + i)))
        }
        #expect(try await all("busy").count == 4)
    }

    @Test("people are told when it fails, and when nothing comes back; what comes late counts") func escalates() async throws {
        let past = Engine.systemClock().adding(seconds: -90_000)
        try await fire("silent", at: past)
        let late = try await service.eventually("/v1/retraining") { answer in
            answer.json["retrainings"]?.arrayValue?.contains { $0["model"] == "silent" && $0["state"] == "overdue" } == true
        }
        let id = try #require(late.json["retrainings"]?.arrayValue?.first { $0["model"] == "silent" }?["id"]?.stringValue)
        #expect(try await say(id, #"{"state":"failed","note":"no data"}"#).status == 200)
        let told = try await service.engine.database.run { connection in
            let rows = try connection.query(
                "select d.type, d.body from evenkeel.delivery d join evenkeel.alert a using (alert_id) where a.model = 'silent' and d.type like 'retraining.%' "
                    + "and d.destination = 'people' order by d.delivery_id")
            return (0..<rows.count).map { [rows.text($0, 0) ?? "", rows.text($0, 1) ?? ""] }
        }
        #expect(told.map { $0[0] } == ["retraining.overdue", "retraining.failed"])
        #expect(told.first?[1].contains("was not started in time; it was asked for because of: it moved") == true)
        #expect(told.last?[1].contains("failed: no data") == true)
    }

    @Test("the model file of what was trained makes the new version a candidate, with the training rows as its reference")
    func candidate() async throws {
        let log = ShadowLog("trained", rows: 300, seed: 4)
        try await log.register(["1"], on: service)
        try await log.predict(0..<300, on: service)
        try await log.label(0..<200, on: service)
        let end = try #require(Timestamp(rfc3339: "2026-03-02T00:00:00Z"))
        try await fire("trained", at: end) { $0.retrainingDeadlineSeconds = 0 }
        let id = try #require(try await all("trained").first?["id"]?.stringValue)
        func give(_ file: String, version: String = "2") async throws -> RunningService.Answer {
            try await service.post("/v1/retraining/\(id)/model?version=\(version)&note=AUC", file, type: "application/octet-stream")
        }
        let misfit = try await give(ShadowLog.file(1, -2).replacing("income", with: "wealth"))
        #expect(misfit.status == 400 && misfit.text.contains("wealth"), "\(misfit.text)")
        #expect(try await give("").status == 400)
        #expect(try await all("trained").first?["state"] == "requested", "what did not fit changed nothing")

        let done = try await give(ShadowLog.file(1, -2))
        #expect(done.status == 200 && done.json["state"] == "succeeded" && done.json["new_version"] == "2", "\(done.text)")
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "trained", version: "2")))
        let former = try #require(try await service.engine.registry.version(ModelVersion(model: "trained", version: "1")))
        #expect(version.stage == .candidate && version.referenceRows == 200)
        #expect(version.schema.features.map(\.name) == former.schema.features.map(\.name))
        #expect(version.schema.features.map(\.kind) == former.schema.features.map(\.kind))
        #expect(version.schema.sensitive == former.schema.sensitive)
        let answer = try await service.get("/v1/models/trained/shadow")
        #expect(answer.json["candidates"]?.arrayValue?.first?["candidate"] == "2", "\(answer.text)")
        // The scores are the new model's.
        let reference = try await service.engine.profiles.reference(of: version)
        let own = log.rows.prefix(200).map { 1 / (1 + exp(2 - $0.income)) }
        let mean = reference.profile.score.mean(center: reference.grid.score.center)
        #expect(isNear(mean ?? 0, own.reduce(0, +) / 200, relative: 1e-9), "\(mean ?? 0)")
        #expect(try await give(ShadowLog.file(1, -2)).status == 200, "callbacks are repeated")
        #expect(try await give(ShadowLog.file(2, -2)).status == 409)
    }

    @Test("a job that starts late is waited for, and people are not told again; another one may be under way by then")
    func startsLate() async throws {
        let past = Engine.systemClock().adding(seconds: -90_000)
        try await fire("late", at: past)
        try await service.engine.escalateRetrainings()
        let id = try #require(try await all("late").first { $0["state"] == "overdue" }?["id"]?.stringValue)
        try await fire("late")
        #expect(try await all("late").count == 2)
        for _ in 0..<2 {
            let answer = try await say(id, #"{"state":"started"}"#)
            #expect(answer.status == 200 && answer.json["state"] == "started", "\(answer.text)")
            try await service.engine.escalateRetrainings()
        }
        let told = try await service.engine.database.run { connection in
            try connection.query(
                "select count(*) from evenkeel.delivery d join evenkeel.alert a using (alert_id) where a.model = 'late' and d.type = 'retraining.overdue'"
            ).int(0, 0)
        }
        #expect(told == 1)
        #expect(try await say(id, #"{"state":"succeeded","version":"2"}"#).status == 200)
        // Who was told that nothing came is told that it did.
        let ends = try await service.engine.database.run { connection in
            let rows = try connection.query(
                "select d.body from evenkeel.delivery d join evenkeel.alert a using (alert_id) where a.model = 'late' and d.type = 'retraining.succeeded'"
            )
            return (0..<rows.count).compactMap { rows.text($0, 0) }
        }
        #expect(
            ends.count == 1 && ends[0].contains("\"state\":\"resolved\"") && ends[0].contains("succeeded late, as version 2"), "\(ends)")
    }

    @Test("of what nothing is expected nothing is missed") func fireAndForget() async throws {
        let past = Engine.systemClock().adding(seconds: -90_000)
        try await fire("free", at: past) { $0.retrainingDeadlineSeconds = 0 }
        try await fire("free", at: past.adding(seconds: 1)) { $0.retrainingDeadlineSeconds = 0 }
        try await service.engine.escalateRetrainings()
        #expect(try await all("free").map { $0["state"] } == ["requested", "requested"])
    }

    @Test("the statement of the manifest reads the labelled rows, each once with its last label") func sql() async throws {
        try await SmallModel.register("rows", on: service)
        let lines = (0..<5).map { SmallModel.prediction("rows", id: "x\($0)") }
        _ = try await service.post("/v1/predictions", lines.joined(separator: "\n"), type: "application/x-ndjson")
        for (id, label, minute) in [("x1", 1, 0), ("x2", 0, 1), ("x2", 1, 2)] {
            _ = try await service.post(
                "/v1/labels", #"{"model":"rows","id":"\#(id)","label":\#(label),"ts":"2026-01-05T11:0\#(minute):00Z"}"#)
        }
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "rows", version: "1")))
        let from = try #require(Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
        let sql = TrainingRows.sql(version, from: from, to: from.adding(seconds: 30 * 86_400))
        let rows = try await service.engine.database.run { connection in
            let rows = try connection.query("select record_id, label, income from (\(sql)) t order by record_id")
            return (0..<rows.count).map { row in (0..<3).map { rows.text(row, $0) ?? "" } }
        }
        #expect(rows == [["x1", "1", "1200"], ["x2", "1", "1200"]])
    }
}
