import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Service

/// A logistic model of three features; its log drifts in one of them.
private struct ScoredLog {
    let model: String
    /// Of the schema's spec, beside id, score and label.
    var spec = ""
    static let linear = #"{"kind":"logistic","features":["income","debt"],"coefficients":[1,-0.5],"intercept":-2}"#

    struct Row {
        var income: Double
        var debt: Double
        var score: Double { 1 / (1 + exp(2 - income + debt / 2)) }
    }

    static func rows(_ count: Int, seed: UInt64, shift: Double = 0) -> [Row] {
        var random = Seeded(seed)
        func thousandth(_ x: Double) -> Double { (x * 1000).rounded() / 1000 }
        return (0..<count).map { _ in Row(income: thousandth(2 + random.gaussian() + shift), debt: thousandth(random.gaussian())) }
    }

    func register(on service: RunningService) async throws {
        var random = Seeded(99)
        let reference =
            "id,income,debt,score,label\n"
            + Self.rows(2000, seed: 1).enumerated().map { i, row in
                "x\(i),\(row.income),\(row.debt),\(row.score),\(random.uniform() < row.score ? 1 : 0)\n"
            }.joined()
        let text = "id: id\nscore: score\nlabel: label\n" + spec
        let encoded = try #require(text.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let answer = try await service.post("/v1/models/\(model)/versions/1?spec=\(encoded)", reference, type: "text/csv")
        try #require(answer.status == 201, "\(answer.text)")
    }

    func give(_ file: String = linear, on service: RunningService) async throws {
        let answer = try await service.post("/v1/models/\(model)/versions/1/model", file, type: "application/octet-stream")
        try #require(answer.status == 201, "\(answer.text)")
    }

    /// An hour of records, labelled as the scores say, or the other way round.
    func predict(_ rows: [Row], hour: Int, honest: Bool = true, score: (Row) -> Double = { $0.score }, on service: RunningService)
        async throws
    {
        var random = Seeded(UInt64(hour))
        var labels: [String] = []
        let lines = rows.enumerated().map { i, row in
            let label = (random.uniform() < row.score) == honest ? 1 : 0
            labels.append(#"{"model":"\#(model)","id":"\#(hour)-\#(i)","label":\#(label)}"#)
            return
                #"{"model":"\#(model)","version":"1","id":"\#(hour)-\#(i)","ts":"2026-01-05T\#(hour):\#(10 + i % 50):00Z","features":{"income":\#(row.income),"debt":\#(row.debt)},"score":\#(score(row))}"#
        }
        let answer = try await service.post("/v1/predictions", lines.joined(separator: "\n"), type: "application/x-ndjson")
        try #require(answer.json["accepted"]?.intValue == Int64(rows.count), "\(answer.text)")
        let labelled = try await service.post("/v1/labels", labels.joined(separator: "\n"), type: "application/x-ndjson")
        try #require(labelled.status == 202, "\(labelled.text)")
    }

    func evaluate(hour: Int, on service: RunningService) async throws -> Evaluation {
        let engine = service.engine
        let version = try #require(try await engine.registry.version(ModelVersion(model: model, version: "1")))
        let start = try #require(Timestamp(rfc3339: "2026-01-05T\(hour):00:00Z"))
        return try await engine.evaluation.evaluate(version, Window(kind: .hour, start: start, end: start.adding(seconds: 3600)))
    }
}

private let still = WithService.service { $0.roles = [.collect, .web] }

@Suite("Findings say what the registered model makes of them", still, .serialized) struct AttributionServiceTests {
    private var service: RunningService { RunningService.current }

    private func drifted(_ evaluation: Evaluation, _ monitor: Monitor) throws -> Finding {
        try #require(evaluation.findings.first { $0.monitor == monitor && $0.verdict?.isFinding == true && $0.segment.isEmpty })
    }

    @Test("a score that drifts names the feature that moved it, with its share, rows and windows; the same again") func scores()
        async throws
    {
        let log = ScoredLog(model: "attributed")
        try await log.register(on: service)
        try await log.give(on: service)
        try await log.predict(ScoredLog.rows(400, seed: 2), hour: 10, on: service)
        try await log.predict(ScoredLog.rows(400, seed: 3), hour: 11, on: service)
        try await log.predict(ScoredLog.rows(300, seed: 4, shift: 1.5), hour: 12, on: service)
        // No window before was judged yet.
        let first = try drifted(try await log.evaluate(hour: 12, on: service), .predictionDrift)
        #expect(
            first.why.hasSuffix(
                "not explained by the model: the reference keeps no rows, and no window before was judged to be without this finding"))
        #expect(first.why.contains("; moved in the same window: income (PSI "))

