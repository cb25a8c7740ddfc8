internal import Kernels

/// The two-sample Kolmogorov-Smirnov distance D = supₓ |F(x) − G(x)|, F the reference's distribution function, G the current one's.
///
/// 0 means equal distributions, 1 fully separated ones. It sees a shift anywhere but weighs tails lightly. With ties the
/// p-value is conservative. The p-value is Kolmogorov's limiting law at √(nm/(n+m))·D.
/// > Source: N. Smirnov, "Table for Estimating the Goodness of Fit of Empirical Distributions", 1948.
public struct KolmogorovSmirnov: Sendable, Equatable {
    /// The distance; from cells, the largest one seen at a cut (a lower bound of the true one).
    public var statistic: Double
    /// The true distance lies in [`statistic`, `upperBound`]; from raw values, or where every reference value is a cut, they are equal.
    public var upperBound: Double
    /// A value where `statistic` is attained; nil when it is attained nowhere (equal samples).
    public var location: Double?
    /// +1 where the reference's distribution function is above there, −1 below, 0 for equal samples.
    public var sign: Int
    public var pValue: Double

    /// From raw values.
    ///
    /// - Throws: ``StatisticsError`` `.empty` without values on a side, `.outOfRange` for NaN.
    /// - Complexity: O(*n* log *n*): both sides are sorted.
    public init(reference: [Double], current: [Double]) throws(StatisticsError) {
        guard !reference.isEmpty, !current.isEmpty else { throw StatisticsError(.empty, "no values on one side") }
        guard !reference.contains(where: \.isNaN), !current.contains(where: \.isNaN) else {
            throw StatisticsError(.outOfRange, "NaN among the values")
        }
        let a = reference.sorted()
        let b = current.sorted()
        var search = Search<Int128>(n: Int64(a.count), m: Int64(b.count))
        var i = 0
        var j = 0
        while i < a.count || j < b.count {
            let x = j >= b.count || (i < a.count && a[i] <= b[j]) ? a[i] : b[j]
            while i < a.count, a[i] == x { i += 1 }
            while j < b.count, b[j] == x { j += 1 }
            search.see(below: Int64(i), Int64(j), at: x)
        }
        self = search.result()
    }

    /// From counts on the cells of a ``Locator``: cell 2i is the open interval below cut i, cell 2i + 1 the cut itself.
    ///
    /// Only inside an open interval that holds values of both sides is the distance not known; what it can be at most there
    /// makes `upperBound`.
    /// - Throws: ``StatisticsError`` `.empty` without values on a side.
    /// - Complexity: O(cells), whatever the number of values.
    public init(cuts: [Double], referenceCells: [Int64], currentCells: [Int64]) throws(StatisticsError) {
        precondition(referenceCells.count == 2 * cuts.count + 1 && currentCells.count == referenceCells.count, "2k + 1 cells for k cuts")
        let n = referenceCells.reduce(0, &+)
        let m = currentCells.reduce(0, &+)
        guard n > 0, m > 0 else { throw StatisticsError(.empty, "no values on one side") }
        self =
            n.multipliedReportingOverflow(by: m).overflow
            ? Search<Int128>(n: n, m: m).result(cuts, referenceCells, currentCells)
            : Search<Int64>(n: n, m: m).result(cuts, referenceCells, currentCells)
    }

    private init(statistic: Double, upperBound: Double, location: Double?, sign: Int, pValue: Double) {
        self.statistic = statistic
        self.upperBound = upperBound
        self.location = location
        self.sign = sign
        self.pValue = pValue
    }

    /// The distance that chance alone passes with probability `alpha` at these sizes.
    public static func critical(alpha: Double, n: Int64, m: Int64) -> Double {
        Distributions.kolmogorovCritical(alpha) * ((Double(n) + Double(m)) / (Double(n) * Double(m))).squareRoot()
    }

    /// Differences are kept as the integers i·m − j·n, so that D is exact whatever the order of evaluation. `Whole` has room for n·m.
    private struct Search<Whole: FixedWidthInteger & SignedInteger> {
        let n: Int64
        let m: Int64
        var best: Whole = 0
        var bestAt: Double?
        var boundBest: Whole = 0

        init(n: Int64, m: Int64) {
            self.n = n
            self.m = m
        }

        func difference(_ i: Int64, _ j: Int64) -> Whole { Whole(i) &* Whole(m) &- Whole(j) &* Whole(n) }

        mutating func see(below i: Int64, _ j: Int64, at x: Double) {
            let d = difference(i, j)
            if d.magnitude > best.magnitude {
                best = d
                bestAt = x
            }
        }
        mutating func bound(from a: (Int64, Int64), to b: (Int64, Int64)) {
            boundBest = max(boundBest, difference(b.0, a.1), 0 &- difference(a.0, b.1))
        }

        consuming func result(_ cuts: [Double], _ referenceCells: [Int64], _ currentCells: [Int64]) -> KolmogorovSmirnov {
            var below: (Int64, Int64) = (0, 0)
            var bestCell: Int?
            // Where neither side has values nothing changes.
            for cell in referenceCells.indices where referenceCells[cell] | currentCells[cell] != 0 {
                let next = (below.0 + referenceCells[cell], below.1 + currentCells[cell])
                if cell % 2 == 0, referenceCells[cell] > 0 && currentCells[cell] > 0 { bound(from: below, to: next) }
                below = next
                let d = difference(next.0, next.1)
                if d.magnitude > best.magnitude { (best, bestCell) = (d, cell) }
            }
            // The end of an open interval is the value just below its upper cut; at the end of the last one the difference is 0.
            bestAt = bestCell.map { $0 % 2 == 0 ? cuts[$0 / 2].nextDown : cuts[$0 / 2] }
            return result()
        }

        func result() -> KolmogorovSmirnov {
            let scale = Double(n) * Double(m)
            let d = abs(Double(wide: Int128(best))) / scale
            let lambda = (Double(n) * Double(m) / (Double(n) + Double(m))).squareRoot() * d
            return KolmogorovSmirnov(
                statistic: d, upperBound: max(d, Double(wide: Int128(boundBest)) / scale), location: bestAt, sign: Int(best.signum()),
                pValue: Distributions.kolmogorovTail(lambda))
        }
    }
}
