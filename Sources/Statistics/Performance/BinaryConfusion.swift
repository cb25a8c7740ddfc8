internal import Glibc

/// The four counts (or sums of weights) of a binary prediction, and the rates made of them.
///
/// A rate without a denominator is undefined, never 0. Matthews' correlation is 0 where a margin is 0, as its limit says.
/// > Source: D. M. W. Powers, "Evaluation: from Precision, Recall and F-Measure to ROC, Informedness, Markedness and Correlation", 2011.
public struct BinaryConfusion: Sendable, Equatable {
    public var truePositive = 0.0
    public var falsePositive = 0.0
    public var falseNegative = 0.0
    public var trueNegative = 0.0
    /// Σw² by cell; the counts themselves without weights.
    private var squares = (0.0, 0.0, 0.0, 0.0)

    public init() {}

    public init(truePositive: Double, falsePositive: Double, falseNegative: Double, trueNegative: Double) {
        self.truePositive = truePositive
        self.falsePositive = falsePositive
        self.falseNegative = falseNegative
        self.trueNegative = trueNegative
        squares = (truePositive, falsePositive, falseNegative, trueNegative)
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.truePositive == b.truePositive && a.falsePositive == b.falsePositive && a.falseNegative == b.falseNegative
            && a.trueNegative == b.trueNegative
    }

    @inline(__always) public mutating func add(label: Bool, prediction: Bool, weight: Double = 1) {
        switch (label, prediction) {
        case (true, true):
            truePositive += weight
            squares.0 += weight * weight
        case (false, true):
            falsePositive += weight
            squares.1 += weight * weight
        case (true, false):
            falseNegative += weight
            squares.2 += weight * weight
        case (false, false):
            trueNegative += weight
            squares.3 += weight * weight
        }
    }

    public var total: Double { truePositive + falsePositive + falseNegative + trueNegative }

    /// Names as in results, in their order there.
    public static let names = [
        "accuracy", "balanced_accuracy", "precision", "recall", "specificity", "fpr", "fnr", "npv", "f1", "f2", "f0_5", "jaccard", "mcc",
        "cohen_kappa",
    ]

    /// NaN where undefined.
    public func value(_ name: String) -> Double {
        let (tp, fp, fn, tn) = (truePositive, falsePositive, falseNegative, trueNegative)
        switch name {
        case "accuracy": return (tp + tn) / total
        case "balanced_accuracy": return (tp / (tp + fn) + tn / (tn + fp)) / 2
        case "precision": return tp / (tp + fp)
        case "recall": return tp / (tp + fn)
        case "specificity": return tn / (tn + fp)
        case "fpr": return fp / (tn + fp)
        case "fnr": return fn / (tp + fn)
        case "npv": return tn / (tn + fn)
        case "f1": return fScore(1)
        case "f2": return fScore(4)
        case "f0_5": return fScore(0.25)
        case "jaccard": return tp / (tp + fp + fn)
        case "mcc":
            if total == 0 { return .nan }
            // Margin by margin, so that large counts do not overflow.
            let margins = (tp + fp).squareRoot() * (tp + fn).squareRoot() * (tn + fp).squareRoot() * (tn + fn).squareRoot()
            return margins > 0 ? min(1, max(-1, (tp * tn - fp * fn) / margins)) : 0
        case "cohen_kappa":
            let expected = ((tp + fp) / total) * ((tp + fn) / total) + ((tn + fn) / total) * ((tn + fp) / total)
            return expected < 1 ? ((tp + tn) / total - expected) / (1 - expected) : .nan
        default: return .nan
        }
    }

    /// (1 + β²)·tp / ((1 + β²)·tp + β²·fn + fp).
    private func fScore(_ square: Double) -> Double {
        (1 + square) * truePositive / ((1 + square) * truePositive + square * falseNegative + falsePositive)
    }

