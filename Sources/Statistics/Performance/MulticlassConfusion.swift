/// Counts (or sums of weights) of labels and predictions of several classes: rows are labels, columns predictions.
///
/// `_macro` is the plain mean over classes, an undefined class counting 0; `_weighted` the mean weighted by the number of labels;
/// `_micro` is made of the sums over classes, which with one prediction a row is the accuracy. Matthews' correlation is 0 where all labels
/// or all predictions are of one class; Cohen's kappa is undefined where both are, of the same.
/// > Source: M. Sokolova, G. Lapalme, "A Systematic Analysis of Performance Measures for Classification Tasks", 2009; J. Gorodkin,
/// > "Comparing Two K-Category Assignments by a K-Category Correlation Coefficient", 2004.
public struct MulticlassConfusion: Sendable, Equatable {
    public private(set) var cells: [[Double]]
    private var squares: [[Double]]

    public init(classes: Int) {
        cells = Array(repeating: Array(repeating: 0, count: classes), count: classes)
        squares = cells
    }

    @inline(__always) public mutating func add(label: Int, prediction: Int, weight: Double = 1) {
        cells[label][prediction] += weight
        squares[label][prediction] += weight * weight
    }

    public var total: Double { cells.reduce(0) { $0 + $1.reduce(0, +) } }
    private var labelSums: [Double] { cells.map { $0.reduce(0, +) } }
    private var predictionSums: [Double] { cells.indices.map { column in cells.reduce(0) { $0 + $1[column] } } }
    private var right: Double { cells.indices.reduce(0) { $0 + cells[$1][$1] } }

    /// Precision, recall and F1 of every class; NaN where undefined.
    public var perClass: [(precision: Double, recall: Double, f1: Double)] {
        let labels = labelSums
        let predictions = predictionSums
        return cells.indices.map { k in
            (cells[k][k] / predictions[k], cells[k][k] / labels[k], 2 * cells[k][k] / (labels[k] + predictions[k]))
        }
    }

    public static let names =
        ["accuracy", "mcc", "cohen_kappa"] + ["precision", "recall", "f1"].flatMap { [$0 + "_macro", $0 + "_weighted", $0 + "_micro"] }

    /// The values of `names`; NaN where undefined.
    private var values: [Double] {
        let total = total
        let labels = labelSums
        let predictions = predictionSums
        let accuracy = right / total
        let cross = zip(labels, predictions).reduce(0) { $0 + ($1.0 / total) * ($1.1 / total) }
        let spreadLabels = 1 - labels.reduce(0) { $0 + ($1 / total) * ($1 / total) }
        let spreadPredictions = 1 - predictions.reduce(0) { $0 + ($1 / total) * ($1 / total) }
        let oneLabel = labels.count { $0 > 0 } < 2
        let onePrediction = predictions.count { $0 > 0 } < 2
        let mcc = oneLabel || onePrediction ? 0 : (accuracy - cross) / (spreadLabels * spreadPredictions).squareRoot()
        let kappa = oneLabel && onePrediction && right == total ? Double.nan : (accuracy - cross) / (1 - cross)
        var out = [accuracy, total > 0 ? mcc : .nan, kappa]
        let each = perClass
        for rate in [each.map(\.precision), each.map(\.recall), each.map(\.f1)] {
            let defined = rate.map { $0.isNaN ? 0 : $0 }
            out.append(total > 0 ? defined.reduce(0, +) / Double(defined.count) : .nan)
            out.append(zip(defined, labels).reduce(0) { $0 + $1.0 * $1.1 } / total)
            out.append(accuracy)
        }
        return out
    }

    /// Wilson's interval for the accuracy and what equals it, a bootstrap of the counts for the others.
    public func metrics(_ plan: IntervalPlan?) -> [PerformanceMetric] {
        let values = values
        let draws = plan.map { resample($0).map(\.values) }
        let total = total
        let squared = squares.reduce(0) { $0 + $1.reduce(0, +) }
        return Self.names.enumerated().map { place, name in
            let value = values[place]
            let why = total > 0 ? "labels and predictions are all of one class" : "no rows"
            guard let plan, let draws, !value.isNaN else { return PerformanceMetric(name, value, why: why) }
            if name == "accuracy" || name.hasSuffix("_micro") {
                let interval = wilsonInterval(rate: min(value, 1), effectiveCount: total * total / squared, confidence: plan.confidence)
                return PerformanceMetric(name, value, interval: interval, method: .wilson)
            }
            let interval = plan.percentile(draws.map { $0[place] }, value: value, center: value, within: PerformanceMetric.range(of: name))
            return PerformanceMetric(name, value, interval: interval, method: .bootstrap)
        }
    }

    private func resample(_ plan: IntervalPlan) -> [MulticlassConfusion] {
        guard total > 0 else { return [] }
        var random = SeededRandom(seed: plan.seed, stream: 5)
        let sums = cells.flatMap { $0 }
        let squares = squares.flatMap { $0 }
        let counts = sums == squares && sums.allSatisfy { $0 == $0.rounded() && $0 < 0x1p53 } ? sums.map { Int64($0) } : nil
        return (0..<plan.resamples).map { _ in
            let drawn =
                counts.map { random.multinomial(counts: $0).map(Double.init) }
                ?? zip(sums, squares).map { $1 > 0 ? max(0, $0 + $1.squareRoot() * random.normal()) : 0 }
            var table = MulticlassConfusion(classes: cells.count)
            for row in cells.indices { table.cells[row] = Array(drawn[row * cells.count..<(row + 1) * cells.count]) }
            return table
        }
    }
}
