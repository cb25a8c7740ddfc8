import Statistics
import TestSupport
import Testing

@Suite("Mitigation")
struct FairnessMitigationTests {
    @Test("reweighed, the base rates of the groups are equal and the total is kept")
    func reweighing() throws {
        let groups = [ConfusionCells(tp: 60, fp: 40, fn: 30, tn: 70), ConfusionCells(tp: 5, fp: 20, fn: 5, tn: 80)]
        let found = try Reweighing(groups)
        var total = 0.0
        for (cells, weights) in zip(groups, found.groups) {
            let positives = (cells.tp + cells.fn) * (weights.positive ?? 0)
            let negatives = (cells.fp + cells.tn) * (weights.negative ?? 0)
            #expect(isNear(positives / (positives + negatives), 100.0 / 310))
            total += positives + negatives
        }
        #expect(isNear(total, 310))
        #expect(try Reweighing([ConfusionCells(tn: 3), ConfusionCells(tp: 1)]).groups[0].positive == nil)
        #expect(throws: StatisticsError.self) { try Reweighing([ConfusionCells()]) }
    }

    private func thresholds(_ criterion: ThresholdMitigation.Criterion, n: Int = 2000, floor: Double = 0.05) throws -> ThresholdMitigation {
        var random = Seeded(4)
        var codes: [Int32] = []
        var scores: [Double] = []
        var labels: [UInt8] = []
        for row in 0..<n {
            let group = row % 2
            let label = random.uniform() < (group == 0 ? 0.6 : 0.3)
            codes.append(Int32(group))
            labels.append(label ? 1 : 0)
            scores.append(((random.gaussian() + (label ? 1 : -1) + (group == 0 ? 0.5 : -0.5)) * 100).rounded() / 100)
        }
        return try ThresholdMitigation(
            criterion, groupCount: 2, codes: codes, scores: scores, labels: labels, weights: nil, order: ScoreParity.ascending(scores),
            threshold: 0, floor: floor)
    }

    @Test("thresholds bring the chosen rates together", arguments: ThresholdMitigation.Criterion.allCases)
    func equalized(criterion: ThresholdMitigation.Criterion) throws {
        let found = try thresholds(criterion)
        let before = try #require(found.before.disparity)
        let after = try #require(found.after.disparity)
        #expect(before > 0.2)
        #expect(after < 0.1, "\(criterion) \(after)")
        #expect(found.after.thresholds[0] > found.after.thresholds[1])
        #expect(found.curve.count == 101)
        #expect(try thresholds(criterion) == found)
        #expect(found.curve.allSatisfy { $0.accuracy <= 1 && $0.cells.reduce(0) { $0 + $1.total } == 2000 })
        #expect(isNear(found.curve[100].selectionRate, criterion == .demographicParity ? 1 : found.curve[100].selectionRate))
    }

    @Test("a group without the label cannot be made equal")
    func undefined() {
        #expect(throws: StatisticsError.self) {
            try ThresholdMitigation(
                .equalOpportunity, groupCount: 2, codes: [0, 0, 1], scores: [0.1, 0.2, 0.3], labels: [0, 1, 0], weights: nil,
                order: [0, 1, 2], threshold: 0.5, floor: 0.1)
        }
    }

    @Test("consistency is 1 when neighbours are decided alike, by hand otherwise; the first of equally near rows counts")
    func consistency() throws {
        let line = [[1.0, 2, 3, 10, 11, 12]]
        #expect(try Consistency(features: line, decisions: [0, 0, 0, 1, 1, 1], neighbours: 3).value == 1)
        // Each row's three nearest have decisions (0,1,0), (0,1,0), (0,1,0), all 1 three times: gaps 1/3, 2/3, 1/3.
        #expect(isNear(try Consistency(features: line, decisions: [0, 1, 0, 1, 1, 1], neighbours: 3).value, 1 - (4.0 / 3) / 6))
        #expect(try Consistency(features: [[5, 5, 5]], decisions: [1, 0, 0], neighbours: 1).value == 1)
        #expect(throws: StatisticsError.self) { try Consistency(features: line, decisions: [0, 1, 0, 1, 1, 1], neighbours: 7) }
        #expect(throws: StatisticsError.self) { try Consistency(features: [[1, .infinity]], decisions: [0, 1], neighbours: 1) }
        #expect(throws: StatisticsError.self) { try Consistency(features: [], decisions: [0, 1]) }
    }
}

