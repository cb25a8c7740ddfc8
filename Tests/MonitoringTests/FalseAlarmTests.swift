import Monitoring
import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

/// Goal: alarms that can be believed. Method: 200 windows of 1,000 rows with 20 features, drawn like the reference.
@Suite("Windows without drift raise no alarms")
struct FalseAlarmTests {
    static let seed: UInt64 = 2026
    static let windows = 200

    /// Sixteen numeric features (one with ties, one heavy-tailed, one with missing values) and four categorical ones.
    private func rows(_ count: Int, _ random: inout Seeded) -> Rows {
        var rows = Rows()
        for feature in 0..<16 {
            var values = random.uniforms(count)
            switch feature {
            case 0: values = values.map { ($0 * 7).rounded() }
            case 1: values = values.map { 1 / (1.0001 - $0) }
            case 2: values = values.map { $0 < 0.1 ? .nan : $0 }
            default: break
            }
            rows.numeric.append(values)
        }
        for feature in 0..<4 {
            let names = (0..<(feature * 3 + 2)).map { "level \($0)" }
            rows.categorical.append(random.levels(count, names))
        }
        rows.scores = random.uniforms(count)
        return rows
    }

    /// Bounds: with the effect floors none at all (an effect of the floor's size has a chance below 1e-6 at these sizes); without
    /// them the corrected p-values alone let through 5 % of the windows, so 10 of 200, and with three standard deviations 19.
    @Test("with the effect floors there is none in 200 windows, without them no more than alpha lets through")
    func falseAlarms() throws {
        var random = Seeded(Self.seed)
        let bench = MonitoringBench(rows(5000, &random))
        var bare = bench
        bare.settings.ksFloor = 0
        bare.settings.psiFloor = 0
        bare.settings.jensenShannonFloor = 0
        bare.settings.cramersVFloor = 0
        bare.settings.missingFloor = 0
        var drifted = 0
        var significant = 0
        for _ in 0..<Self.windows {
            let window = rows(1000, &random)
            let profile = window.profile(bench.version.schema, bench.reference.grid)
            func evaluate(_ settings: MonitorSettings) -> Evaluation {
                WindowEvaluator(settings: settings).evaluate(
                    bench.version, MonitoringBench.window, reference: bench.reference, current: profile, at: MonitoringBench.now)
            }
            drifted += evaluate(bench.settings).findings.count { $0.verdict?.isFinding == true }
            significant += evaluate(bare.settings).verdict(of: .featureDrift) == .drifted ? 1 : 0
        }
        #expect(drifted == 0, "seed \(Self.seed)")
        #expect(significant <= 19, "seed \(Self.seed)")
        #expect(significant >= 1, "seed \(Self.seed): a test that never rejects tests nothing")
    }

    /// Goal: rare levels are no alarms. Method: 60 levels whose frequencies fall like 1/k², windows of 100 to 2,000 rows, no effect floors:
    /// what the p-values alone reject. Bound: 5 % of 400 windows and three standard deviations, for each statistic on its own.
    @Test("levels too rare for the chi-squared law do not make it reject too often", arguments: [100, 400, 2000])
    func rareLevels(count: Int) throws {
        var random = Seeded(Self.seed)
        let weights = (1...60).map { 1 / Double($0 * $0) }
        let total = weights.reduce(0, +)
        func column(_ count: Int) -> [String?] {
            (0..<count).map { _ in
                var rest = random.uniform() * total
                return "level \(weights.firstIndex { rest -= $0; return rest < 0 } ?? 59)"
            }
        }
        let bench = MonitoringBench(Rows(categorical: [column(10_000)]))
        var rejected: [String: Int] = [:]
        for _ in 0..<400 {
            for finding in bench.evaluate(Rows(categorical: [column(count)])).findings where finding.verdict?.isInformed == true {
                rejected[finding.statistic, default: 0] += finding.pValue.map { $0 <= 0.05 } == true ? 1 : 0
            }
        }
        for statistic in ["chi_squared", "psi", "jensen_shannon"] {
            #expect((rejected[statistic] ?? 0) <= 33, "\(statistic), seed \(Self.seed)")
        }
        #expect((rejected["chi_squared"] ?? 0) >= 1 || count < 400, "a test that never rejects tests nothing")
    }

    @Test("and they are not silenced: every one of them is judged ok")
    func judged() throws {
        var random = Seeded(Self.seed)
        let bench = MonitoringBench(rows(5000, &random))
        let evaluation = bench.evaluate(rows(1000, &random))
        let verdicts = evaluation.findings(of: .featureDrift).compactMap(\.verdict)
        #expect(verdicts.count == 80)
        #expect(verdicts.allSatisfy { $0 == .ok }, "seed \(Self.seed)")
    }

    @Test("real drift in the same windows is found: one feature of twenty, moved by half a standard deviation")
    func power() throws {
        var random = Seeded(Self.seed)
        let bench = MonitoringBench(rows(5000, &random))
        for _ in 0..<5 {
            var window = rows(1000, &random)
            window.numeric[5] = window.numeric[5].map { $0 + 0.15 }
            let evaluation = bench.evaluate(window)
            #expect(evaluation.finding("ks", of: "x5")?.verdict == .drifted, "seed \(Self.seed)")
            #expect(
                Set(evaluation.findings(of: .featureDrift).filter { $0.verdict == .drifted }.map(\.subject)) == ["x5"], "seed \(Self.seed)")
        }
    }
}
