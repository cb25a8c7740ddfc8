import Monitoring
import Profiles
import TestSupport
import Testing
import Vocabulary

/// Days of a feature whose mean wanders from day to day, and one that stays.
private struct Days {
    var random = Seeded(2026)
    /// Of the daily means.
    var wander = 0.35

    mutating func day(_ rows: Int = 500, shift: Double = 0) -> Rows {
        let mean = wander * random.gaussian() + shift
        return Rows(numeric: [random.gaussians(rows, shift: mean), random.gaussians(rows, shift: shift)])
    }
}

@Suite("Natural variation of the reference's own windows")
struct NaturalVariationOfWindowsTests {
    /// A reference of so many days, with what they differ by among themselves, and the days to come.
    private func setUp(days: Int, wander: Double = 0.35) throws -> (bench: MonitoringBench, variation: NaturalVariation, days: Days) {
        var source = Days(wander: wander)
        let parts = (0..<days).map { _ in source.day() }
        let whole = Rows(numeric: (0..<2).map { i in parts.flatMap { $0.numeric[i] } })
        let bench = MonitoringBench(whole)
        let profiles = parts.map { $0.profile(bench.version.schema, bench.reference.grid) }
        let variation = try #require(
            NaturalVariation(windows: days, of: bench.reference, of: bench.version, settings: bench.settings) { profiles[$0] })
        return (bench, variation, source)
    }

    private func evaluate(_ bench: MonitoringBench, _ rows: Rows, with variation: NaturalVariation?) -> Evaluation {
        let reference = ReferenceProfile(
            grid: bench.reference.grid, profile: bench.reference.profile, variations: variation.map { [.hour: $0] } ?? [:])
        return WindowEvaluator(settings: bench.settings).evaluate(
            bench.version, MonitoringBench.window, reference: reference, current: rows.profile(bench.version.schema, reference.grid),
            at: MonitoringBench.now)
    }

    @Test("days that differ anyway are no alarms: without it nearly every day is one") func seasonal() throws {
        var (bench, variation, days) = try setUp(days: 30)
        #expect(variation.windows == 30)
        var with = 0
        var without = 0
        for _ in 0..<60 {
            let day = days.day()
            with += evaluate(bench, day, with: variation).verdict(of: .featureDrift) == .drifted ? 1 : 0
            without += evaluate(bench, day, with: nil).verdict(of: .featureDrift) == .drifted ? 1 : 0
        }
        #expect(with <= 6, "5 % of 60, and one and a half standard deviations")
        #expect(without > 30)
    }

    @Test("a shift beyond what days differ by is found, in the feature that wanders and in the one that stays") func power() throws {
        var (bench, variation, days) = try setUp(days: 30)
        let evaluation = evaluate(bench, days.day(shift: 3), with: variation)
        #expect(evaluation.finding("ks", of: "x0")?.verdict == .drifted)
        #expect(evaluation.finding("ks", of: "x1")?.verdict == .drifted)
        // In the steady one a small shift is found too: there chance is all that must be excluded.
        days.wander = 0
        let small = evaluate(bench, days.day(2000, shift: 0.5), with: variation)
        #expect(small.finding("ks", of: "x1")?.verdict == .drifted)
        #expect(small.finding("ks", of: "x0")?.verdict == .ok)
        #expect(small.finding("ks", of: "x0")?.why.contains("windows of the baseline differ by up to 0.") == true)
    }

    @Test("where days differ by chance alone the law of chance stays") func even() throws {
        let (bench, variation, _) = try setUp(days: 30, wander: 0)
        var days = Days(random: Seeded(7), wander: 0)
        let day = days.day()
        #expect(evaluate(bench, day, with: variation).finding("ks", of: "x1") == evaluate(bench, day, with: nil).finding("ks", of: "x1"))
    }

    @Test("a few windows say nothing") func few() {
        let bench = MonitoringBench(Rows(numeric: [[1, 2, 3]]))
        let none = NaturalVariation(windows: 3, of: bench.reference, of: bench.version, settings: bench.settings) { _ in
            bench.reference.profile
        }
        #expect(none == nil)
    }
}
