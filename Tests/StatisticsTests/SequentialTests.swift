import Foundation
import Statistics
import TestSupport
import Testing

@Suite("Answers that stay right however often one looks")
struct SequentialTests {
    @Test("running moments are those of the sample")
    func moments() {
        var moments = RunningMoments()
        #expect(moments.variance == nil)
        for value in [1e9 + 1, 1e9 + 2, 1e9 + 4] { moments.add(value) }
        #expect(moments.count == 3 && isNear(moments.mean, 1e9 + 7.0 / 3) && isNear(moments.variance ?? .nan, 7.0 / 3, relative: 1e-6))
    }

    @Test("the radius is the published formula")
    func radius() throws {
        var sequence = try ConfidenceSequence(confidence: 0.95, tightestAt: 100, firstLook: 2)
        for k in 0..<400 { sequence.observe(k % 2 == 0 ? 1 : -1) }
        let interval = try #require(sequence.interval)
        let rho2 = (-2 * log(0.05) + log(-2 * log(0.05)) + 1) / 100
        let variance = 400.0 / 399
        let expected = (variance * 2 * (400 * rho2 + 1) / (160_000 * rho2) * log((400 * rho2 + 1).squareRoot() / 0.05)).squareRoot()
        #expect(isNear(interval.upper, expected, relative: 1e-9) && isNear(interval.lower, -expected, relative: 1e-9))
    }

    @Test("while nothing moves it is wrong in at most 5 % of the runs at any time, with looks after every value")
    func falseAlarms() throws {
        var excluded = 0
        var rejected = 0
        let runs = 400
        for run in 0..<runs {
            var random = SeededRandom(seed: 13, stream: UInt64(run))
            var sequence = try ConfidenceSequence(tightestAt: 200)
            var test = try MixtureSPRT(scale: 0.2)
            var isOut = false
            for _ in 0..<1000 {
                let value = random.normal()
                sequence.observe(value)
                test.observe(value)
                if let interval = sequence.interval, interval.lower > 0 || interval.upper < 0 { isOut = true }
            }
            if isOut { excluded += 1 }
            if test.pValue <= 0.05 { rejected += 1 }
        }
        #expect(excluded <= runs / 20 && rejected <= runs / 20, "\(excluded) and \(rejected) of \(runs), seed 13")
    }

    @Test("a true effect is found, and the interval is the test turned around")
    func found() throws {
        var random = SeededRandom(seed: 14)
        var test = try MixtureSPRT(scale: 0.3, variance: 1)
        for _ in 0..<2000 { test.observe(0.3 + random.normal()) }
        #expect(test.pValue < 1e-6)
        let interval = try #require(test.interval(confidence: 0.95))
        #expect(interval.lower > 0 && interval.lower < 0.3 && interval.upper > 0.3)
        // A test of the interval's end has likelihood ratio 1/α now.
        var again = SeededRandom(seed: 14)
        var atEnd = try MixtureSPRT(null: interval.lower, scale: 0.3, variance: 1)
        for _ in 0..<2000 { atEnd.observe(0.3 + again.normal()) }
        #expect(isNear(atEnd.logLikelihoodRatio ?? .nan, log(20), relative: 1e-9))
    }

    @Test("nothing is said before the first look, nor while all values are alike")
    func silent() throws {
        var sequence = try ConfidenceSequence()
        var test = try MixtureSPRT(scale: 1)
        for _ in 0..<500 { sequence.observe(3) }
        for _ in 0..<99 { test.observe(5) }
        #expect(sequence.interval == nil && test.pValue == 1 && test.logLikelihoodRatio == nil && test.interval(confidence: 0.9) == nil)
        #expect(throws: StatisticsError.self) { try MixtureSPRT(scale: 0) }
        #expect(throws: StatisticsError.self) { try MixtureSPRT(scale: 1, variance: 0) }
        #expect(throws: StatisticsError.self) { try ConfidenceSequence(confidence: 1) }
    }
}

@Suite("How many rows a comparison needs")
struct SampleSizeTests {
    // Fleiss, Levin and Paik, 2003, table A.4 without continuity correction is rarely printed; 387.3 is the textbook answer for 0.6
    // against 0.5 at 80 %. For means, statsmodels 0.15.0 TTestIndPower().solve_power(0.5, power=0.8) = 63.765611775409525.
    @Test("textbook examples")
    func textbook() throws {
        let size = try SampleSize()
        #expect(isNear(try size.rows(p1: 0.6, p2: 0.5), 387.33851669903584, relative: 1e-9))
        #expect(isNear(try size.rows(difference: 0.5, deviation: 1), 63.765611775409525, relative: 1e-3))
    }

    @Test("the detectable effect is the inverse of the rows", arguments: [0.5, 1, 3])
    func inverse(ratio: Double) throws {
        let size = try SampleSize(alpha: 0.01, power: 0.9)
        let n = 500.0
        let effect = try size.detectable(p2: 0.2, n1: n, n2: n * ratio)
        for p1 in [try #require(effect.above), try #require(effect.below)] {
            #expect(isNear(try size.rows(p1: p1, p2: 0.2, ratio: ratio), n, relative: 1e-9))
        }
        let difference = try #require(try size.detectable(deviation: 2, n1: n, n2: n * ratio))
        #expect(isNear(try size.rows(difference: difference, deviation: 2, ratio: ratio), n, relative: 1e-9))
    }

    @Test("the power is what a simulation finds")
    func power() throws {
        let n = Int64(try SampleSize().rows(p1: 0.3, p2: 0.2).rounded(.up))
        var random = SeededRandom(seed: 15)
        var found = 0
        for _ in 0..<4000 {
            let two = try TwoProportions(count1: random.binomial(n, 0.3), n1: n, count2: random.binomial(n, 0.2), n2: n)
            if let z = two.pooledZ, Distributions.normalTwoSided(z) <= 0.05 { found += 1 }
        }
        #expect(abs(Double(found) / 4000 - 0.8) < 0.025, "\(found) of 4000, seed 15")
    }

    @Test("no difference, no rows and impossible levels have no answer")
    func refused() throws {
        let size = try SampleSize()
        #expect(throws: StatisticsError.self) { try size.rows(p1: 0.5, p2: 0.5) }
        #expect(throws: StatisticsError.self) { try size.rows(p1: 1.5, p2: 0.5) }
        #expect(throws: StatisticsError.self) { try size.rows(difference: 0, deviation: 1) }
        #expect(throws: StatisticsError.self) { try SampleSize(alpha: 0) }
        #expect(throws: StatisticsError.self) { try SampleSize(alpha: 0.5, power: 0.4) }
        #expect(try size.detectable(p2: 0.5, n1: 3, n2: 3).above == nil)
    }
}
