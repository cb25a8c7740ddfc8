internal import Glibc

/// The Hosmer-Lemeshow test of H₀ "calibrated": Σ (O − E)² / (n·p̄(1 − p̄)) over groups of rows with near scores.
///
/// O is the number of positives of a group, E the sum of its scores, p̄ their mean. Under H₀ it follows χ² with groups − 2 degrees of
/// freedom for a model fitted on these rows (`pValue`), with groups for one fitted elsewhere (`pValueExternal`). A group of mean 0 or 1
/// is left out of the sum when its outcomes agree, and makes the statistic infinite when one does not. With weights n is Σw², which
/// keeps the law for weights fixed beforehand. Its power depends on the groups, and with very many rows it rejects every model.
/// > Source: D. W. Hosmer, S. Lemeshow, "Goodness of Fit Tests for the Multiple Logistic Regression Model", 1980.
public struct HosmerLemeshow: Sendable, Equatable {
    public struct Group: Sendable, Equatable {
        public var count: Int
        public var observed: Double
        public var expected: Double
    }
    public var statistic: Double
    public var groups: [Group]
    public var degreesOfFreedom: Int { groups.count - 2 }
    /// nil when there are no degrees of freedom.
    public var pValue: Double?
    public var pValueExternal: Double

    /// - Throws: ``StatisticsError`` `.empty` without groups.
    public init(_ bins: [CalibrationBin]) throws(StatisticsError) {
        guard !bins.isEmpty else { throw StatisticsError(.empty, "no groups of rows") }
        groups = bins.map { Group(count: $0.count, observed: $0.positives, expected: $0.scoreSum) }
        statistic = 0
        for bin in bins {
            let p = bin.meanScore
            let variance = bin.squaredWeight * p * (1 - p)
            let gap = bin.positives - bin.scoreSum
            if variance > 0 { statistic += gap * gap / variance } else if gap != 0 { statistic = .infinity }
        }
        let freedom = bins.count - 2
        pValue = freedom > 0 ? Distributions.chiSquaredTail(statistic, degreesOfFreedom: Double(freedom)) : nil
        pValueExternal = Distributions.chiSquaredTail(statistic, degreesOfFreedom: Double(bins.count))
    }
}

/// Spiegelhalter's test of H₀ "every score is the true probability", which needs no bins.
///
/// z = Σ w(y − p)(1 − 2p) / √Σ w²(1 − 2p)² p(1 − p), standard normal under H₀; two-sided. It does not see errors at p = ½.
/// > Source: D. J. Spiegelhalter, "Probabilistic Prediction in Patient Management and Clinical Trials", 1986.
public struct SpiegelhalterTest: Sendable, Equatable {
    public var z: Double
    public var pValue: Double

    /// - Throws: ``StatisticsError`` `.undefined` when no score other than 0, ½ and 1 gives z a variance.
    public init(_ sample: CalibrationSample) throws(StatisticsError) {
        var sum = 0.0
        var variance = 0.0
        for row in sample.scores.indices {
            let p = sample.scores[row]
            let w = sample.weight(row)
            sum += w * ((sample.labels[row] ? 1 : 0) - p) * (1 - 2 * p)
            variance += w * w * (1 - 2 * p) * (1 - 2 * p) * p * (1 - p)
        }
        guard variance > 0 else { throw StatisticsError(.undefined, "all scores are 0, 0.5 or 1, so z has no variance") }
        z = sum / variance.squareRoot()
        pValue = Distributions.normalTwoSided(z)
    }
}
