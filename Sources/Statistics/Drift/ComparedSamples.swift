internal import Kernels

/// Two large samples, compared without sorting them: the statistics of a numeric column that need no full order, at about 10 ns a value.
///
/// The results are those of the sorted samples: distances and counts exactly, the Wasserstein distance to rounding.
public struct ComparedSamples: Sendable {
    private let pair: SamplePair
    private let moments: SampleMoments
    public let referenceCount: Int
    public let currentCount: Int

    /// NaN is left out.
    /// - Throws: ``StatisticsError`` `.empty` when nothing is left on a side.
    public init(reference: [Double], current: [Double]) throws(StatisticsError) {
        let x = present(reference)
        let y = present(current)
        guard !x.isEmpty, !y.isEmpty else { throw StatisticsError(.empty, "no values, expected at least one") }
        pair = SamplePair(reference: x, current: y)
        moments = SampleMoments(x)
        (referenceCount, currentCount) = (x.count, y.count)
    }

    public func kolmogorovSmirnov(
        _ alternative: KolmogorovSmirnovTest.Alternative = .twoSided, method: KolmogorovSmirnovTest.Method = .auto
    ) -> KolmogorovSmirnovTest {
        // Where nothing is between the distributions, any value is as good as another.
        let nowhere = pair.range?.high ?? 0
        return KolmogorovSmirnovTest(
            n: Int64(referenceCount), m: Int64(currentCount), above: (Int128(pair.gap.above), pair.gap.aboveAt ?? nowhere),
            below: (-Int128(pair.gap.below), pair.gap.belowAt ?? nowhere), alternative: alternative, method: method)
    }

    /// - Throws: ``StatisticsError`` `.undefined` with infinite values.
    public func wasserstein() throws(StatisticsError) -> Wasserstein {
        guard let distance = pair.wasserstein else { throw StatisticsError(.undefined, "infinite values have no distance") }
        return Wasserstein(statistic: distance, referenceStandardDeviation: moments.standardDeviation)
    }

    /// The reference's edges, as ``quantileEdges(ofSorted:bins:)`` gives them.
    public func quantileEdges(bins: Int) -> [Double] {
        precondition(bins >= 1, "at least one bin")
        let places = (1..<bins).map { Double($0) / Double(bins) * Double(referenceCount - 1) }
        let ranks = places.flatMap { [Int($0), min(Int($0) + 1, referenceCount - 1)] }
        let values = pair.orderStatistics(ranks)
        return distinctEdges(
            places.indices.map { interpolated(values[2 * $0], values[2 * $0 + 1], places[$0] - places[$0].rounded(.down)) })
    }

    /// Counts on the cells between `edges`: open at both ends, right-closed.
    public func counts(edges: [Double]) -> (reference: [Int64], current: [Int64]) {
        let upTo = pair.counts(upTo: edges)
        func cells(_ upTo: [Int64], _ total: Int) -> [Int64] { zip(upTo + [Int64(total)], [0] + upTo).map { $0 - $1 } }
        return (cells(upTo.reference, referenceCount), cells(upTo.current, currentCount))
    }

    /// The shares of values at or below `x`.
    public func shares(upTo x: Double) -> (reference: Double, current: Double) {
        let upTo = pair.counts(upTo: [x])
        return (Double(upTo.reference[0]) / Double(referenceCount), Double(upTo.current[0]) / Double(currentCount))
    }
}

/// How many of the values are missing: NaN.
public func missingCount(_ values: [Double]) -> Int { values.count - presentCount(values) }
