/// The Mann-Whitney U test: does one side tend to larger values? P(X > Y) + ½ P(X = Y) = U/(nm), X from the reference.
///
/// U is in 0…nm, nm/2 when neither tends to be larger. The p-value is two-sided, by the normal law with the variance reduced for ties
/// and a continuity correction of one half, as SciPy's `mannwhitneyu(method="asymptotic")`.
/// > Source: H. B. Mann and D. R. Whitney, "On a Test of Whether One of Two Random Variables Is Stochastically Larger…", 1947.
public struct MannWhitney: Sendable, Equatable {
    /// U of the reference.
    public var statistic: Double
    public var pValue: Double

    public init(reference: SortedSample, current: SortedSample) {
        let (n, m) = (Int64(reference.count), Int64(current.count))
        // Twice the number of pairs in which the reference's value is larger, ties counting half; in integers.
        var doubled: Int128 = 0
        var ties: Int128 = 0
        var currentBelow: Int64 = 0
        forEachDistinct(reference.values, current.values) { _, a, b in
            doubled += Int128(a) * Int128(2 * currentBelow + Int64(b))
            currentBelow += Int64(b)
            let t = Int128(a + b)
            ties += t * t * t - t
        }
        statistic = Double(doubled) / 2
        let product = Double(n) * Double(m)
        let total = Double(n + m)
        let variance = product / 12 * (total + 1 - Double(ties) / (total * (total - 1)))
        let excess = abs(statistic - product / 2) - 0.5
        // All values equal: neither side can be larger.
        pValue = variance > 0 ? min(1, 2 * Distributions.normalTail(excess / variance.squareRoot())) : 1
    }
}
