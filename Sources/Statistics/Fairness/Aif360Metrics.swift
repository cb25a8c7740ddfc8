internal import Glibc

/// AIF360's classification metrics, for the favourable label as the positive one: differences unprivileged − privileged, ratios
/// unprivileged / privileged.
///
/// Its rules: a predictive value, false discovery or omission rate without predictions is 0; a rate over a label that a side does
/// not have is undefined; the entropy indices count rows and ignore weights.
/// > Source: R. K. E. Bellamy and others, "AI Fairness 360", 2018; the behaviour of version 0.6.1.
public enum Aif360Metrics {
    public static let all: [ReferenceMetric] =
        rates + entropy + [
            ReferenceMetric("differential_fairness_bias_amplification", .signedIndex) { pair in
                guard
                    let predicted = differentialFairness(pair, { $0.tp + $0.fp }),
                    let labelled = differentialFairness(pair, { $0.tp + $0.fn })
                else { return nil }
                return predicted - labelled
            },
            ReferenceMetric("dataset_statistical_parity_difference", .difference, [.baseRate]) { $0.difference(GroupRate.baseRate.value) },
            ReferenceMetric("dataset_disparate_impact", .ratio, [.baseRate]) { $0.ratio(GroupRate.baseRate.value) },
        ]

    private static let rates: [ReferenceMetric] = [
        ReferenceMetric("statistical_parity_difference", .difference, [.selectionRate]) { $0.difference(GroupRate.selectionRate.value) },
        ReferenceMetric("disparate_impact", .ratio, [.selectionRate]) { $0.ratio(GroupRate.selectionRate.value) },
        ReferenceMetric("average_odds_difference", .difference, [.averageOdds]) { pair in
            mean(pair.difference(GroupRate.fpr.value), pair.difference(GroupRate.tpr.value))
        },
        ReferenceMetric("average_abs_odds_difference", .difference, [.tpr, .fpr]) { pair in
            mean(pair.difference(GroupRate.fpr.value).map(abs), pair.difference(GroupRate.tpr.value).map(abs))
        },
        ReferenceMetric("average_predictive_value_difference", .difference, [.ppv, .falseOmission]) { pair in
            mean(pair.difference { orZero(.falseOmission, $0) }, pair.difference { orZero(.ppv, $0) })
        },
        ReferenceMetric("equal_opportunity_difference", .difference, [.tpr]) { $0.difference(GroupRate.tpr.value) },
        ReferenceMetric("equalized_odds_difference", .difference, [.tpr, .fpr]) { pair in
            // The tool takes the larger of both; an undefined true positive rate leaves the other, an undefined false positive rate none.
            guard let fpr = pair.difference(GroupRate.fpr.value) else { return nil }
            return max(abs(fpr), abs(pair.difference(GroupRate.tpr.value) ?? 0))
        },
        ReferenceMetric("error_rate_difference", .difference, [.accuracy]) { $0.difference(errorRate) },
        ReferenceMetric("error_rate_ratio", .ratio, [.accuracy]) { $0.ratio(errorRate) },
        ReferenceMetric("false_positive_rate_difference", .difference, [.fpr]) { $0.difference(GroupRate.fpr.value) },
        ReferenceMetric("false_positive_rate_ratio", .ratio, [.fpr]) { $0.ratio(GroupRate.fpr.value) },
        ReferenceMetric("false_negative_rate_difference", .difference, [.fnr]) { $0.difference(GroupRate.fnr.value) },
        ReferenceMetric("false_negative_rate_ratio", .ratio, [.fnr]) { $0.ratio(GroupRate.fnr.value) },
        ReferenceMetric("false_discovery_rate_difference", .difference, [.fdr]) { $0.difference { orZero(.fdr, $0) } },
        ReferenceMetric("false_discovery_rate_ratio", .ratio, [.fdr]) { $0.ratio { orZero(.fdr, $0) } },
        ReferenceMetric("false_omission_rate_difference", .difference, [.falseOmission]) { $0.difference { orZero(.falseOmission, $0) } },
        ReferenceMetric("false_omission_rate_ratio", .ratio, [.falseOmission]) { $0.ratio { orZero(.falseOmission, $0) } },
    ]

    private static let entropy: [ReferenceMetric] =
        ["", "between_group_", "between_all_groups_"].flatMap { prefix in
            // With everyone outside the reference group taken together there are only two groups, so "all groups" are the same.
            func index(_ alpha: Double) -> @Sendable (ReferencePair) -> Double? {
                let isBetween = !prefix.isEmpty
                return { pair in
                    isBetween
                        ? EntropyIndices.betweenGroups([pair.reference, pair.others], alpha: alpha)
                        : EntropyIndices.generalizedEntropy(pair.all, alpha: alpha)
                }
            }
            let squared = index(2)
            return [
                ReferenceMetric("\(prefix)theil_index", .index, ignoresWeights: true, value: index(1)),
                ReferenceMetric("\(prefix)coefficient_of_variation", .index, ignoresWeights: true) { pair in
                    squared(pair).map { (2 * max(0, $0)).squareRoot() }
                },
                ReferenceMetric("\(prefix)generalized_entropy_index", .index, ignoresWeights: true, value: index(2)),
            ]
        }

    /// The generalized entropy as the tool has it: for α = 0 it divides by the mean benefit once more than the definition does.
    public static func generalizedEntropy(_ cells: ConfusionCells, alpha: Double) -> Double? {
        guard let value = EntropyIndices.generalizedEntropy(cells, alpha: alpha) else { return nil }
        return alpha == 0 ? value / EntropyIndices.meanBenefit(cells) : value
    }

    private static func errorRate(_ c: ConfusionCells) -> Double? { 1 - (GroupRate.accuracy.value(c) ?? 0) }
    private static func orZero(_ rate: GroupRate, _ c: ConfusionCells) -> Double? { rate.value(c) ?? 0 }
    private static func mean(_ a: Double?, _ b: Double?) -> Double? {
        guard let a, let b else { return nil }
        return 0.5 * (a + b)
    }

    /// The largest log ratio of smoothed rates (of yes or of no) between the two sides, half a row added to each.
    /// > Source: J. R. Foulds and others, "An Intersectional Definition of Fairness", 2020.
    private static func differentialFairness(_ pair: ReferencePair, _ positives: (ConfusionCells) -> Double) -> Double? {
        guard pair.reference.total + pair.others.total > 0 else { return nil }
        let a = (positives(pair.reference) + 0.5) / (pair.reference.total + 1)
        let b = (positives(pair.others) + 0.5) / (pair.others.total + 1)
        return max(abs(log(a) - log(b)), abs(log(1 - a) - log(1 - b)))
    }
}
