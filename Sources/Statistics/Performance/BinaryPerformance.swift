/// Every metric of a binary prediction, of a score, or of both.
///
/// > Source: see ``BinaryConfusion``, ``ScoreRanking``; F. Pedregosa et al., "Scikit-learn: Machine Learning in Python", 2011, for ties,
/// > weights and conventions.
public struct BinaryPerformance: Sendable {
    public var confusion: BinaryConfusion
    public var ranking: ScoreRanking?
    public var metrics: [PerformanceMetric]

    /// - Parameters:
    ///   - scores: need not be probabilities; `log_loss` and `brier` are undefined when one lies outside 0…1.
    ///   - predictions: of each row.
    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for a NaN score.
    public init(
        labels: [Bool], scores: [Double]?, predictions: [Bool], weights: [Double]? = nil, maxFPR: Double = 0.1, plan: IntervalPlan?
    ) throws(StatisticsError) {
        guard labels.count == predictions.count else { throw StatisticsError(.unequalLengths, "as many predictions as labels expected") }
        precondition(maxFPR > 0 && maxFPR <= 1, "0 < maxFPR ≤ 1")
        confusion = BinaryConfusion()
        for row in labels.indices { confusion.add(label: labels[row], prediction: predictions[row], weight: weights?[row] ?? 1) }
        metrics = []
        if let scores {
            let ranking = try ScoreRanking(scores: scores, labels: labels, weights: weights)
            self.ranking = ranking
            metrics = ranking.metrics(maxFPR: maxFPR, plan) + Self.proper(labels, scores, weights, plan)
        } else {
            let names = ["roc_auc", "gini", "average_precision", "pr_auc_trapezoid", "ks", "partial_roc_auc", "log_loss", "brier"]
            metrics = names.map { PerformanceMetric($0, nil, why: "no score was given") }
        }
        metrics = confusion.metrics(plan) + metrics
    }

    /// Log loss and Brier score, which need probabilities.
    private static func proper(_ labels: [Bool], _ scores: [Double], _ weights: [Double]?, _ plan: IntervalPlan?) -> [PerformanceMetric] {
        guard scores.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
            let why = "a score lies outside 0…1, so scores are no probabilities"
            return [PerformanceMetric("log_loss", nil, why: why), PerformanceMetric("brier", nil, why: why)]
        }
        func terms(_ row: Int) -> (loss: Double, square: Double, weight: Double) {
            let label = labels[row] ? 1.0 : 0
            return (logarithmicLoss(scores[row], label), (scores[row] - label) * (scores[row] - label), weights?[row] ?? 1)
        }
        var (loss, square, total) = (0.0, 0.0, 0.0)
        if weights == nil, !labels.isEmpty {
            let losses = ScoreLosses(checked: scores, labels)
            total = Double(labels.count)
            (loss, square) = (losses.logLoss * total, losses.brier * total)
        } else {
            for row in labels.indices {
                let term = terms(row)
                loss += term.weight * term.loss
                square += term.weight * term.square
                total += term.weight
            }
        }
        guard let plan, total > 0 else {
            return [
                PerformanceMetric("log_loss", loss / total, why: "no rows"), PerformanceMetric("brier", square / total, why: "no rows"),
            ]
        }
        let draws = SumBootstrap(rows: labels.count, width: 3) { row, sums in
            let term = terms(row)
            sums[0] += term.weight * term.loss
            sums[1] += term.weight * term.square
            sums[2] += term.weight
        }.resample(plan, stream: 3)
        return [("log_loss", 0, loss / total), ("brier", 1, square / total)].map { name, at, value in
            let interval = plan.percentile(
                draws.map { $0[at] / $0[2] }, value: value, center: value, within: PerformanceMetric.range(of: name))
            return PerformanceMetric(name, value, interval: interval, method: .bootstrap)
        }
    }
}
