internal import Glibc

/// The discrepancy for any number of rows: with random Fourier features it is the squared distance of two means.
///
/// φ(x) = (cos w₁·x, sin w₁·x, cos w₂·x, …)/√W, each of the W vectors w normal with standard deviation 1/σ, approximates the Gaussian kernel by
/// φ(a)·φ(b) with an error near 1/√W. Means of features add up over batches, so they can be kept in place of the rows. |φ| is 1, so that the
/// unbiased estimate needs no more than the means.
///
/// Under no drift the difference of the means is normal with covariance Σ(1/n + 1/m), Σ that of the features, and its square a weighted
/// sum of χ²(1), the weights Σ's eigenvalues. The p-value is that of a shifted and scaled chi-squared with the same mean, variance and skewness.
/// > Source: A. Rahimi and B. Recht, "Random Features for Large-Scale Kernel Machines", 2007; D. J. Sutherland and J. Schneider, "On the
/// > Error of Random Fourier Features", 2015; M. J. Buckley and G. K. Eagleson, "An Approximation to the Distribution of Quadratic Forms in
/// > Normal Random Variables", 1988.
public struct FourierDiscrepancy: Sendable, Equatable {
    public var biased: Double
    /// 0 on average under no drift; may be negative. nil with a single row on a side.
    public var unbiased: Double?
    /// Of equal distributions by the spread of the features: the law of the squared distance has this mean.
    public var expectedUnderNoDrift: Double
    public var pValue: Double
    public var bandwidth: Double
    public var features: Int

    /// Rows of a side, about, from which the spread of the features is taken.
    public static let spreadRowsMax = 10_000
    /// Rows of the pool, about, of which the median distance is taken.
    public static let bandwidthRowsMax = 1000

    /// From means of features, cosines first, then sines, each between −1 and 1.
    public init(
        reference: [Double], referenceRows n: Int, current: [Double], currentRows m: Int, traces: JointLaw.Traces, bandwidth: Double
    ) throws(StatisticsError) {
        guard n > 0, m > 0 else { throw StatisticsError(.empty, "no rows on one side") }
        guard reference.count == current.count, !reference.isEmpty else {
            throw StatisticsError(.unequalLengths, "\(reference.count) and \(current.count) features, expected as many on both sides")
        }
        let waves = Double(reference.count) / 2
        func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / waves }
        let gap = zip(reference, current).map { $0 - $1 }
        biased = product(gap, gap)
        func within(_ means: [Double], _ n: Int) -> Double { (Double(n) * product(means, means) - 1) / Double(n - 1) }
        unbiased = n > 1 && m > 1 ? within(reference, n) + within(current, m) - 2 * product(reference, current) : nil
        let size = 1 / Double(n) + 1 / Double(m)
        expectedUnderNoDrift = traces.first * size
        self.bandwidth = bandwidth
        features = reference.count
        let variance = 2 * traces.second * size * size
        let third = 8 * traces.third * size * size * size
        if variance > 0, third > 0 {
            let degrees = 8 * variance * variance * variance / (third * third)
            let place = degrees + (biased - expectedUnderNoDrift) * (2 * degrees / variance).squareRoot()
            pValue = place > 0 ? Distributions.chiSquaredTail(place, degreesOfFreedom: degrees) : 1
        } else {
            pValue = 1
        }
    }

    /// - Parameters:
    ///   - bandwidth: nil for the median distance among at most 1,000 rows of the pool.
    ///   - features: cosines and sines.
    /// - Throws: ``StatisticsError`` as the exact form does.
    /// - Complexity: O((n + m)·d·features).
    public init(
        reference: [[Double]], current: [[Double]], bandwidth: Double? = nil, features: Int = 128, seed: UInt64 = 1
    ) throws(StatisticsError) {
        guard !reference.isEmpty, !current.isEmpty else { throw StatisticsError(.empty, "no rows on one side") }
        let width = reference[0].count
        for row in [reference, current].joined() where row.count != width || !row.allSatisfy(\.isFinite) {
            throw StatisticsError(.outOfRange, "a row of another length or a value that is no finite number")
        }
        let sigma = if let bandwidth { bandwidth } else { try Self.medianBandwidth(reference, current) }
        try self.init(
            reference: reference, current: current,
            frequencies: Self.frequencies(columns: width, bandwidth: sigma, count: features / 2, seed: seed),
            bandwidth: sigma)
    }

    /// With frequencies that were drawn before; rows of finite numbers, as many in each.
    public init(reference: [[Double]], current: [[Double]], frequencies: [[Double]], bandwidth: Double) throws(StatisticsError) {
        // The means need every row; of their covariance, which costs features² a row, evenly spaced rows are enough.
        func mapped(_ rows: [[Double]]) -> (means: [Double], spread: Covariance) {
            let every = max(1, rows.count / Self.spreadRowsMax)
            var spread = Covariance(size: 2 * frequencies.count)
            var sums = [Double](repeating: 0, count: 2 * frequencies.count)
            for (place, row) in rows.enumerated() {
                let out = Self.waves(row, frequencies)
                for f in sums.indices { sums[f] += out[f] }
                if place % every == 0 { spread.add(out) }
            }
            return (sums.map { $0 / Double(rows.count) }, spread)
        }
        let (r, a) = (mapped(reference), mapped(current))
        let pooled = r.spread.pooled(with: a.spread).map { $0 / Double(frequencies.count) }
        try self.init(
            reference: r.means, referenceRows: reference.count, current: a.means, currentRows: current.count,
            traces: JointLaw.Traces(of: [pooled], size: 2 * frequencies.count), bandwidth: bandwidth)
    }

    /// The median distance among evenly spaced rows of both sides.
    ///
    /// - Throws: ``StatisticsError`` `.undefined` when that is 0.
    public static func medianBandwidth(_ reference: [[Double]], _ current: [[Double]]) throws(StatisticsError) -> Double {
        let half = bandwidthRowsMax / 2
        func thinned(_ rows: [[Double]]) -> [[Double]] {
            stride(from: 0, to: rows.count, by: max(1, (rows.count + half - 1) / half)).map { rows[$0] }
        }
        let sigma = try MaximumMeanDiscrepancy(reference: thinned(reference), current: thinned(current)).bandwidth
        guard sigma > 0 else {
            throw StatisticsError(.undefined, "more than half of the pairs of rows are equal, so there is no bandwidth to go by")
        }
        return sigma
    }

    /// Vectors of the Gaussian kernel's spectrum.
    ///
    /// - Throws: ``StatisticsError`` for a bandwidth that is not above 0.
    public static func frequencies(columns: Int, bandwidth: Double, count: Int, seed: UInt64) throws(StatisticsError) -> [[Double]] {
        guard bandwidth > 0, bandwidth.isFinite else {
            throw StatisticsError(.outOfRange, "a bandwidth of \(bandwidth), expected a number above 0")
        }
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in (0..<columns).map { _ in random.normal() / bandwidth } }
    }

    /// A row's cosines, then its sines.
    static func waves(_ row: [Double], _ frequencies: [[Double]]) -> [Double] {
        let phases = frequencies.map { frequency in
            var dot = 0.0
            for d in row.indices { dot += frequency[d] * row[d] }
            return dot
        }
        return phases.map(cos) + phases.map(sin)
    }
}
