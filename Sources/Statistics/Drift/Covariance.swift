/// Means and co-moments of rows of numbers, added one row at a time without loss of digits.
///
/// > Source: B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products", 1962.
public struct Covariance: Sendable, Equatable {
    public let size: Int
    public private(set) var count = 0
    public private(set) var mean: [Double]
    /// Σ (xᵢ − mean)(xⱼ − mean), row by row.
    public private(set) var moments: [Double]

    public init(size: Int) {
        self.size = size
        mean = [Double](repeating: 0, count: size)
        moments = [Double](repeating: 0, count: size * size)
    }

    /// From sums made elsewhere.
    public init(count: Int, mean: [Double], moments: [Double]) {
        precondition(moments.count == mean.count * mean.count, "a square matrix of co-moments")
        (size, self.count, self.mean, self.moments) = (mean.count, count, mean, moments)
    }

    /// Pearson's correlations of each row i with j < i; nil for a column that does not vary.
    var correlations: [[Double?]] {
        (0..<size).map { i in
            (0..<i).map { j in
                let product = moments[i * size + i] * moments[j * size + j]
                return product > 0 ? max(-1, min(1, moments[i * size + j] / product.squareRoot())) : nil
            }
        }
    }

    public mutating func add(_ row: [Double]) {
        precondition(row.count == size, "as many numbers as there are columns")
        count += 1
        let share = 1 / Double(count)
        var before = row
        for i in 0..<size {
            before[i] -= mean[i]
            mean[i] += before[i] * share
        }
        let weight = 1 - share
        for i in 0..<size {
            let x = before[i] * weight
            for j in 0...i { moments[i * size + j] += x * before[j] }
        }
    }

    /// The covariance matrix (divided by n), symmetric.
    public var matrix: [Double] {
        var out = moments
        for i in 0..<size {
            for j in 0...i {
                out[i * size + j] = moments[i * size + j] / Double(max(1, count))
                out[j * size + i] = out[i * size + j]
            }
        }
        return out
    }

    /// The covariance matrix within two groups of rows.
    func pooled(with other: Covariance) -> [Double] {
        let (a, b) = (matrix, other.matrix)
        let (n, m) = (Double(count), Double(other.count))
        return zip(a, b).map { ($0 * n + $1 * m) / (n + m) }
    }
}