        for hour in [10, 11] {
            let calm = try await log.evaluate(hour: hour, on: service)
            #expect(!calm.findings.contains { $0.monitor == .predictionDrift && $0.verdict?.isFinding == true })
            #expect(!calm.findings.contains { $0.why.contains("by the model") })
        }
        let evaluation = try await log.evaluate(hour: 12, on: service)
        let found = try drifted(evaluation, .predictionDrift)
        #expect(
            found.why.contains("; by the model, of the change of the mean score from 0.") && found.why.contains(": income "), "\(found.why)"
        )
        #expect(
            found.why.hasSuffix("(Shapley values over 300 rows beside 300 of 2 windows before that had no such finding)"), "\(found.why)")
        let driver = try #require(found.drivers.first)
        #expect(driver.what == "share of the change of the mean score: income" && driver.count == 300)
        #expect(abs((driver.after ?? 0) - 1) < 0.1)
        #expect(!found.drivers.contains { $0.what.hasPrefix("PSI of") })
        #expect(try drifted(try await log.evaluate(hour: 12, on: service), .predictionDrift) == found)
        // It is stored and told.
        let stored = try await service.get("/v1/models/attributed/results?metric=\(found.statistic)&window=hour").json["results"]?
            .arrayValue?
            .first { $0["monitor"]?.stringValue == "prediction_drift" }
        #expect(stored?["why"]?.stringValue == found.why)
        // Features that drifted need no model.
        let feature = try drifted(evaluation, .featureDrift)
        #expect(!feature.why.contains("the model"))
    }

    @Test("a performance that dropped because labels answer otherwise is no feature's") func losses() async throws {
        let log = ScoredLog(model: "misled")
        try await log.register(on: service)
        try await log.give(on: service)
        try await log.predict(ScoredLog.rows(800, seed: 5), hour: 10, on: service)
        try await log.predict(ScoredLog.rows(800, seed: 6), hour: 11, honest: false, on: service)
        let calm = try await log.evaluate(hour: 10, on: service)
        let judged = calm.findings.filter { $0.monitor == .performance && $0.segment.isEmpty }
        #expect(
            judged.contains { $0.verdict == .ok } && !judged.contains { $0.verdict?.isFinding == true },
            "\(judged.map { "\($0.statistic) \($0.value ?? .nan) \($0.verdict.map { "\($0)" } ?? "-"): \($0.why)" })")
        let found = try drifted(try await log.evaluate(hour: 11, on: service), .performance)
        #expect(found.why.contains("by the model, of the change of the mean squared error of the scores from 0."), "\(found.why)")
        #expect(found.why.contains("the window before that had no such finding"))
        let rest = try #require(found.drivers.first { $0.what.hasSuffix(": no feature") })
        #expect((rest.after ?? 0) > 0.9)
    }

    @Test("within a segment its own rows are taken") func segment() async throws {
        var log = ScoredLog(model: "parted")
        log.spec = "segments:\n  - {name: indebted, where: {debt: \">= 0\"}}\n"
        try await log.register(on: service)
        try await log.give(on: service)
        try await log.predict(ScoredLog.rows(600, seed: 7), hour: 10, on: service)
        // Only they earn more.
        let rows = ScoredLog.rows(600, seed: 8).map { ScoredLog.Row(income: $0.income + ($0.debt >= 0 ? 1.5 : 0), debt: $0.debt) }
        try await log.predict(rows, hour: 11, on: service)
        _ = try await log.evaluate(hour: 10, on: service)
        let evaluation = try await log.evaluate(hour: 11, on: service)
        let own = try #require(
            evaluation.findings.first { $0.monitor == .predictionDrift && $0.verdict?.isFinding == true && $0.segment == "indebted" })
        let count = rows.count { $0.debt >= 0 }
        #expect(own.why.contains(": income "), "\(own.why)")
        #expect(own.currentCount == Int64(count))
        #expect((own.drivers.first?.count ?? 0) > 200 && (own.drivers.first?.count ?? 0) <= Int64(count))
    }

    @Test("without rows, or with another model than the one that scored, the reason is said and drifted features are named")
    func reasons() async throws {
        var none = ScoredLog(model: "rowless")
        none.spec = "raw: none\n"
        try await none.register(on: service)
        // Such a file is refused at the door; it may be there from before.
        let version = try #require(try await service.engine.registry.version(ModelVersion(model: "rowless", version: "1")))
        _ = try await service.engine.shadow.keep(
            Array(ScoredLog.linear.utf8), format: "linear JSON", of: version, actor: "test", at: Engine.systemClock())
        let other = ScoredLog(model: "otherwise")
        try await other.register(on: service)
        try await other.give(ScoredLog.linear.replacing("-2}", with: "-1}"), on: service)
        for log in [none, other] {
            try await log.predict(ScoredLog.rows(300, seed: 9), hour: 10, on: service)
            try await log.predict(ScoredLog.rows(300, seed: 10, shift: 1.5), hour: 11, on: service)
            _ = try await log.evaluate(hour: 10, on: service)
            let found = try drifted(try await log.evaluate(hour: 11, on: service), .predictionDrift)
            let reason =
                log.model == "rowless"
                ? "not explained by the model: raw rows are not kept (raw: none)"
                : "not explained by the model: the registered model's answers are 0."
            #expect(found.why.contains(reason), "\(found.why)")
            #expect(found.why.contains("moved in the same window: income") && found.drivers.contains { $0.what == "PSI of income" })
        }
    }
}
