/// A rate of a group: a share of some of its rows. The raw value is its name in results.
public enum GroupRate: String, Sendable, CaseIterable {
    /// P(label positive).
    case baseRate = "base_rate"
    /// P(decision positive).
    case selectionRate = "selection_rate"
    /// P(decision positive | label positive), and so on for the others of a confusion table.
    case tpr
    case fpr
    case fnr
    case tnr
    /// P(label positive | decision positive).
    case ppv
    case npv
    case falseOmission = "for"
    case fdr
    case accuracy
    /// False negatives for each false positive: not a share, so it may exceed 1.
    case treatmentRatio = "treatment_ratio"
    /// The mean of the true and the false positive rate.
    case averageOdds = "average_odds"

    /// The rates of `groups` in results; ``averageOdds`` is a part of a metric only.
    public static let shown = allCases.filter { $0 != .averageOdds }
    public var isShare: Bool { self != .treatmentRatio }

    /// Numerator and denominator; nil for ``averageOdds``, which has two.
    public func parts(_ c: ConfusionCells) -> (Double, Double)? {
        switch self {
        case .baseRate: (c.tp + c.fn, c.total)
        case .selectionRate: (c.tp + c.fp, c.total)
        case .tpr: (c.tp, c.tp + c.fn)
        case .fpr: (c.fp, c.fp + c.tn)
        case .fnr: (c.fn, c.tp + c.fn)
        case .tnr: (c.tn, c.fp + c.tn)
        case .ppv: (c.tp, c.tp + c.fp)
        case .npv: (c.tn, c.tn + c.fn)
        case .falseOmission: (c.fn, c.tn + c.fn)
        case .fdr: (c.fp, c.tp + c.fp)
        case .accuracy: (c.tp + c.tn, c.total)
        case .treatmentRatio: (c.fn, c.fp)
        case .averageOdds: nil
        }
    }

    /// The rate; nil when its denominator is 0: undefined, not 0.
    public func value(_ c: ConfusionCells) -> Double? {
        guard let (count, total) = parts(c) else {
            guard let a = GroupRate.tpr.value(c), let b = GroupRate.fpr.value(c) else { return nil }
            return (a + b) / 2
        }
        return total > 0 ? count / total : nil
    }

    /// The rows that the rate is a share of; of ``averageOdds`` those of the rarer label, of ``treatmentRatio`` all errors.
    public func rowsUsed(_ c: ConfusionCells) -> Double {
        switch self {
        case .averageOdds: min(c.tp + c.fn, c.fp + c.tn)
        case .treatmentRatio: c.fn + c.fp
        default: parts(c)?.1 ?? 0
        }
    }

    /// The sampling variance, with half a row added to every cell so that 0 of 20 is not taken as certain.
    func variance(_ c: ConfusionCells) -> Double {
        let smooth = c.smoothed
        switch self {
        case .averageOdds: return (GroupRate.tpr.variance(c) + GroupRate.fpr.variance(c)) / 4
        case .treatmentRatio:
            let ratio = smooth.fn / smooth.fp
            return ratio * ratio * (1 / smooth.fn + 1 / smooth.fp)
        default:
            guard let (count, total) = parts(smooth) else { return 0 }
            return count / total * (1 - count / total) / total
        }
    }

    /// Wilson's interval of the rate; nil where it is undefined or no share.
    public func interval(_ c: ConfusionCells, confidence: Double = 0.95) -> Interval? {
        guard isShare, let (count, total) = parts(c), total > 0 else { return nil }
        return wilsonInterval(rate: count / total, effectiveCount: total, confidence: confidence)
    }
}

extension ConfusionCells {
    /// Half a row more in every cell.
    var smoothed: ConfusionCells { ConfusionCells(tp: tp + 0.5, fp: fp + 0.5, fn: fn + 0.5, tn: tn + 0.5) }
}
