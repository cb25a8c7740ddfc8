/// Kolmogorov-Smirnov windowing: the newest values of a sliding window are compared with a sample of the older ones.
///
/// When the window is full, every new value brings a two-sample test of the newest `statSize` values against as many of the
/// older ones; a change when the exact p-value is at most `alpha` and D > 0.1 (River's second condition). There is a test at
/// every step, so `alpha` must be small: the tests overlap, and false alarms add up.
///
/// - Complexity: O(*r* log *r*) for a value, *r* = `statSize`: the newest values stay sorted. The test needs no p-value, since the
///   least significant distance is known beforehand.
/// > Source: C. Raab, M. Heusinger, F.-M. Schleif, "Reactive Soft Prototype Computing for Concept Drift Streams", 2020.
public struct KSWIN: ChangeDetector {
    public static let input = DetectorInput.number

    /// Which of the older values are compared.
    public enum Sampling: Sendable, Equatable {
        /// Those at ⌊j · length / statSize⌋; after a change the newest values are kept, as in the paper.
        case even
        /// Drawn without replacement; after a change the window is dropped, as in River.
        case random(seed: UInt64)
    }

    private let windowSize: Int
    private let statSize: Int
    private let isEven: Bool
    /// The least ⌈D · statSize⌉ that is a change.
    private let criticalGap: Int
    private var random: SeededRandom
    /// Places among the older values; the first `statSize` are the sample.
    private var places: [Int]
    /// The window as a ring, its oldest value at `start`.
    private var ring: [Double]
    private var start = 0
    private var count = 0
    private var newest: [Double] = []
    private var sample: [Double]
    private var gap = 0
    public private(set) var hasChanged = false
    public var isWarning: Bool { false }

    /// - Throws: ``StatisticsError`` `.outOfRange` for a parameter that makes no sense.
    public init(alpha: Double = 0.005, windowSize: Int = 100, statSize: Int = 30, sampling: Sampling = .random(seed: 1))
        throws(StatisticsError)
    {
        try requireParameter(alpha >= 0 && alpha <= 1, "alpha \(alpha), expected a number from 0 to 1")
        try requireParameter(statSize >= 1, "stat_size \(statSize), expected at least 1")
        try requireParameter(
            windowSize <= 10_000_000 && windowSize > statSize,
            "window_size \(windowSize), expected more than stat_size (\(statSize)) and at most 10000000")
        let older = windowSize - statSize
        switch sampling {
        case .even:
            isEven = true
            random = SeededRandom(seed: 0)
            places = (0..<statSize).map { $0 * older / statSize }
        case .random(let seed):
            try requireParameter(older >= statSize, "stat_size \(statSize), expected at most half of window_size (\(windowSize))")
            isEven = false
            random = SeededRandom(seed: seed)
            places = Array(0..<older)
        }
        self.windowSize = windowSize
        self.statSize = statSize
        criticalGap = Self.criticalGap(alpha: alpha, size: statSize)
        ring = [Double](repeating: 0, count: windowSize)
        sample = [Double](repeating: 0, count: statSize)
        newest.reserveCapacity(statSize)
    }

    public var state: [(name: String, value: Double)] {
        [("window", Double(count)), ("statistic", count == windowSize || hasChanged ? Double(gap) / Double(statSize) : .nan)]
    }

    public mutating func visit(_ memory: inout DetectorMemory) {
        // From the oldest value on: where the ring begins does not matter, and the newest ones are sorted anew.
        var window = (0..<count).map { ring[(start + $0) % windowSize] }
        memory.numbers(&window, counts: 0...windowSize)
        if memory.isReading {
            (start, count) = (0, window.count)
            ring.replaceSubrange(0..<count, with: window)
            newest = window.suffix(statSize).sorted()
        }
        if !isEven {
            let older = places.count
            memory.wholes(&places, counts: older...older, in: 0...older - 1)
            random.visit(&memory)
        }
        memory.whole(&gap, in: 0...statSize)
        memory.flag(&hasChanged)
    }

