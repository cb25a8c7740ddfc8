import Statistics
import TestSupport
import Testing

@Suite("Two independent proportions")
struct TwoProportionsTests {
    // R. G. Newcombe, "Interval Estimation for the Difference between Independent Proportions", 1998, table II, method 6
    // (Miettinen and Nurminen), contrasts (a) to (h).
    @Test(
        "Newcombe's published score intervals of the difference",
        arguments: [
            (56, 70, 48, 80, 0.0528, 0.3382), (9, 10, 3, 10, 0.1700, 0.8406), (6, 7, 2, 7, 0.0342, 0.8534), (5, 56, 0, 29, -0.0326, 0.1933),
            (0, 10, 0, 20, -0.1658, 0.2844), (0, 10, 0, 10, -0.2879, 0.2879), (10, 10, 0, 20, 0.7156, 1), (10, 10, 0, 10, 0.6636, 1),
        ] as [(Int64, Int64, Int64, Int64, Double, Double)])
    func published(x1: Int64, n1: Int64, x2: Int64, n2: Int64, lower: Double, upper: Double) throws {
        let interval = try TwoProportions(count1: x1, n1: n1, count2: x2, n2: n2).scoreDifference(confidence: 0.95)
        #expect(abs(interval.lower - lower) < 6e-5)
        #expect(abs(interval.upper - upper) < 6e-5)
    }

    // statsmodels 0.15.0: confint_proportions_2indep, proportions_ztest.
    @Test("computed examples")
    func fixtures() throws {
        let two = try TwoProportions(count1: 56, n1: 70, count2: 48, n2: 80)
        #expect(isNear(two.pooledZ ?? .nan, 2.6501719512585336))
        #expect(isNear(two.unpooledZ ?? .nan, 2.750921221621508))
        #expect(isNear(two.cohenH, 0.4421431880029534, relative: 1e-9))
        #expect(isNear(two.agrestiCaffo(confidence: 0.95).lower, 0.052452926638053676, relative: 1e-9))
        #expect(isNear(two.adjustedLogRatio(confidence: 0.95).upper, 1.6444774830364233, relative: 1e-9))
        let ratio = try #require(two.scoreRatio(confidence: 0.95))
        #expect(isNear(ratio.lower, 1.0790471195344218, relative: 1e-8))
        #expect(isNear(ratio.upper, 1.6721453590897675, relative: 1e-8))
    }

    @Test("swapping the sides mirrors the difference and inverts the ratio")
    func mirrored() throws {
        let a = try TwoProportions(count1: 7, n1: 31, count2: 12, n2: 45)
        let b = try TwoProportions(count1: 12, n1: 45, count2: 7, n2: 31)
        let (ab, ba) = (a.scoreDifference(confidence: 0.9), b.scoreDifference(confidence: 0.9))
        #expect(isNear(ab.lower, -ba.upper, relative: 1e-9) && isNear(ab.upper, -ba.lower, relative: 1e-9))
        let (ratio, inverse) = (try #require(a.scoreRatio(confidence: 0.9)), try #require(b.scoreRatio(confidence: 0.9)))
        #expect(isNear(ratio.lower, 1 / inverse.upper, relative: 1e-9) && isNear(ratio.upper, 1 / inverse.lower, relative: 1e-9))
    }

    @Test("counts of none and of all: undefined or infinite, never a wrong number")
    func ends() throws {
        let none = try TwoProportions(count1: 0, n1: 10, count2: 0, n2: 20)
        #expect(none.pooledZ == nil && none.unpooledZ == nil && none.scoreRatio(confidence: 0.95) == nil)
        let apart = try TwoProportions(count1: 10, n1: 10, count2: 0, n2: 10)
        #expect(apart.unpooledZ == .infinity)
        #expect(apart.scoreRatio(confidence: 0.95)?.upper == .infinity)
        #expect(apart.scoreDifference(confidence: 0.95).upper == 1)
        #expect(try TwoProportions(count1: 0, n1: 10, count2: 3, n2: 10).scoreRatio(confidence: 0.95)?.lower == 0)
        #expect(throws: StatisticsError.self) { try TwoProportions(count1: 0, n1: 0, count2: 1, n2: 2) }
        #expect(throws: StatisticsError.self) { try TwoProportions(count1: 3, n1: 2, count2: 1, n2: 2) }
    }

    @Test("every interval of a proportion holds it and stays in 0...1", arguments: [1, 2, 7, 100, 1_000_000] as [Int64])
    func single(n: Int64) throws {
        for count in Set([0, 1, n / 3, n / 2, n]) {
            let p = Double(count) / Double(n)
            let exact = try ProportionInterval.clopperPearson(count: count, of: n, confidence: 0.95)
            let jeffreys = try ProportionInterval.jeffreys(count: count, of: n, confidence: 0.95)
            for interval in [
                exact, try ProportionInterval.agrestiCoull(count: count, of: n, confidence: 0.95),
                try ProportionInterval.wald(count: count, of: n, confidence: 0.95),
            ] { #expect(0 <= interval.lower && interval.lower <= p && p <= interval.upper && interval.upper <= 1, "\(count) of \(n)") }
            #expect(exact.lower <= jeffreys.lower && jeffreys.upper <= exact.upper, "\(count) of \(n)")
        }
    }

    @Test("the exact interval of none of n ends at 1 − (α/2)^(1/n)")
    func none() throws {
        let interval = try ProportionInterval.clopperPearson(count: 0, of: 1, confidence: 0.95)
        #expect(interval.lower == 0 && isNear(interval.upper, 0.975))
        #expect(throws: StatisticsError.self) { try ProportionInterval.wald(count: 1, of: 0, confidence: 0.95) }
    }
}
