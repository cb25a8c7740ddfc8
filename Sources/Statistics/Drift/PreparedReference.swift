/// A reference that many small samples are compared with: sorted and summed once, after which a sample costs what it holds.
///
/// A part of the reference is compared with the rest of it, which needs no copy: the distribution function of the rest is
/// (N·F − m·G)/(N − m), so that its gap to G is N/(N − m) times that of the whole.
public struct PreparedReference: Sendable {
    public let whole: SortedSample
    /// By place k, the area under the counts from the first value to the k-th: Σ (i + 1)(xᵢ₊₁ − xᵢ), in two numbers of which the second holds
    /// what the first rounds away. Empty where the range is infinite.
    private let areas: [(high: Double, low: Double)]

    public init(_ whole: SortedSample) {
        self.whole = whole
        let x = whole.values
        guard (x[x.count - 1] - x[0]).isFinite else {
            areas = []
            return
        }
        var areas: [(high: Double, low: Double)] = []
        areas.reserveCapacity(x.count)
        var sum = (high: 0.0, low: 0.0)
        areas.append(sum)
        for i in 1..<max(1, x.count) {
            let term = Double(i) * (x[i] - x[i - 1])
            let high = sum.high + term
            let shift = high - sum.high
            sum = (high, sum.low + ((sum.high - (high - shift)) + (term - shift)))
            areas.append(sum)
        }
        self.areas = areas
    }

    /// Values that the sample is compared with; a part that is all of the reference has only the whole.
    private func others(_ sample: SortedSample, isPart: Bool) -> Int {
        isPart && sample.count < whole.count ? whole.count - sample.count : whole.count
    }

    /// The statistic of ``KolmogorovSmirnovTest``, the same to the bit.
    ///
    /// - Complexity: O(m log *N*) for m values of the sample.
    public func kolmogorovSmirnov(
        _ sample: SortedSample, isPart: Bool, alternative: KolmogorovSmirnovTest.Alternative = .twoSided
    ) -> Double {
        let (n, m) = (Int128(whole.count), Int128(sample.count))
        var above: Int128 = 0
        var below: Int128 = 0
        forEachGroup(sample) { range, before, upTo in
            // Between two values of the sample the gap only rises: it is largest just before the next, and least at a value.
            above = max(above, Int128(before) * m - Int128(range.lowerBound) * n)
            below = min(below, Int128(upTo) * m - Int128(range.upperBound) * n)
        }
        let best =
            switch alternative {
            case .twoSided: max(above, -below)
            case .less: -below
            case .greater: above
            }
        return Double(best) / (Double(others(sample, isPart: isPart)) * Double(sample.count))
    }

    /// The statistic of ``Wasserstein``, to rounding.
    ///
    /// - Throws: ``StatisticsError`` `.undefined` with infinite values.
    /// - Complexity: O(m log *N*) for m values of the sample.
    public func wasserstein(_ sample: SortedSample, isPart: Bool) throws(StatisticsError) -> Double {
        let x = whole.values
        let last = sample.values[sample.count - 1]
        let isNarrow = !areas.isEmpty && (max(x[x.count - 1], last) - min(x[0], sample.values[0])).isFinite
        guard isNarrow else {
            return try Wasserstein(reference: isPart ? whole.without(sample) ?? whole : whole, current: sample).statistic
        }
        var sum = 0.0
        var at = min(x[0], sample.values[0])
        var from = 0  // values of the reference up to `at`
        forEachGroup(sample) { range, before, upTo in
            let value = sample.values[range.lowerBound]
            sum += area(from: at, from, to: value, before, below: range.lowerBound, of: sample.count)
            (at, from) = (value, upTo)
        }
        if x[x.count - 1] > at { sum += area(from: at, from, to: x[x.count - 1], x.count - 1, below: sample.count, of: sample.count) }
        return sum / Double(sample.count) / Double(others(sample, isPart: isPart))
    }

    /// ∫ |i·m − j·N| dx between two values, of which i and the reference's count below the second are known, and j values of the sample.
    private func area(from start: Double, _ i: Int, to end: Double, _ next: Int, below j: Int, of m: Int) -> Double {
        // The first count at which the gap is not below 0.
        let turn = (j * whole.count + m - 1) / m
        func signed(_ a: Double, _ countA: Int, _ b: Double, _ countB: Int) -> Double {
            Double(m) * counts(a, countA, b, countB) - Double(j) * Double(whole.count) * (b - a)
        }
        if i >= turn || next < turn { return abs(signed(start, i, end, next)) }
        let middle = whole.values[turn - 1]
        return abs(signed(start, i, middle, turn - 1)) + abs(signed(middle, turn, end, next))
    }

    /// ∫ i(x) dx from `a`, up to which there are `countA` values, to `b`, below which there are `countB`.
    private func counts(_ a: Double, _ countA: Int, _ b: Double, _ countB: Int) -> Double {
        if countA >= countB { return Double(countA) * (b - a) }
        let x = whole.values
        let (first, last) = (areas[countA], areas[countB - 1])
        return Double(countA) * (x[countA] - a) + ((last.high - first.high) + (last.low - first.low)) + Double(countB) * (b - x[countB - 1])
    }

    /// Each distinct value of the sample: where it stands there, and how many values of the reference are below it and up to it.
    private func forEachGroup(_ sample: SortedSample, _ body: (_ range: Range<Int>, _ before: Int, _ upTo: Int) -> Void) {
        var start = 0
        var low = 0
        while start < sample.count {
            let value = sample.values[start]
            var end = start + 1
            while end < sample.count, sample.values[end] == value { end += 1 }
            let before = place(from: low) { $0 < value }
            low = place(from: before) { $0 <= value }
            body(start..<end, before, low)
            start = end
        }
    }

    /// The first place from `start` on whose value fails the test, in growing steps, then by halves.
    private func place(from start: Int, _ holds: (Double) -> Bool) -> Int {
        let x = whole.values
        var (low, step) = (start, 1)
        while low + step <= x.count, holds(x[low + step - 1]) { (low, step) = (low + step, 2 * step) }
        var high = min(low + step - 1, x.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(x[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
