import Monitoring
import TestSupport
import Testing
import Vocabulary

@Suite("A finding names what drove it")
struct DriversTests {
    private static func rows(_ count: Int, _ random: inout Seeded, moved: Bool) -> Rows {
        var rows = Rows(numeric: [random.gaussians(count, shift: moved ? 2 : 0), random.gaussians(count)])
        rows.categorical = [(0..<count).map { $0 % 10 < (moved ? 2 : 5) ? "a" : "b" }]
        rows.scores = rows.numeric[0].map { 1 / (1 + 2 * max(0.01, 3 - $0)) }
        rows.groups = (0..<count).map { [$0 % 2 == 0 ? "F" : "M"] }
        rows.predictions = (0..<count).map { $0 % 2 == 0 && moved ? 0 : Double($0 / 2 % 2) }
        return rows
    }
    private let evaluation: Evaluation

    init() {
        var random = Seeded(1)
        let bench = MonitoringBench(Self.rows(3000, &random, moved: false), sensitive: ["sex"])
        evaluation = bench.evaluate(Self.rows(1000, &random, moved: true))
    }

    @Test("levels and bins by how far their share moved, with rows") func cells() throws {
        let levels = try #require(evaluation.finding("psi", of: "c0"))
        // Both moved by three tenths.
        let expected = [Driver("\"a\"", before: 0.5, after: 0.2, count: 200), Driver("\"b\"", before: 0.5, after: 0.8, count: 800)]
        #expect(levels.drivers.sorted { $0.what < $1.what } == expected)
        let bins = try #require(evaluation.finding("psi", of: "x0")).drivers
        #expect(bins.count == Driver.max)
        let changes = bins.map { abs(($0.after ?? 0) - ($0.before ?? 0)) }
        #expect(changes == changes.sorted(by: >))
        #expect(bins[0].what.hasPrefix("values above 1.") && (bins[0].after ?? 0) > 0.6)
    }

    @Test("a finding on the score names the features that moved with it, the farthest first; calm features are not named") func features()
        throws
    {
        let score = try #require(evaluation.finding("ks", by: .predictionDrift))
        #expect(score.verdict == .drifted)
        #expect(score.drivers.map(\.what) == ["PSI of x0", "PSI of c0"])
        #expect(score.why.contains("; moved in the same window: x0 (PSI ") && !score.why.contains("x1"))
    }

    @Test("a disparity names its pair with rates and rows") func pair() throws {
        let parity = try #require(evaluation.finding("demographic_parity_difference", of: "sex"))
        #expect(parity.verdict == .unfair)
        #expect(parity.drivers.prefix(2) == [Driver("F", after: 0, count: 500), Driver("M", after: 0.5, count: 500)])
    }
}
