internal import Glibc

/// What drawing a sample again and again from itself says about a statistic of it.
///
/// The percentile interval takes quantiles of the redrawn statistics, the basic one mirrors them at the estimate, and BCa shifts
/// them for bias (z₀, from the share of redrawn statistics below the estimate) and skewness (the acceleration, by the jackknife).
/// > Source: B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993; A. C. Davison and D. V. Hinkley, "Bootstrap
/// > Methods and their Application", 1997.
public struct Bootstrap: Sendable {
    public enum Statistic: String, Sendable, CaseIterable { case mean, median }

    public struct BCa: Sendable, Equatable {
        public var z0: Double
        public var acceleration: Double
        /// Which quantiles of the redrawn statistics are the ends.
        public var lowerProbability: Double
        public var upperProbability: Double
        public var interval: Interval
    }

    /// The redrawn statistics, ascending.
    public var statistics: [Double] { redrawn.map { $0 * scale } }
    public var estimate: Double { center * scale }
    public var resampleCount: Int { redrawn.count }
    /// All in units of `scale`, the power of two at the largest value: squares of huge values do not overflow, nor do those of tiny ones
    /// vanish.
    private let redrawn: [Double]
    private let center: Double
    private let sample: [Double]
    private let scale: Double
    private let statistic: Statistic

    /// All nⁿ ordered resamples can be drawn up to this many.
    public static let resampleCountMax = 1_000_000

    /// All nⁿ ordered resamples, so that nothing is left to chance.
    /// - Throws: ``StatisticsError`` for an empty or too large sample, or one with values that are not finite.
    public static func all(_ sample: [Double], _ statistic: Statistic) throws(StatisticsError) -> Bootstrap {
        let n = sample.count
        let total = pow(Double(max(1, n)), Double(n))
        guard total <= Double(resampleCountMax) else {
            throw StatisticsError(
                .outOfRange, "\(n) values have more than \(resampleCountMax) resamples, expected fewer values, or indices")
        }
        var draw = [Int](repeating: 0, count: n)
        return try Bootstrap(sample, statistic, count: n == 0 ? 0 : Int(total)) { index in
            var rest = index
            for i in 0..<n { (rest, draw[i]) = rest.quotientAndRemainder(dividingBy: n) }
            return draw
        }
    }

    /// Given resamples: of each, which values it holds, from 0.
    /// - Throws: ``StatisticsError`` for an index out of range, an empty resample, an empty sample or values that are not finite.
    public static func given(_ sample: [Double], _ statistic: Statistic, indices: [[Int]]) throws(StatisticsError) -> Bootstrap {
        for draw in indices {
            guard !draw.isEmpty else { throw StatisticsError(.empty, "a resample without values, expected at least one") }
            guard draw.allSatisfy(sample.indices.contains) else {
                throw StatisticsError(.outOfRange, "an index outside the sample, expected 0...\(sample.count - 1)")
            }
        }
        return try Bootstrap(sample, statistic, count: indices.count) { indices[$0] }
    }

    /// Resamples drawn by a seed.
    public static func seeded(
        _ sample: [Double], _ statistic: Statistic, resamples: Int, seed: UInt64
    ) throws(StatisticsError) -> Bootstrap {
        let n = sample.count
        return try Bootstrap(sample, statistic, count: resamples) { index in
            var random = SeededRandom(seed: seed, stream: UInt64(index))
            return (0..<n).map { _ in random.below(n) }
        }
    }

