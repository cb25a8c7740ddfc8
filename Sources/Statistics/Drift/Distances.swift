import Glibc

/// The population stability index: Σ (aᵢ − rᵢ) · ln(aᵢ / rᵢ) over shared cells, r the reference's shares, a the current ones.
///
/// 0 means that the two samples fill the cells alike; there is no upper bound. An empty cell would make a term infinite, so
/// each share is first raised to `floor`: the result depends on that choice. Under no drift PSI is about
/// (1/n + 1/m)·χ²(B − 1), so a fixed threshold such as 0.1 means nothing without the sample sizes; `pValue` knows them.
/// > Source: B. Yurdakul, "Statistical Properties of Population Stability Index", 2018.
public struct PopulationStabilityIndex: Sendable, Equatable {
    public var statistic: Double
    /// Each cell's term, so that a page can show which cell moved.
    public var terms: [Double]
    public var pValue: Double

    public static let defaultFloor = 1e-4

    /// - Throws: ``StatisticsError`` `.empty` when a side has no rows, `.unequalLengths` for different numbers of cells.
    public init(reference: [Int64], current: [Int64], floor: Double = defaultFloor) throws(StatisticsError) {
        let (r, a, n, m) = try cellShares(reference, current)
        terms = zip(r, a).map { r, a in
            let r = max(r, floor)
            let a = max(a, floor)
            return a == r ? 0 : (a - r) * log(a / r)
        }
        statistic = terms.reduce(0, +)
        pValue = Self.tail(statistic, cells: usedCells(reference, current), n: n, m: m)
    }

    /// P(PSI ≥ x) under no drift, by its asymptotic law.
    static func tail(_ x: Double, cells: Int, n: Double, m: Double) -> Double {
        cells < 2 ? 1 : Distributions.chiSquaredTail(x / (1 / n + 1 / m), degreesOfFreedom: Double(cells - 1))
    }

    /// The index that chance alone passes with probability `alpha` with `cells` cells and n and m rows.
    public static func critical(alpha: Double, cells: Int, n: Int64, m: Int64) -> Double {
        cells < 2 ? 0 : (1 / Double(n) + 1 / Double(m)) * Distributions.chiSquaredCritical(alpha, degreesOfFreedom: Double(cells - 1))
    }
}

/// The Jensen-Shannon distance: the root of ½ KL(r ‖ ½(r + a)) + ½ KL(a ‖ ½(r + a)), over shared cells.
///
/// A metric: 0 for equal shares, at most 1 in base 2 (√ln 2 in base e). Empty cells need no floor. Under no drift the divergence
/// in natural logarithms is about (1/n + 1/m)·χ²(B − 1)/8, which gives `pValue`.
/// > Source: J. Lin, "Divergence Measures Based on the Shannon Entropy", 1991; D. Endres and J. Schindelin, "A New Metric for
/// > Probability Distributions", 2003.
public struct JensenShannon: Sendable, Equatable {
    public enum Base: Sendable { case two, e }
    /// The distance, as SciPy's `jensenshannon`.
    public var statistic: Double
    /// Its square.
    public var divergence: Double
    public var pValue: Double

    /// - Throws: ``StatisticsError`` `.empty` when a side has no rows, `.unequalLengths` for different numbers of cells.
    public init(reference: [Int64], current: [Int64], base: Base = .two) throws(StatisticsError) {
        let (r, a, n, m) = try cellShares(reference, current)
        func part(_ p: Double, _ q: Double) -> Double { p > 0 ? p * log(p / q) : 0 }
        var nats = 0.0
        for (r, a) in zip(r, a) {
            let middle = (r + a) / 2
            nats += (part(r, middle) + part(a, middle)) / 2
        }
        nats = max(nats, 0)
        divergence = base == .two ? min(1, nats / log(2)) : nats
        statistic = divergence.squareRoot()
        pValue = PopulationStabilityIndex.tail(8 * nats, cells: usedCells(reference, current), n: n, m: m)
    }

