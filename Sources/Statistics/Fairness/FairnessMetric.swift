/// A disparity of one or two rates between groups.
public struct FairnessMetric: Sendable, Equatable {
    public enum Form: Sendable { case difference, ratio, differenceToOverall, ratioToOverall }
    /// How the parts of a metric of two rates become one number.
    public enum Aggregate: Sendable { case worst, mean }

    public var name: String
    public var rates: [GroupRate]
    public var form: Form
    public var aggregate: Aggregate

    public init(_ name: String, _ rates: [GroupRate], _ form: Form, _ aggregate: Aggregate = .worst) {
        (self.name, self.rates, self.form, self.aggregate) = (name, rates, form, aggregate)
    }
    public var isRatio: Bool { form == .ratio || form == .ratioToOverall }

    /// The metrics of Fairlearn's convention: differences max − min, ratios min / max.
    /// > Source: S. Bird et al., "Fairlearn: A Toolkit for Assessing and Improving Fairness in AI", 2020.
    public static let all: [FairnessMetric] = [
        .init("demographic_parity_difference", [.selectionRate], .difference),
        .init("demographic_parity_ratio", [.selectionRate], .ratio),
        .init("equalized_odds_difference", [.tpr, .fpr], .difference),
        .init("equalized_odds_ratio", [.tpr, .fpr], .ratio),
        .init("equalized_odds_difference_mean", [.tpr, .fpr], .difference, .mean),
        .init("equalized_odds_ratio_mean", [.tpr, .fpr], .ratio, .mean),
        .init("equal_opportunity_difference", [.tpr], .difference),
        .init("equal_opportunity_ratio", [.tpr], .ratio),
        .init("predictive_parity_difference", [.ppv], .difference),
        .init("fpr_difference", [.fpr], .difference),
        .init("fnr_difference", [.fnr], .difference),
        .init("average_odds_difference", [.averageOdds], .difference),
        .init("accuracy_difference", [.accuracy], .difference),
        .init("treatment_equality_difference", [.treatmentRatio], .difference),
        .init("demographic_parity_difference_to_overall", [.selectionRate], .differenceToOverall),
        .init("demographic_parity_ratio_to_overall", [.selectionRate], .ratioToOverall),
        .init("equalized_odds_difference_to_overall", [.tpr, .fpr], .differenceToOverall),
    ]
}

/// A rate over groups: its extremes and how far they are apart. Groups where it is undefined take no part.
public struct RateSpread: Sendable, Equatable {
    public var rate: GroupRate
    /// By group; nil where undefined.
    public var values: [Double?]
    public var overall: Double?
    /// Indices of the groups with the lowest and the highest value, the first of equals; nil when no group has the rate.
    public var lowest: Int?
    public var highest: Int?
    public var groupsUsed: Int
    private let isZeroFilled: Bool

    /// - Parameter zeroForUndefined: Fairlearn's rule: a rate without denominator is 0, and one group alone has difference 0.
    public init(_ rate: GroupRate, groups: [ConfusionCells], overall: ConfusionCells, zeroForUndefined: Bool = false) {
        let fallback: Double? = zeroForUndefined && rate != .treatmentRatio ? 0 : nil
        self.rate = rate
        isZeroFilled = zeroForUndefined
        let values = groups.map { rate.value($0) ?? fallback }
        self.values = values
        self.overall = rate.value(overall) ?? fallback
        let used = values.indices.filter { values[$0] != nil }
        groupsUsed = used.count
        lowest = used.min { values[$0]! < values[$1]! }
        let highest = used.max { values[$0]! < values[$1]! }
        self.highest = highest == lowest ? used.last : highest  // all equal: still two groups by name
    }

    public var minimum: Double? { lowest.flatMap { values[$0] } }
    public var maximum: Double? { highest.flatMap { values[$0] } }
    private var isComparable: Bool { groupsUsed >= 2 || (isZeroFilled && groupsUsed == 1) }

    /// max − min; nil when fewer than two groups have the rate: there is nothing to compare.
    public var difference: Double? {
        guard isComparable, let minimum, let maximum else { return nil }
        return maximum - minimum
    }
    /// min / max; nil for 0/0 or fewer than two groups.
    public var ratio: Double? {
        guard isComparable, let minimum, let maximum, maximum > 0 else { return nil }
        return minimum / maximum
    }
    /// The group farthest from the rate of all rows, and how far.
    public var farthest: (group: Int, difference: Double)? {
        guard isComparable, let overall else { return nil }
        return values.indices.compactMap { i in values[i].map { (i, abs($0 - overall)) } }.max { $0.1 < $1.1 }
            .map { (group: $0.0, difference: $0.1) }
    }
    /// The group with the smallest ratio to the rate of all rows, put below 1.
    public var farthestByRatio: (group: Int, ratio: Double)? {
        guard isComparable, let overall else { return nil }
        return values.indices.compactMap { i -> (group: Int, ratio: Double)? in
            guard let value = values[i], overall > 0 || value > 0 else { return nil }
            return (i, value > overall ? overall / value : value / overall)
        }.min { $0.ratio < $1.ratio }
    }
}

extension FairnessMetric {
    public struct Value: Sendable, Equatable {
        public var value: Double
        /// Which of the rates decides; the first for a mean.
        public var part: Int
        /// Indices of the two groups that are farthest apart, lowest first; to overall, the same group twice.
        public var lowest: Int
        public var highest: Int
    }

    /// The metric from the spreads of its rates, in the order of ``rates``.
    ///
    /// - Returns: nil when a rate is known in fewer than two groups, or every ratio is 0/0. Of two ratios, one that is 0/0 is left out.
    public func value(_ spreads: [RateSpread]) -> Value? {
        var parts: [Value] = []
        for (part, spread) in spreads.enumerated() {
            guard let low = spread.lowest, let high = spread.highest, spread.difference != nil else { return nil }
            switch form {
            case .difference:
                if let value = spread.difference { parts.append(Value(value: value, part: part, lowest: low, highest: high)) }
            case .ratio:
                if let value = spread.ratio { parts.append(Value(value: value, part: part, lowest: low, highest: high)) }
            case .differenceToOverall:
                guard let far = spread.farthest else { return nil }
                parts.append(Value(value: far.difference, part: part, lowest: far.group, highest: far.group))
            case .ratioToOverall:
                guard let far = spread.farthestByRatio else { continue }
                parts.append(Value(value: far.ratio, part: part, lowest: far.group, highest: far.group))
            }
        }
        let worst = isRatio ? parts.min { $0.value < $1.value } : parts.max { $0.value < $1.value }
        guard var result = worst else { return nil }
        if aggregate == .mean { result.value = parts.reduce(0) { $0 + $1.value } / Double(parts.count) }
        return result
    }
}
