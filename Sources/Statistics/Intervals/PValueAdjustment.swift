internal import Glibc

/// How p-values of a family of m tests are adjusted, so that rejecting what is ≤ α holds an error rate of the whole family at α.
///
/// Of the family-wise error rate (any false rejection at all): `bonferroni`, `sidak` (independent tests), `holm` and `holmSidak`
/// (step-down, never weaker), `hochberg` and `hommel` (step-up, independent or positively dependent tests). Of the false discovery rate
/// (the expected share of false ones among the rejections): `benjaminiHochberg` (independent or positively dependent tests) and
/// `benjaminiYekutieli` (any dependence).
/// > Source: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979; Z. Šidák, "Rectangular Confidence Regions for
/// > the Means of Multivariate Normal Distributions", 1967; Y. Hochberg, "A Sharper Bonferroni Procedure ...", 1988; G. Hommel,
/// > "A Stagewise Rejective Multiple Test Procedure Based on a Modified Bonferroni Test", 1988; Y. Benjamini and Y. Hochberg, 1995;
/// > Y. Benjamini and D. Yekutieli, "The Control of the False Discovery Rate in Multiple Testing under Dependency", 2001.
public enum PValueAdjustment: String, Sendable, CaseIterable {
    case bonferroni, sidak, holm
    case holmSidak = "holm_sidak"
    case hochberg, hommel
    case benjaminiHochberg = "benjamini_hochberg"
    case benjaminiYekutieli = "benjamini_yekutieli"

    /// Adjusted p-values in the order given, at most 1. A nil (a test that could not be done) stays nil and is outside the family.
    ///
    /// - Throws: ``StatisticsError`` `.empty` for no p-value at all, `.outOfRange` for one outside 0...1.
    /// - Complexity: O(*m* log *m*); `hommel` O(*m*²).
    public func adjust(_ pValues: [Double?]) throws(StatisticsError) -> [Double?] {
        let family = pValues.indices.filter { pValues[$0] != nil }
        guard !family.isEmpty else { throw StatisticsError(.empty, "no p-value, expected at least one") }
        let values = pValues.map { $0 ?? 0 }
        guard values.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
            throw StatisticsError(.outOfRange, "a p-value outside 0...1, expected a probability")
        }
        let order = family.sorted { (values[$0], $0) < (values[$1], $1) }
        let adjusted = adjustSorted(order.map { values[$0] })
        var out = [Double?](repeating: nil, count: pValues.count)
        for (place, index) in order.enumerated() { out[index] = min(1, adjusted[place]) }
        return out
    }

    private func adjustSorted(_ p: [Double]) -> [Double] {
        let m = Double(p.count)
        switch self {
        case .bonferroni: return p.map { $0 * m }
        case .sidak: return p.map { Self.sidak($0, m) }
        case .holm: return Self.rising(p.enumerated().map { $1 * (m - Double($0)) })
        case .holmSidak: return Self.rising(p.enumerated().map { Self.sidak($1, m - Double($0)) })
        case .hochberg: return Self.falling(p.enumerated().map { $1 * (m - Double($0)) })
        case .hommel: return Self.hommel(p)
        case .benjaminiHochberg: return Self.falling(p.enumerated().map { $1 / (Double($0 + 1) / m) })
        case .benjaminiYekutieli:
            let harmonic = (1...p.count).reduce(0) { $0 + 1 / Double($1) }
            return Self.falling(p.enumerated().map { $1 / (Double($0 + 1) / m / harmonic) })
        }
    }

    /// 1 − (1 − p)ᵐ, also for tiny p.
    private static func sidak(_ p: Double, _ m: Double) -> Double { -expm1(m * log1p(-p)) }

    /// The largest so far, from the smallest p up.
    private static func rising(_ values: [Double]) -> [Double] {
        var largest = 0.0
        return values.map { value in
            largest = max(largest, value)
            return largest
        }
    }

    /// The smallest so far, from the largest p down.
    private static func falling(_ values: [Double]) -> [Double] {
        var smallest = Double.infinity
        return values.reversed().map { value in
            smallest = min(smallest, value)
            return smallest
        }.reversed()
    }

    /// For each size of a subfamily of the largest p-values, Simes' bound of it.
    private static func hommel(_ p: [Double]) -> [Double] {
        let m = p.count
        var adjusted = p
        for size in stride(from: m, to: 1, by: -1) {
            let start = m - size
            var bound = Double.infinity
            for k in 0..<size { bound = min(bound, Double(size) * p[start + k] / Double(k + 1)) }
            for i in start..<m { adjusted[i] = max(adjusted[i], bound) }
            for i in 0..<start { adjusted[i] = max(adjusted[i], min(Double(size) * p[i], bound)) }
        }
        return adjusted
    }
}
