internal import Glibc

/// How far a metric of n rows strays by chance alone, from labelled reference rows: a standard deviation per row over √n.
///
/// The rules are those of NannyML, so that bands can be compared: proportions and F1 as means over the rows that take part in them, the
/// AUC as the mean over the rarer class of the share of the other class that each beats, a root by the delta method. The average
/// precision's is what its bootstrap tends to. Those of classes are `SamplingErrors`', under the names of reports. Metrics without a rule have no entry.
/// > Source: NannyML documentation, "Estimating the Standard Error of Performance Metrics"; J. A. Hanley, B. J. McNeil, 1982 (the AUC).
public struct MetricSamplingErrors: Sendable, Equatable {
    /// By name, the sampling error of a single row.
    private var perRow: [String: Double] = [:]

    /// The sampling errors of metrics over this many rows; none without rows.
    public func of(rows: Int) -> [String: Double] { rows > 0 ? perRow.mapValues { $0 / Double(rows).squareRoot() } : [:] }

    private mutating func set(_ name: String, variance: Double) {
        let error = max(variance, 0).squareRoot()
        if error.isFinite { perRow[name] = error }
    }

    /// Of a binary prediction and, when there is one, a score.
    public init(binary labels: [Bool], scores: [Double]?, predictions: [Bool]) {
        guard !labels.isEmpty else { return }
        let shared = SamplingErrors(
            tables: [Self.table(labels, predictions)], rankings: scores.map { [LabelledRanking(scores: $0, labels: labels)] } ?? [],
            correctShare: Double(zip(labels, predictions).count { $0 == $1 }) / Double(labels.count))
        for (metric, error) in shared.at(rows: 1) where EstimatedMetric.ofClasses.contains(metric) { perRow[metric.rawValue] = error }
        guard let scores, scores.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { return }
        set("log_loss", variance: populationVariance(labels.indices.map { logarithmicLoss(scores[$0], labels[$0] ? 1 : 0) }))
        set(
            "brier",
            variance: populationVariance(
                labels.indices.map {
                    let gap = scores[$0] - (labels[$0] ? 1 : 0)
                    return gap * gap
                }))
    }

    /// Of a prediction of several classes: macro averages.
    public init(multiclass labels: [Int], scores: [[Double]]?, predictions: [Int], classes: Int) {
        guard !labels.isEmpty, classes > 0 else { return }
        let own = (0..<classes).map { k in labels.map { $0 == k } }
        let shared = SamplingErrors(
            tables: (0..<classes).map { k in Self.table(own[k], predictions.map { $0 == k }) },
            rankings: scores.map { scores in (0..<classes).map { LabelledRanking(scores: scores[$0], labels: own[$0]) } } ?? [],
            correctShare: Double(zip(labels, predictions).count { $0 == $1 }) / Double(labels.count)
        ).at(rows: 1)
        let names: [(String, EstimatedMetric)] = [
            ("accuracy", .accuracy), ("precision_macro", .precision), ("recall_macro", .recall), ("f1_macro", .f1),
            ("roc_auc_ovr_macro", .rocAUC),
        ]
        for (name, metric) in names { perRow[name] = shared[metric] }
    }

    private static func table(_ labels: [Bool], _ predictions: [Bool]) -> ExpectedConfusion {
        var table = ExpectedConfusion()
        for (label, prediction) in zip(labels, predictions) { table.add(chance: label ? 1 : 0, isPredicted: prediction) }
        return table
    }

    /// Of a numeric prediction.
    public init(regression labels: [Double], predictions: [Double]) {
        guard !labels.isEmpty else { return }
        let errors = zip(labels, predictions).map { $1 - $0 }
        let squares = errors.map { $0 * $0 }
        let mean = squares.reduce(0, +) / Double(squares.count)
        set("mae", variance: populationVariance(errors.map(abs)))
        set("mse", variance: populationVariance(squares))
        set("rmse", variance: populationVariance(squares) / (4 * mean))
        set("mape", variance: populationVariance(zip(labels, errors).map { abs($1) / max(abs($0), Double.ulpOfOne) }))
        if zip(labels, predictions).allSatisfy({ $0 > -1 && $1 > -1 }) {
            let logs = zip(labels, predictions).map { label, prediction in
                let gap = log1p(prediction) - log1p(label)
                return gap * gap
            }
            set("rmsle", variance: populationVariance(logs) / (4 * logs.reduce(0, +) / Double(logs.count)))
        }
    }
}
