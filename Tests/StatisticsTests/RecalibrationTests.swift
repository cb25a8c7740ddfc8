import Foundation
import Statistics
import TestSupport
import Testing

private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// Scores whose true log odds are `shift + slope · logit(score)`.
private func sample(_ rows: Int, shift: Double, slope: Double, seed: UInt64) throws -> CalibrationSample {
    var random = Seeded(seed)
    let scores = (0..<rows).map { _ in 0.02 + 0.96 * random.uniform() }
    let labels = scores.map { random.uniform() < logistic(shift + slope * log($0 / (1 - $0))) }
    return try CalibrationSample(scores: scores, labels: labels)
}

@Suite("The parts of the Brier score, and tests of calibration")
struct CalibrationTestsTests {
    @Test("add up to it, with any bins and weights", arguments: CalibrationBinning.allCases)
    func parts(binning: CalibrationBinning) throws {
        for seed in 1...50 {
            var random = Seeded(UInt64(seed))
            let steps = seed % 2 == 0 ? 20.0 : 1e9
            let scores = (0..<(20 * seed)).map { _ in (random.uniform() * steps).rounded() / steps }
            let labels = scores.map { random.uniform() < $0 }
            let weights = seed % 3 == 0 ? nil : scores.map { _ in (random.uniform() * 3).rounded() }
            let sample = try CalibrationSample(scores: scores, labels: labels, weights: weights)
            let brier = BrierDecomposition(sample, try CalibrationBins(sample, count: 1 + seed % 9, by: binning))
            let sum = brier.reliability - brier.resolution + brier.uncertainty + brier.withinBinVariance - 2 * brier.withinBinCovariance
            #expect(isNear(sum, brier.value, relative: 1e-12), "seed \(seed)")
        }
    }

    @Test("Hosmer-Lemeshow leaves a sure and right group out, and is infinite with a sure and wrong one")
    func sure() throws {
        func test(_ labels: [Bool]) throws -> HosmerLemeshow {
            let sample = try CalibrationSample(scores: [0, 0, 0.5, 0.5], labels: labels)
            return try HosmerLemeshow(try CalibrationBins(sample, count: 2, by: .equalMass).bins)
        }
        // Group 2: 2 of 2 where 1 was expected: (2 − 1)² / (2 · ½ · ½) = 2.
        #expect(try test([false, false, true, true]).statistic == 2)
        #expect(try test([false, false, true, true]).pValue == nil)
        #expect(try test([true, false, true, true]).statistic == .infinity)
        #expect(try test([true, false, true, true]).pValueExternal == 0)
    }

    @Test("Spiegelhalter's z by hand, undefined where no score says anything")
    func spiegelhalter() throws {
        // p = 0.2, y = 1: (0.8)(0.6); p = 0.9, y = 1: (0.1)(−0.8); variance 0.36·0.16 + 0.64·0.09.
        let z = try SpiegelhalterTest(try CalibrationSample(scores: [0.2, 0.9], labels: [true, true])).z
        #expect(isNear(z, (0.48 - 0.08) / (0.36 * 0.16 + 0.64 * 0.09).squareRoot()))
        #expect(throws: StatisticsError.self) {
            try SpiegelhalterTest(try CalibrationSample(scores: [0, 0.5, 1], labels: [true, true, true]))
        }
    }

    @Test("both tests reject a calibrated model in about 5 % of samples")
    func level() throws {
        var rejected = (0, 0)
        for run in 0..<400 {
            let calibrated = try sample(500, shift: 0, slope: 1, seed: UInt64(run))
            if try SpiegelhalterTest(calibrated).pValue < 0.05 { rejected.0 += 1 }
            if try HosmerLemeshow(try CalibrationBins(calibrated, by: .equalMass).bins).pValueExternal < 0.05 { rejected.1 += 1 }
        }
        #expect((8...34).contains(rejected.0) && (8...34).contains(rejected.1), "\(rejected) of 400")
    }
}

