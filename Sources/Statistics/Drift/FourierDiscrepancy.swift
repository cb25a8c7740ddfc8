internal import Glibc

/// The discrepancy for any number of rows: with random Fourier features it is the squared distance of two means.
///
/// φ(x) = √(2/D) cos(wᵢ·x + bᵢ), wᵢ normal with standard deviation 1/σ, bᵢ uniform in 0…2π, approximates the Gaussian kernel by φ(a)·φ(b) with
/// an error near 1/√D. Means of features add up over batches, so they can be kept in place of the rows.
/// > Source: A. Rahimi and B. Recht, "Random Features for Large-Scale Kernel Machines", 2007.
public struct FourierDiscrepancy: Sendable, Equatable {
    public var biased: Double
    /// Of equal distributions by the spread of the features: the law of the squared distance has this mean.
    public var expectedUnderNoDrift: Double
    /// By the law of a sum of the features' variances, matched in mean and variance to a scaled chi-squared.
    public var pValue: Double
    public var bandwidth: Double
    public var features: Int

    /// Rows of a side, about, from which the spread of the features is taken.
    public static let spreadRowsMax = 10_000

    /// - Parameter bandwidth: nil for the median distance among at most 1,000 rows of the pool.
    /// - Throws: ``StatisticsError`` as the exact form does.
    /// - Complexity: O((n + m)·d·features).
    public init(
        reference: [[Double]], current: [[Double]], bandwidth: Double? = nil, features: Int = 128, seed: UInt64 = 1
    ) throws(StatisticsError) {
        guard !reference.isEmpty, !current.isEmpty else { throw StatisticsError(.empty, "no rows on one side") }
        func thinned(_ rows: [[Double]]) -> [[Double]] {
            stride(from: 0, to: rows.count, by: max(1, (rows.count + 499) / 500)).map { rows[$0] }
        }
        let sigma =
            if let bandwidth { bandwidth } else {
                try MaximumMeanDiscrepancy(reference: thinned(reference), current: thinned(current)).bandwidth
            }
        guard sigma > 0, sigma.isFinite else {
            throw StatisticsError(.undefined, "more than half of the pairs of rows are equal, so there is no bandwidth to go by")
        }
        var random = SeededRandom(seed: seed)
        let width = reference[0].count
        let weights = (0..<(features * width)).map { _ in random.normal() / sigma }
        let phases = (0..<features).map { _ in 2 * Double.pi * random.uniform() }
        let scale = (2 / Double(features)).squareRoot()
        // The means need every row; of their covariance, which costs features² a row, evenly spaced rows are enough.
        func mapped(_ rows: [[Double]]) throws(StatisticsError) -> (means: [Double], spread: Covariance) {
            let every = max(1, rows.count / Self.spreadRowsMax)
            var spread = Covariance(size: features)
            var sums = [Double](repeating: 0, count: features)
            var out = sums
            for (place, row) in rows.enumerated() {
                guard row.count == width, row.allSatisfy(\.isFinite) else {
                    throw StatisticsError(.outOfRange, "a row of another length or a value that is no finite number")
                }
                for f in 0..<features {
                    var dot = phases[f]
                    for d in 0..<width { dot += weights[f * width + d] * row[d] }
                    out[f] = scale * cos(dot)
                    sums[f] += out[f]
                }
                if place % every == 0 { spread.add(out) }
            }
            return (sums.map { $0 / Double(rows.count) }, spread)
        }
        let r = try mapped(reference)
        let a = try mapped(current)
        biased = zip(r.means, a.means).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        self.bandwidth = sigma
        self.features = features
        // Under no drift the difference of the means is normal with covariance Σ(1/n + 1/m): its square is a weighted sum of χ²(1).
        let pooled = r.spread.pooled(with: a.spread)
        let size = 1 / Double(reference.count) + 1 / Double(current.count)
        var trace = 0.0
        var squares = 0.0
        for i in 0..<features {
            trace += pooled[i * features + i]
            for j in 0..<features { squares += pooled[i * features + j] * pooled[i * features + j] }
        }
        expectedUnderNoDrift = trace * size
        let spread = squares * size * size
        pValue =
            spread > 0
            ? Distributions.chiSquaredTail(
                biased * expectedUnderNoDrift / spread, degreesOfFreedom: expectedUnderNoDrift * expectedUnderNoDrift / spread)
            : 1
    }
}
