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
    /// - Throws: ``StatisticsError`` `.empty` for an empty list, `.outOfRange` for one outside 0...1.
    /// - Complexity: O(*m* log *m*).
    public func adjust(_ pValues: [Double?]) throws(StatisticsError) -> [Double?] {
        let family = pValues.indices.filter { pValues[$0] != nil }
        guard !pValues.isEmpty else { throw StatisticsError(.empty, "no p-value, expected at least one") }
        guard !family.isEmpty else { return pValues }
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

    /// The largest, over sizes s, of what Simes' bound of the s largest p-values asks: the bound itself of those among them, at most s·p
    /// of the smaller ones.
    private static func hommel(_ p: [Double]) -> [Double] {
        let m = p.count
        let bounds = simesBounds(p)
        var adjusted = p
        // Sizes s ≥ m − i hold place i: the largest bound from there up.
        var largest = 0.0
        for i in p.indices {
            largest = i == 0 ? bounds[m] : max(largest, bounds[m - i])
            adjusted[i] = max(adjusted[i], largest)
        }
        // Of the sizes below, only those count that no larger one beats; their bounds fall, s·p rises: the best is where they cross.
        var sizes: [Int] = []
        for i in p.indices.reversed().dropFirst() {
            let size = m - i - 1
            while let last = sizes.last, bounds[last] <= bounds[size] { sizes.removeLast() }
            sizes.append(size)
            let crossing = partition(sizes.count) { Double(sizes[$0]) * p[i] >= bounds[sizes[$0]] }
            for k in [crossing - 1, crossing] where sizes.indices.contains(k) {
                adjusted[i] = max(adjusted[i], min(Double(sizes[k]) * p[i], bounds[sizes[k]]))
            }
        }
        return adjusted
    }

    /// Of every size s the smallest s·p₍ₖ₎/k among the s largest p-values: the flattest line from the point left of them to one of them,
    /// which is found on the lower hull of the points (place, p).
    private static func simesBounds(_ p: [Double]) -> [Double] {
        let m = p.count
        var bounds = [Double](repeating: 0, count: m + 1)
        var hull: [Int] = []
        for size in 1...m {
            let left = m - size
            func rise(_ from: Int, _ to: Int) -> Double { p[to] - p[from] }
            while hull.count > 1 {
                let (b, c) = (hull[hull.count - 1], hull[hull.count - 2])
                guard rise(left, b) * Double(c - left) >= rise(left, c) * Double(b - left) else { break }
                hull.removeLast()
            }
            hull.append(left)
            func slope(_ k: Int) -> Double { p[hull[k]] / Double(hull[k] - left + 1) }
            // From the right end of the hull to its left one the slope falls, then rises.
            let flattest = partition(hull.count - 1) { slope($0) <= slope($0 + 1) }
            bounds[size] = Double(size) * slope(flattest)
        }
        return bounds
    }

    /// The first of 0 ..< count where a condition holds that, once true, stays true; count if none.
    private static func partition(_ count: Int, _ holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