@Suite("Recalibration")
struct RecalibrationTests {
    @Test("finds the line by which scores were bent, and says how sure it is")
    func line() throws {
        let fit = try LogisticRecalibration(try sample(20_000, shift: 0.4, slope: 0.6, seed: 1))
        #expect(abs(fit.intercept - 0.4) < 4 * fit.interceptError)
        #expect(abs(fit.slope - 0.6) < 4 * fit.slopeError)
        #expect(fit.slopeError < 0.03)
    }

    @Test("a weight counts like as many rows in the fit, and scaling all weights changes nothing")
    func weights() throws {
        let base = try sample(300, shift: 0.2, slope: 0.8, seed: 2)
        let twice = try LogisticRecalibration(try CalibrationSample(scores: base.scores + base.scores, labels: base.labels + base.labels))
        let weighted = try LogisticRecalibration(
            try CalibrationSample(scores: base.scores, labels: base.labels, weights: [Double](repeating: 2, count: 300)))
        let plain = try LogisticRecalibration(base)
        #expect(isNear(weighted.slope, twice.slope, relative: 1e-9))
        #expect(isNear(weighted.slopeError, plain.slopeError, relative: 1e-9))
    }

    @Test("has no answer for one class, separated classes or a single score")
    func undefined() {
        for (scores, labels) in [
            ([0.2, 0.8], [true, true]), ([0.2, 0.4, 0.8], [false, false, true]), ([0.2, 0.4, 0.8], [true, false, false]),
            ([0.5, 0.5], [true, false]),
        ] {
            #expect(throws: StatisticsError.self) { try LogisticRecalibration(try CalibrationSample(scores: scores, labels: labels)) }
        }
    }

    @Test("in the large: what must be added to the log odds")
    func inTheLarge() throws {
        // One score of ½, base rate ¼: log odds −ln 3.
        let quarter = try CalibrationSample(scores: [0.5, 0.5, 0.5, 0.5], labels: [true, false, false, false])
        #expect(isNear(try LogisticRecalibration.inTheLarge(quarter), -log(3.0), relative: 1e-12))
        #expect(throws: StatisticsError.self) {
            try LogisticRecalibration.inTheLarge(try CalibrationSample(scores: [0.5], labels: [true]))
        }
    }

    @Test("isotonic regression pools what breaks the order, averages ties, interpolates and clips")
    func isotonic() throws {
        let fit = try IsotonicRegression(scores: [0.1, 0.2, 0.2, 0.4, 0.6, 0.8], outcomes: [0, 1, 0, 0, 1, 1])
        // 0.1: 0; 0.2: ½ of two rows, pooled with 0.4: ⅓; 0.6 and 0.8: 1.
        #expect(fit.x == [0.1, 0.2, 0.4, 0.6, 0.8])
        #expect(zip(fit.y, [0, 1.0 / 3, 1.0 / 3, 1, 1]).allSatisfy { isNear($0, $1) })
        #expect(fit(0) == 0)
        #expect(fit(1) == 1)
        #expect(isNear(fit(0.15), 1.0 / 6))
        #expect(isNear(fit(0.5), 2.0 / 3))
        #expect(throws: StatisticsError.self) { try IsotonicRegression(scores: [], outcomes: []) }
    }

    @Test("every map makes a bent score better on rows that it has not seen", arguments: RecalibrationMap.Method.allCases)
    func maps(method: RecalibrationMap.Method) throws {
        let bent = try sample(4000, shift: 0, slope: 0.4, seed: 5)
        let crossed = try RecalibrationMap.crossFitted(bent, method: method)
        let mapped = try CalibrationSample(scores: crossed, labels: bent.labels)
        #expect(mapped.brierScore < bent.brierScore)
        #expect(mapped.logLoss < bent.logLoss)
        if case .temperature(let temperature) = try RecalibrationMap(method, bent) { #expect(abs(temperature - 2.5) < 0.4) }
    }

    @Test("Platt's map exists for separated classes, a temperature does not")
    func separated() throws {
        let apart = try CalibrationSample(scores: [0.1, 0.2, 0.8, 0.9], labels: [false, false, true, true])
        let map = try RecalibrationMap(.platt, apart)
        #expect(map(0.1) > 0.1)
        #expect(map(0.1) < map(0.9))
        #expect(throws: StatisticsError.self) { try RecalibrationMap(.temperature, apart) }
    }
}
