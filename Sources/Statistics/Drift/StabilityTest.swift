/// The p-value of a ``PopulationStabilityIndex`` where cells are too small for its law: the share of random divisions of the rows into two
/// sides of the same sizes whose index is at least as large.
///
/// The law (1/n + 1/m)·χ²(B − 1) is of first order. With ten rows a cell the logarithm bends: the index is 7 % larger on average, and the law
/// rejects 7.5 % instead of 5 %; with a small reference and many current rows it rejects 3.5 %. Where the cells lie between quantiles of
/// the reference they are cut anew for each division, as they were for the division that was seen. The divisions are drawn from a fixed
/// seed, so equal input gives the equal p-value: (1 + divisions at least as far apart) / (1 + divisions).
/// > Source: E. J. G. Pitman, "Significance Tests Which May be Applied to Samples from Any Populations", 1937; B. Phipson, G. K. Smyth,
/// > "Permutation P-values Should Never Be Zero", 2010.
public struct StabilityTest: Sendable, Equatable {
    public var pValue: Double

    /// With so many rows expected in every cell of both sides the law is good enough.
    public static let expectedMin = 25.0
    /// Beyond so many rows there is the law only.
    public static let rowsMax: Int64 = 5000
    /// Divisions times rows, at most; and divisions.
    private static let workMax = 5_000_000
    private static let divisionsMax = 9999

    /// Whether the law of the index is poor at these counts, and this test bearable.
    public static func isNeeded(reference: [Int64], current: [Int64]) -> Bool {
        let (n, m) = (reference.reduce(0, +), current.reduce(0, +))
        guard n > 0, m > 0, n + m <= rowsMax else { return false }
        let smaller = Double(min(n, m)) / Double(n + m)
        return zip(reference, current).contains { $0 + $1 > 0 && Double($0 + $1) * smaller < expectedMin }
    }

    /// Of counts on cells that do not depend on the sample: levels, or given edges.
    public init(reference: [Int64], current: [Int64], floor: Double = PopulationStabilityIndex.defaultFloor) throws(StatisticsError) {
        let seen = try PopulationStabilityIndex(reference: reference, current: current, floor: floor).statistic
        let total = zip(reference, current).map(+)
        let cells = total.enumerated().flatMap { [Int](repeating: $0, count: Int($1)) }
        let rows = Int(reference.reduce(0, +))
        pValue = Self.share(of: cells.count, rows, atLeast: seen) { isReference in
            var r = [Int64](repeating: 0, count: total.count)
            for (row, cell) in cells.enumerated() where isReference[row] { r[cell] += 1 }
            return (r, zip(total, r).map(-))
        } index: {
            try? PopulationStabilityIndex(reference: $0, current: $1, floor: floor).statistic
        }
    }

    /// Of values on cells between the quantiles of the reference.
    public init(
        reference: SortedSample, current: SortedSample, bins: Int, floor: Double = PopulationStabilityIndex.defaultFloor
    ) throws(StatisticsError) {
        let edges = quantileEdges(ofSorted: reference.values, bins: bins)
        let seen = try PopulationStabilityIndex(
            reference: reference.counts(edges: edges), current: current.counts(edges: edges), floor: floor
        ).statistic
        let all = (reference.values + current.values).sorted()
        pValue = Self.share(of: all.count, reference.count, atLeast: seen) { isReference in
            var drawn: [Double] = []
            drawn.reserveCapacity(reference.count)
            for row in all.indices where isReference[row] { drawn.append(all[row]) }
            let edges = quantileEdges(ofSorted: drawn, bins: bins)
            var r = [Int64](repeating: 0, count: edges.count + 1)
            var a = r
            var cell = 0
            for row in all.indices {
                while cell < edges.count, all[row] > edges[cell] { cell += 1 }
                if isReference[row] { r[cell] += 1 } else { a[cell] += 1 }
            }
            return (r, a)
        } index: {
            try? PopulationStabilityIndex(reference: $0, current: $1, floor: floor).statistic
        }
    }

    /// - Parameter counts: on both sides, of a division of the rows.
    private static func share(
        of rows: Int, _ referenceRows: Int, atLeast seen: Double, _ counts: ([Bool]) -> ([Int64], [Int64]),
        index: ([Int64], [Int64]) -> Double?
    ) -> Double {
        var random = SeededRandom(seed: 1)
        let divisions = min(divisionsMax, workMax / max(1, rows))
        // Rounding must not part divisions that are equal.
        let bar = seen * (1 - 1e-12)
        var order = Array(0..<rows)
        var isReference = [Bool](repeating: false, count: rows)
        var reached = 0
        for _ in 0..<divisions {
            // The first rows of a shuffle.
            for place in 0..<referenceRows {
                order.swapAt(place, place + random.below(rows - place))
                isReference[order[place]] = true
            }
            let (r, a) = counts(isReference)
            if let index = index(r, a), index >= bar { reached += 1 }
            for place in 0..<referenceRows { isReference[order[place]] = false }
        }
        return Double(1 + reached) / Double(1 + divisions)
    }
}
