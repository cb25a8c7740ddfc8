import Statistics
import TestSupport
import Testing

@Suite("direct loss estimation")
struct LossEstimatorTests {
    /// Errors are four times larger where the level is "wild" or the number is missing.
    static func rows(_ count: Int, seed: UInt64, wildShare: Double) -> PredictedRows {
        var random = Seeded(seed)
        var levels: [String?] = []
        var numbers: [Double] = []
        var predictions: [Double] = []
        var labels: [Double] = []
        for _ in 0..<count {
            let isWild = random.uniform() < wildShare
            let isMissing = random.uniform() < 0.1
            levels.append(isWild ? "wild" : ["tame", "calm", nil][Int(random.uniform() * 3)])
            numbers.append(isMissing ? .nan : random.uniform())
            let prediction = 100 + 10 * random.uniform()
            predictions.append(prediction)
            labels.append(prediction + random.gaussian() * (isWild || isMissing ? 4 : 1))
        }
        return PredictedRows(features: [.categorical(levels), .numeric(numbers)], predictions: predictions, labels: labels)
    }

    @Test("more of the inputs where the model is bad mean a larger loss, about as much as comes true")
    func learns() throws {
        let estimator = try LossEstimator(reference: Self.rows(8000, seed: 1, wildShare: 0.2))
        for (share, seed) in [(0.0, UInt64(2)), (0.5, 3), (1.0, 4)] {
            let rows = Self.rows(4000, seed: seed, wildShare: share)
            let found = estimator.performance(rows, chunk: Array(0..<4000), losses: estimator.losses(rows))
            for metric in EstimatedMetric.ofRegression {
                let realized = try #require(found.realized[metric])
                #expect(isNear(try #require(found.estimated[metric]), realized, relative: 0.12), "\(metric) at \(share)")
            }
        }
    }

    @Test("the same rows give the same bits, and the realized losses are plain means")
    func repeated() throws {
        let rows = Self.rows(1000, seed: 9, wildShare: 0.3)
        let first = try LossEstimator(reference: rows).losses(rows)
        #expect(try LossEstimator(reference: rows).losses(rows) == first)
        let few = PredictedRows(features: [], predictions: [1, 2, .nan, 4], labels: [2, 2, 3, .nan])
        let estimator = try LossEstimator(reference: few)
        let found = estimator.performance(few, chunk: Array(0..<4), losses: estimator.losses(few))
        let realized: MetricValues = [.mae: 0.5, .mse: 0.5, .rmse: 0.5.squareRoot(), .mape: 0.25]
        #expect(found.realized == realized)
        #expect(found.estimated[.mae] == 0.5 && found.rows == 3 && found.labelsMissing == 1)
        // |e| has the deviation 1/2, so in three rows 1/2/√3.
        #expect(isNear(try #require(found.samplingError[.mae]), 0.5 / 3.0.squareRoot()))
        let error = (0.25 / 6).squareRoot()
        #expect(isNear(try #require(found.samplingError[.rmse]), error))
    }

    @Test("levels that were never seen, constant and empty columns, and infinite inputs do no harm")
    func nasty() throws {
        let count = 200
        let reference = PredictedRows(
            features: [
                .categorical((0..<count).map { "level \($0)" }), .numeric([Double](repeating: 1, count: count)),
                .numeric([Double](repeating: .nan, count: count)), .categorical([String?](repeating: nil, count: count)),
                .numeric((0..<count).map { $0 % 2 == 0 ? -.infinity : .infinity }),
            ],
            predictions: (0..<count).map(Double.init), labels: (0..<count).map { Double($0) + ($0 % 2 == 0 ? 1 : 3) })
        let estimator = try LossEstimator(reference: reference)
        let current = PredictedRows(
            features: [
                .categorical(["new", nil]), .numeric([7, .nan]), .numeric([1, 2]), .categorical(["x", "y"]), .numeric([.nan, 0]),
            ],
            predictions: [3, -5], labels: [.nan, .nan])
        let found = estimator.performance(current, chunk: [0, 1], losses: estimator.losses(current))
        let mae = try #require(found.estimated[.mae])
        #expect(mae >= 1 && mae <= 3)
        #expect(found.realized.isEmpty && found.labelsMissing == 2)
        #expect(throws: StatisticsError.self) { try LossEstimator(reference: current) }
    }
}
