import Monitoring
import TestSupport
import Testing
import Vocabulary

@Suite("Findings of data quality")
struct QualityFindingsTests {
    private let bench: MonitoringBench
    private static func rows(_ count: Int, _ random: inout Seeded) -> Rows {
        Rows(numeric: [random.uniforms(count)], categorical: [random.levels(count, ["a", "b", "c"])])
    }
    init() {
        var random = Seeded(2026)
        bench = MonitoringBench(Self.rows(3000, &random))
    }
    private func finding(_ statistic: String, _ subject: String, _ rows: Rows) -> Finding? {
        bench.evaluate(rows).finding(statistic, of: subject, by: .dataQuality)
    }

    @Test("clean data are well") func clean() {
        var random = Seeded(1)
        let rows = Self.rows(2000, &random)
        #expect(finding("out_of_range_ratio", "x0", rows)?.verdict == .ok)
        #expect(finding("unseen_ratio", "c0", rows)?.verdict == .ok)
        for name in ["x0", "c0"] {
            let constant = finding("constant", name, rows)
            #expect(constant?.value == 0 && constant?.pValue == 1 && constant?.verdict == .ok, "\(name)")
        }
    }

    @Test("a share of values in another unit is found, one stray value is not") func range() throws {
        var random = Seeded(2)
        var rows = Self.rows(2000, &random)
        rows.numeric[0][7] = 1000
        #expect(finding("out_of_range_ratio", "x0", rows)?.verdict == .ok)
        for row in 0..<60 { rows.numeric[0][row * 30] *= 100 }
        let found = try #require(finding("out_of_range_ratio", "x0", rows))
        #expect(found.verdict == .drifted && found.why.contains("of the values lie outside 0"))
    }

    @Test("levels that nobody knew are found and named") func levels() throws {
        var random = Seeded(3)
        var rows = Self.rows(2000, &random)
        for row in 0..<50 { rows.categorical[0][row * 7] = "d" }
        let found = try #require(finding("unseen_ratio", "c0", rows))
        #expect(found.verdict == .drifted && found.value == 0.025)
        #expect(found.why == "2.5 % of the values are levels that the reference does not have, most often \"d\"")
    }

    @Test("a feature that has become constant is found") func constant() throws {
        var random = Seeded(4)
        var rows = Self.rows(100, &random)
        rows.numeric[0] = [Double](repeating: 0.5, count: 100)
        rows.categorical[0] = [String?](repeating: "b", count: 100)
        #expect(finding("constant", "x0", rows)?.verdict == .drifted)
        let level = try #require(finding("constant", "c0", rows))
        #expect(level.verdict == .drifted && level.why.hasPrefix("all values are \"b\", 3"))
    }

    @Test("an empty window has no data") func empty() {
        #expect(bench.emptyWindow.finding("unseen_ratio", of: "c0", by: .dataQuality)?.verdict == .noData)
        #expect(bench.emptyWindow.finding("out_of_range_ratio", of: "x0", by: .dataQuality)?.verdict == .noData)
    }
}

@Suite("Findings of the service level")
struct ServiceLevelFindingsTests {
    private func evaluate(errors: Int, of rows: Int) -> Evaluation {
        var random = Seeded(1)
        let bench = MonitoringBench(Rows(numeric: [random.uniforms(100)]))
        var batch = Rows(numeric: [random.uniforms(rows)]).batch(bench.version.schema)
        for row in 0..<errors { batch.errors[row] = "timeout" }
        batch.measures["latency_seconds"] = (0..<rows).map { $0 < rows * 9 / 10 ? 0.01 : 0.5 }
        return bench.evaluate(batch)
    }

    @Test("a few errors prove nothing, many do", arguments: [(0, Verdict.ok), (1, .ok), (2, .ok), (30, .drifted)])
    func errors(count: Int, verdict: Verdict) throws {
        let finding = try #require(evaluate(errors: count, of: 1000).finding("error_ratio", by: .serviceLevel))
        #expect(finding.verdict == verdict && finding.value == Double(count) / 1000)
    }

    @Test("measures are shown by their mean and quantiles, without a verdict") func measures() throws {
        let evaluation = evaluate(errors: 0, of: 1000)
        func value(_ statistic: String) throws -> Double {
            let finding = try #require(evaluation.finding(statistic, of: "latency_seconds", by: .serviceLevel))
            #expect(finding.verdict == nil)
            return try #require(finding.value)
        }
        let (mean, median, p95) = (try value("mean"), try value("p50"), try value("p95"))
        #expect(abs(mean - 0.059) < 1e-12)
        #expect((0.01...0.01125).contains(median) && (0.5...0.5625).contains(p95))
    }
}
