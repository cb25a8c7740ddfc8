import Monitoring
import Statistics
import TestSupport
import Testing
import Vocabulary

/// Prices of about 1,000, predicted with errors of deviation 20 and a bias.
private func prices(
    _ count: Int, _ random: inout Seeded, noise: Double = 20, bias: Double = 0, biasOfF: Double = 0, noiseOfF: Double = 1
) -> Rows {
    var rows = Rows()
    for _ in 0..<count {
        let label = 1000 + 100 * random.gaussian()
        let isF = random.uniform() < 0.5
        rows.labels.append(label)
        rows.predictions.append(label + bias + (isF ? biasOfF : 0) + noise * (isF ? noiseOfF : 1) * random.gaussian())
        rows.groups.append([isF ? "F" : "M"])
    }
    return rows
}

@Suite("Findings about the errors of a regression")
struct RegressionFindingsTests {
    private let bench: MonitoringBench
    init() {
        var random = Seeded(2026)
        bench = MonitoringBench(prices(4000, &random), sensitive: ["sex"], task: .regression)
    }

    @Test("the numbers are those of the raw rows") func values() throws {
        var random = Seeded(1)
        let rows = prices(2000, &random)
        let evaluation = bench.evaluate(rows)
        let raw = try RegressionPerformance(labels: rows.labels, predictions: rows.predictions, plan: nil)
        for (name, theirs) in [("mae", "mae"), ("rmse", "rmse"), ("r2", "r2"), ("mean_error", "bias")] {
            let value = try #require(evaluation.finding(name, by: .performance)?.value)
            let expected = try #require(raw.metrics.first { $0.name == theirs }?.value)
            #expect(abs(value - expected) < 1e-9 * max(1, abs(expected)), "\(name): \(value), expected \(expected)")
        }
        let errors = zip(rows.predictions, rows.labels).map { abs($0 - $1) }
        let before = try #require(evaluation.finding("mae", by: .performance))
        var reference = Seeded(2026)
        let old = prices(4000, &reference)
        let welch = try TTest.welch(zip(old.predictions, old.labels).map { abs($0 - $1) }, errors)
        #expect(abs((before.pValue ?? .nan) - (welch.pValue ?? .nan)) < 1e-9)
        #expect(before.referenceCount == 4000 && before.currentCount == 2000)
    }

    @Test("without drift all is well; larger errors and a bias are found") func verdicts() throws {
        var random = Seeded(2)
        let calm = bench.evaluate(prices(2000, &random))
        #expect(calm.verdict(of: .performance) == .ok && calm.verdict(of: .fairness) == .fair)
        let worse = bench.evaluate(prices(2000, &random, noise: 30))
        #expect(worse.finding("mae", by: .performance)?.verdict == .drifted)
        #expect(worse.finding("mean_error")?.verdict != .drifted)
        #expect(worse.finding("mae", by: .performance)?.why.hasPrefix("predictions are off by 2") == true)
        let biased = bench.evaluate(prices(2000, &random, bias: -8))
        #expect(biased.finding("mean_error")?.verdict == .drifted)
        #expect(biased.finding("rmse")?.verdict == nil && biased.finding("r2")?.verdict == nil)
        // Better is no finding.
        #expect(bench.evaluate(prices(2000, &random, noise: 10)).finding("mae", by: .performance)?.verdict == .negligible)
        #expect(bench.evaluate(prices(40_000, &random, noise: 20.8)).finding("mae", by: .performance)?.verdict == .negligible)
    }

    @Test("errors that are larger, or shifted, for one group are unfair") func unfair() throws {
        var random = Seeded(3)
        let noisy = bench.evaluate(prices(2000, &random, noiseOfF: 1.6))
        let mae = try #require(noisy.finding("mae_difference", of: "sex"))
        #expect(mae.verdict == .unfair && mae.why.hasPrefix("lowest for M (") && (mae.lower ?? 0) > 0)
        #expect(noisy.finding("mean_error_difference", of: "sex")?.verdict == .fair)
        #expect(noisy.finding("mae", of: "sex", group: "F")?.value ?? 0 > 22)
        let shifted = bench.evaluate(prices(2000, &random, biasOfF: 10))
        #expect(shifted.finding("mean_error_difference", of: "sex")?.verdict == .unfair)
    }

    @Test("no labels are no data, few are insufficient, a perfect model has no p-value to fear") func edges() throws {
        var random = Seeded(4)
        var rows = prices(300, &random)
        rows.labels = []
        let unlabelled = bench.evaluate(rows)
        #expect(unlabelled.verdict(of: .performance) == .noData && unlabelled.verdict(of: .fairness) == .noData)
        #expect(bench.evaluate(prices(20, &random)).verdict(of: .performance) == .insufficient)
        #expect(bench.evaluate(prices(1, &random)).verdict(of: .performance) == .insufficient)
        let perfect = Rows(
            predictions: [1, 2, 3, 4].flatMap { [Double](repeating: $0, count: 50) },
            labels: [1, 2, 3, 4].flatMap { [Double](repeating: $0, count: 50) })
        let exact = MonitoringBench(perfect, task: .regression)
        #expect(exact.evaluate(perfect).verdict(of: .performance) == .ok)
        var off = perfect
        off.predictions = off.predictions.map { $0 + 1 }
        #expect(exact.evaluate(off).finding("mae", by: .performance)?.verdict == .drifted)
        var blind = prices(300, &random)
        blind.predictions = blind.predictions.map { _ in .nan }
        #expect(bench.evaluate(blind).finding("mae", by: .performance)?.why == "no label has a predicted value to compare it with")
    }

    /// Goal: alarms that can be believed. Method: windows drawn like the reference. Bounds: without floors 5 % of 300 windows let something
    /// through, and three standard deviations: 15 + 11; with floors none of 100 windows of 4,000 rows, where they are five standard errors.
    @Test("windows like the reference raise no alarm") func falseAlarms() {
        var random = Seeded(5)
        var bare = bench
        bare.settings.errorFloor = 0
        bare.settings.fairnessErrorFloor = 0
        bare.settings.meanErrorFloor = 0
        var (alarms, performance, fairness) = (0, 0, 0)
        for window in 0..<300 {
            let rows = prices(window < 100 ? 4000 : 800, &random)
            if window < 100 { alarms += bench.evaluate(rows).findings.count { $0.verdict?.isFinding == true } }
            let evaluation = bare.evaluate(rows)
            performance += evaluation.verdict(of: .performance) == .drifted ? 1 : 0
            fairness += evaluation.verdict(of: .fairness) == .unfair ? 1 : 0
        }
        #expect(alarms == 0)
        #expect((1...26).contains(performance) && (1...26).contains(fairness), "\(performance) and \(fairness) of 300")
    }
}
