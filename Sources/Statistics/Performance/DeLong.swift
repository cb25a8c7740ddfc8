/// Two areas under the ROC curve over the same rows, with the variances and covariance of DeLong, DeLong and Clarke-Pearson.
///
/// Each row has a place among those of the other class: the share of it that it beats, ties counting half. The areas are means of the
/// places, and so their variances follow from those of the places.
/// - Complexity: O(*n* log *n*).
/// > Source: E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the Areas under Two or More Correlated ROC Curves", 1988;
/// > X. Sun and W. Xu, "Fast Implementation of DeLong's Algorithm", 2014.
public struct DeLong: Sendable, Equatable {
    public var auc1: Double
    public var auc2: Double
    /// nil with a single positive or negative.
    public var variance1: Double?
    public var variance2: Double?
    public var covariance: Double?

    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for NaN, `.undefined` when a class is absent.
    public init(labels: [Bool], scores1: [Double], scores2: [Double]) throws(StatisticsError) {
        guard scores1.count == labels.count, scores2.count == labels.count else {
            throw StatisticsError(
                .unequalLengths, "\(labels.count) labels, \(scores1.count) and \(scores2.count) scores, expected as many of each")
        }
        guard !scores1.contains(where: \.isNaN), !scores2.contains(where: \.isNaN) else {
            throw StatisticsError(.outOfRange, "a missing score, expected numbers")
        }
        let positives = labels.count { $0 }
        guard positives > 0, positives < labels.count else {
            throw StatisticsError(.undefined, "no \(positives == 0 ? "positive" : "negative") label, expected both")
        }
        let first = Places(labels, scores1)
        let second = Places(labels, scores2)
        (auc1, auc2) = (first.auc, second.auc)
        guard positives > 1, labels.count - positives > 1 else { return }
        variance1 = first.covariance(with: first)
        variance2 = second.covariance(with: second)
        covariance = first.covariance(with: second)
    }

    public func interval1(confidence: Double) -> Interval? { Self.interval(auc1, variance1, confidence) }
    public func interval2(confidence: Double) -> Interval? { Self.interval(auc2, variance2, confidence) }

    /// By the normal law; it may pass 0 or 1 in small samples, which says that this law is a poor one there.
    private static func interval(_ auc: Double, _ variance: Double?, _ confidence: Double) -> Interval? {
        guard let variance else { return nil }
        let spread = Distributions.normalQuantile(0.5 + confidence / 2) * variance.squareRoot()
        return Interval(lower: auc - spread, upper: auc + spread)
    }

    /// (AUC₁ − AUC₂) / √(variance of the difference); nil where the scores order the rows so alike that the variance is 0.
    public var z: Double? {
        guard let variance1, let variance2, let covariance else { return nil }
        let variance = variance1 + variance2 - 2 * covariance
        // What rounding leaves of equal sums is no variance.
        guard variance > 1e-14 * (variance1 + variance2) else { return nil }
        return (auc1 - auc2) / variance.squareRoot()
    }

    private struct Places {
        var positives: [Double] = []
        var negatives: [Double] = []
        var auc: Double

        init(_ labels: [Bool], _ scores: [Double]) {
            let order = scores.indices.sorted { scores[$0] < scores[$1] }
            let total = labels.count { $0 }
            let others = labels.count - total
            var place = [Double](repeating: 0, count: labels.count)
            // Twice the places, in whole numbers.
            var positivesBelow = 0
            var negativesBelow = 0
            var doubledWins = 0
            var start = 0
            while start < order.count {
                var end = start
                var tied = (0, 0)
                while end < order.count, scores[order[end]] == scores[order[start]] {
                    if labels[order[end]] { tied.0 += 1 } else { tied.1 += 1 }
                    end += 1
                }
                let ofPositive = 2 * negativesBelow + tied.1
                let ofNegative = 2 * (total - positivesBelow) - tied.0
                doubledWins += tied.0 * ofPositive
                for i in order[start..<end] {
                    place[i] = labels[i] ? Double(ofPositive) / Double(2 * others) : Double(ofNegative) / Double(2 * total)
                }
                positivesBelow += tied.0
                negativesBelow += tied.1
                start = end
            }
            auc = Double(doubledWins) / 2 / Double(total) / Double(others)
            for i in labels.indices { if labels[i] { positives.append(place[i]) } else { negatives.append(place[i]) } }
        }

        func covariance(with other: Places) -> Double {
            func part(_ a: [Double], _ b: [Double]) -> Double {
                let sum = zip(a, b).reduce(0) { $0 + ($1.0 - auc) * ($1.1 - other.auc) }
                return sum / Double(a.count - 1) / Double(a.count)
            }
            return part(positives, other.positives) + part(negatives, other.negatives)
        }
    }
}
