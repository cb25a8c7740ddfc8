import Foundation
import Shadowing
import TestSupport
import Testing
import Vocabulary

@testable import Service

/// A champion's log with two features and a group, what its candidates say of it, and the same as rows: the runner's sums must be those.
struct ShadowLog {
    struct Row {
        var id: String
        var income: Double
        var purpose: String
        var sex: String
        var score: Double
        var label: Double
    }
    let model: String
    let rows: [Row]

    init(_ model: String, rows count: Int, seed: UInt64 = 1) {
        self.model = model
        var random = Seeded(seed)
        rows = (0..<count).map { i in
            let income = (random.uniform() * 4000).rounded() / 1000
            let truth = 1 / (1 + exp(2 - income))
            return Row(
                id: "r\(i)", income: income, purpose: ["car", "home"][i % 2], sex: i % 3 == 0 ? "F" : "M",
                score: ((0.25 + 0.5 * truth) * 1000).rounded() / 1000, label: random.uniform() < truth ? 1 : 0)
        }
    }

    /// A logistic model of income alone.
    static func file(_ coefficient: Double, _ intercept: Double, feature: String = "income") -> String {
        #"{"kind":"logistic","features":["\#(feature)"],"coefficients":[\#(coefficient)],"intercept":\#(intercept)}"#
    }

    var reference: String {
        "id,income,purpose,sex,score,label\n"
            + rows.prefix(200).map { "\($0.id),\($0.income),\($0.purpose),\($0.sex),\($0.score),\(Int($0.label))\n" }.joined()
    }

    func register(_ versions: [String], on service: RunningService) async throws {
        for version in versions {
            let answer = try await service.post(
                "/v1/models/\(model)/versions/\(version)?id=id&score=score&label=label&sensitive=sex", reference, type: "text/csv")
            #expect(answer.status == 201, "\(answer.text)")
        }
    }

    func give(_ file: String, to version: String, on service: RunningService) async throws -> RunningService.Answer {
        try await service.post("/v1/models/\(model)/versions/\(version)/model", file, type: "application/octet-stream")
    }

    func predict(_ range: Range<Int>, cost: Double? = nil, on service: RunningService) async throws {
        let lines = rows[range].map { row in
            #"{"model":"\#(model)","version":"1","id":"\#(row.id)","ts":"2026-03-01T10:30:00Z","features":{"income":\#(row.income),"purpose":"\#(row.purpose)"},"score":\#(row.score),"groups":{"sex":"\#(row.sex)"},"latency_ms":3\#(cost.map { ",\"cost\":\($0)" } ?? "")}"#
        }
        let answer = try await service.post("/v1/predictions", lines.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(answer.json["accepted"]?.intValue == Int64(range.count), "\(answer.text)")
    }

    /// - Parameter flipped: labels that are the wrong way round.
    func label(_ range: some Sequence<Int>, flipped: Bool = false, on service: RunningService) async throws {
        let lines = range.map { i in
            #"{"model":"\#(model)","id":"\#(rows[i].id)","label":\#(Int(flipped ? 1 - rows[i].label : rows[i].label))}"#
        }
        let answer = try await service.post("/v1/labels", lines.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(answer.status == 202, "\(answer.text)")
    }

    /// What `evenkeel shadow` compares: the rows themselves.
    ///
    /// - Parameter labels: of the rows that have one.
    func offline(_ range: Range<Int>, labelled labels: Set<Int>, _ coefficient: Double, _ intercept: Double) throws -> PairedComparison {
        let rows = Array(self.rows[range])
        let pairs = PairedPredictions(
            task: .binary, labels: zip(range, rows).map { labels.contains($0) ? $1.label : .nan }, champion: [rows.map(\.score)],
            candidate: [rows.map { 1 / (1 + exp(-(coefficient * $0.income + intercept))) }],
            groups: [.init(attribute: "sex", names: ["F", "M"], codes: rows.map { $0.sex == "F" ? 0 : 1 })])
        return try PairedComparison(pairs)
    }

    /// The stored sums of a candidate.
    func sums(_ version: String, on service: RunningService) async throws -> PairedSums {
        let engine = service.engine
        let champion = try #require(try await engine.registry.version(ModelVersion(model: model, version: "1")))
        let candidate = try #require(try await engine.registry.version(ModelVersion(model: model, version: version)))
        let bytes = try #require(try await engine.shadow.sums(champion, candidate))
        return try #require(PairedSums(bytes: bytes))
    }

    func check(_ sums: PairedSums, _ offline: PairedComparison, sourceLocation: SourceLocation = #_sourceLocation) {
        let ours = PairedComparison(sums)
        #expect(ours.count == offline.count && ours.labelled == offline.labelled, sourceLocation: sourceLocation)
        func alike(_ a: PairedDifference, _ b: PairedDifference) -> Bool {
            a.metric == b.metric && a.count == b.count && isNear(a.value ?? 9, b.value ?? 8, relative: 1e-9, absolute: 1e-12)
                && isNear(a.interval?.lower ?? 9, b.interval?.lower ?? 8, relative: 1e-8, absolute: 1e-10)
        }
        #expect(ours.differences.map(\.metric) == offline.differences.map(\.metric), sourceLocation: sourceLocation)
        for (a, b) in zip(ours.differences, offline.differences) {
            switch a.metric {
            // By the cells of scores; in blocks by the hash of the id, not by the row.
            case "roc_auc": #expect(isNear(a.value ?? 9, b.value ?? 8, absolute: 0.001), "\(a) \(b)", sourceLocation: sourceLocation)
            case "ece":
                #expect(isNear(a.value ?? 9, b.value ?? 8, relative: 1e-9, absolute: 1e-12), "\(a) \(b)", sourceLocation: sourceLocation)
            default: #expect(alike(a, b), "\(a) \(b)", sourceLocation: sourceLocation)
            }
        }
        for (a, b) in zip(ours.fairness[0].groups, offline.fairness[0].groups) {
            #expect(a.name == b.name && a.count == b.count && a.labelled == b.labelled, sourceLocation: sourceLocation)
            for (a, b) in zip(a.differences, b.differences) { #expect(alike(a, b), "\(a) \(b)", sourceLocation: sourceLocation) }
        }
    }
}
