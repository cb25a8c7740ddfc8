internal import Glibc

/// Adaptive windowing: a window that grows while its mean stays put and shrinks from the old end when two parts of it differ.
///
/// A cut of the window into an older part of n₀ and a newer part of n₁ values is a change when the difference of their means
/// passes ε = √(2 m σ² ln(2 ln n / δ)) + ⅔ m ln(2 ln n / δ), with m = 1/(n₀ − l + 1) + 1/(n₁ − l + 1), σ² the variance of the
/// window and l the least length of a part. The window is kept as an exponential histogram: at most `maxBuckets` + 1 sums of
/// 2^k values for each k, so memory is O(log n). As in River the whole window is dropped after a change (the paper keeps the
/// newer part).
///
/// It is good at changes of the mean, sudden or gradual, and blind to changes of shape that leave the mean where it was.
/// - Complexity: O(1) amortized for a value, and O(log n) for every `clock`-th one.
/// > Source: A. Bifet and R. Gavaldà, "Learning from Time-Changing Data with Adaptive Windowing", 2007.
public struct ADWIN: ChangeDetector {
    public static let input = DetectorInput.number

    private let delta: Double
    private let clock: Int
    private let maxBuckets: Int
    private let minWindowLength: Double
    private let gracePeriod: Double

    /// Bucket k of row r, which sums 2^r values, is at r · (maxBuckets + 1) + k, the oldest first.
    private var totals: [Double]
    private var variances: [Double]
    private var fill: [Int] = [0]
    private var width = 0.0
    private var total = 0.0
    /// Sum of the squared deviations from the window's mean.
    private var variance = 0.0
    private var untilCheck: Int
    public private(set) var hasChanged = false
    public var isWarning: Bool { false }

    /// - Throws: ``StatisticsError`` `.outOfRange` for a parameter that makes no sense.
    public init(delta: Double = 0.002, clock: Int = 32, maxBuckets: Int = 5, minWindowLength: Int = 5, gracePeriod: Int = 10)
        throws(StatisticsError)
    {
        try requireParameter(delta > 0 && delta < 1, "delta \(delta), expected a number between 0 and 1")
        try requireParameter(clock >= 1, "clock \(clock), expected at least 1")
        try requireParameter(maxBuckets >= 1 && maxBuckets <= 10_000, "max_buckets \(maxBuckets), expected 1 to 10000")
        try requireParameter(minWindowLength >= 1, "min_window_length \(minWindowLength), expected at least 1")
        try requireParameter(gracePeriod >= 0, "grace_period \(gracePeriod), expected at least 0")
        self.delta = delta
        self.clock = clock
        self.maxBuckets = maxBuckets
        self.minWindowLength = Double(minWindowLength)
        self.gracePeriod = Double(gracePeriod)
        untilCheck = clock
        totals = [Double](repeating: 0, count: maxBuckets + 1)
        variances = totals
    }

    public var state: [(name: String, value: Double)] {
        [
            ("width", width), ("estimation", width > 0 ? total / width : 0), ("variance", variance), ("n_detections", hasChanged ? 1 : 0),
        ]
    }

    public mutating func add(_ value: Double) {
        if hasChanged { restart() }
        insert(value)
        untilCheck -= 1
        if untilCheck == 0 {
            untilCheck = clock
            if width > gracePeriod { shrink() }
        }
    }

    public mutating func visit(_ memory: inout DetectorMemory) {
        memory.wholes(&fill, counts: 1...64, in: 0...maxBuckets)
        let stride = maxBuckets + 1
        if memory.isReading {
            totals = [Double](repeating: 0, count: fill.count * stride)
            variances = totals
        }
        // What stands behind a row's last bucket is left from before and counts for nothing.
        for row in fill.indices {
            for k in row * stride..<row * stride + fill[row] {
                memory.number(&totals[k])
                memory.number(&variances[k])
            }
        }
        memory.number(&width)
        memory.number(&total)
        memory.number(&variance)
        memory.whole(&untilCheck, in: 1...clock)
        memory.flag(&hasChanged)
    }

    private mutating func restart() {
        fill = [0]
        totals.removeLast(totals.count - (maxBuckets + 1))
        variances.removeLast(variances.count - (maxBuckets + 1))
        width = 0
        total = 0
        variance = 0
        untilCheck = clock
        hasChanged = false
    }

    private mutating func insert(_ value: Double) {
        if width > 0 {
            let deviation = value - total / width
            variance += width * deviation * deviation / (width + 1)
        }
        width += 1
        total += value
        totals[fill[0]] = value
        variances[fill[0]] = 0
        fill[0] += 1
        if fill[0] > maxBuckets { compress() }
    }

    /// Two buckets of a full row become one of the next row.
    private mutating func compress() {
        let stride = maxBuckets + 1
        var row = 0
        var length = 1.0
        while fill[row] > maxBuckets {
            if row + 1 == fill.count {
                fill.append(0)
                totals.append(contentsOf: repeatElement(0, count: stride))
                variances.append(contentsOf: repeatElement(0, count: stride))
            }
            let first = row * stride
            let next = first + stride + fill[row + 1]
            let gap = totals[first] / length - totals[first + 1] / length
            totals[next] = totals[first] + totals[first + 1]
            variances[next] = variances[first] + variances[first + 1] + 0.5 * length * gap * gap
            fill[row + 1] += 1
            dropOldest(2, of: row)
            row += 1
            length *= 2
        }
    }

    private mutating func dropOldest(_ count: Int, of row: Int) {
        let first = row * (maxBuckets + 1)
        for k in first..<(first + fill[row] - count) {
            totals[k] = totals[k + count]
            variances[k] = variances[k + count]
        }
        fill[row] -= count
    }

    /// Drops the oldest bucket as long as some cut of the window is a change.
    private mutating func shrink() {
        while hasSignificantCut() {
            hasChanged = true
            let row = fill.count - 1
            let first = row * (maxBuckets + 1)
            let count = exp2(Double(row))
            let sum = totals[first]
            let itsVariance = variances[first]
            width -= count
            total -= sum
            let gap = sum / count - total / width
            variance -= itsVariance + count * width * gap * gap / (count + width)
            dropOldest(1, of: row)
            // With few buckets to a row, rows below the oldest one may be empty too.
            while fill.count > 1, fill[fill.count - 1] == 0 {
                fill.removeLast()
                totals.removeLast(maxBuckets + 1)
                variances.removeLast(maxBuckets + 1)
            }
        }
    }

    private func hasSignificantCut() -> Bool {
        let stride = maxBuckets + 1
        let confidence = log(2 * log(width) / delta)
        let spread = 2 * (variance / width) * confidence
        var older = 0.0
        var newer = width
        var olderTotal = 0.0
        var newerTotal = total
        var length = exp2(Double(fill.count - 1))
        for row in fill.indices.reversed() {
            let first = row * stride
            for k in first..<(first + fill[row]) {
                older += length
                newer -= length
                olderTotal += totals[k]
                newerTotal -= totals[k]
                guard older >= minWindowLength, newer >= minWindowLength else { continue }
                let m = 1 / (older - minWindowLength + 1) + 1 / (newer - minWindowLength + 1)
                let bound = (m * spread).squareRoot() + 2.0 / 3 * confidence * m
                if abs(olderTotal / older - newerTotal / newer) > bound { return true }
            }
            length /= 2
        }
        return false
    }
}
