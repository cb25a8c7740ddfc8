internal import Glibc
internal import Statistics

/// The asymptotic confidence sequence of ``Statistics/ConfidenceSequence``, from sums: the interval of a mean that may be looked at after
/// every batch, and the p-value that belongs to it.
enum AlwaysValid {
    static let tightestAt = 1000.0
    static let firstLook = 100.0

    /// ρ² for this level: the interval is narrowest at `tightestAt` rows.
    private static func rho2(_ alpha: Double) -> Double {
        let twice = -2 * log(alpha)
        return max(0.01, twice + log(twice) + 1) / tightestAt
    }

    /// nil before the first look, and while all values are alike.
    static func interval(count: Double, mean: Double, variance: Double?, confidence: Double) -> Interval? {
        guard count >= firstLook, let variance, variance > 0 else { return nil }
        let alpha = 1 - confidence
        let rho2 = rho2(alpha)
        let grown = count * rho2 + 1
        let radius = (variance * 2 * grown / (count * count * rho2) * (0.5 * log(grown) - log(alpha))).squareRoot()
        return Interval(lower: mean - radius, upper: mean + radius)
    }

    /// The smallest level at which the sequence, tuned for 5 %, excludes 0: a p-value that stays right however often one looks.
    ///
    /// - Parameter z: the mean over its standard error.
    static func pValue(count: Double, z: Double) -> Double? {
        guard count >= firstLook, z.isFinite else { return nil }
        let grown = count * rho2(0.05) + 1
        return min(1, exp(0.5 * log(grown) - z * z * (grown - 1) / (2 * grown)))
    }
}
