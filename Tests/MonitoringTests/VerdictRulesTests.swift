import Monitoring
import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

@Suite("When a number becomes a verdict")
struct VerdictRulesTests {
    static let seeds: [UInt64] = [11, 12, 13]

    @Test("significant and at least as large as the floor is drifted", arguments: seeds)
    func drifted(seed: UInt64) throws {
        var random = Seeded(seed)
        let evaluation = MonitoringBench(Rows(numeric: [random.gaussians(4000)])).evaluate(
            Rows(numeric: [random.gaussians(1000, shift: 0.8)]))
        for statistic in ["ks", "psi", "jensen_shannon"] {
            let finding = try #require(evaluation.finding(statistic, of: "x0"))
            #expect(finding.verdict == .drifted, "seed \(seed)")
            #expect(try #require(finding.adjustedP) <= 0.05 && (try #require(finding.value)) >= 0.1, "seed \(seed)")
        }
        #expect(evaluation.verdict(of: .featureDrift) == .drifted)
    }

    @Test("significant but smaller than the floor is negligible", arguments: seeds)
    func negligible(seed: UInt64) throws {
        var random = Seeded(seed)
        var bench = MonitoringBench(Rows(numeric: [random.gaussians(20_000)]))
        let rows = Rows(numeric: [random.gaussians(20_000, shift: 0.12)])
        for statistic in ["ks", "psi", "jensen_shannon"] {
            #expect(bench.evaluate(rows).finding(statistic, of: "x0")?.verdict == .negligible, "seed \(seed)")
        }
        #expect(bench.evaluate(rows).verdict(of: .featureDrift) == .negligible)
        // A lower floor makes the same number a finding.
        bench.settings.ksFloor = 0.01
        #expect(bench.evaluate(rows).finding("ks", of: "x0")?.verdict == .drifted)
        #expect(bench.evaluate(rows).finding("psi", of: "x0")?.verdict == .negligible)
    }

    @Test("equal distributions are ok", arguments: seeds)
    func ok(seed: UInt64) throws {
        var random = Seeded(seed)
        let values = random.gaussians(3000)
        let levels = random.levels(3000, ["a", "b", "c"])
        let evaluation = MonitoringBench(Rows(numeric: [values], categorical: [levels])).evaluate(
            Rows(numeric: [values], categorical: [levels]))
        #expect(evaluation.findings(of: .featureDrift).count == 8)
        for finding in evaluation.findings(of: .featureDrift) {
            #expect(finding.verdict == .ok, "\(finding.statistic) of \(finding.subject)")
        }
        #expect(evaluation.finding("ks", of: "x0")?.value == 0 && evaluation.finding("ks", of: "x0")?.pValue == 1)
    }

    @Test("too few rows to see an effect of the floor's size is insufficient, and says how many would show", arguments: seeds)
    func insufficient(seed: UInt64) throws {
        var random = Seeded(seed)
        let values = random.gaussians(4000)
        let bench = MonitoringBench(Rows(numeric: [values]))
        let evaluation = bench.evaluate(Rows(numeric: [Array(values.shuffled(using: &random).prefix(40))]))
        let ks = try #require(evaluation.finding("ks", of: "x0"))
        #expect(ks.verdict == .insufficient, "seed \(seed)")
        #expect(ks.why.hasPrefix("too few rows to see an effect of 0.1: at 40 rows only 0.21"), "\(ks.why)")
        #expect(evaluation.verdict(of: .featureDrift) == .insufficient, "seed \(seed)")
    }

    @Test("a large effect is a finding even in few rows, when it is significant")
    func fewButClear() {
        let old = (0..<1000).map { Double($0 % 100) }
        let evaluation = MonitoringBench(Rows(numeric: [old])).evaluate(Rows(numeric: [Array(repeating: 1000, count: 30)]))
        #expect(evaluation.finding("ks", of: "x0")?.verdict == .drifted)
        // The chi-squared law of PSI wants ten rows a cell.
        #expect(evaluation.finding("psi", of: "x0")?.verdict == .insufficient)
    }

    @Test("a handful of rows is never judged", arguments: [1, 2, 10, 29])
    func handful(rows: Int) {
        let old = (0..<1000).map { Double($0 % 100) }
        let evaluation = MonitoringBench(Rows(numeric: [old])).evaluate(Rows(numeric: [Array(repeating: 1000, count: rows)]))
        for statistic in ["ks", "psi", "jensen_shannon", "missing_ratio"] {
            #expect(evaluation.finding(statistic, of: "x0")?.verdict == .insufficient)
        }
        #expect(evaluation.finding("ks", of: "x0")?.why == "\(rows) rows are too few to judge, 30 are needed")
    }