    public mutating func add(_ value: Double) {
        if hasChanged {
            hasChanged = false
            if !isEven {
                count = 0
                newest.removeAll(keepingCapacity: true)
            }
        }
        let place = start + count < windowSize ? start + count : start + count - windowSize
        if newest.count == statSize {
            let leaving = place >= statSize ? place - statSize : place - statSize + windowSize
            replaceNewest(ring[leaving], by: value)
        } else {
            insertNewest(value)
        }
        ring[place] = value
        if count < windowSize {
            count += 1
        } else {
            start = start + 1 < windowSize ? start + 1 : 0
        }
        guard count == windowSize else { return }
        drawSample()
        gap = Self.largestGap(sample, newest)
        hasChanged = gap >= criticalGap
        if hasChanged, isEven {
            start = (start + windowSize - statSize) % windowSize
            count = statSize
        }
    }

    private mutating func insertNewest(_ value: Double) {
        let place = newest.partitioningPlace { $0 >= value }
        newest.insert(value, at: place)
    }

    /// One shift between the places of the two values keeps the order.
    private mutating func replaceNewest(_ old: Double, by value: Double) {
        var place = newest.partitioningPlace { $0 >= old }
        while place + 1 < newest.count, newest[place + 1] < value {
            newest[place] = newest[place + 1]
            place += 1
        }
        while place > 0, newest[place - 1] > value {
            newest[place] = newest[place - 1]
            place -= 1
        }
        newest[place] = value
    }

    private mutating func drawSample() {
        for j in 0..<statSize {
            if !isEven { places.swapAt(j, j + random.below(places.count - j)) }
            let place = start + places[j]
            sample[j] = ring[place < windowSize ? place : place - windowSize]
        }
        if statSize > 48 {
            sample.sort()
        } else {
            for j in 1..<max(statSize, 1) {
                let value = sample[j]
                var k = j
                while k > 0, sample[k - 1] > value {
                    sample[k] = sample[k - 1]
                    k -= 1
                }
                sample[k] = value
            }
        }
    }

    /// The Kolmogorov-Smirnov distance of two sorted samples of one size n, times n.
    private static func largestGap(_ a: [Double], _ b: [Double]) -> Int {
        var i = 0
        var j = 0
        var largest = 0
        while i < a.count, j < b.count {
            let value = min(a[i], b[j])
            while i < a.count, a[i] == value { i += 1 }
            while j < b.count, b[j] == value { j += 1 }
            largest = max(largest, abs(i - j))
        }
        return largest
    }

    /// The least h with P(D ≥ h/n) ≤ alpha and h/n > 0.1; n + 1 when there is none.
    private static func criticalGap(alpha: Double, size: Int) -> Int {
        var low = 1
        var high = size + 1
        while low < high {
            let middle = (low + high) / 2
            if middle <= size, tail(gap: middle, size: size) > alpha { low = middle + 1 } else { high = middle }
        }
        while low <= size, Double(low) / Double(size) <= 0.1 { low += 1 }
        return low
    }

    /// P(D ≥ h/n) for two samples of size n from one continuous distribution: 2 Σₖ (−1)^(k+1) C(2n, n − kh) / C(2n, n), by
    /// nested multiplication from the last term, so that nothing cancels.
    ///
    /// > Source: J. L. Hodges, "The Significance Probability of the Smirnov Two-Sample Test", 1958.
    static func tail(gap h: Int, size n: Int) -> Double {
        if h <= 0 { return 1 }
        var nested = 0.0
        for k in stride(from: n / h - 1, through: 0, by: -1) {
            var ratio = 1.0
            for j in 0..<h { ratio *= Double(n - k * h - j) / Double(n + k * h + j + 1) }
            nested = ratio * (1 - nested)
        }
        return min(1, 2 * nested)
    }
}

extension [Double] {
    /// The first place of a sorted array where `belongs` holds; the count when nowhere.
    fileprivate func partitioningPlace(_ belongs: (Double) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
