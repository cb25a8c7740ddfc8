import Foundation
import Statistics
import TestSupport
import Testing

private let labels = [false, true, false, true, true, false, true, false, true, true]
private let scores = [0.1, 0.4, 0.4, 0.8, 0.4, 0.8, 0.9, 0.1, 0.5, 0.5]

private func metrics(_ labels: [Bool], _ scores: [Double], weights: [Double]? = nil, plan: IntervalPlan? = nil) throws -> [String:
    PerformanceMetric]
{
    let all = try BinaryPerformance(labels: labels, scores: scores, predictions: scores.map { $0 >= 0.5 }, weights: weights, plan: plan)
        .metrics
    return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

@Suite("Metrics of a binary prediction")
struct BinaryPerformanceTests {
    // scikit-learn 1.9.1
    @Test("with ties, as scikit-learn has them")
    func ties() throws {
        let found = try metrics(labels, scores)
        let expected = [
            "precision": 0.8, "recall": 2.0 / 3, "f1": 0.7272727272727273, "mcc": 0.408248290463863, "cohen_kappa": 0.4,
            "roc_auc": 0.7708333333333333, "average_precision": 0.7944444444444444, "ks": 0.5, "pr_auc_trapezoid": 0.8083333333333332,
            "partial_roc_auc": 0.5789473684210527,
        ]
        for (name, value) in expected { #expect(isNear(found[name]?.value ?? .nan, value), "\(name)") }
    }

    @Test("a weight counts like as many rows, and a weight of 0 not at all")
    func weights() throws {
        let weights = [1.0, 2, 1, 0, 3, 1, 1, 2, 1, 1]
        var rows: [Int] = []
        for (row, weight) in weights.enumerated() { rows += [Int](repeating: row, count: Int(weight)) }
        let weighted = try metrics(labels, scores, weights: weights)
        let repeated = try metrics(rows.map { labels[$0] }, rows.map { scores[$0] })
        for (name, metric) in repeated { #expect(isNear(weighted[name]?.value ?? .nan, metric.value ?? .nan), "\(name)") }
    }

    @Test("what is undefined says why, and is never 0")
    func undefined() throws {
        let one = try metrics([true, true, true], [0.2, 0.6, 0.9], plan: IntervalPlan())
        for name in ["specificity", "fpr", "balanced_accuracy", "roc_auc", "gini", "ks", "partial_roc_auc"] {
            #expect(one[name]?.value == nil && one[name]?.why != nil, "\(name)")
        }
        #expect(one["average_precision"]?.value == 1)
        #expect(one["mcc"]?.value == 0)
        let none = try metrics([], [], plan: IntervalPlan())
        #expect(none.values.allSatisfy { $0.value == nil && $0.interval == nil })
        let margins = try metrics([true, false], [3, -2])
        #expect(margins["log_loss"]?.value == nil && margins["brier"]?.value == nil && margins["roc_auc"]?.value == 1)
    }

    @Test("curves begin at nothing and end at everything")
    func curves() throws {
        let ranking = try ScoreRanking(scores: scores, labels: labels)
        #expect(ranking.roc.thresholds == [.infinity, 0.9, 0.8, 0.5, 0.4, 0.1])
        #expect(ranking.roc.fpr.first == 0 && ranking.roc.tpr.last == 1)
        #expect(ranking.precisionRecall.precision.last == 1 && ranking.precisionRecall.recall.first == 1)
        #expect(ranking.precisionRecall.thresholds == [0.1, 0.4, 0.5, 0.8, 0.9])
    }

    @Test("DeLong's variance is that of RocAUC, with weights of 1 too; a perfect ranking of few rows is not sure")
    func deLong() throws {
        let area = try RocAUC(scores: scores, labels: labels)
        let ranking = try ScoreRanking(scores: scores, labels: labels)
        let weighted = try ScoreRanking(scores: scores, labels: labels, weights: [Double](repeating: 1, count: 10))
        #expect(isNear(ranking.deLongVariance ?? .nan, area.variance ?? .nan))
        #expect(isNear(weighted.deLongVariance ?? .nan, area.variance ?? .nan))
        let perfect = try metrics([true, true, false, false], [0.9, 0.8, 0.2, 0.1], plan: IntervalPlan())["roc_auc"]
        #expect((perfect?.interval?.lower ?? 1) < 0.5)
    }

    @Test("every interval holds its value, and the same seed gives the same bits")
    func intervals() throws {
        var random = Seeded(9)
        let scores = (0..<700).map { _ in random.uniform() }
        let labels = scores.map { random.uniform() < $0 }
        let weights = scores.map { _ in random.uniform() + 0.5 }
        for weights in [nil, weights] {
            let found = try metrics(labels, scores, weights: weights, plan: IntervalPlan(seed: 4))
            for (name, metric) in found {
                let value = try #require(metric.value)
                let interval = try #require(metric.interval, "\(name)")
                #expect(interval.lower < value && value < interval.upper, "\(name)")
            }
            #expect(try metrics(labels, scores, weights: weights, plan: IntervalPlan(seed: 4)) == found)
        }
    }

    @Test("95 % intervals of AUC, average precision, F1 and Brier score cover the truth in 93 to 97 % of samples")
    func coverage() throws {
        // Scores uniform, labels drawn by them: AUC = P(positive above negative) = 5/6, by integration of densities 2s and 2(1 − s);
        // precision above any t is (1 + t)/2 and recall 1 − t², so AP = ∫ (1 + t)/2 · 2t dt = 5/6; at ½ F1 = 2·¾·¾/(¾ + ¾); Brier = ⅙.
        let truth = ["roc_auc": 5.0 / 6, "average_precision": 5.0 / 6, "f1": 0.75, "brier": 1.0 / 6]
        var covered: [String: Int] = [:]
        let runs = 600
        var random = Seeded(77)
        for run in 0..<runs {
            let scores = (0..<400).map { _ in random.uniform() }
            let labels = scores.map { random.uniform() < $0 }
            let found = try metrics(labels, scores, plan: IntervalPlan(resamples: 300, seed: UInt64(run)))
            for (name, value) in truth {
                if let interval = found[name]?.interval, interval.lower <= value, value <= interval.upper { covered[name, default: 0] += 1 }
            }
        }
        // 600 runs of 95 % have a standard deviation of 0.9 %.
        for (name, count) in covered { #expect((91.0...98).contains(Double(count) / Double(runs) * 100), "\(name): \(count) of \(runs)") }
    }
}

@Suite("A ranking of scores")
struct ScoreRankingTests {
    @Test("is the same for probabilities, for scores beyond them, and with weights of 1", arguments: [3, 500, 5000])
    func ways(rows: Int) throws {
        var random = Seeded(UInt64(rows))
        let scores = (0..<rows).map { _ in random.uniform() < 0.1 ? -0.0 : (random.uniform() * 1000).rounded() / 1000 }
        let labels = scores.map { random.uniform() < $0 }
        let plain = try ScoreRanking(scores: scores, labels: labels)
        for other in [
            try ScoreRanking(scores: scores.map { $0 * 4 }, labels: labels),
            try ScoreRanking(scores: scores, labels: labels, weights: scores.map { _ in 1 }),
        ] {
            #expect(other.positives == plain.positives && other.negatives == plain.negatives)
        }
        #expect(plain.thresholds == Set(scores.map { $0 + 0 }).sorted(by: >))
    }
}
