internal import CKernels

/// Counts values in the bins between ascending edges, right-closed and open at both ends.
///
/// A table of narrow cells tells the bin, up to one comparison, as long as no cell holds two edges.
/// - Complexity: O(1) a value, 1 to 2 ns, whatever the number of bins; O(log bins) where edges lie too close together for a table.
public struct BinCounter: Sendable {
    private let edges: [Double]
    private let table: Table?

    private struct Table: Sendable {
        var map: CellMap
        var bins: [UInt16]
        var edges: [Double]
    }

    /// - Parameter edges: ascending, without NaN, fewer than 2¹⁵.
    public init(edges: [Double]) {
        self.edges = edges
        table = Self.table(edges)
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
