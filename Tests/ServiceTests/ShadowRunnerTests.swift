import Shadowing
import Storage
import Testing
import Vocabulary

@testable import Service

/// A service whose runner is driven by the test.
private let still = WithService.service { $0.roles = [.collect, .web] }

/// One after the other: each runner follows every model of the service.
@Suite("Candidates in shadow", still, .serialized) struct ShadowRunnerTests {
    private var service: RunningService { RunningService.current }

    /// Rounds until everything that is stored is in the sums.
    private func catchUp(_ runner: ShadowRunner) async throws { while try await runner.run() {} }

    /// A champion, and a candidate with its model, for a step by hand.
    private func pair(_ model: String) async throws -> (RegisteredVersion, RegisteredVersion, CandidateModel) {
        let registry = service.engine.registry
        let champion = try #require(try await registry.version(ModelVersion(model: model, version: "1")))
        let candidate = try #require(try await registry.version(ModelVersion(model: model, version: "2")))
        let file = Array(ShadowLog.file(1, -2).utf8)
        return (champion, candidate, try CandidateModel(file, file: "m", schema: champion.schema, threshold: 0.5))
    }

    private func candidates(_ model: String) async throws -> [JSON] {
        try await service.get("/v1/models/\(model)/shadow").json["candidates"]?.arrayValue ?? []
    }

    @Test("follow the log exactly, with labels at once, late, before their prediction, and changed") func exact() async throws {
        let log = ShadowLog("exact", rows: 1500)
        try await log.register(["1", "2"], on: service)
        let given = try await log.give(ShadowLog.file(1, -2), to: "2", on: service)
        #expect(given.status == 201, "\(given.text)")
        // Labels that wait for their prediction.
        try await log.label(1200..<1300, on: service)
        try await log.predict(0..<500, on: service)
        try await log.label(0..<300, on: service)
        let runner = service.engine.shadowRunner()
        try await catchUp(runner)
        log.check(try await log.sums("2", on: service), try log.offline(0..<500, labelled: Set(0..<300), 1, -2))

        // Late ones, wrong ones that are mended later, and the rest of the log; another runner, as after a crash.
        try await log.label(300..<400, flipped: true, on: service)
        try await log.predict(500..<1500, on: service)
        let other = service.engine.shadowRunner()
        try await catchUp(other)
        try await log.label(300..<450, on: service)
        try await log.label(600..<900, on: service)
        try await catchUp(runner)
        let labelled = Set(0..<450).union(600..<900).union(1200..<1300)
        log.check(try await log.sums("2", on: service), try log.offline(0..<1500, labelled: labelled, 1, -2))
        // Nothing new: nothing changes.
        let before = try await log.sums("2", on: service)
        try await catchUp(other)
        #expect(try await log.sums("2", on: service) == before)
        let all = try await candidates("exact")
        let report = try #require(all.first?["report"])
        #expect(report["rows"]?.intValue == 1500 && report["n"]?.intValue == Int64(labelled.count))
        #expect(report["latency"]?["champion_seconds_per_row"]?.doubleValue.map { abs($0 - 0.003) < 1e-9 } == true)
    }

    @Test("count each row once when a step dies before it is committed, and when two are at it") func killed() async throws {
        let log = ShadowLog("killed", rows: 900, seed: 2)
        try await log.register(["1", "2"], on: service)
        _ = try await log.give(ShadowLog.file(1, -2), to: "2", on: service)
        for start in stride(from: 0, to: 900, by: 100) {
            try await log.predict(start..<start + 100, on: service)
            try await log.label(start..<start + 50, on: service)
        }
        let engine = service.engine
        let (champion, candidate, model) = try await pair("killed")
        let store = engine.shadow
        try await store.start(champion, candidate, at: Engine.systemClock())
        let horizon = try await store.horizon(of: champion)
        struct Killed: Error {}
        var deaths = 0
        for round in 0..<40 {
            do {
                let step = try await store.step(
                    champion, candidate, stretch: 2, horizon: horizon, rowsMax: 10_000, at: Engine.systemClock()
                ) { new, labelled, sums in
                    let made = try ShadowStep.make(new, labelled, sums, champion.schema, model)
                    if round % 2 == 0 { throw Killed() }
                    return made
                }
                if case .done(let cursor, _) = step, cursor >= horizon { break }
            } catch is Killed { deaths += 1 }
        }
        #expect(deaths > 3)
        // Two at once finish it.
        let (a, b) = (engine.shadowRunner(), engine.shadowRunner())
        async let first: Void = catchUp(a)
        async let second: Void = catchUp(b)
        _ = try await (first, second)
        let labelled = Set((0..<900).filter { $0 % 100 < 50 })
        log.check(try await log.sums("2", on: service), try log.offline(0..<900, labelled: labelled, 1, -2))
    }

