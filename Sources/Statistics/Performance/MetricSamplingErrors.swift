internal import Glibc

/// How far a metric of n rows strays by chance alone, from labelled reference rows: a standard deviation per row over √n.
///
/// The rules are those of NannyML, so that bands can be compared: proportions and F1 as means over the rows that take part in them, the
/// AUC as the mean over the rarer class of the share of the other class that each beats, a root by the delta method. The average
/// precision's is bootstrapped. Metrics without a rule have no entry.
/// > Source: NannyML documentation, "Estimating the Standard Error of Performance Metrics"; J. A. Hanley, B. J. McNeil, 1982 (the AUC).
public struct MetricSamplingErrors: Sendable, Equatable {
    /// By name, the sampling error of a single row.
    private var perRow: [String: Double] = [:]

    /// The sampling errors of metrics over this many rows; none without rows.
    public func of(rows: Int) -> [String: Double] { rows > 0 ? perRow.mapValues { $0 / Double(rows).squareRoot() } : [:] }

    private mutating func set(_ name: String, variance: Double, share: Double) {
        let error = (max(variance, 0) / share).squareRoot()
        if error.isFinite { perRow[name] = error }
    }

    /// Of a binary prediction and, when there is one, a score.
    public init(binary labels: [Bool], scores: [Double]?, predictions: [Bool], seed: UInt64 = 1) throws(StatisticsError) {
        let n = Double(labels.count)
        guard n > 0 else { return }
        for (name, value) in Self.shares(labels, predictions) where name != "f1" { set(name, variance: value.variance, share: value.share) }
        if let f1 = Self.shares(labels, predictions)["f1"] {
            // On the scale of F1: 2·tp/(2·tp + fp + fn) is 2/(1 + J) times J, the share of true positives among the rows that take part.
            let factor = 2 / (1 + f1.mean)
            set("f1", variance: f1.variance * factor * factor, share: f1.share)
        }
        let right = Double(zip(labels, predictions).count { $0 == $1 }) / n
        set("accuracy", variance: right * (1 - right), share: 1)
        guard let scores else { return }
        if let area = try Self.area(labels, scores) { set("roc_auc", variance: area.variance, share: area.share) }
        let ranking = try ScoreRanking(scores: scores, labels: labels)
        let draws = ranking.resample(IntervalPlan(resamples: 1000, seed: seed), maxFPR: 1).resampled.map(\.averagePrecision).filter {
            !$0.isNaN
        }
        if draws.count > 1 { set("average_precision", variance: populationVariance(draws) * n, share: 1) }
        if scores.allSatisfy({ $0 >= 0 && $0 <= 1 }) {
            set("log_loss", variance: populationVariance(labels.indices.map { logarithmicLoss(scores[$0], labels[$0] ? 1 : 0) }), share: 1)
            set(
                "brier",
                variance: populationVariance(
                    labels.indices.map {
                        let gap = scores[$0] - (labels[$0] ? 1 : 0)
                        return gap * gap
                    }), share: 1)
        }
    }

    /// Of a prediction of several classes: macro averages, whose variance is that of the mean of independent classes (for the AUC a fifth
    /// more in deviation, as NannyML found by experiment).
    public init(multiclass labels: [Int], scores: [[Double]]?, predictions: [Int], classes: Int) throws(StatisticsError) {
        let n = Double(labels.count)
        guard n > 0, classes > 0 else { return }
        let right = Double(zip(labels, predictions).count { $0 == $1 }) / n
        set("accuracy", variance: right * (1 - right), share: 1)
        var sums: [String: Double] = [:]
        var areas = 0.0
        for k in 0..<classes {
            let own = labels.map { $0 == k }
            for (name, value) in Self.shares(own, predictions.map { $0 == k }) { sums[name, default: 0] += value.variance / value.share }
            if let scores { areas += try Self.area(own, scores[k]).map { $0.variance / $0.share } ?? .nan }
        }
        let square = Double(classes * classes)
        for name in ["precision", "recall", "f1"] { set(name + "_macro", variance: (sums[name] ?? .nan) / square, share: 1) }
        if scores != nil { set("roc_auc_ovr_macro", variance: areas / square * 1.44, share: 1) }
    }

    /// Of a numeric prediction.
    public init(regression labels: [Double], predictions: [Double]) {
        guard !labels.isEmpty else { return }
        let errors = zip(labels, predictions).map { $1 - $0 }
        let squares = errors.map { $0 * $0 }
        let mean = squares.reduce(0, +) / Double(squares.count)
        set("mae", variance: populationVariance(errors.map(abs)), share: 1)
        set("mse", variance: populationVariance(squares), share: 1)
        set("rmse", variance: populationVariance(squares) / (4 * mean), share: 1)
        set("mape", variance: populationVariance(zip(labels, errors).map { abs($1) / max(abs($0), Double.ulpOfOne) }), share: 1)
        if zip(labels, predictions).allSatisfy({ $0 > -1 && $1 > -1 }) {
            let logs = zip(labels, predictions).map { label, prediction in
                let gap = log1p(prediction) - log1p(label)
                return gap * gap
            }
            set("rmsle", variance: populationVariance(logs) / (4 * logs.reduce(0, +) / Double(logs.count)), share: 1)
        }
    }

    /// Proportions among the rows that take part in a metric: their mean, its variance for one row, and the share of such rows.
    private static func shares(_ labels: [Bool], _ predictions: [Bool]) -> [String: (mean: Double, variance: Double, share: Double)] {
        var table = BinaryConfusion()
        for row in labels.indices { table.add(label: labels[row], prediction: predictions[row]) }
        func share(_ hits: Double, _ misses: Double) -> (mean: Double, variance: Double, share: Double) {
            let mean = hits / (hits + misses)
            return (mean, mean * (1 - mean), (hits + misses) / table.total)
        }
        return [
            "precision": share(table.truePositive, table.falsePositive), "recall": share(table.truePositive, table.falseNegative),
            "specificity": share(table.trueNegative, table.falsePositive),
            "f1": share(table.truePositive, table.falsePositive + table.falseNegative),
        ]
    }

    /// Over the rarer class, the variance of the share of the other class that a row beats, ties half; nil when a class is absent.
    private static func area(_ labels: [Bool], _ scores: [Double]) throws(StatisticsError) -> (variance: Double, share: Double)? {
        let ranking = try ScoreRanking(scores: scores, labels: labels)
        let (p, q) = (ranking.positiveTotal, ranking.negativeTotal)
        guard p > 0, q > 0 else { return nil }
        let isRarePositive = p <= q
        let (own, other) = isRarePositive ? (ranking.positives, ranking.negatives) : (ranking.negatives, ranking.positives)
        let (n, m) = isRarePositive ? (p, q) : (q, p)
        var (ahead, sum, squares) = (0.0, 0.0, 0.0)
        for at in own.indices {
            let place = (ahead + other[at] / 2) / m
            sum += own[at] * place
            squares += own[at] * place * place
            ahead += other[at]
        }
        return (squares / n - sum / n * (sum / n), n / (p + q))
    }
}
