import Foundation
import Statistics
import TestSupport
import Testing

/// Coverage by simulation: what an interval promises, on models whose truth is known.
@Suite("Intervals of calibration cover the truth as often as they say")
struct CalibrationCoverageTests {
    private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    private func draw(_ rows: Int, _ shift: Double, _ slope: Double, _ random: inout Seeded) -> (scores: [Double], labels: [Bool]) {
        let scores = (0..<rows).map { _ in random.uniform() }
        return (scores, scores.map { random.uniform() < logistic(shift + slope * log($0 / (1 - $0))) })
    }

    @Test(
        "ECE of a miscalibrated model, 95 %",
        arguments: [(0.5, 1.0, 500), (0, 0.5, 500), (0.3, 0.8, 2000), (-1, 1, 300), (0.2, 1, 5000), (0, 1, 1000), (0.1, 1, 1000)])
    func expectedCalibrationError(shift: Double, slope: Double, rows: Int) throws {
        // The truth, by a fine grid within each bin.
        let truth =
            (0..<10).reduce(0.0) { sum, bin in
                let gaps = (0..<2000).map { step -> Double in
                    let score = (Double(bin) + (Double(step) + 0.5) / 2000) / 10
                    return logistic(shift + slope * log(score / (1 - score))) - score
                }
                return sum + abs(gaps.reduce(0, +)) / 2000
            } / 10
        var random = Seeded(UInt64(rows) + UInt64(abs(shift) * 100) + UInt64(slope * 1000))
        let runs = 400
        var covered = 0
        var bias = 0.0
        for run in 0..<runs {
            let (scores, labels) = draw(rows, shift, slope, &random)
            let sample = try CalibrationSample(scores: scores, labels: labels)
            let error = DebiasedCalibrationError(sample, try CalibrationBins(sample), resamples: 400, seed: UInt64(run))
            if error.interval.lower <= truth, truth <= error.interval.upper { covered += 1 }
            bias += (error.value - truth) / Double(runs)
        }
        // 400 runs of 95 % have a standard deviation of 1.1 %.
        #expect(covered >= runs * 91 / 100, "covered \(covered) of \(runs)")
        #expect(abs(bias) < 0.011, "bias \(bias) of the debiased error, truth \(truth)")
    }
}