    private init(_ sample: [Double], _ statistic: Statistic, count: Int, draw: (Int) -> [Int]) throws(StatisticsError) {
        guard !sample.isEmpty else { throw StatisticsError(.empty, "no values, expected at least one") }
        guard sample.allSatisfy(\.isFinite) else {
            throw StatisticsError(.outOfRange, "an infinite or missing value, expected finite ones")
        }
        guard count > 0 else { throw StatisticsError(.empty, "no resamples, expected at least one") }
        let largest = sample.reduce(0) { max($0, abs($1)) }
        scale = largest > 0 ? Double(sign: .plus, exponent: largest.exponent, significand: 1) : 1
        let sorted = sample.sorted().map { [scale] in $0 / scale }
        var rank = [Int](repeating: 0, count: sample.count)
        for (place, index) in sample.indices.sorted(by: { (sample[$0], $0) < (sample[$1], $1) }).enumerated() { rank[index] = place }
        var copies = [Int](repeating: 0, count: sample.count)
        var statistics: [Double] = []
        statistics.reserveCapacity(count)
        for index in 0..<count {
            for i in copies.indices { copies[i] = 0 }
            for i in draw(index) { copies[rank[i]] += 1 }
            statistics.append(Self.value(statistic, sorted, copies))
        }
        self.sample = sorted
        self.statistic = statistic
        redrawn = statistics.sorted()
        center = Self.value(statistic, sorted, [Int](repeating: 1, count: sample.count))
    }

    /// Of a sorted sample with `copies` of each value: the order of drawing cannot change the rounding.
    private static func value(_ statistic: Statistic, _ sorted: [Double], _ copies: [Int]) -> Double {
        let count = copies.reduce(0, +)
        switch statistic {
        case .mean: return zip(sorted, copies).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(count)
        case .median:
            func ranked(_ place: Int) -> Double {
                var seen = 0
                for (value, copy) in zip(sorted, copies) {
                    seen += copy
                    if seen > place { return value }
                }
                return sorted[sorted.count - 1]
            }
            let upper = ranked(count / 2)
            return count % 2 == 1 ? upper : (ranked(count / 2 - 1) + upper) / 2
        }
    }

    private var scaledMean: Double { redrawn.reduce(0, +) / Double(redrawn.count) }
    public var mean: Double { scaledMean * scale }

    /// The standard deviation of the redrawn statistics (divisor count − 1); nil for a single one.
    public var standardError: Double? {
        guard redrawn.count > 1 else { return nil }
        let mean = scaledMean
        return (redrawn.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(redrawn.count - 1)).squareRoot() * scale
    }

    public func percentile(confidence: Double) -> Interval {
        Interval(lower: quantile((1 - confidence) / 2) * scale, upper: quantile((1 + confidence) / 2) * scale)
    }

    public func basic(confidence: Double) -> Interval {
        Interval(
            lower: (2 * center - quantile((1 + confidence) / 2)) * scale, upper: (2 * center - quantile((1 - confidence) / 2)) * scale)
    }

    private func quantile(_ p: Double) -> Double { Statistics.quantile(ofSorted: redrawn, p) }

    /// nil where it is undefined: every redrawn statistic on one side of the estimate, or no spread at all.
    public func bca(confidence: Double) -> BCa? {
        let below = redrawn.count { $0 < center }
        let upTo = redrawn.count { $0 <= center }
        let share = Double(below + upTo) / Double(2 * redrawn.count)
        guard share > 0, share < 1, sample.count > 1 else { return nil }
        let z0 = Distributions.normalQuantile(share)
        let jackknife = sample.indices.map { left in
            Self.value(statistic, sample, sample.indices.map { $0 == left ? 0 : 1 })
        }
        let mean = jackknife.reduce(0, +) / Double(jackknife.count)
        let squares = jackknife.reduce(0) { $0 + (mean - $1) * (mean - $1) }
        let cubes = jackknife.reduce(0) { $0 + (mean - $1) * (mean - $1) * (mean - $1) }
        guard squares > 0 else { return nil }
        let acceleration = cubes / (6 * squares * squares.squareRoot())
        func probability(_ tail: Double) -> Double {
            let z = z0 + Distributions.normalQuantile(tail)
            return Distributions.normalCDF(z0 + z / (1 - acceleration * z))
        }
        let lower = probability((1 - confidence) / 2)
        let upper = probability((1 + confidence) / 2)
        guard !lower.isNaN, !upper.isNaN else { return nil }
        return BCa(
            z0: z0, acceleration: acceleration, lowerProbability: lower, upperProbability: upper,
            interval: Interval(lower: quantile(lower) * scale, upper: quantile(upper) * scale))
    }
}