    @Test("a runner that is killed between a step and its look leaves the look to the next one") func unseen() async throws {
        let log = ShadowLog("unseen", rows: 300, seed: 7)
        try await log.register(["1", "2"], on: service)
        _ = try await log.give(ShadowLog.file(1, -2), to: "2", on: service)
        try await log.predict(0..<300, on: service)
        try await log.label(0..<100, on: service)
        try await catchUp(service.engine.shadowRunner())
        try await log.label(100..<200, on: service)
        let engine = service.engine
        let (champion, candidate, model) = try await pair("unseen")
        _ = try await engine.shadow.step(
            champion, candidate, stretch: 1000, horizon: try await engine.shadow.horizon(of: champion), rowsMax: 10_000,
            at: Engine.systemClock()
        ) { new, labelled, sums in try ShadowStep.make(new, labelled, sums, champion.schema, model) }
        #expect(try await candidates("unseen").first?["report"]?["n"]?.intValue == 100)
        try await catchUp(engine.shadowRunner())
        #expect(try await candidates("unseen").first?["report"]?["n"]?.intValue == 200)
    }

    @Test("a candidate that is scored from now on knows nothing of what came before, not even labels that come later") func fromNow()
        async throws
    {
        let log = ShadowLog("fromnow", rows: 600, seed: 6)
        try await log.register(["1", "2"], on: service)
        try await log.predict(0..<300, on: service)
        let path = "/v1/models/fromnow/versions/2/model?start=now"
        #expect(try await service.post(path, ShadowLog.file(1, -2), type: "application/octet-stream").status == 201)
        let runner = service.engine.shadowRunner()
        try await log.label(0..<200, on: service)
        try await catchUp(runner)
        try await log.predict(300..<600, on: service)
        try await log.label(200..<500, on: service)
        try await catchUp(runner)
        log.check(try await log.sums("2", on: service), try log.offline(300..<600, labelled: Set(300..<500), 1, -2))
    }