@Suite("Scores by group")
struct ScoreParityTests {
    private func parity(
        groupCount: Int, codes: [Int32], scores: [Double], labels: [UInt8], weights: [Double]?, order: [Int32], rowsMin: Int64 = 0
    ) throws -> ScoreParity {
        let cells = try GroupScoreCells(groupCount: groupCount, codes: codes, scores: scores, labels: labels, weights: weights)
        return try ScoreParity(
            cells, codes: codes, scores: scores, labels: labels, weights: weights, order: order, rowsMin: rowsMin)
    }

    @Test("cells folded from finer groups are those counted by themselves; k/10 belongs to the cell below")
    func folded() throws {
        let scores = [0, 0.1, 0.3, 0.30000000000000004, 0.7, 1]
        let labels: [UInt8] = [0, 1, 0, 1, 1, 1]
        let fine = try GroupScoreCells(groupCount: 3, codes: [0, 1, 2, 0, 1, 2], scores: scores, labels: labels, weights: nil)
        let coarse = try GroupScoreCells(groupCount: 1, codes: [0, 0, 0, 0, 0, 0], scores: scores, labels: labels, weights: nil)
        #expect(fine.folded(groupCount: 1, [0, 0, 0]).rows == coarse.rows)
        let whole = try parity(
            groupCount: 1, codes: [0, 0, 0, 0, 0, 0], scores: scores, labels: labels, weights: nil, order: [0, 1, 2, 3, 4, 5]
        ).groups[0]
        // 0 and 0.1 share the first cell, 0.3 is alone in the third.
        #expect(isNear(whole.ece ?? 0, (0.9 + 0.3 + 0.7 + 0.3 + 0) / 6))
    }

