internal import CKernels

/// Counts values in the bins between ascending edges, right-closed and open at both ends.
///
/// With few edges every value is compared with all of them, several at a time. With many a table of narrow cells tells the bin, up to one
/// comparison, as long as no cell holds two edges.
/// - Complexity: about 1 ns a value with 10 bins, 3 ns with any more; O(log bins) where edges lie too close together for a table.
public struct BinCounter: Sendable {
    private let edges: [Double]
    private let table: Table?
    /// So many edges cost less to compare with than a table to look into.
    private static let comparedMax = 24

    private struct Table: Sendable {
        var map: CellMap
        var bins: [UInt16]
        var edges: [Double]
    }

    /// - Parameter edges: ascending, without NaN, fewer than 2¹⁵.
    public init(edges: [Double]) {
        self.edges = edges
        table = edges.count > Self.comparedMax ? Self.table(edges) : nil
    }

    private static func table(_ edges: [Double]) -> Table? {
        guard let first = edges.first, let last = edges.last, first.isFinite, last.isFinite, edges.count < 1 << 15 else { return nil }
        for cells in [256, 4096] {
            for map in [CellMap(evenFrom: first, to: last, cells: cells), CellMap(growingFrom: first, to: last, cells: cells)] {
                guard let map else { continue }
                let places = edges.map(map.cell(of:))
                guard zip(places, places.dropFirst()).allSatisfy({ $0 < $1 }) else { continue }
                var table = Table(map: map, bins: [], edges: [Double](repeating: .infinity, count: map.count))
                table.bins.reserveCapacity(map.count)
                var bin = 0
                for cell in 0..<map.count {
                    table.bins.append(UInt16(bin))
                    if bin < edges.count, places[bin] == cell {
                        table.edges[cell] = edges[bin]
                        bin += 1
                    }
                }
                return table
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
        var lanes = [UInt32](repeating: 0, count: 4 * (edges.count + 1))
        table.map.countBins(x, table.bins, table.edges, &lanes)
        return stride(from: 0, to: lanes.count, by: 4).map { lanes[$0..<$0 + 4].reduce(0) { $0 + Int64($1) } }
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