    @Test("an empty window has no data, whatever is asked of it")
    func empty() {
        var random = Seeded(5)
        var rows = random.scored(500)
        rows.numeric = [random.gaussians(500)]
        rows.categorical = [random.levels(500, ["a", "b"])]
        rows.groups = random.levels(500, ["f", "m"]).map { [$0] }
        let evaluation = MonitoringBench(rows, sensitive: ["sex"]).emptyWindow
        #expect(evaluation.rows == 0 && evaluation.labelled == 0)
        for monitor in Vocabulary.Monitor.allCases { #expect(evaluation.verdict(of: monitor) == .noData, "\(monitor)") }
        #expect(evaluation.findings.allSatisfy { $0.verdict == .noData || $0.verdict == nil })
        #expect(evaluation.findings.allSatisfy { $0.value == nil })
        #expect(evaluation.findings.filter { $0.verdict == .noData }.allSatisfy { !$0.why.isEmpty })
    }

    @Test("a regression is watched for all but calibration")
    func regression() {
        let values = (0..<300).map { Double($0 % 30) }
        let rows = Rows(numeric: [values], scores: values, labels: values, groups: values.map { _ in ["f"] })
        let evaluation = MonitoringBench(rows, sensitive: ["sex"], task: .regression).evaluate(rows)
        #expect(
            Set(evaluation.findings.map(\.monitor)) == [
                .featureDrift, .predictionDrift, .performance, .fairness, .dataQuality, .serviceLevel,
            ])
        #expect(evaluation.labelled == 300)
    }
}

@Suite("P-values are corrected within a monitor")
struct FamilyTests {
    @Test("the adjusted p-values are Benjamini-Hochberg's over the monitor's tests", arguments: VerdictRulesTests.seeds)
    func adjusted(seed: UInt64) throws {
        var random = Seeded(seed)
        var old = random.scored(3000)
        old.numeric = [random.gaussians(3000), random.gaussians(3000)]
        old.categorical = [random.levels(3000, ["a", "b", "c"])]
        var new = random.scored(800)
        new.numeric = [random.gaussians(800), random.gaussians(800, shift: 0.1)]
        new.categorical = [random.levels(800, ["a", "b", "b", "c"])]
        let evaluation = MonitoringBench(old).evaluate(new)
        for monitor in [Vocabulary.Monitor.featureDrift, .predictionDrift, .performance, .calibration] {
            let family = evaluation.findings(of: monitor).filter { $0.verdict != nil && $0.pValue != nil }
            #expect(!family.isEmpty)
            #expect(family.map(\.adjustedP) == benjaminiHochberg(family.map(\.pValue)), "seed \(seed), \(monitor)")
        }
        #expect(evaluation.findings(of: .featureDrift).count { $0.adjustedP != nil } == 12)
        #expect(evaluation.findings(of: .predictionDrift).count { $0.adjustedP != nil } == 3)
    }

    @Test("a p-value that is small alone is not small among many")
    func amongMany() throws {
        // One feature is moved by as much as chance does in one of fifty windows; nineteen are exactly as they were.
        let calm = (0..<1000).map { Double($0 % 100) }
        let moved = calm.map { $0 < 6.8 ? $0 + 50 : $0 }
        var alone = MonitoringBench(Rows(numeric: [calm]))
        alone.settings.ksFloor = 0.01
        let single = try #require(alone.evaluate(Rows(numeric: [moved])).finding("ks", of: "x0"))
        var among = MonitoringBench(Rows(numeric: Array(repeating: calm, count: 20)))
        among.settings.ksFloor = 0.01
        let one = try #require(among.evaluate(Rows(numeric: [moved] + Array(repeating: calm, count: 19))).finding("ks", of: "x0"))
        #expect(single.pValue == one.pValue)
        #expect(try #require(single.pValue) < 0.05)
        #expect(single.verdict == .drifted)
        #expect(try #require(one.adjustedP) > 0.05)
        #expect(one.verdict != .drifted)
    }

    @Test("what one monitor finds does not change another's p-values")
    func separate() throws {
        var random = Seeded(3)
        var old = random.scored(2000)
        old.numeric = [random.gaussians(2000)]
        var calm = random.scored(500)
        calm.numeric = [random.gaussians(500)]
        var wild = calm
        wild.numeric = [random.gaussians(500, shift: 3)]
        let bench = MonitoringBench(old)
        #expect(bench.evaluate(calm).findings(of: .predictionDrift) == bench.evaluate(wild).findings(of: .predictionDrift))
        #expect(bench.evaluate(calm).findings(of: .performance) == bench.evaluate(wild).findings(of: .performance))
        #expect(bench.evaluate(calm).findings(of: .featureDrift) != bench.evaluate(wild).findings(of: .featureDrift))
    }
}
