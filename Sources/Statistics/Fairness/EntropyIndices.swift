internal import Glibc

/// Inequality of benefit b = 1 + decision − label: 0 for a false negative, 2 for a false positive, 1 for a right decision.
///
/// Zero means that all get the same; there is no upper bound in general. A single group-level table of three values is enough.
/// > Source: T. Speicher and others, "A Unified Approach to Quantifying Algorithmic Unfairness", 2018.
public enum EntropyIndices {
    /// The generalized entropy of values b with weights w (both of equal length), μ their mean:
    /// mean of ((b/μ)^α − 1) / (α(α − 1)); for α = 1 the mean of (b/μ) ln(b/μ) (Theil), for α = 0 the mean of −ln(b/μ).
    ///
    /// - Returns: infinite for α ≤ 0 when a value is 0; nil without weight or when all benefits are 0 (μ = 0).
    public static func generalizedEntropy(_ values: [(benefit: Double, weight: Double)], alpha: Double) -> Double? {
        let total = values.reduce(0) { $0 + $1.weight }
        guard total > 0 else { return nil }
        let mean = values.reduce(0) { $0 + $1.benefit * $1.weight } / total
        guard mean > 0 else { return nil }
        var sum = 0.0
        for (benefit, weight) in values where weight > 0 {
            let x = benefit / mean
            switch alpha {
            case 0: sum -= weight * log(x)
            case 1: sum += x > 0 ? weight * x * log(x) : 0
            default: sum += weight * (pow(x, alpha) - 1)
            }
        }
        let index = sum / total / (alpha == 0 || alpha == 1 ? 1 : alpha * (alpha - 1))
        return index == 0 ? 0 : index  // no negative zero
    }

    /// Over all rows of a confusion table.
    public static func generalizedEntropy(_ c: ConfusionCells, alpha: Double) -> Double? {
        generalizedEntropy([(0, c.fn), (1, c.tp + c.tn), (2, c.fp)], alpha: alpha)
    }

    /// With every row given its group's mean benefit: the part of the inequality that is between groups.
    public static func betweenGroups(_ groups: [ConfusionCells], alpha: Double) -> Double? {
        generalizedEntropy(groups.filter { $0.total > 0 }.map { (meanBenefit($0), $0.total) }, alpha: alpha)
    }

    public static func meanBenefit(_ c: ConfusionCells) -> Double { (c.tp + c.tn + 2 * c.fp) / c.total }

    /// p-value of "every group has the same mean benefit", by Cochran's Q over the groups' means.
    public static func betweenGroupsPValue(_ groups: [ConfusionCells]) -> Double? {
        let used = groups.filter { $0.total > 1 }
        return HomogeneityTest.pValue(
            values: used.map(meanBenefit),
            variances: used.map { cells in
                let c = cells.smoothed
                let mean = meanBenefit(c)
                let spread = c.fn * mean * mean + (c.tp + c.tn) * (1 - mean) * (1 - mean) + c.fp * (2 - mean) * (2 - mean)
                return spread / c.total / c.total
            })
    }
}
