import Statistics
import TestSupport
import Testing

@Suite("confidence-based performance estimation")
struct ConfidenceEstimatorTests {
    static func rows(scores: [Double], predictions: [Int], labels: [Int]) -> ScoredRows {
        ScoredRows(scoredClasses: [1], scores: [scores], predictions: predictions, labels: labels)
    }
    /// Scores that are true chances, and labels drawn by them.
    static func calibrated(_ count: Int, seed: UInt64, power: Double = 1) -> ScoredRows {
        var random = Seeded(seed)
        let scores = (0..<count).map { _ in random.uniform() }
        return rows(
            scores: scores, predictions: scores.map { $0 >= 0.5 ? 1 : 0 },
            labels: scores.map { score in
                var chance = score
                for _ in 1..<Int(power) { chance *= score }
                return random.uniform() < chance ? 1 : 0
            })
    }

    @Test("expected counts by hand")
    func confusion() {
        var table = ExpectedConfusion()
        table.add(chance: 0.8, isPredicted: true)
        table.add(chance: 0.3, isPredicted: false)
        #expect(isNear(table.truePositive, 0.8) && isNear(table.falsePositive, 0.2))
        #expect(isNear(table.falseNegative, 0.3) && isNear(table.trueNegative, 0.7))
        #expect(isNear(table.precision ?? 0, 0.8) && isNear(table.accuracy ?? 0, 0.75))
        #expect(isNear(table.f1 ?? 0, 0.8 / 1.05))
        #expect(ExpectedConfusion().precision == nil)
    }

    @Test("with known labels the ranking is the ordinary ROC area and average precision")
    func ranking() throws {
        let scores = [0.1, 0.4, 0.35, 0.8, 0.8, 0.2, 0.6, 0.4]
        let labels = [0.0, 0, 1, 1, 0, 0, 1, 1]
        let ranking = ExpectedRanking(order: ExpectedRanking.order(Array(0..<8), by: scores), scores: scores) { labels[$0] }
        #expect(ranking.rocAUC == 0.6875)
        // scikit-learn: steps at 0.8 (1 of 2), 0.6 (2 of 3), 0.4 (3 of 5), 0.35 (4 of 6).
        let steps: [Double] = [1.0 / 2, 2.0 / 3, 3.0 / 5, 4.0 / 6]
        #expect(isNear(try #require(ranking.averagePrecision), steps.reduce(0, +) / 4))
        let none = ExpectedRanking(order: [0], scores: [0.5]) { _ in 0 }
        #expect(none.rocAUC == nil && none.averagePrecision == nil)
    }

