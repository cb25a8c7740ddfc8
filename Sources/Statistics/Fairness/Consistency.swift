/// How alike the decisions of similar rows are: 1 − mean of |dᵢ − mean d of the k nearest rows|, between 0 and 1, 1 when neighbours
/// are always decided alike.
///
/// Features are brought to mean 0 and standard deviation 1, distance is Euclidean, a row is its own nearest neighbour (as in AIF360);
/// of equally near rows the earlier one counts. Exact search costs O(rows²), so of many rows every m-th is asked and all are neighbours.
/// > Source: R. Zemel and others, "Learning Fair Representations", 2013.
public struct Consistency: Sendable, Equatable {
    public var value: Double
    /// The rows whose neighbours were looked up: all of them up to ``exactRowsMax``.
    public var rowsAsked: Int
    public var isExact: Bool
    public static let exactRowsMax = 20_000

    /// - Throws: ``StatisticsError`` `.empty` without rows or features, `.unequalLengths`, `.outOfRange` for a feature that is not
    ///   finite or k outside 1 ... rows.
    public init(features: [[Double]], decisions: [UInt8], neighbours k: Int = 5) throws(StatisticsError) {
        let n = decisions.count
        guard n > 0, !features.isEmpty else { throw StatisticsError(.empty, "no rows or no features") }
        guard features.allSatisfy({ $0.count == n }) else { throw StatisticsError(.unequalLengths, "as many values as rows expected") }
        guard features.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw StatisticsError(.outOfRange, "a feature that is not finite has no distance")
        }
        guard (1...n).contains(k) else { throw StatisticsError(.outOfRange, "\(k) neighbours of \(n) rows") }
        var points = [Double](repeating: 0, count: n * features.count)
        for (j, column) in features.enumerated() {
            let mean = column.reduce(0, +) / Double(n)
            let deviation = (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)).squareRoot()
            guard deviation > 0, deviation.isFinite else { continue }  // a constant column tells nothing apart
            for i in 0..<n { points[i * features.count + j] = (column[i] - mean) / deviation }
        }
        // With m rows asked the cost is m · n; it stays that of exactRowsMax rows.
        let asked = n <= Self.exactRowsMax ? n : max(1, Self.exactRowsMax * Self.exactRowsMax / n)
        var sum = 0.0
        for ask in 0..<asked {
            let row = asked == n ? ask : Int(Double(ask) * Double(n) / Double(asked))
            let near = Self.nearest(points, width: features.count, to: row, k: k)
            let mean = near.reduce(0.0) { $0 + Double(decisions[$1]) } / Double(k)
            sum += abs(Double(decisions[row]) - mean)
        }
        value = 1 - sum / Double(asked)
        rowsAsked = asked
        isExact = asked == n
    }

    /// The k nearest rows, the row itself first.
    private static func nearest(_ points: [Double], width: Int, to row: Int, k: Int) -> [Int] {
        var rows = [row]
        var distances = [-1.0]
        let origin = row * width
        for other in 0..<(points.count / width) where other != row {
            let at = other * width
            var distance = 0.0
            for j in 0..<width {
                let gap = points[at + j] - points[origin + j]
                distance += gap * gap
            }
            if rows.count == k, distance >= distances[k - 1] { continue }
            var place = rows.count
            while place > 0, distances[place - 1] > distance { place -= 1 }
            rows.insert(other, at: place)
            distances.insert(distance, at: place)
            if rows.count > k {
                rows.removeLast()
                distances.removeLast()
            }
        }
        return rows
    }
}
