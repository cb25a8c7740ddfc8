internal import Glibc

/// The two-sample Cramér-von Mises test: how far the two distribution functions lie apart on average, over the pooled sample.
///
/// T = U/(nm(n+m)) − (4nm − 1)/(6(n+m)), U = n Σ (rᵢ − i)² + m Σ (sⱼ − j)², rᵢ and sⱼ the (mid)ranks of the ordered samples in the pool.
/// T is 0 or a little below or above for samples that mix perfectly, and grows with n and m when they do not.
///
/// Exact p-value: the share of the C(n+m, n) ways to label the pooled values whose T is as large. Tied values are labelled as groups,
/// so the p-value is exact with ties too (SciPy's assumes that there are none). Asymptotic p-value: T is standardised by its exact mean
/// and variance and referred to the limiting law, whose series is cut, as SciPy's is, where a term falls below 1e-7: values
/// below about 1e-7 only mean "very small".
/// > Source: T. W. Anderson, "On the Distribution of the Two-Sample Cramér-von Mises Criterion", 1962; Y. Xiao, A. Gordon, A. Yakovlev,
/// > "A C++ Program for the Cramér-von Mises Two-Sample Test", 2007.
public struct CramerVonMises: Sendable, Equatable {
    public enum Method: String, Sendable, CaseIterable { case auto, exact, asymptotic }
    public var statistic: Double
    /// nil where the exact law was asked for and is out of reach; ``why`` says so.
    public var pValue: Double?
    public var method: Method
    public var why: String?

    /// The larger sample up to which `auto` is exact.
    public static let exactCountMax = 20

    /// - Throws: ``StatisticsError`` `.undefined` with fewer than two values on a side.
    public init(reference: SortedSample, current: SortedSample, method: Method = .auto) throws(StatisticsError) {
        let (n, m) = (reference.count, current.count)
        guard n >= 2, m >= 2 else { throw StatisticsError(.undefined, "fewer than two values on a side") }
        var groups: [(n: Int, m: Int)] = []
        forEachDistinct(reference.values, current.values) { _, a, b in groups.append((a, b)) }
        let u = Self.quadrupled(groups, n: n, m: m)
        let k = Double(n) * Double(m)
        let total = Double(n + m)
        statistic = u / 4 / (k * total) - (4 * k - 1) / (6 * total)
        let isExact = method == .exact || (method == .auto && max(n, m) <= Self.exactCountMax)
        if isExact {
            self.method = .exact
            pValue = Self.exactTail(groups.map { $0.n + $0.m }, n: n, m: m, atLeast: u)
            if pValue == nil { why = "the exact law takes too long at \(n) and \(m) values; the asymptotic one does not" }
            return
        }
        self.method = .asymptotic
        let mean = (1 + 1 / total) / 6
        let (a, b) = (Double(n), Double(m))
        let variance = (total + 1) * (4 * k * total - 3 * (a * a + b * b) - 2 * k) / (45 * total * total * 4 * k)
        let standardised = 1.0 / 6 + (statistic - mean) / (45 * variance).squareRoot()
        // Below 0.003 the distribution function is under 2e-18.
        pValue = standardised < 0.003 ? 1 : max(0, 1 - Self.limitCDF(standardised))
    }

    /// 4U: doubled midranks make it an integer, exact in a Double as long as it is below 2⁵³.
    private static func quadrupled(_ groups: [(n: Int, m: Int)], n: Int, m: Int) -> Double {
        var sum = 0.0
        var i = 0
        var j = 0
        for group in groups {
            let doubledRank = Double(2 * (i + j) + group.n + group.m + 1)
            sum += Double(n) * squares(from: i, count: group.n, doubledRank) + Double(m) * squares(from: j, count: group.m, doubledRank)
            i += group.n
            j += group.m
        }
        return sum
    }

    /// Σ (r − 2i)² over i = start + 1 … start + count.
    private static func squares(from start: Int, count: Int, _ doubledRank: Double) -> Double {
        let first = doubledRank - 2 * Double(start)
        let c = Double(count)
        // Σ (f − 2t)², t = 1 … c.
        return c * first * first - 2 * first * c * (c + 1) + 2 * c * (c + 1) * (2 * c + 1) / 3
    }

