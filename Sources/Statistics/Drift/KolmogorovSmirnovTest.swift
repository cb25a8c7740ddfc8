internal import Glibc

/// The two-sample Kolmogorov-Smirnov test on raw values, with the alternatives and p-values that SciPy's `ks_2samp` has.
///
/// F is the reference's empirical distribution function, G the current one's. Two-sided: D = supₓ |F(x) − G(x)|; `greater`:
/// D⁺ = sup (F − G), the reference tends to smaller values; `less`: D⁻ = sup (G − F). D lies in 0…1 and is exact: differences are
/// compared as the integers i·m − j·n. With ties the p-values are conservative.
///
/// The exact p-value is the share of lattice paths that leave the band of width D (``ksExactTail(n:m:distance:alternative:)``).
/// The asymptotic one is, two-sided, the finite-n law of the one-sample statistic at n·m/(n+m) rounded, and, one-sided, Hodges' formula.
/// > Source: J. L. Hodges, "The Significance Probability of the Smirnov Two-Sample Test", 1958; SciPy's `stats.ks_2samp`.
public struct KolmogorovSmirnovTest: Sendable, Equatable {
    public enum Alternative: String, Sendable, CaseIterable {
        case twoSided = "two-sided"
        case less, greater
    }
    public enum Method: String, Sendable, CaseIterable { case auto, exact, asymptotic }

    public var statistic: Double
    /// A value where the distance is attained.
    public var location: Double
    /// +1 where the reference's distribution function is above there, −1 where it is below (for D = 0 the side that was looked at).
    public var sign: Int
    /// nil where the asymptotic law has no value: n·m/(n+m) below one half.
    public var pValue: Double?
    /// `exact` or `asymptotic`, whichever gave the p-value.
    public var method: Method

    /// The larger sample up to which `auto` is exact.
    public static let exactCountMax = 10_000

    public init(
        reference: SortedSample, current: SortedSample, alternative: Alternative = .twoSided, method: Method = .auto
    ) {
        let n = Int64(reference.count)
        let m = Int64(current.count)
        // Where both functions have reached 1 their difference is 0: the location of a distance of 0.
        var above: (Int128, Double) = (0, max(reference.values[reference.count - 1], current.values[current.count - 1]))
        var below: (Int128, Double) = above
        var i: Int64 = 0
        var j: Int64 = 0
        forEachDistinct(reference.values, current.values) { x, inReference, inCurrent in
            i += Int64(inReference)
            j += Int64(inCurrent)
            let difference = Int128(i) * Int128(m) - Int128(j) * Int128(n)
            if difference > above.0 { above = (difference, x) }
            if difference < below.0 { below = (difference, x) }
        }
        self.init(n: n, m: m, above: above, below: below, alternative: alternative, method: method)
    }

    /// From the extreme differences i·m − j·n and where they are attained.
    init(n: Int64, m: Int64, above: (Int128, Double), below: (Int128, Double), alternative: Alternative, method: Method) {
        let best: Int128
        switch alternative {
        case .twoSided: (best, location, sign) = -below.0 > above.0 ? (-below.0, below.1, -1) : (above.0, above.1, 1)
        case .less: (best, location, sign) = (-below.0, below.1, -1)
        case .greater: (best, location, sign) = (above.0, above.1, 1)
        }
        statistic = Double(best) / (Double(n) * Double(m))
        let wantsExact = method == .exact || (method == .auto && max(n, m) <= Int64(Self.exactCountMax))
        if wantsExact, let tail = ksExactTail(n: n, m: m, distance: best, alternative: alternative) {
            pValue = tail
            self.method = .exact
        } else {
            pValue = Self.asymptotic(statistic, n: Double(n), m: Double(m), alternative)
            self.method = .asymptotic
        }
    }

    private static func asymptotic(_ d: Double, n: Double, m: Double, _ alternative: Alternative) -> Double? {
        let effective = n * m / (n + m)
        if alternative == .twoSided {
            let rounded = effective.rounded(.toNearestOrEven)
            return try? KolmogorovLaw.tail(d, n: rounded)  // no law for n = 0
        }
        // Hodges' equation 5.3, where the first size is the larger one.
        let (large, small) = (max(n, m), min(n, m))
        let z = effective.squareRoot() * d
        let correction = 2 * z * (large + 2 * small) / (large * small * (large + small)).squareRoot() / 3
        return min(1, exp(-2 * z * z - correction))
    }
}
