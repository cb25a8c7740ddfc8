internal import Glibc

/// The bias metrics of Amazon SageMaker Clarify that labels, decisions and groups allow; a is the advantaged (reference) group, d
/// everyone else.
///
/// Its rules: 0/0 is 0, x/0 is infinite, and the difference of two infinite values is 0. Most differences are a − d; those of
/// rejections (DCRej, DRR), of specificity (SD) and treatment equality (TE) are d − a.
/// > Source: M. Hardt and others, "Amazon SageMaker Clarify: Machine Learning Bias Detection and Explainability in the Cloud", 2021.
public enum ClarifyMetrics {
    /// Before training: of the labels alone.
    public static let pretraining: [ReferenceMetric] = [
        ReferenceMetric("CI", .signedIndex) { pair in
            let (a, d) = (pair.reference.total, pair.others.total)
            return a > 0 && d > 0 ? (a - d) / (a + d) : nil
        },
        ReferenceMetric("DPL", .difference, [.baseRate]) { $0.difference(GroupRate.baseRate.value).map { 0 - $0 } },
        ReferenceMetric("KL", .index) { shares($0) { a, d in zip(a, d).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) } } },
        ReferenceMetric("JS", .index) { pair in
            shares(pair) { a, d in
                zip(a, d).reduce(0) { sum, p in
                    let middle = (p.0 + p.1) / 2
                    return sum + 0.5 * (p.0 * log(p.0 / middle) + p.1 * log(p.1 / middle))
                }
            }
        },
        ReferenceMetric("LP", .index) { shares($0) { a, d in zip(a, d).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() } },
        ReferenceMetric("TVD", .index) { shares($0) { a, d in zip(a, d).reduce(0) { $0 + abs($1.0 - $1.1) } / 2 } },
        ReferenceMetric("KS", .index) { shares($0) { a, d in zip(a, d).map { abs($0 - $1) }.max() ?? 0 } },
    ]

    public static let posttraining: [ReferenceMetric] =
        [
            ReferenceMetric("DPPL", .difference, [.selectionRate]) { $0.difference(GroupRate.selectionRate.value).map { 0 - $0 } },
            ReferenceMetric("DI", .ratio, [.selectionRate]) { pair in
                guard let a = GroupRate.selectionRate.value(pair.reference), let d = GroupRate.selectionRate.value(pair.others) else {
                    return nil
                }
                return divide(d, a)
            },
        ] + named(["DCAcc", "DCA"], .difference, [], sign: 1) { ($0.tp + $0.fn, $0.tp + $0.fp) }
        + named(["DCRej", "DCR"], .difference, [], sign: -1) { ($0.tn + $0.fp, $0.tn + $0.fn) }
        + named(["RD"], .difference, [.tpr], sign: 1) { ($0.tp, $0.tp + $0.fn) }
        + named(["SD"], .difference, [.tnr], sign: -1) { ($0.tn, $0.tn + $0.fp) }
        + named(["DAR"], .difference, [.ppv], sign: 1) { ($0.tp, $0.tp + $0.fp) }
        + named(["DRR"], .difference, [.npv], sign: -1) { ($0.tn, $0.tn + $0.fn) }
        + named(["AD"], .difference, [.accuracy], sign: 1) { ($0.tp + $0.tn, $0.total) }
        + named(["TE"], .difference, [.treatmentRatio], sign: -1) { ($0.fn, $0.fp) }
        + [
            ReferenceMetric("GE", .index, ignoresWeights: true) { EntropyIndices.generalizedEntropy($0.all, alpha: 2) }
        ]

    /// A difference a − d (sign 1) or d − a (sign −1) of a quotient, under each of its names: guide and library disagree on some.
    private static func named(
        _ names: [String], _ kind: ReferenceMetric.Kind, _ rates: [GroupRate], sign: Double,
        _ quotient: @escaping @Sendable (ConfusionCells) -> (Double, Double)
    ) -> [ReferenceMetric] {
        names.map { name in
            ReferenceMetric(name, kind, rates) { pair in
                guard pair.reference.total > 0, pair.others.total > 0 else { return nil }
                let (up, down) = quotient(pair.reference)
                let (upOther, downOther) = quotient(pair.others)
                let a = divide(up, down)
                let d = divide(upOther, downOther)
                return a == d ? 0 : sign * (a - d)
            }
        }
    }

    private static func divide(_ x: Double, _ y: Double) -> Double { y == 0 ? (x == 0 ? 0 : .infinity) : x / y }

    /// The tool compares the label's shares where both sides have the label; nil when they share none.
    private static func shares(_ pair: ReferencePair, _ statistic: ([Double], [Double]) -> Double) -> Double? {
        func split(_ c: ConfusionCells) -> [Double] { c.total > 0 ? [(c.fp + c.tn) / c.total, (c.tp + c.fn) / c.total] : [0, 0] }
        let both = zip(split(pair.reference), split(pair.others)).filter { $0 > 0 && $1 > 0 }
        return both.isEmpty ? nil : statistic(both.map(\.0), both.map(\.1))
    }
}

/// Demographic disparity: the share of a group among the rejected less its share among the accepted, at most 1 either way.
///
/// Conditional on a stratum it is averaged over strata, weighted by rows, which undoes Simpson's paradox.
/// > Source: S. Wachter, B. Mittelstadt, C. Russell, "Why Fairness Cannot Be Automated", 2021.
public enum DemographicDisparity {
    public struct Counts: Sendable, Equatable {
        public var acceptedInGroup = 0.0
        public var accepted = 0.0
        public var rejectedInGroup = 0.0
        public var rejected = 0.0
        public init() {}
        public mutating func add(isInGroup: Bool, isAccepted: Bool, weight: Double = 1) {
            if isAccepted {
                accepted += weight
                if isInGroup { acceptedInGroup += weight }
            } else {
                rejected += weight
                if isInGroup { rejectedInGroup += weight }
            }
        }
        /// A share of no rows counts as 0, as in SageMaker Clarify.
        public var disparity: Double {
            (rejected > 0 ? rejectedInGroup / rejected : 0) - (accepted > 0 ? acceptedInGroup / accepted : 0)
        }
    }

    /// p-value that within every stratum the group is accepted as often as the others, by the Mantel-Haenszel statistic against χ²(1).
    /// > Source: N. Mantel, W. Haenszel, "Statistical Aspects of the Analysis of Data from Retrospective Studies of Disease", 1959.
    /// - Returns: nil when no stratum can tell: none has both members and others, accepted and rejected.
    public static func pValue(_ strata: [Counts]) -> Double? {
        var gap = 0.0
        var variance = 0.0
        for s in strata {
            let n = s.accepted + s.rejected
            let members = s.acceptedInGroup + s.rejectedInGroup
            guard n > 1 else { continue }
            gap += s.acceptedInGroup - members * s.accepted / n
            variance += members * (n - members) * s.accepted * s.rejected / (n * n * (n - 1))
        }
        return variance > 0 ? Distributions.chiSquaredTail(gap * gap / variance, degreesOfFreedom: 1) : nil
    }

    /// The mean of the strata's disparities, by their weight; nil when nobody at all is accepted, or nobody rejected.
    public static func conditional(_ strata: [Counts]) -> Double? {
        let accepted = strata.reduce(0) { $0 + $1.accepted }
        let rejected = strata.reduce(0) { $0 + $1.rejected }
        guard accepted > 0, rejected > 0 else { return nil }
        return strata.reduce(0) { $0 + ($1.accepted + $1.rejected) * $1.disparity } / (accepted + rejected)
    }
}