    @Test("AUC, its variance and calibration are those of the group alone")
    func alone() throws {
        var random = Seeded(9)
        let n = 500
        let codes = (0..<n).map { _ in Int32(random.next() % 3) }
        let scores = (0..<n).map { _ in (random.uniform() * 20).rounded() / 20 }
        let labels = scores.map { UInt8(random.uniform() < $0 * 0.8 + 0.1 ? 1 : 0) }
        let found = try parity(
            groupCount: 3, codes: codes, scores: scores, labels: labels, weights: nil, order: ScoreParity.ascending(scores))
        for group in 0..<3 {
            let rows = (0..<n).filter { codes[$0] == Int32(group) }
            let auc = try RocAUC(scores: rows.map { scores[$0] }, labels: rows.map { labels[$0] == 1 })
            #expect(isNear(found.groups[group].auc ?? 0, auc.value))
            #expect(isNear(found.groups[group].aucVariance ?? 0, auc.variance ?? 1, relative: 1e-9))
            let ece = try ExpectedCalibrationError(scores: rows.map { scores[$0] }, labels: rows.map { labels[$0] == 1 })
            #expect(isNear(found.groups[group].ece ?? 0, ece.value, relative: 1e-9))
            #expect(
                isNear(
                    found.groups[group].brier ?? 0, try brierScore(scores: rows.map { scores[$0] }, labels: rows.map { labels[$0] == 1 })))
        }
        let doubled = try parity(
            groupCount: 3, codes: codes, scores: scores, labels: labels, weights: [Double](repeating: 2, count: n),
            order: ScoreParity.ascending(scores))
        #expect(isNear(doubled.groups[0].auc ?? 0, found.groups[0].auc ?? 1))
        // Equal weights say nothing; unequal ones are as in the ranking's own interval.
        #expect(isNear(doubled.groups[0].aucVariance ?? 0, found.groups[0].aucVariance ?? 1, relative: 1e-9))
        let weights = (0..<n).map { Double($0 % 3 + 1) }
        let weighted = try parity(
            groupCount: 3, codes: codes, scores: scores, labels: labels, weights: weights, order: ScoreParity.ascending(scores))
        let first = (0..<n).filter { codes[$0] == 0 }
        let ranking = try ScoreRanking(
            scores: first.map { scores[$0] }, labels: first.map { labels[$0] == 1 }, weights: first.map { weights[$0] })
        #expect(isNear(weighted.groups[0].aucVariance ?? 0, ranking.deLongVariance ?? 1, relative: 1e-9))
        #expect(isNear(doubled.distance?.value ?? 0, found.distance?.value ?? 1))
    }

    @Test("a perfect ranking of few rows knows little")
    func perfect() throws {
        let scores = [0.1, 0.2, 0.3, 0.4, 0.9, 0.8, 0.7]
        let found = try parity(
            groupCount: 1, codes: [Int32](repeating: 0, count: 7), scores: scores, labels: [0, 0, 0, 0, 1, 1, 1], weights: nil,
            order: ScoreParity.ascending(scores)
        ).groups[0]
        #expect(found.auc == 1 && isNear(found.aucVariance ?? 0, 5.0 / 7 * 2 / 7 / 7))
        let interval = try #require(found.areaInterval(confidence: 0.95))
        #expect(interval.upper == 1 && isNear(interval.lower, 0.4385, relative: 1e-3))
    }

    @Test("the distance is that of the farthest pair, the group with the lower scores first")
    func distance() throws {
        let scores = [0.1, 0.2, 0.3, 0.8, 0.9, 0.5]
        let found = try parity(
            groupCount: 3, codes: [0, 0, 0, 1, 1, 2], scores: scores, labels: [0, 1, 0, 1, 0, 1], weights: nil,
            order: ScoreParity.ascending(scores), rowsMin: 2)
        #expect(found.distance?.value == 1)
        #expect(found.distance?.lower == 0)
        #expect(found.distanceOfLarge?.value == 1 && found.distanceOfLarge?.higher == 1)
        #expect(found.groups[2].auc == nil)
        #expect(found.groups[2].aucVariance == nil)
    }

    @Test("scores that are no probabilities have no calibration; NaN is refused")
    func odd() throws {
        let found = try parity(groupCount: 1, codes: [0, 0], scores: [-3, 7], labels: [0, 1], weights: nil, order: [0, 1])
        #expect(found.groups[0].auc == 1)
        #expect(found.groups[0].brier == nil && found.groups[0].ece == nil)
        #expect(found.distance == nil)
        #expect(throws: StatisticsError.self) {
            try parity(groupCount: 1, codes: [0], scores: [.nan], labels: [0], weights: nil, order: [0])
        }
    }

    @Test("errors of a regression by hand, and equal means are equal")
    func regression() throws {
        let found = try GroupErrors.byGroup(2, codes: [0, 0, 1], labels: [1, 3, 5], predictions: [2, 2, 5], weights: nil)
        #expect(found[0].bias == 0 && found[0].mae == 1 && found[0].rmse == 1)
        #expect(found[0].meanLabel == 2)
        #expect(found[1].mae == 0)
        #expect(found[1].predictionVariance == nil)
        #expect(MeanSpread(means: [1, nil], variances: [1, 1]) == nil)
        let spread = try #require(MeanSpread(means: [1, 1.5], variances: [0.01, 0.01]))
        #expect(spread.difference == 0.5)
        #expect(isNear(spread.pValue ?? 0, Distributions.normalTwoSided(0.5 / 0.02.squareRoot()), relative: 1e-9))
        #expect(throws: StatisticsError.self) {
            try GroupErrors.byGroup(1, codes: [0], labels: [.infinity], predictions: [1], weights: nil)
        }
    }
}
