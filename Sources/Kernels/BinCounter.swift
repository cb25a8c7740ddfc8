internal import CKernels

/// Counts values in the bins between ascending edges, right-closed and open at both ends.
///
/// With few edges every value is compared with all of them, several at a time. With many it is counted in narrow cells, halved at their
/// edge, as long as no cell holds two edges.
/// - Complexity: less than twice a sum of the array with 10 bins, about three times with any more; O(log bins) where edges lie too close together for a table.
public struct BinCounter: Sendable {
    private let edges: [Double]
    private let table: Table?
    /// So many edges cost less to compare with than a table to look into.
    private static let comparedMax = 15

    /// Each cell's edge; infinity where it has none.
    private struct Table: Sendable {
        var map: CellMap
        var edges: [Double]
    }

    /// - Parameter edges: ascending, without NaN.
    public init(edges: [Double]) {
        self.edges = edges
        table = edges.count > Self.comparedMax ? Self.table(edges) : nil
    }

    private static func table(_ edges: [Double]) -> Table? {
        guard let first = edges.first, let last = edges.last, first.isFinite, last.isFinite else { return nil }
        for cells in [256, 512, 4096] {
            for map in [CellMap(evenFrom: first, to: last, cells: cells), CellMap(growingFrom: first, to: last, cells: cells)] {
                guard let map else { continue }
                let places = edges.map(map.cell(of:))
                guard zip(places, places.dropFirst()).allSatisfy({ $0 < $1 }) else { continue }
                var halves = [Double](repeating: .infinity, count: map.count)
                for (place, edge) in zip(places, edges) { halves[place] = edge }
                return Table(map: map, edges: halves)
            }
        }
        return nil
    }

    /// The number of values in each bin: one more than there are edges.
    ///
    /// - Parameter x: without NaN, fewer than 2³² values.
    public func counts(_ x: [Double]) -> [Int64] {
        if edges.count <= Self.comparedMax {
            var above = [UInt64](repeating: 0, count: edges.count)
            unsafe ek_counts_above(x, x.count, edges, edges.count, &above)
            let bounds = [Int64(x.count)] + above.map { Int64($0) } + [0]
            return zip(bounds, bounds.dropFirst()).map(-)
        }
        guard let table else {
            var counts = [Int64](repeating: 0, count: edges.count + 1)
            for value in x { counts[bin(value)] += 1 }
            return counts
        }
        var counts: [Int64] = []
        counts.reserveCapacity(edges.count + 1)
        var bin: Int64 = 0
        for (cell, edge) in zip(table.map.counts(x, halvedAt: table.edges), table.edges) {
            bin += cell.upTo
            guard edge < .infinity else { continue }
            counts.append(bin)
            bin = cell.above
        }
        return counts + [bin]
    }

    private func bin(_ value: Double) -> Int {
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// How many values are at most each edge.
    public func countsUpTo(_ x: [Double]) -> [Int64] {
        var sum: Int64 = 0
        return counts(x).dropLast().map { count in
            sum += count
            return sum
        }
    }
}
