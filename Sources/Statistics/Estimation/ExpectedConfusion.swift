/// A table of predictions against labels, or against the chances of a label: then its counts are expected ones.
///
/// With the chance pᵢ of a positive label, a positive prediction adds pᵢ to the true positives and 1 − pᵢ to the false ones, a
/// negative prediction pᵢ to the false negatives and 1 − pᵢ to the true ones.
/// > Source: J. Białek, W. Kuberski, N. Perrakis, A. Bifet, "Estimating Model Performance Under Covariate Shift Without Labels", 2024.
public struct ExpectedConfusion: Sendable, Equatable {
    public var truePositive = 0.0
    public var falsePositive = 0.0
    public var trueNegative = 0.0
    public var falseNegative = 0.0

    public init() {}

    public mutating func add(chance: Double, isPredicted: Bool) {
        if isPredicted {
            truePositive += chance
            falsePositive += 1 - chance
        } else {
            falseNegative += chance
            trueNegative += 1 - chance
        }
    }

    public var count: Double { truePositive + falsePositive + trueNegative + falseNegative }
    public var precision: Double? { ratio(truePositive, truePositive + falsePositive) }
    public var recall: Double? { ratio(truePositive, truePositive + falseNegative) }
    public var specificity: Double? { ratio(trueNegative, trueNegative + falsePositive) }
    public var f1: Double? { ratio(truePositive, truePositive + 0.5 * (falsePositive + falseNegative)) }
    public var accuracy: Double? { ratio(truePositive + trueNegative, count) }

    /// True when all labels, or all predictions, are of one class.
    var hasOneClass: Bool {
        let labels = (truePositive + falseNegative, trueNegative + falsePositive)
        let predictions = (truePositive + falsePositive, trueNegative + falseNegative)
        return labels.0 == 0 || labels.1 == 0 || predictions.0 == 0 || predictions.1 == 0
    }

    /// A rate without a denominator is undefined.
    private func ratio(_ part: Double, _ whole: Double) -> Double? { whole > 0 ? part / whole : nil }
}

/// How well scores order the rows, given the chance of a positive label of each row (1 and 0 where the label is known).
///
/// Rows of equal score are one step of the curves. The area under the ROC curve is the trapezoid over the distinct scores of the
/// expected true positive rate against the expected false positive rate; average precision is Σ (Rₖ − Rₖ₋₁) Pₖ.
public struct ExpectedRanking: Sendable, Equatable {
    /// Nil when no positive, or no negative, is expected.
    public let rocAUC: Double?
    /// Nil when no positive is expected.
    public let averagePrecision: Double?

    /// - Parameters:
    ///   - order: rows by descending score.
    ///   - chance: chance of a positive label by row.
    public init(order: [Int], scores: [Double], chance: (Int) -> Double) {
        var positives = 0.0
        var negatives = 0.0
        var area = 0.0
        var precisionSum = 0.0
        var place = 0
        while place < order.count {
            let score = scores[order[place]]
            var positivesHere = 0.0
            var negativesHere = 0.0
            while place < order.count, scores[order[place]] == score {
                let p = chance(order[place])
                positivesHere += p
                negativesHere += 1 - p
                place += 1
            }
            area += negativesHere * (positives + positivesHere / 2)
            positives += positivesHere
            negatives += negativesHere
            precisionSum += positivesHere * positives / Double(place)
        }
        rocAUC = positives > 0 && negatives > 0 ? min(1, max(0, area / (positives * negatives))) : nil
        averagePrecision = positives > 0 ? min(1, precisionSum / positives) : nil
    }

    /// Rows by descending score; equal ones in the order given.
    public static func order(_ rows: [Int], by scores: [Double]) -> [Int] {
        rows.sorted { (scores[$1], $0) < (scores[$0], $1) }
    }
}