    /// P(4U ≥ u) over all labellings of the groups of tied values.
    private static func exactTail(_ ties: [Int], n: Int, m: Int, atLeast u: Double) -> Double? {
        guard n + m <= 4000, Double(n) * Double(m) * Double(n) * Double(m) < 4e6 else { return nil }
        // By the number of values already labelled as the reference's: each sum so far with its share of all labellings.
        var states = [[(sum: Int, weight: Double)]](repeating: [], count: n + 1)
        states[0] = [(0, 1)]
        var seen = 0
        var work = 0
        for tie in ties {
            var next = [[(sum: Int, weight: Double)]](repeating: [], count: n + 1)
            let doubledRank = Double(2 * seen + tie + 1)
            for i in 0...min(seen, n) where !states[i].isEmpty {
                let j = seen - i
                for inReference in max(0, tie - (m - j))...max(0, min(tie, n - i)) where tie - inReference + j <= m {
                    let cost =
                        Double(n) * squares(from: i, count: inReference, doubledRank)
                        + Double(m) * squares(from: j, count: tie - inReference, doubledRank)
                    let ways = exp(
                        logChoose(tie, inReference) + logChoose(n + m - seen - tie, n - i - inReference) - logChoose(n + m - seen, n - i))
                    let added = states[i].map { (sum: $0.sum + Int(cost), weight: $0.weight * ways) }
                    next[i + inReference] = merged(next[i + inReference], added)
                    work += added.count
                }
            }
            guard work < 60_000_000 else { return nil }
            states = next
            seen += tie
        }
        let least = Int(u)
        let tail = states[n].reduce(0) { $1.sum >= least ? $0 + $1.weight : $0 }
        return min(1, tail)
    }

    private static func merged(_ a: [(sum: Int, weight: Double)], _ b: [(sum: Int, weight: Double)]) -> [(sum: Int, weight: Double)] {
        if a.isEmpty { return b }
        var out: [(sum: Int, weight: Double)] = []
        out.reserveCapacity(a.count + b.count)
        var i = 0
        var j = 0
        while i < a.count || j < b.count {
            if j >= b.count || (i < a.count && a[i].sum < b[j].sum) {
                out.append(a[i])
                i += 1
            } else if i >= a.count || b[j].sum < a[i].sum {
                out.append(b[j])
                j += 1
            } else {
                out.append((a[i].sum, a[i].weight + b[j].weight))
                i += 1
                j += 1
            }
        }
        return out
    }

    private static func logChoose(_ n: Int, _ k: Int) -> Double {
        guard k >= 0, k <= n else { return -.infinity }
        return lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1)
    }

    /// The distribution function of the limiting law.
    /// > Source: S. Csörgő and J. Faraway, "The Exact and Asymptotic Distributions of Cramér-von Mises Statistics", 1996, equation 1.3.
    static func limitCDF(_ x: Double) -> Double {
        var sum = 0.0
        var gammas = Double.pi.squareRoot()  // Γ(k + ½) / Γ(k + 1)
        for k in 0..<10_000 {
            let y = Double(4 * k + 1)
            let q = y * y / (16 * x)
            let term = gammas / (pow(Double.pi, 1.5) * x.squareRoot()) * y.squareRoot() * exp(-2 * q) * scaledBesselK(order: 0.25, q)
            sum += term
            if term < 1e-7 { break }
            gammas *= (Double(k) + 0.5) / Double(k + 1)
        }
        return sum
    }

    /// eˣ·K_ν(x) = ∫₀^∞ exp(−x(cosh t − 1)) cosh(νt) dt by the trapezoidal rule, which for this integrand converges faster than any power
    /// of the step: its error at 1/8 is near e⁻⁷⁹. All terms are positive, so nothing is lost to cancellation.
    private static func scaledBesselK(order: Double, _ x: Double) -> Double {
        let step = 0.125
        var sum = 0.5
        for i in 1..<1000 {
            let t = Double(i) * step
            let half = sinh(t / 2)
            let term = exp(-2 * x * half * half) * cosh(order * t)
            sum += term
            if term < 1e-19 * sum { break }
        }
        return sum * step
    }
}