    @Test("the estimate is near what came true, also on other scores than the reference had")
    func unbiased() throws {
        let estimator = try ConfidenceEstimator(reference: Self.calibrated(20_000, seed: 1, power: 2), rule: .isotonic, seed: 1)
        let all = Self.calibrated(40_000, seed: 2, power: 2)
        let high = (0..<all.count).filter { all.scores[0][$0] > 0.3 }
        let found = estimator.performance(all, chunk: high, chances: estimator.chances(all))
        for metric in EstimatedMetric.ofClasses {
            let gap = abs(try #require(found.estimated[metric]) - #require(found.realized[metric]))
            #expect(gap < 5 * (try #require(found.samplingError[metric])) + 0.005, "\(metric) off by \(gap)")
        }
        #expect(found.rows == high.count && found.labelsMissing == 0)
    }

    @Test("calibration is used when it helps, not when the scores separate the classes")
    func whenItHelps() throws {
        #expect(try ConfidenceEstimator(reference: Self.calibrated(5000, seed: 3, power: 3), rule: .auto, seed: 1).isCalibrating)
        let separated = Self.rows(scores: [0.1, 0.2, 0.8, 0.9], predictions: [0, 0, 1, 1], labels: [0, 0, 1, 1])
        #expect(try !ConfidenceEstimator(reference: separated, rule: .auto, seed: 1).isCalibrating)
        #expect(try ConfidenceEstimator(reference: separated, rule: .isotonic, seed: 1).isCalibrating)
    }

    @Test("sampling errors are the spread of the realized metrics over chunks of that size")
    func samplingErrors() throws {
        let all = Self.calibrated(400_000, seed: 6)
        let estimator = try ConfidenceEstimator(reference: all, rule: .none, seed: 1)
        let chances = estimator.chances(all)
        let chunks = stride(from: 0, to: all.count, by: 1000).map {
            estimator.performance(all, chunk: Array($0..<($0 + 1000)), chances: chances)
        }
        for metric in EstimatedMetric.ofClasses + EstimatedMetric.ofConfusion {
            let values = chunks.compactMap { $0.realized[metric] }
            let mean = values.reduce(0, +) / Double(values.count)
            let spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
            let error = try #require(chunks[0].samplingError[metric])
            // Those of the ROC area and of F1 are known to be rough: they leave out the other class, or take F1 for a mean.
            #expect(error > 0.6 * spread && error < 1.6 * spread, "\(metric): \(error), spread \(spread)")
            if metric == .averagePrecision || metric == .accuracy || metric == .precision {
                #expect(abs(error / spread - 1) < 0.15, "\(metric): \(error), spread \(spread)")
            }
        }
    }

    @Test("of several classes the chances sum to 1 and rates are plain means")
    func classes() throws {
        let rows = ScoredRows(
            scoredClasses: [0, 1, 2], scores: [[0.6, 0.1, 0.2, 0], [0.3, 0.8, 0.2, 0], [0.1, 0.1, 0.6, 0]], predictions: [0, 1, 2, 0],
            labels: [0, 1, 2, 1])
        let estimator = try ConfidenceEstimator(reference: rows, rule: .none, seed: 1)
        let chances = estimator.chances(rows)
        for row in 0..<4 {
            let sum = chances[0][row] + chances[1][row] + chances[2][row]
            #expect(isNear(sum, 1))
        }
        #expect(chances[2][3] == 1.0 / 3)
        let found = estimator.performance(rows, chunk: [0, 1, 2, 3], chances: chances)
        let right: [Double] = [0.6, 0.8, 0.6, 1.0 / 3]
        #expect(isNear(try #require(found.estimated[.accuracy]), right.reduce(0, +) / 4))
        #expect(found.realized[.accuracy] == 0.75)
        #expect(isNear(try #require(found.realized[.recall]), 2.5 / 3))
        #expect(found.estimated[.truePositive] == nil)
    }

    @Test("missing scores, predictions and labels are left out and counted")
    func missing() throws {
        let rows = Self.rows(
            scores: [0.9, .nan, 0.2, 0.6, 0.1], predictions: [1, 1, 0, ScoredRows.missing, 0], labels: [1, 1, 0, 1, ScoredRows.missing])
        let estimator = try ConfidenceEstimator(reference: rows, rule: .none, seed: 1)
        let found = estimator.performance(rows, chunk: Array(0..<5), chances: estimator.chances(rows))
        #expect(found.rows == 3 && found.labelsMissing == 1)
        #expect(isNear(try #require(found.estimated[.accuracy]), 2.6 / 3))
        #expect(found.realized[.accuracy] == 1)
        let empty = estimator.performance(rows, chunk: [1], chances: estimator.chances(rows))
        #expect(empty.estimated.isEmpty && empty.realized.isEmpty && empty.samplingError.isEmpty && empty.bounds(.accuracy) == nil)
    }

    @Test("without one labelled row there is nothing to judge by")
    func refused() {
        let rows = Self.rows(scores: [0.5], predictions: [1], labels: [ScoredRows.missing])
        #expect(throws: StatisticsError.self) { try ConfidenceEstimator(reference: rows, rule: .auto, seed: 1) }
    }

    @Test("the usual band is the mean ∓ 3 population deviations, within the metric's range")
    func band() throws {
        let band = try #require(UsualBand([0.9, 0.8, 0.7], of: .recall))
        let deviation = (0.02 / 3).squareRoot()
        #expect(isNear(band.lower, 0.8 - 3 * deviation) && band.upper == 1)
        let others = try #require(band.excluding(0.7))
        #expect(isNear(others.lower, 0.85 - 0.15) && isNear(others.upper, 1) && others.count == 2)
        #expect(others.isUnusual(0.6) && !others.isUnusual(0.9))
        #expect(UsualBand([], of: .mae) == nil && UsualBand([3], of: .mae)?.excluding(3) == nil)
        #expect(UsualBand([3, 5], of: .mae)?.upper == 7)
    }
}
