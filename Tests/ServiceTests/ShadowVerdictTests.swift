import Alerting
import Foundation
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Service

/// A runner driven by the test, a destination that hears of verdicts, and steps that follow at once.
private let driven = WithService.service { configuration in
    configuration.roles = [.collect, .web]
    configuration.shadow.policy.rowsMin = 300
    configuration.shadow.stepSeconds = 0
    configuration.destinations = [Destination(name: "hook", url: Secret("http://127.0.0.1:9/hook"))]
    configuration.policies = [AlertPolicy(name: "default", destinations: ["hook"])]
}

/// One after the other: each runner follows every model of the service.
@Suite("Verdicts and rollouts", driven, .serialized) struct ShadowVerdictTests {
    private var service: RunningService { RunningService.current }

    private func catchUp(_ runner: ShadowRunner) async throws { while try await runner.run() {} }

    private func messages(_ model: String, _ type: String) async throws -> [JSON] {
        let engine = service.engine
        let claimed = try await engine.alerts.claim(at: Engine.systemClock().adding(seconds: 1000), leaseSeconds: -1000, limit: 500)
        return claimed.map { (try? JSON.parse($0.message.body)) ?? .null }
            .filter { $0["type"]?.stringValue == type && $0["data"]?["model"]?.stringValue == model }
    }

    private func rollout(_ model: String, _ body: String) async throws -> RunningService.Answer {
        try await service.post("/v1/models/\(model)/rollout", body)
    }

    /// A log whose champion is far from the truth, and a candidate that is the truth.
    private func better(_ model: String, rows: Int = 3000) async throws -> ShadowLog {
        let log = ShadowLog(model, rows: rows, seed: 8)
        try await log.register(["1", "2"], on: service)
        _ = try await log.give(ShadowLog.file(1, -2), to: "2", on: service)
        try await log.predict(0..<rows, on: service)
        try await log.label(0..<rows, on: service)
        return log
    }

    @Test("a better candidate is to be promoted, step by step it becomes the champion, and it is told") func promoted() async throws {
        _ = try await better("good")
        let runner = service.engine.shadowRunner()
        try await catchUp(runner)
        let answer = try await service.get("/v1/models/good/shadow").json
        #expect(answer["candidates"]?.arrayValue?.first?["verdict"]?.stringValue == "promote", "\(answer.text)")
        let told = try await messages("good", "shadow.verdict")
        #expect(told.count == 1 && told[0]["data"]?["verdict"]?.stringValue == "promote")
        // Read at most every other second, so another test's scrape may have been before the verdict.
        let line = #"evenkeel_shadow_verdict{model="good",champion="1",candidate="2",verdict="promote"} 1"#
        #expect(try await service.eventually("/metrics") { $0.text.contains(line) }.text.contains(line))
        let begun = try await rollout("good", #"{"action":"promote","version":"2","gradual":true,"by":"ana"}"#)
        #expect(
            begun.status == 200 && begun.json["weight"]?.doubleValue == 0.01 && begun.json["candidate"]?.stringValue == "2", "\(begun.text)"
        )
        var weights: [Double] = []
        for _ in 0..<4 {
            _ = try await runner.run()
            weights.append(try await service.get("/v1/models/good/rollout").json["weight"]?.doubleValue ?? -1)
        }
        #expect(weights == [0.05, 0.25, 0.5, 1])
        _ = try await runner.run()
        let done = try await service.get("/v1/models/good/rollout").json
        #expect(
            done["state"]?.stringValue == "promoted" && done["champion"]?.stringValue == "2" && done["candidate"] == .null, "\(done.text)")
        #expect(try await messages("good", "rollout.changed").count == 6)
        let back = try await rollout("good", #"{"action":"rollback","reason":"a complaint","by":"ana"}"#)
        #expect(back.json["champion"]?.stringValue == "1" && back.json["state"]?.stringValue == "rolled_back", "\(back.text)")
        #expect(try await rollout("good", #"{"action":"rollback"}"#).status == 409)
    }

