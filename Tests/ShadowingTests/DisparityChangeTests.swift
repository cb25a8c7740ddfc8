import Foundation
import Statistics
import TestSupport
import Testing

@testable import Shadowing

@Suite("Changes of disparities")
struct DisparityChangeTests {
    /// Decisions of two models in groups: both decide by the same hidden number, the candidate with a noise of its own.
    private func sums(_ random: inout Seeded, _ rates: [(was: Double, now: Double)], rows: Int) -> [[DecisionSums]] {
        rates.map { rate in
            var sums = [DecisionSums](repeating: DecisionSums(), count: 3)
            for _ in 0..<rows {
                let shared = random.uniform()
                let own = random.uniform() < 0.3 ? random.uniform() : shared
                let (was, now) = (shared < rate.was ? 1.0 : 0, own < rate.now ? 1.0 : 0)
                for stratum in [0, random.uniform() < 0.5 ? 1 : 2] { sums[stratum].add(was, now, times: 1) }
            }
            return sums
        }
    }

    private func disparities(_ sums: [[DecisionSums]]) -> [DisparityChange] {
        DisparityChange.all(sums.map { $0.map(\.rates) }, confidence: 0.95) { _, z in Distributions.normalTwoSided(z) }
    }

    /// Goal: the figures of docs/statistics/shadow.md. Method: 500 samples of a known change, of groups that are apart and of three that are
    /// tied, where the extremes are chosen by chance.
    @Test("have intervals that hold the change", arguments: [1])
    func coverage(seed: UInt64) throws {
        let apart: [(was: Double, now: Double)] = [(0.3, 0.3), (0.5, 0.6), (0.4, 0.45)]
        let tied: [(was: Double, now: Double)] = [(0.4, 0.4), (0.4, 0.4), (0.4, 0.4)]
        var random = Seeded(seed)
        for (rates, change, least) in [(apart, 0.1, 0.925), (tied, 0, 0.9)] {
            var held = [0, 0, 0]
            for _ in 0..<500 {
                for (place, one) in disparities(sums(&random, rates, rows: 600)).enumerated() {
                    let interval = try #require(one.interval)
                    if interval.lower <= change, change <= interval.upper { held[place] += 1 }
                }
            }
            print(
                "coverage of changes of disparities, true change \(change), seed \(seed): parity \(held[0]), opportunity \(held[1]), odds \(held[2]) of 500"
            )
            // The worse of two rates is never alike in both models by chance alone: its interval is the least sure.
            #expect(Double(held[0]) >= 500 * least && Double(held[1]) >= 500 * least && Double(held[2]) >= 425, "\(held), seed \(seed)")
        }
    }

    @Test("the interval is that of the four rates by hand") func byHand() throws {
        // Group a: 200 rows, champion 50, candidate 60, 30 decided otherwise; group b: 100, 60, 50, 20.
        func group(_ n: Double, _ was: Double, _ now: Double, _ changed: Double) -> [DecisionSums] {
            [DecisionSums([n, was, now, changed][...]), DecisionSums(), DecisionSums()]
        }
        let found = try #require(disparities([group(200, 50, 60, 30), group(100, 60, 50, 20)]).first)
        #expect(isNear(found.champion, 0.35) && isNear(found.candidate, 0.2) && isNear(found.change, -0.15))
        // The variance of a paired mean of differences −1, 0, 1 in each group.
        let variance = (30.0 - 200 * 0.05 * 0.05) / 199 / 200 + (20.0 - 100 * 0.1 * 0.1) / 99 / 100
        let reach = 1.959963984540054 * variance.squareRoot()
        #expect(
            isNear(found.interval?.lower ?? 0, -0.15 - reach, relative: 1e-9)
                && isNear(found.interval?.upper ?? 0, -0.15 + reach, relative: 1e-9))
    }

    @Test("groups that are alike to the last row have an interval too") func alike() throws {
        let sums = DecisionSums([400, 200, 210, 30][...])
        let found = try #require(disparities([[sums, sums, sums], [sums, sums, sums]]).first)
        #expect(found.change == 0 && found.interval.map { $0.lower < -0.01 && $0.upper > 0.01 } == true, "\(found)")
    }

    @Test("of many groups the pair that is farthest apart is corrected for having been chosen") func chosen() throws {
        var grown = 0
        for seed in 1...400 {
            var random = Seeded(UInt64(seed))
            let tied = [(was: Double, now: Double)](repeating: (0.4, 0.4), count: 8)
            let parity = try #require(disparities(sums(&random, tied, rows: 300)).first)
            if (parity.pValue ?? 1) <= 0.05, parity.change > 0 { grown += 1 }
        }
        // Of 400 at 5 %, 31 or more would be a chance of 1 %.
        #expect(grown <= 30, "\(grown)")
    }
}
