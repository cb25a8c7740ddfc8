/// The confusion counts of one group: what every group rate is a function of.
public struct GroupCounts: Sendable, Equatable {
    public var group: String
    public var truePositives: Int64
    public var falsePositives: Int64
    public var falseNegatives: Int64
    public var trueNegatives: Int64
    /// All predictions of the group and how many of them were positive, labelled or not.
    public var predictions: Int64
    public var selected: Int64

    public init(
        group: String, truePositives: Int64 = 0, falsePositives: Int64 = 0, falseNegatives: Int64 = 0, trueNegatives: Int64 = 0,
        predictions: Int64? = nil, selected: Int64? = nil
    ) {
        self.group = group
        self.truePositives = truePositives
        self.falsePositives = falsePositives
        self.falseNegatives = falseNegatives
        self.trueNegatives = trueNegatives
        self.predictions = predictions ?? truePositives + falsePositives + falseNegatives + trueNegatives
        self.selected = selected ?? truePositives + falsePositives
    }

    public var labelled: Int64 { truePositives + falsePositives + falseNegatives + trueNegatives }
    /// P(decision positive), over all predictions. - Returns: count and total, so that an interval can be made.
    public var selectionRate: Rate { Rate(count: selected, total: predictions) }
    /// P(decision positive | label positive).
    public var truePositiveRate: Rate { Rate(count: truePositives, total: truePositives + falseNegatives) }
    /// P(decision positive | label negative).
    public var falsePositiveRate: Rate { Rate(count: falsePositives, total: falsePositives + trueNegatives) }
    /// P(label positive).
    public var baseRate: Rate { Rate(count: truePositives + falseNegatives, total: labelled) }
    public var accuracy: Rate { Rate(count: truePositives + trueNegatives, total: labelled) }
}

/// A share of a total. Without a total it has no value: undefined, not 0.
public struct Rate: Sendable, Equatable {
    public var count: Int64
    public var total: Int64
    public init(count: Int64, total: Int64) {
        self.count = count
        self.total = total
    }
    public var value: Double? { total > 0 ? Double(count) / Double(total) : nil }
    public func interval(confidence: Double = 0.95) -> Interval? {
        wilsonInterval(count: count, of: total, confidence: confidence)
    }
}

/// How far a rate differs between groups: difference = max − min, ratio = min / max (Fairlearn's convention).
///
/// Groups in which the rate is undefined (no such rows) take no part. The interval is Newcombe's (difference) or Katz' (ratio) of
/// the two extreme groups; picking the extremes makes it somewhat optimistic with many groups. The p-value is of the chi-squared test
/// that all groups share one rate.
/// > Source: S. Bird et al., "Fairlearn: A Toolkit for Assessing and Improving Fairness in AI", 2020.
public struct Disparity: Sendable, Equatable {
    public var difference: Double
    public var differenceInterval: Interval?
    /// nil when the largest rate is 0: 0/0.
    public var ratio: Double?
    public var ratioInterval: Interval?
    public var pValue: Double?
    public var lowest: String
    public var highest: String
    /// The rates of ``lowest`` and ``highest``.
    public var lowestRate: Rate
    public var highestRate: Rate
    /// The smallest total among the groups used.
    public var smallestGroup: Int64
    public var groupsUsed: Int

    /// - Throws: ``StatisticsError`` `.undefined` when fewer than two groups have the rate.
    public init(_ rates: [(group: String, rate: Rate)], confidence: Double = 0.95) throws(StatisticsError) {
        let used = rates.filter { $0.rate.total > 0 }
        guard used.count >= 2, let low = used.min(by: { $0.rate.value! < $1.rate.value! }),
            let high = used.max(by: { $0.rate.value! < $1.rate.value! })
        else { throw StatisticsError(.undefined, "fewer than two groups have rows for this rate") }
        let least = low.rate.value!
        let most = high.rate.value!
        lowest = low.group
        highest = high.group
        lowestRate = low.rate
        highestRate = high.rate
        groupsUsed = used.count
        smallestGroup = used.map(\.rate.total).min() ?? 0
        difference = most - least
        differenceInterval = newcombeInterval(
            count1: high.rate.count, n1: high.rate.total, count2: low.rate.count, n2: low.rate.total, confidence: confidence)
        ratio = most > 0 ? least / most : nil
        ratioInterval = Statistics.ratioInterval(
            count1: low.rate.count, n1: low.rate.total, count2: high.rate.count, n2: high.rate.total, confidence: confidence)
        pValue = Self.homogeneity(used.map(\.rate))
    }

    /// Pearson's chi-squared test over groups × (yes, no); 1 when every row has the same answer.
    static func homogeneity(_ rates: [Rate]) -> Double {
        let yes = Double(rates.reduce(0) { $0 + $1.count })
        let all = Double(rates.reduce(0) { $0 + $1.total })
        guard yes > 0, yes < all else { return 1 }
        let share = yes / all
        let chi = rates.reduce(0.0) { sum, rate in
            let expected = Double(rate.total) * share
            let gap = Double(rate.count) - expected
            return sum + gap * gap / (expected * (1 - share))
        }
        return Distributions.chiSquaredTail(chi, degreesOfFreedom: Double(rates.count - 1))
    }
}

/// Equalized odds: the worse of the true-positive-rate and the false-positive-rate disparity.
///
/// The difference is the larger of the two differences, the ratio the smaller of the two ratios; the p-value is the smaller of the
/// two, doubled for having looked twice.
/// > Source: M. Hardt, E. Price, N. Srebro, "Equality of Opportunity in Supervised Learning", 2016.
public struct EqualizedOdds: Sendable, Equatable {
    public var truePositiveRate: Disparity
    public var falsePositiveRate: Disparity

    /// - Parameter rowsMin: groups with fewer rows of a label take no part in the rate of that label.
    /// - Throws: ``StatisticsError`` `.undefined` when either rate is known in fewer than two groups.
    public init(_ groups: [GroupCounts], rowsMin: Int64 = 1, confidence: Double = 0.95) throws(StatisticsError) {
        func disparity(_ rate: (GroupCounts) -> Rate) throws(StatisticsError) -> Disparity {
            try Disparity(groups.map { ($0.group, rate($0)) }.filter { $0.1.total >= rowsMin }, confidence: confidence)
        }
        truePositiveRate = try disparity(\.truePositiveRate)
        falsePositiveRate = try disparity(\.falsePositiveRate)
    }

    /// The part with the larger difference.
    public var worse: Disparity {
        truePositiveRate.difference >= falsePositiveRate.difference ? truePositiveRate : falsePositiveRate
    }
    public var difference: Double { worse.difference }
    /// The part with the smaller ratio; nil when neither ratio is defined.
    public var worseByRatio: Disparity? {
        [truePositiveRate, falsePositiveRate].filter { $0.ratio != nil }.min { $0.ratio! < $1.ratio! }
    }
    public var pValue: Double? {
        guard let a = truePositiveRate.pValue, let b = falsePositiveRate.pValue else { return nil }
        return min(1, 2 * min(a, b))
    }
}