    @Test("a candidate that is better overall and worse for one group is held, by the page, HTTP and the webhook, and its rollout ends")
    func held() async throws {
        let log = ShadowLog("held", rows: 4000, seed: 9)
        try await log.register(["1", "2"], on: service)
        // Better for men, whom the champion scores far too low; for women, whom it scores well, worse.
        _ = try await log.give(ShadowLog.file(0.4, -0.8), to: "2", on: service)
        let lines = log.rows.map { row in
            let truth = 1 / (1 + exp(2 - row.income))
            let score = row.sex == "F" ? truth : 0.5 * truth
            return
                #"{"model":"held","version":"1","id":"\#(row.id)","ts":"2026-03-01T10:30:00Z","features":{"income":\#(row.income),"purpose":"car"},"score":\#(score),"groups":{"sex":"\#(row.sex)"}}"#
        }
        _ = try await service.post("/v1/predictions", lines.joined(separator: "\n"), type: "application/x-ndjson")
        try await log.label(0..<4000, on: service)
        let runner = service.engine.shadowRunner()
        try await catchUp(runner)
        let answer = try await service.get("/v1/models/held/shadow").json
        let candidate = try #require(answer["candidates"]?.arrayValue?.first)
        let reasons = (candidate["reasons"]?.arrayValue ?? []).compactMap(\.stringValue)
        #expect(
            candidate["verdict"]?.stringValue == "hold" && reasons.contains { $0.hasPrefix("worse for sex = F: log_loss") }, "\(reasons)")
        #expect(reasons.first?.contains("better by the interval that is right at every look") == true, "\(reasons)")
        #expect(try await service.get("/models/held/shadow").text.contains("worse for sex = F: log_loss"))
        let told = try await messages("held", "shadow.verdict")
        #expect(told.first?["data"]?["summary"]?.stringValue?.contains("worse for sex = F") == true)
        let refused = try await rollout("held", #"{"action":"promote","version":"2","gradual":true}"#)
        #expect(refused.status == 409 && refused.text.contains("worse for sex = F"), "\(refused.text)")
        #expect(try await rollout("held", #"{"action":"promote","version":"2","gradual":true,"force":true}"#).status == 200)
        _ = try await runner.run()
        let ended = try await service.get("/v1/models/held/rollout").json
        #expect(ended["state"]?.stringValue == "rolled_back" && ended["reason"]?.stringValue?.contains("worse for sex = F") == true)
    }

    @Test("a worse candidate is rejected, and a version that is retired is rolled out no further") func rejected() async throws {
        let log = ShadowLog("bad", rows: 2000, seed: 10)
        try await log.register(["1", "2", "3"], on: service)
        _ = try await log.give(ShadowLog.file(-1, 2), to: "2", on: service)
        try await log.predict(0..<2000, on: service)
        try await log.label(0..<2000, on: service)
        let runner = service.engine.shadowRunner()
        try await catchUp(runner)
        let answer = try await service.get("/v1/models/bad/shadow").json
        #expect(answer["candidates"]?.arrayValue?.first?["verdict"]?.stringValue == "reject", "\(answer.text)")
        // Version 3 has no model file and serves nobody: time alone does not bring it on.
        #expect(try await rollout("bad", #"{"action":"promote","version":"3","gradual":true}"#).status == 200)
        _ = try await runner.run()
        let waiting = try await service.get("/v1/models/bad/rollout").json
        #expect(waiting["weight"]?.doubleValue == 0.01 && waiting["state"]?.stringValue == "rolling")
        let why = try #require(waiting["waits_for"]?.stringValue)
        #expect(why.hasPrefix("no model file, so it is held until the guardrails stand") && why.contains("0 such predictions"), "\(why)")
        #expect(try await service.get("/models/bad/shadow").text.contains("The next step waits: no model file"))
        let third = try #require(try await service.engine.registry.version(ModelVersion(model: "bad", version: "3")))
        try await service.engine.registry.setStage(.retired, of: third, actor: "a test", at: Engine.systemClock())
        _ = try await runner.run()
        #expect(try await service.get("/v1/models/bad/rollout").json["state"]?.stringValue == "rolled_back")
        // Every change is a link of the audit log's chain.
        var chain = AuditChain()
        chain.end(try await AuditStore(database: service.engine.database).read { chain.follow($0) })
        #expect(chain.problems == [])
    }

