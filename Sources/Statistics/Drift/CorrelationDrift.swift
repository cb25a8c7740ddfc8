internal import Glibc

/// Which pairs of columns go together differently now: the difference of their rank correlations.
///
/// Spearman's correlation of each pair, on either side; the difference is tested by Fisher's z with Bonett and Wright's variance (1 + r²/2)/(n − 3),
/// which holds without normal columns, and corrected over the pairs by Benjamini-Hochberg.
/// > Source: D. G. Bonett and T. A. Wright, "Sample Size Requirements for Estimating Pearson, Kendall and Spearman Correlations", 2000.
public struct CorrelationDrift: Sendable, Equatable {
    public struct Pair: Sendable, Equatable {
        public var first: Int
        public var second: Int
        public var reference: Double
        public var current: Double
        public var pValue: Double
        public var adjustedP: Double
        public var difference: Double { current - reference }
    }
    /// Pairs by how much their correlation changed, most first. A constant column has no correlations.
    public var pairs: [Pair]
    /// The mean absolute change.
    public var meanDifference: Double

    /// - Parameters: columns of finite numbers, as many rows in each.
    /// - Throws: ``StatisticsError`` with fewer than two columns that vary, or fewer than 10 rows.
    public init(reference: [[Double]], current: [[Double]]) throws(StatisticsError) {
        guard reference.count == current.count, reference.count >= 2 else {
            throw StatisticsError(.undefined, "fewer than two columns of numbers")
        }
        try self.init(Self.ranked(reference), Self.ranked(current)) { n, m, was, now, _, _ in
            (1 + was * was / 2) / (n - 3) + (1 + now * now / 2) / (m - 3)
        }
    }

    /// Of Pearson's correlations, from co-moments; the variance of z is the reference's own, which needs no normal columns.
    ///
    /// - Throws: ``StatisticsError`` with fewer than two columns that vary, or fewer than 10 rows.
    public init(reference: Covariance, current: Covariance, law: JointLaw) throws(StatisticsError) {
        try self.init(reference, current) { n, m, _, _, i, j in law.correlationVariances[i * (i - 1) / 2 + j] * (1 / (n - 3) + 1 / (m - 3))
        }
    }

    private init(
        _ reference: Covariance, _ current: Covariance,
        variance: (_ n: Double, _ m: Double, _ was: Double, _ now: Double, _ i: Int, _ j: Int) -> Double
    ) throws(StatisticsError) {
        guard reference.count >= 10, current.count >= 10 else { throw StatisticsError(.undefined, "fewer than 10 complete rows on a side") }
        let (n, m) = (Double(reference.count), Double(current.count))
        let (r, a) = (reference.correlations, current.correlations)
        var found: [Pair] = []
        for i in r.indices {
            for j in 0..<i {
                guard let was = r[i][j], let now = a[i][j] else { continue }
                // A perfect correlation has an infinite z: it is taken just short of it.
                func z(_ r: Double) -> Double { atanh(max(-1 + 1e-12, min(1 - 1e-12, r))) }
                let p = Distributions.normalTwoSided((now == was ? 0 : z(now) - z(was)) / variance(n, m, was, now, i, j).squareRoot())
                found.append(Pair(first: j, second: i, reference: was, current: now, pValue: p, adjustedP: p))
            }
        }
        guard !found.isEmpty else { throw StatisticsError(.undefined, "fewer than two columns that vary on both sides") }
        let adjusted = benjaminiHochberg(found.map(\.pValue))
        for i in found.indices { found[i].adjustedP = adjusted[i] ?? found[i].pValue }
        meanDifference = found.reduce(0) { $0 + abs($1.difference) } / Double(found.count)
        // Numbers are put in order, not the pairs, which are several times as large.
        let sizes = found.map { abs($0.difference) }
        pairs = found.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }.map { found[$0] }
    }

    private static func ranked(_ columns: [[Double]]) -> Covariance {
        var sums = Covariance(size: columns.count)
        let ranks = columns.map(midranks)
        for row in columns[0].indices { sums.add(ranks.map { $0[row] }) }
        return sums
    }

    private static func midranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
            start = end
        }
        return ranks
    }
}