    @Test("several candidates are scored, and one that fails stops neither the others nor the champion") func several() async throws {
        let log = ShadowLog("several", rows: 600, seed: 3)
        try await log.register(["1", "2", "3", "4"], on: service)
        _ = try await log.give(ShadowLog.file(1, -2), to: "2", on: service)
        // Infinite minus infinite for every row with an income.
        let bad = #"{"kind":"linear","features":["income","income"],"coefficients":[1e308,-1e308],"intercept":1e308}"#
        let odd = try await log.give(bad, to: "3", on: service)
        let huge = #"{"kind":"linear","features":["income"],"coefficients":[1e308],"intercept":1e308}"#
        if odd.status != 201 { #expect(try await log.give(huge, to: "3", on: service).status == 201) }
        _ = try await log.give(ShadowLog.file(-1, 1), to: "4", on: service)
        try await log.predict(0..<600, on: service)
        try await log.label(0..<600, on: service)
        let runner = service.engine.shadowRunner()
        try await catchUp(runner)
        log.check(try await log.sums("2", on: service), try log.offline(0..<600, labelled: Set(0..<600), 1, -2))
        log.check(try await log.sums("4", on: service), try log.offline(0..<600, labelled: Set(0..<600), -1, 1))
        var all = try await candidates("several")
        let broken = try #require(all.first { $0["candidate"]?.stringValue == "3" })
        #expect(broken["breaker"]?["why"]?.stringValue?.contains("no number") == true, "\(broken.text)")
        #expect(broken["rows"]?.intValue == 0)
        // Read at most every other second, so another test's scrape may have been before.
        let open = #"evenkeel_shadow_breaker_open{model="several",champion="1",candidate="3"} 1"#
        let metrics = try await service.eventually("/metrics") { $0.text.contains(open) }.text
        #expect(metrics.contains(open))
        #expect(metrics.contains(#"evenkeel_shadow_difference{model="several",champion="1",candidate="2",metric="log_loss"}"#))
        // It stays open, over a restart too, until somebody closes it; then it trips again.
        try await catchUp(service.engine.shadowRunner())
        #expect(try await service.post("/v1/models/several/shadow/3/reset", "").status == 200)
        #expect(try await service.post("/v1/models/several/shadow/3/reset", "").status == 409)
        try await catchUp(runner)
        all = try await candidates("several")
        let again = try #require(all.first { $0["candidate"]?.stringValue == "3" })
        #expect(again["breaker"] != .null)
        let page = try await service.get("/models/several/shadow").text
        #expect(page.contains("It is not scored any more") && page.contains("version 4 beside 1"))
    }

    /// Goal: what Prometheus is told is what HTTP answers. Method: every number of the newest look, by its name.
    @Test("the newest look is in the metrics, without its groups") func metrics() async throws {
        let log = ShadowLog("told", rows: 600, seed: 8)
        try await log.register(["1", "2"], on: service)
        _ = try await log.give(ShadowLog.file(1, -2), to: "2", on: service)
        try await log.predict(0..<600, on: service)
        try await log.label(0..<400, on: service)
        try await catchUp(service.engine.shadowRunner())
        let report = try #require(try await candidates("told").first?["report"])
        let key = #"model="told",champion="1",candidate="2""#
        let lines = try await service.eventually("/metrics") { $0.text.contains("evenkeel_shadow_info{\(key)") }.text
            .split(separator: "\n").filter { $0.contains(key) }
        func told(_ name: String, _ labels: String = "") -> Double? {
            let start = "evenkeel_shadow_\(name){\(key)\(labels)} "
            return lines.first { $0.hasPrefix(start) }.flatMap { Double($0.dropFirst(start.count)) }
        }
        let primary = try #require(report["primary"]?.stringValue)
        #expect(told("info", #",primary="\#(primary)""#) == 1)
        #expect(told("records", #",outcome="scored""#) == 600 && told("records", #",outcome="skipped""#) == 0)
        #expect(told("labelled_records") == 400)
        var bounds = 0
        for (metric, difference) in report["differences"]?.objectValue?.members ?? [] {
            let label = #",metric="\#(metric)""#
            #expect(told("difference", label) == difference["value"]?.doubleValue, "\(metric)")
            for arm in ["champion", "candidate"] {
                let value = try #require(report[arm]?[metric]?.doubleValue)
                #expect(told("performance", label + #",arm="\#(arm)""#) == value, "\(metric) \(arm)")
            }
            let ends = report["sequential"]?[metric]?["interval"]?.arrayValue
            for (place, bound) in ["lower", "upper"].enumerated() {
                let end = told("difference_bound", label + #",bound="\#(bound)""#)
                #expect(end == ends?[place].doubleValue, "\(metric) \(bound)")
                bounds += end == nil ? 0 : 1
            }
        }
        #expect(bounds >= 2 && told("difference_bound", #",metric="\#(primary)",bound="lower""#) != nil)
        for statistic in ["decisions", "mean_absolute_difference", "correlation"] {
            let value = try #require(report["agreement"]?[statistic]?.doubleValue)
            #expect(told("agreement", #",statistic="\#(statistic)""#) == value, "\(statistic)")
        }
        #expect(told("row_seconds", #",arm="candidate""#) == report["latency"]?["candidate_seconds_per_row"]?.doubleValue)
        #expect(!lines.contains { $0.contains("group") || $0.contains("fairness") })
    }

    /// Goal: segments of the spec and the champion's costs are in the live comparison. Method: the sums of the rows themselves.
    @Test("segments are compared, and costs where it is known what a second of scoring costs") func segments() async throws {
        let log = ShadowLog("parts", rows: 1500, seed: 16)
        let spec = "id: id\nscore: score\nlabel: label\nsensitive: [sex]\nsegments:\n  - {name: poor, where: {income: \"< 1\"}}\n"
        let query = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        for version in ["1", "2"] {
            let answer = try await service.post("/v1/models/parts/versions/\(version)?spec=\(query)", log.reference, type: "text/csv")
            #expect(answer.status == 201, "\(answer.text)")
        }
        _ = try await log.give(ShadowLog.file(1, -2), to: "2", on: service)
        try await log.predict(0..<1500, cost: 0.002, on: service)
        try await log.label(0..<1200, on: service)
        var settings = service.engine.configuration.shadow
        settings.secondCost = 1e6
        try await catchUp(service.engine.shadowRunner(settings))
        let sums = try await log.sums("2", on: service)
        #expect(sums.segments == ["poor"] && sums.costs.count == 1500 && abs((sums.costs.mean ?? 0) - 0.002) < 1e-12)
        let report = try #require(try await candidates("parts").first?["report"])
        let part = try #require(report["segments"]?.arrayValue?.first)
        #expect(part["group"]?.stringValue == "poor")
        #expect(part["n"]?.intValue == Int64(log.rows.count { $0.income < 1 }))
        #expect(part["labelled"]?.intValue == Int64(log.rows[0..<1200].count { $0.income < 1 }))
        // A second that costs a million makes every answer dearer than the champion's.
        let cost = report["guardrails"]?.arrayValue?.first { $0["name"]?.stringValue == "cost" }
        #expect(cost?["state"]?.stringValue == "broken" && report["cost"]?["champion_per_prediction"] != .null, "\(report.text)")
        let page = try await service.get("/models/parts/shadow").text
        #expect(page.contains("By segment") && page.contains("What must not become worse"))
    }

    @Test("a candidate that is slow trips its breaker") func slow() async throws {
        var configuration = service.engine.configuration
        configuration.shadow.rowSecondsMax = 1e-9
        let log = ShadowLog("slow", rows: 4000, seed: 4)
        try await log.register(["1", "2"], on: service)
        _ = try await log.give(ShadowLog.file(1, -2), to: "2", on: service)
        let runner = service.engine.shadowRunner(configuration.shadow)
        for start in stride(from: 0, to: 4000, by: 1000) {
            try await log.predict(start..<start + 1000, on: service)
            try await catchUp(runner)
        }
        let all = try await candidates("slow")
        let candidate = try #require(all.first)
        #expect(candidate["breaker"]?["why"]?.stringValue?.contains("too slow") == true, "\(candidate.text)")
    }

    @Test("a file that does not fit the log is refused before the first row, and every feature is named") func mismatch() async throws {
        let log = ShadowLog("mismatch", rows: 200, seed: 5)
        try await log.register(["1", "2"], on: service)
        let absent = try await log.give(ShadowLog.file(1, 0, feature: "salary"), to: "2", on: service)
        #expect(absent.status == 400 && absent.text.contains("salary") && absent.text.contains("income, purpose"), "\(absent.text)")
        let wrong = try await log.give(ShadowLog.file(1, 0, feature: "purpose"), to: "2", on: service)
        #expect(wrong.status == 400 && wrong.text.contains("purpose is categorical in the log"), "\(wrong.text)")
        let garbage = try await log.give("not a model", to: "2", on: service)
        #expect(garbage.status == 400 && garbage.text.contains("not a model that is known"), "\(garbage.text)")
        #expect(try await log.give(ShadowLog.file(1, 0), to: "2", on: service).status == 201)
        #expect(try await log.give(ShadowLog.file(1, 0), to: "2", on: service).status == 201)
        let other = try await log.give(ShadowLog.file(2, 0), to: "2", on: service)
        #expect(other.status == 409 && other.text.contains("frozen"), "\(other.text)")
        #expect(try await log.give(ShadowLog.file(1, 0), to: "9", on: service).status == 404)
    }
}
