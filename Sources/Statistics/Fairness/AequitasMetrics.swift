/// Aequitas' group metrics, disparities to a reference group, and parities.
///
/// `ppr` is a group's share of all positive decisions, so that "statistical parity" depends on the sizes of the groups; `pprev` is
/// the usual selection rate ("impact parity"). A disparity x/0 is infinite (the tool writes 10), 0/0 is undefined.
/// > Source: P. Saleiro and others, "Aequitas: A Bias and Fairness Audit Toolkit", 2018; the behaviour of version 1.1.0.
public struct AequitasMetrics: Sendable, Equatable {
    /// A metric of a group that is compared with the reference group's.
    public enum Metric: String, Sendable, CaseIterable {
        case ppr, pprev, precision, fdr
        case falseOmission = "for"
        case fpr, fnr, tpr, tnr, npv

        public var rate: GroupRate? {
            switch self {
            case .ppr: nil
            case .pprev: .selectionRate
            case .precision: .ppv
            case .fdr: .fdr
            case .falseOmission: .falseOmission
            case .fpr: .fpr
            case .fnr: .fnr
            case .tpr: .tpr
            case .tnr: .tnr
            case .npv: .npv
            }
        }
        /// What the tool calls the parity of this metric.
        public var parity: String {
            switch self {
            case .ppr: "statistical"
            case .pprev: "impact"
            default: rawValue
            }
        }
    }
    private static let compounds = [
        ("type_i", "fdr", "fpr"), ("type_ii", "for", "fnr"), ("equalized_odds", "fpr", "tpr"),
        ("unsupervised_fairness", "statistical", "impact"), ("supervised_fairness", "type_i", "type_ii"),
    ]

    /// By metric, by group.
    public private(set) var values: [Metric: [Double?]] = [:]

    public init(_ groups: [ConfusionCells]) {
        let positive = groups.reduce(0) { $0 + $1.tp + $1.fp }
        for metric in Metric.allCases {
            values[metric] = groups.map { cells in
                metric.rate.map { $0.value(cells) } ?? (positive > 0 ? (cells.tp + cells.fp) / positive : nil)
            }
        }
    }

    /// The metric of a group over the reference group's.
    public func disparity(_ metric: Metric, of group: Int, to reference: Int) -> Double? {
        guard let values = values[metric], let value = values[group], let base = values[reference] else { return nil }
        return base == 0 ? (value == 0 ? nil : .infinity) : value / base
    }

    /// Whether each disparity lies in tau … 1/tau; a compound parity holds when both of its parts do, and is nil when one is undefined.
    public func parities(of group: Int, to reference: Int, tau: Double) -> [(name: String, holds: Bool?)] {
        var out = Metric.allCases.map { metric in
            (name: metric.parity, holds: disparity(metric, of: group, to: reference).map { $0 >= tau && $0 <= 1 / tau })
        }
        for (name, first, second) in Self.compounds {
            let parts = [first, second].map { part in out.first { $0.name == part }?.holds ?? nil }
            out.append((name, parts.contains(nil) ? nil : parts.allSatisfy { $0 == true }))
        }
        return out
    }
}
