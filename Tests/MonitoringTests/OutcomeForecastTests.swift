import Monitoring
import TestSupport
import Testing
import Vocabulary

@Suite("Performance before the labels")
struct EstimatedPerformanceTests {
    private let bench: MonitoringBench
    init() {
        var random = Seeded(5)
        bench = MonitoringBench(random.scored(20_000))
    }

    /// Calibrated scores of which the uncertain ones came more often.
    private func uncertain(_ count: Int, _ random: inout Seeded) -> Rows {
        var rows = Rows()
        for _ in 0..<count {
            let score = Double(Int.random(in: 24...40, using: &random)) / 64
            rows.scores.append(score)
            rows.labels.append(random.uniform() < score ? 1 : 0)
        }
        return rows
    }

    @Test("equals what the labels show afterwards, where scores mean what they meant") func truth() throws {
        var random = Seeded(6)
        let rows = uncertain(20_000, &random)
        var unlabelled = rows
        unlabelled.labels = [Double](repeating: .nan, count: rows.count)
        let estimated = try #require(bench.evaluate(unlabelled).finding("estimated_accuracy"))
        let realized = try #require(bench.evaluate(rows).finding("accuracy", by: .performance)?.value)
        #expect(estimated.verdict == .drifted)
        let (lower, upper) = (try #require(estimated.lower), try #require(estimated.upper))
        // Four standard errors: the interval is of two, and the shares of the cells are known to about as much.
        let slack = upper - lower
        #expect(lower - slack / 2 < realized && realized < upper + slack / 2)
        let area = try #require(bench.evaluate(unlabelled).finding("estimated_roc_auc")?.value)
        let shown = try #require(bench.evaluate(rows).finding("roc_auc", by: .performance)?.value)
        #expect(abs(area - shown) < 0.02)
    }

    @Test("is calm where the scores are those of the reference") func calm() throws {
        var random = Seeded(7)
        let finding = try #require(bench.evaluate(random.scored(2000)).finding("estimated_accuracy"))
        #expect(finding.verdict == .ok && finding.why.contains("expected without labels"))
    }

    @Test("is not claimed where the reference has no labels, and is no data in an empty window") func unknown() {
        var random = Seeded(8)
        var rows = random.scored(500)
        #expect(bench.emptyWindow.finding("estimated_accuracy")?.verdict == .noData)
        rows.labels = [Double](repeating: .nan, count: rows.count)
        #expect(MonitoringBench(rows).evaluate(rows).findings(of: .estimatedPerformance).isEmpty)
    }
}

@Suite("Labels that move")
struct LabelDriftTests {
    @Test("a share of positives that moved is found, chance is not") func binary() throws {
        var random = Seeded(9)
        let bench = MonitoringBench(random.scored(5000))
        #expect(bench.evaluate(random.scored(1000)).finding("positive_ratio")?.verdict == .ok)
        var rows = random.scored(1000)
        for row in 0..<300 { rows.labels[row] = 1 }
        let found = try #require(bench.evaluate(rows).finding("positive_ratio"))
        #expect(found.verdict == .drifted && found.why.hasPrefix("positive labels: "))
        rows.labels = [Double](repeating: .nan, count: 1000)
        #expect(bench.evaluate(rows).finding("positive_ratio")?.verdict == .noData)
    }

    @Test("of several classes the levels that moved are named") func classes() throws {
        func rows(_ labels: [Double]) -> Rows {
            var rows = Rows(numeric: [labels.map { _ in 1 }])
            rows.labels = labels
            rows.predictions = labels
            return rows
        }
        let bench = MonitoringBench(
            rows((0..<900).map { Double($0 % 3) }), task: .multiclass, classes: ["cat", "dog", "owl"])
        let calm = bench.evaluate(rows((0..<300).map { Double($0 % 3) }))
        #expect(calm.finding("label_chi_squared")?.verdict == .ok)
        let moved = try #require(
            bench.evaluate(rows((0..<300).map { $0 < 200 ? 0 : Double($0 % 3) })).finding("label_psi"))
        #expect(moved.verdict == .drifted && moved.why.hasPrefix("the share of \"cat\" rose from 33.3 %"))
    }
}

@Suite("How many records come")
struct VolumeTests {
    private let bench = MonitoringBench(Rows(numeric: [[1, 2, 3]]))

    private func finding(_ rows: Int, after earlier: [Int64]) -> Finding? {
        let window = Rows(numeric: [[Double](repeating: 2, count: rows)])
        return WindowEvaluator().evaluate(
            bench.version, MonitoringBench.window, reference: bench.reference,
            current: window.profile(bench.version.schema, bench.reference.grid),
            earlier: EarlierRows(rows: earlier, words: "at this time of the weeks before"), at: MonitoringBench.now
        ).finding("rows")
    }

    @Test("a window with far fewer or far more records than the weeks before is found") func moved() throws {
        let weeks: [Int64] = [1010, 980, 1035, 995, 1002, 970]
        #expect(finding(1000, after: weeks)?.verdict == .ok)
        let few = try #require(finding(12, after: weeks))
        #expect(few.verdict == .drifted && few.why == "12 records, about 998 came at this time of the weeks before")
        #expect(finding(5000, after: weeks)?.verdict == .drifted)
        // A fifth less is certain, and too little to wake anybody.
        #expect(finding(800, after: weeks)?.verdict == .negligible)
    }

    @Test("counts that vary are no news, and small ones vary by chance") func calm() {
        #expect(finding(100, after: [20, 400, 1500, 90, 700])?.verdict != .drifted)
        #expect(finding(1, after: [3, 3, 3, 3, 3, 3, 3, 3])?.verdict == .insufficient)
    }

    @Test("without comparable windows nothing is said") func unknown() {
        #expect(finding(100, after: [100, 100, 100]) == nil)
        #expect(finding(100, after: [0, 0, 0, 0, 0]) == nil)
    }
}