    private static func reason(_ name: String) -> String {
        switch name {
        case "precision": "nothing is predicted positive"
        case "npv": "nothing is predicted negative"
        case "recall", "fnr": "no label is positive"
        case "specificity", "fpr": "no label is negative"
        case "balanced_accuracy": "a class has no label"
        case "f1", "f2", "f0_5", "jaccard": "neither a label nor a prediction is positive"
        case "cohen_kappa": "labels and predictions are all of one class"
        default: "no rows"
        }
    }

    /// Every rate with its interval: Wilson's for proportions (with the effective number of rows under weights) and what is a function
    /// of one or two of them (F1 of the Jaccard index, balanced accuracy by squaring and adding); a bootstrap of the four counts else.
    public func metrics(_ plan: IntervalPlan?) -> [PerformanceMetric] {
        var draws: [BinaryConfusion] = []
        if let plan, total > 0 { draws = resample(plan) }
        return Self.names.map { name in
            let value = self.value(name)
            guard let plan, !value.isNaN else { return PerformanceMetric(name, value, why: Self.reason(name)) }
            if let interval = closedInterval(name, plan.confidence) {
                return PerformanceMetric(name, value, interval: interval, method: .wilson)
            }
            let interval = plan.percentile(
                draws.map { $0.value(name) }, value: value, center: value, within: PerformanceMetric.range(of: name))
            return PerformanceMetric(name, value, interval: interval, method: .bootstrap)
        }
    }

    private func closedInterval(_ name: String, _ confidence: Double) -> Interval? {
        // Wilson's interval of the share that some cells (numbered tp, fp, fn, tn) have among these and others.
        func wilson(_ success: [Int], _ failure: [Int]) -> Interval? {
            let sums = [truePositive, falsePositive, falseNegative, trueNegative]
            let squares = [self.squares.0, self.squares.1, self.squares.2, self.squares.3]
            let won = success.reduce(0) { $0 + sums[$1] }
            let all = failure.reduce(won) { $0 + sums[$1] }
            let squared = (success + failure).reduce(0) { $0 + squares[$1] }
            guard all > 0, squared > 0 else { return nil }
            return wilsonInterval(rate: min(won / all, 1), effectiveCount: all * all / squared, confidence: confidence)
        }
        switch name {
        case "accuracy": return wilson([0, 3], [1, 2])
        case "precision": return wilson([0], [1])
        case "recall": return wilson([0], [2])
        case "specificity": return wilson([3], [1])
        case "fpr": return wilson([1], [3])
        case "fnr": return wilson([2], [0])
        case "npv": return wilson([3], [2])
        case "jaccard": return wilson([0], [1, 2])
        case "f1": return wilson([0], [1, 2]).map { Interval(lower: 2 * $0.lower / (1 + $0.lower), upper: 2 * $0.upper / (1 + $0.upper)) }
        case "balanced_accuracy":
            guard let a = wilson([0], [2]), let b = wilson([3], [1]) else { return nil }
            let (recall, specificity, middle) = (value("recall"), value("specificity"), value(name))
            return Interval(
                lower: middle - hypot(recall - a.lower, specificity - b.lower) / 2,
                upper: middle + hypot(a.upper - recall, b.upper - specificity) / 2)
        default: return nil
        }
    }

    /// Tables drawn as rows drawn with replacement would give them: multinomial, or with weights normal with the same means and variances.
    private func resample(_ plan: IntervalPlan) -> [BinaryConfusion] {
        var random = SeededRandom(seed: plan.seed, stream: 1)
        let sums = [truePositive, falsePositive, falseNegative, trueNegative]
        let squares = [squares.0, squares.1, squares.2, squares.3]
        let isCounted = sums == squares && sums.allSatisfy { $0 < 0x1p53 && $0 == $0.rounded() }
        return (0..<plan.resamples).map { _ in
            let drawn =
                isCounted
                ? random.multinomial(counts: sums.map { Int64($0) }).map(Double.init)
                : zip(sums, squares).map { max(0, $0 + $1.squareRoot() * random.normal()) }
            return BinaryConfusion(truePositive: drawn[0], falsePositive: drawn[1], falseNegative: drawn[2], trueNegative: drawn[3])
        }
    }
}