    /// The base-2 distance that chance alone passes with probability `alpha`.
    public static func critical(alpha: Double, cells: Int, n: Int64, m: Int64) -> Double {
        (PopulationStabilityIndex.critical(alpha: alpha, cells: cells, n: n, m: m) / 8 / log(2)).squareRoot()
    }
}

/// Pearson's chi-squared test that two rows of counts come from one distribution: Σ (o − e)² / e.
///
/// Both samples are random here: comparing the window with expected counts as if the reference were exact rejects nearly always
/// with many levels. Cells that are empty on both sides are left out. With one degree of freedom Yates' correction is applied,
/// as SciPy's `chi2_contingency` does.
/// > Source: K. Pearson, "On the Criterion that a Given System of Deviations…", 1900; F. Yates, "Contingency Tables Involving
/// > Small Numbers and the χ² Test", 1934.
public struct ChiSquared: Sendable, Equatable {
    public var statistic: Double
    public var degreesOfFreedom: Int
    public var pValue: Double
    /// Cramér's V, √(χ²/(n + m)) for two rows, without Yates' correction: an effect size in 0 … 1.
    public var cramersV: Double
    /// Cramér's V that samples of one size with these shares would have, √(½ Σ (p − q)² / (p + q)): an effect size in 0 … 1.
    ///
    /// V itself shrinks with the ratio of the sizes: of shares (½, ½) against (0, 1) it is 0.58 for equal sizes and 0.1 for 1 in 100.
    public var balancedV: Double

    /// - Throws: ``StatisticsError`` `.empty` when a side has no rows, `.undefined` when fewer than two cells are filled.
    public init(reference: [Int64], current: [Int64], correction: Bool = true) throws(StatisticsError) {
        let (_, _, n, m) = try cellShares(reference, current)
        let filled = zip(reference, current).filter { $0 + $1 > 0 }
        guard filled.count >= 2 else { throw StatisticsError(.undefined, "fewer than two cells hold rows") }
        degreesOfFreedom = filled.count - 1
        let yates = correction && degreesOfFreedom == 1
        var corrected = 0.0
        var plain = 0.0
        for (r, a) in filled {
            let total = Double(r) + Double(a)
            for (observed, side) in [(Double(r), n), (Double(a), m)] {
                let expected = total * side / (n + m)
                let gap = abs(observed - expected)
                plain += gap * gap / expected
                let shrunk = yates ? gap - min(0.5, gap) : gap
                corrected += shrunk * shrunk / expected
            }
        }
        statistic = corrected
        cramersV = (plain / (n + m)).squareRoot()
        let gaps = filled.map { r, a in
            let (p, q) = (Double(r) / n, Double(a) / m)
            return (p - q) * (p - q) / (p + q)
        }
        balancedV = min(1, (gaps.reduce(0, +) / 2).squareRoot())
        pValue = Distributions.chiSquaredTail(corrected, degreesOfFreedom: Double(degreesOfFreedom))
    }

    /// The ``balancedV`` of a small change that has this statistic: √(χ² (1/n + 1/m) / 4).
    public static func balancedV(statistic: Double, n: Int64, m: Int64) -> Double {
        (statistic * (1 / Double(n) + 1 / Double(m)) / 4).squareRoot()
    }
}

func cellShares(_ reference: [Int64], _ current: [Int64]) throws(StatisticsError) -> ([Double], [Double], Double, Double) {
    guard reference.count == current.count else {
        throw StatisticsError(.unequalLengths, "\(reference.count) and \(current.count) cells, expected as many on both sides")
    }
    let n = Double(reference.reduce(0, +))
    let m = Double(current.reduce(0, +))
    guard n > 0, m > 0 else { throw StatisticsError(.empty, "no rows on one side") }
    return (reference.map { Double($0) / n }, current.map { Double($0) / m }, n, m)
}

private func usedCells(_ reference: [Int64], _ current: [Int64]) -> Int {
    zip(reference, current).count { $0 > 0 || $1 > 0 }
}