    @Test("a retired version does not come back as champion") func retiredChampion() async throws {
        let log = ShadowLog("ends", rows: 10, seed: 12)
        try await log.register(["1", "2"], on: service)
        let registry = service.engine.registry
        #expect(try await rollout("ends", #"{"action":"promote","version":"2"}"#).status == 200)
        let first = try #require(try await registry.version(ModelVersion(model: "ends", version: "1")))
        try await registry.setStage(.retired, of: first, actor: "a test", at: Engine.systemClock())
        let refused = try await rollout("ends", #"{"action":"rollback"}"#)
        #expect(refused.status == 409 && refused.text.contains("ends 1 is retired"), "\(refused.text)")
    }

    @Test("a hold ends with its time though nothing more comes") func outOfTime() async throws {
        let log = ShadowLog("slow", rows: 100, seed: 13)
        try await log.register(["1", "2"], on: service)
        _ = try await log.give(ShadowLog.file(1, -2), to: "2", on: service)
        try await log.predict(0..<100, on: service)
        var settings = service.engine.configuration.shadow
        try await catchUp(service.engine.shadowRunner(settings))
        func verdict() async throws -> String? {
            let answer = try await service.get("/v1/models/slow/shadow")
            return answer.json["candidates"]?.arrayValue?.first?["verdict"]?.stringValue
        }
        #expect(try await verdict() == "hold")
        settings.policy.daysMax = 1e-9
        try await catchUp(service.engine.shadowRunner(settings))
        #expect(try await verdict() == "reject")
    }

    /// Rows that both versions serve now, some by the name of the variant alone.
    private func serve(_ log: ShadowLog, _ range: Range<Int>, cost: Double, labels: Bool = true) async throws {
        let now = Engine.systemClock().rfc3339
        let lines = range.map { i -> String in
            let (row, isNew) = (log.rows[i], i % 2 == 0)
            let score = isNew ? 1 / (1 + exp(2 - row.income)) : 0.5
            // Even rows go to version 2; every fourth of them is logged under version 1, which says so in its variant.
            let version = isNew && i % 4 == 0 ? "2" : "1"
            return
                #"{"model":"\#(log.model)","version":"\#(version)","id":"\#(row.id)","ts":"\#(now)","features":{"income":\#(row.income),"purpose":"car"},"score":\#(score),"groups":{"sex":"\#(row.sex)"},"variant":"\#(isNew ? "2" : "champion")","cost":\#(isNew ? cost : 0.001 + Double(i % 5) * 1e-5)}"#
        }
        let answer = try await service.post("/v1/predictions", lines.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(answer.json["accepted"]?.intValue == Int64(range.count), "\(answer.text)")
        if labels { try await log.label(range, on: service) }
    }

    @Test("a version without a model file goes on by what both serve, once its guardrails stand, and back when one breaks") func served()
        async throws
    {
        let log = ShadowLog("served", rows: 6000, seed: 14)
        try await log.register(["1", "2"], on: service)
        #expect(try await rollout("served", #"{"action":"promote","version":"2","gradual":true}"#).status == 200)
        let runner = service.engine.shadowRunner()
        func step() async throws -> JSON {
            // A look is due again once the rest after the former one is over.
            for _ in 0..<300 {
                let before = try await service.get("/v1/models/served/rollout").json
                _ = try await runner.run()
                let after = try await service.get("/v1/models/served/rollout").json
                if after != before { return after }
                try await Task.sleep(for: .milliseconds(100))
            }
            return try await service.get("/v1/models/served/rollout").json
        }
        // Rows without labels: what needs none stands, the rest is waited for.
        try await serve(log, 0..<2000, cost: 0.001, labels: false)
        var state = try await step()
        let why = state["waits_for"]?.stringValue ?? ""
        #expect(state["weight"]?.doubleValue == 0.01 && why.contains("groups: 0 labelled rows") && !why.contains("cost"), "\(state.text)")
        try await log.label(0..<2000, on: service)
        state = try await step()
        #expect(state["weight"]?.doubleValue == 0.05 && state["waits_for"] == .null, "\(state.text)")
        // Now its answers are dear.
        try await serve(log, 2000..<6000, cost: 0.02)
        state = try await step()
        #expect(
            state["weight"]?.doubleValue == 0.01 && state["reason"]?.stringValue?.contains("times the champion's cost") == true,
            "\(state.text)"
        )
    }

    @Test("a live test is compared unpaired, unless its rows did not go where they should") func arms() async throws {
        let log = ShadowLog("arms", rows: 3000, seed: 11)
        try await log.register(["1"], on: service)
        let lines = log.rows.enumerated().map { i, row in
            let isNew = i % 2 == 0
            let score = isNew ? 1 / (1 + exp(2 - row.income)) : 0.5
            return
                #"{"model":"arms","version":"1","id":"\#(row.id)","ts":"2026-03-01T10:30:00Z","features":{"income":\#(row.income),"purpose":"car"},"score":\#(score),"groups":{"sex":"\#(row.sex)"},"variant":"\#(isNew ? "new" : "old")"}"#
        }
        _ = try await service.post("/v1/predictions", lines.joined(separator: "\n"), type: "application/x-ndjson")
        try await log.label(0..<3000, on: service)
        let answer = try await service.get("/v1/models/arms/ab?arms=old,new")
        #expect(answer.status == 200 && answer.json["verdict"]?.stringValue == "promote", "\(answer.text)")
        #expect(answer.json["sample_ratio"]?["mismatch"] == false)
        // By hand: the mean log loss of the new arm.
        let own = log.rows.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        let loss = own.map { row in
            -log2(row.label == 1 ? 1 / (1 + exp(2 - row.income)) : 1 - 1 / (1 + exp(2 - row.income))) * Foundation.log(2.0)
        }
        let mean = loss.reduce(0, +) / Double(own.count)
        #expect(isNear(answer.json["arms"]?.arrayValue?.last?["log_loss"]?.doubleValue ?? 0, mean, relative: 1e-9))
        // The area is of the cells of the scores, by SQL: beside the exact one, of scores that tie in the old arm.
        #expect(answer.json["differences"]?["roc_auc"]?["champion"]?.doubleValue == 0.5)
        let (yes, no) = (own.filter { $0.label == 1 }.map(\.income), own.filter { $0.label == 0 }.map(\.income))
        let wins = yes.reduce(0.0) { sum, x in sum + no.reduce(0.0) { $0 + (x > $1 ? 1 : x == $1 ? 0.5 : 0) } }
        let area = answer.json["differences"]?["roc_auc"]?["candidate"]?.doubleValue ?? 0
        #expect(isNear(area, wins / Double(yes.count * no.count), absolute: 0.001))
        let hits = own.count { $0.label == 1 && $0.income >= 2 }
        #expect(isNear(answer.json["differences"]?["recall"]?["candidate"]?.doubleValue ?? 0, Double(hits) / Double(yes.count)))
        for metric in ["brier", "accuracy", "roc_auc", "ece", "recall", "precision", "f1"] {
            let difference = try #require(answer.json["differences"]?[metric])
            #expect(difference["interval"]?.arrayValue?.count == 2 && answer.json["sequential"]?[metric]?["interval"] != .null, "\(metric)")
        }
        // Nobody logs a latency or a cost here, and that is said.
        #expect(answer.json["serving"]?["latency_p95_seconds"]?["why"]?.stringValue?.contains("has a latency") == true)
        #expect(answer.json["serving"]?["error_rate"]?["value"]?.doubleValue == 0)
        let states = (answer.json["guardrails"]?.arrayValue ?? []).map {
            "\($0["name"]?.stringValue ?? "") \($0["state"]?.stringValue ?? "")"
        }
        #expect(states.contains("cost not_compared") && states.contains("groups ok") && states.contains("error_rate ok"), "\(states)")
        #expect(answer.json["disparities"]?["sex"]?["demographic_parity_difference"]?["interval"]?.arrayValue?.count == 2)
        #expect((answer.json["groups"]?.arrayValue ?? []).map { $0["group"]?.stringValue } == ["F", "M"])
        let skewed = try await service.get("/v1/models/arms/ab?arms=old,new&shares=0.9,0.1").json
        #expect(skewed["verdict"]?.stringValue == "hold" && skewed["sample_ratio"]?["mismatch"] == true)
        #expect(skewed["reasons"]?.arrayValue?.first?.stringValue?.hasPrefix("sample ratio mismatch") == true)
        #expect(try await service.get("/v1/models/arms/ab?arms=old,newer").text.contains("new, old"))
        // The same on the page.
        let page = try await service.get("/models/arms/shadow?arms=old,new").text
        #expect(page.contains("new beside old") && page.contains("Disparities between groups of sex") && page.contains("value=\"old,new\""))
        #expect(page.contains("the shares are those that were meant"))
        #expect(try await service.get("/models/arms/shadow?arms=old,new&shares=0.9,0.1").text.contains("not those that were meant"))
        let wrong = try await service.get("/models/arms/shadow?arms=old,newer")
        #expect(wrong.status == 200 && wrong.text.contains("no rows of the variant newer"))
        #expect(!(try await service.get("/models/arms/shadow").text.contains("beside old")))
        #expect(try await service.get("/v1/models/arms/ab?arms=old").status == 400)
    }

    @Test("a live test of several classes has macro metrics, and latencies their quantiles") func classes() async throws {
        let names = ["a", "b", "c"]
        let reference =
            "id,x,p_a,p_b,p_c,truth\n" + (0..<60).map { "r\($0),\($0 % 7),0.4,0.3,0.3,\(names[$0 % 3])\n" }.joined()
        let spec = "{id: id, task: multiclass, label: truth, scores: {a: p_a, b: p_b, c: p_c}}"
        let query = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let registered = try await service.post("/v1/models/kinds/versions/1?spec=\(query)", reference, type: "text/csv")
        #expect(registered.status == 201, "\(registered.text)")
        let lines = (0..<1200).map { i -> String in
            let isNew = i % 2 == 0
            let answer = isNew || i % 3 == 0 ? i % 3 : (i + 1) % 3
            let scores = names.indices.map { "\"\(names[$0])\":\($0 == answer ? 0.6 : 0.2)" }.joined(separator: ",")
            return
                #"{"model":"kinds","version":"1","id":"k\#(i)","ts":"2026-03-01T10:30:00Z","features":{"x":\#(i % 7)},"score":{\#(scores)},"variant":"\#(isNew ? "new" : "old")","latency_ms":\#(isNew ? 20 : 10)\#(i % 100 == 3 ? #","error":"no answer""# : "")}"#
        }
        let sent = try await service.post("/v1/predictions", lines.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(sent.json["accepted"]?.intValue == 1200, "\(sent.text)")
        let labels = (0..<1200).map { #"{"model":"kinds","id":"k\#($0)","label":"\#(names[$0 % 3])"}"# }
        _ = try await service.post("/v1/labels", labels.joined(separator: "\n"), type: "application/x-ndjson")
        let answer = try await service.get("/v1/models/kinds/ab?arms=old,new").json
        let differences = answer["differences"]
        // The new arm is right always; of the old one's 600 rows every third, less those that failed (12, all of them odd).
        #expect(
            differences?["accuracy"]?["candidate"]?.doubleValue == 1 && differences?["f1_macro"]?["candidate"]?.doubleValue == 1,
            "\(answer.text)")
        let right = (0..<1200).count { $0 % 2 == 1 && $0 % 3 == 0 && $0 % 100 != 3 }
        #expect(isNear(differences?["accuracy"]?["champion"]?.doubleValue ?? 9, Double(right) / 588))
        #expect(isNear(differences?["log_loss"]?["candidate"]?.doubleValue ?? 9, -Foundation.log(0.6), relative: 1e-12))
        #expect(
            answer["serving"]?["error_rate"]?["champion"]?.doubleValue == 0.02
                && answer["serving"]?["error_rate"]?["candidate"]?.doubleValue == 0)
        let median = answer["arms"]?.arrayValue?.last?["latency"]?["latency_p50_seconds"]?["value"]?.doubleValue ?? 0
        #expect(abs(median / 0.02 - 1) < 0.0051)
    }
}
