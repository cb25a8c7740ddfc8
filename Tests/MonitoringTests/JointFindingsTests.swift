import Monitoring
import TestSupport
import Testing
import Vocabulary

/// Two features that go together and one that stands alone.
private func rows(_ count: Int, _ random: inout Seeded, correlation: Double = 0.8) -> Rows {
    let first = random.gaussians(count)
    let residual = (1 - correlation * correlation).squareRoot()
    let second = first.map { correlation * $0 + residual * random.gaussian() }
    return Rows(numeric: [first, second, random.gaussians(count)])
}

@Suite("Findings of the numeric features together")
struct JointFindingsTests {
    private let bench: MonitoringBench
    init() {
        var random = Seeded(2026)
        bench = MonitoringBench(rows(4000, &random))
    }
    private static let verdictGivers = ["correlation", "reconstruction_error"]

    @Test("without drift all is well") func calm() throws {
        var random = Seeded(1)
        let evaluation = bench.evaluate(rows(4000, &random))
        for statistic in Self.verdictGivers {
            #expect(evaluation.finding(statistic, by: .jointDrift)?.verdict == .ok, "\(statistic)")
        }
        let mmd = try #require(evaluation.finding("mmd", by: .jointDrift))
        #expect(mmd.verdict == nil && mmd.value != nil && (mmd.pValue ?? 0) > 0.01)
    }

    @Test("a correlation that is lost is found and named, while no feature moved") func lost() throws {
        var random = Seeded(2)
        let evaluation = bench.evaluate(rows(4000, &random, correlation: -0.8))
        let finding = try #require(evaluation.finding("correlation", by: .jointDrift))
        #expect(finding.verdict == .drifted && abs((finding.value ?? .nan) - 1.6) < 0.05)
        #expect(finding.why.hasPrefix("the correlation of x0 and x1 went from 0.7"))
        #expect(evaluation.finding("reconstruction_error", by: .jointDrift)?.verdict == .drifted)
        #expect((evaluation.finding("mmd", by: .jointDrift)?.pValue ?? 1) < 1e-6)
        #expect(!evaluation.findings(of: .featureDrift).contains { $0.verdict == .drifted })
    }

    @Test("a change that is sure and small is negligible") func negligible() throws {
        var random = Seeded(3)
        let evaluation = bench.evaluate(rows(40_000, &random, correlation: 0.75))
        #expect(evaluation.finding("correlation", by: .jointDrift)?.verdict == .negligible)
    }

    @Test("few rows are insufficient, none are no data") func few() throws {
        var random = Seeded(4)
        for count in [3, 20, 60] {
            let evaluation = bench.evaluate(rows(count, &random))
            for statistic in Self.verdictGivers {
                #expect(evaluation.finding(statistic, by: .jointDrift)?.verdict == .insufficient, "\(statistic), \(count) rows")
            }
        }
        for statistic in Self.verdictGivers {
            #expect(bench.emptyWindow.finding(statistic, by: .jointDrift)?.verdict == .noData, "\(statistic)")
        }
    }

    @Test("a version of one number has no such findings") func alone() {
        var random = Seeded(5)
        let bench = MonitoringBench(Rows(numeric: [random.gaussians(500)]))
        #expect(bench.evaluate(Rows(numeric: [random.gaussians(500)])).findings(of: .jointDrift).isEmpty)
    }
}
