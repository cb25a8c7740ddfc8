public import Kernels
internal import Vocabulary

/// The sums of a numeric column: counts by cell, missing ones, and moments.
public struct NumericCells: Sendable, Equatable {
    /// By cell of the grid's locator.
    public internal(set) var counts: [Int64]
    public internal(set) var missing: Int64 = 0
    /// Finite values, and their exact sums around the grid's center.
    public internal(set) var finite: Int64 = 0
    public internal(set) var sum = ExactSum()
    public internal(set) var sumOfSquares = ExactSum()
    /// +∞ and −∞ while there is no value.
    public internal(set) var minimum = Double.infinity
    public internal(set) var maximum = -Double.infinity

    public init(cellCount: Int) { counts = [Int64](repeating: 0, count: cellCount) }

    public var present: Int64 { total(counts[...]) }

    mutating func fold(_ values: [Double], grid: NumericGrid) {
        let fold = grid.locator.fold(values, around: grid.center, counts: &counts, sum: &sum, squares: &sumOfSquares)
        missing += fold.missing
        finite += fold.finite
        minimum = Swift.min(minimum, fold.minimum)
        maximum = Swift.max(maximum, fold.maximum)
    }

    mutating func merge(_ other: NumericCells) {
        for i in counts.indices { counts[i] &+= other.counts[i] }
        missing += other.missing
        finite += other.finite
        sum.add(other.sum)
        sumOfSquares.add(other.sumOfSquares)
        minimum = Swift.min(minimum, other.minimum)
        maximum = Swift.max(maximum, other.maximum)
    }

    /// The mean of the values whose distance from the center is below 1e150; nil without any.
    public func mean(center: Double) -> Double? { finite > 0 ? center + sum.value / Double(finite) : nil }

    /// The population variance; nil without values.
    public var variance: Double? {
        guard finite > 0 else { return nil }
        let n = Double(finite)
        let mean = sum.value / n
        return Swift.max(0, sumOfSquares.value / n - mean * mean)
    }
}

/// The sums of a categorical column: counts by reference level, missing ones, and levels that the reference did not have.
public struct CategoricalCells: Sendable, Equatable {
    public internal(set) var counts: [Int64]
    public internal(set) var missing: Int64 = 0
    public internal(set) var unseen = NameTally(limit: 256)

    public init(levelCount: Int) { counts = [Int64](repeating: 0, count: levelCount) }

    public var present: Int64 { total(counts[...]) + unseen.total }

    mutating func fold(_ column: LevelColumn, grid: CategoricalGrid) {
        var byLevel = [Int64](repeating: 0, count: column.levels.count)
        for code in column.codes { if code < 0 { missing += 1 } else { byLevel[Int(code)] += 1 } }
        for (level, count) in zip(column.levels, byLevel) where count > 0 {
            if let at = grid.index[level] { counts[at] += count } else { unseen.add(level, count) }
        }
    }

    mutating func merge(_ other: CategoricalCells) {
        for i in counts.indices { counts[i] += other.counts[i] }
        missing += other.missing
        unseen.merge(other.unseen)
    }
}

/// Counts by name, bounded: of more than `limit` distinct names only those with the smallest hashes are kept by name, the
/// others add to `rest`.
///
/// Unlike a heavy-hitter sketch this is the same whatever the order of merging: a name kept in the end was kept in every part, so
/// its count is exact. Up to `limit` distinct names nothing is lost at all.
public struct NameTally: Sendable, Equatable {
    public let limit: Int
    public private(set) var counts: [String: Int64] = [:]
    /// Rows whose name is not kept.
    public private(set) var rest: Int64 = 0
    /// Names from this hash on have been dropped.
    private var cutoff: UInt64?

    public init(limit: Int) { self.limit = limit }
    init(limit: Int, counts: [String: Int64], rest: Int64, cutoff: UInt64?) {
        self.limit = limit
        self.counts = counts
        self.rest = rest
        self.cutoff = cutoff
    }

    public var total: Int64 { counts.values.reduce(rest, +) }

    var negated: NameTally {
        var out = self
        out.counts = counts.mapValues { -$0 }
        out.rest = -rest
        return out
    }
    var cutoffHash: UInt64? { cutoff }

    public mutating func add(_ name: String, _ count: Int64) {
        if let cutoff, stableHash(name) >= cutoff { rest += count; return }
        counts[name, default: 0] += count
        trim()
    }

    public mutating func merge(_ other: NameTally) {
        rest += other.rest
        for (name, count) in other.counts {
            let sum = counts[name, default: 0] + count
            counts[name] = sum == 0 ? nil : sum
        }
        if let theirs = other.cutoff { cutoff = min(cutoff ?? theirs, theirs) }
        trim()
    }

    private mutating func trim() {
        if counts.count > limit {
            let hashes = counts.keys.map(stableHash).sorted()
            cutoff = min(cutoff ?? hashes[limit], hashes[limit])
        }
        guard let cutoff else { return }
        for (name, count) in counts where stableHash(name) >= cutoff {
            rest += count
            counts[name] = nil
        }
    }

    /// The heaviest kept names, ties by code point.
    public func heaviest(_ n: Int) -> [(name: String, count: Int64)] {
        counts.map { (name: $0.key, count: $0.value) }
            .sorted { $0.count != $1.count ? $0.count > $1.count : $0.name < $1.name }.prefix(n).map { $0 }
    }
}

/// FNV-1a with a final mix: the same on every machine and in every run, unlike `Hasher`.
func stableHash(_ name: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
    return hash ^ hash >> 33
}

/// The sums of a measure such as latency: counts by bucket, eight buckets to a doubling, and the exact sum.
///
/// A bucket is the exponent and the top three fraction bits of the value, so that its edges are exact and quantiles are within 12.5 %.
public struct MeasureCells: Sendable, Equatable {
    public internal(set) var counts: [Int32: Int64] = [:]
    public internal(set) var missing: Int64 = 0
    public internal(set) var sum = ExactSum()

    public init() {}
    init(missing: Int64) { self.missing = missing }

    mutating func fold(_ values: [Double]) {
        let finite = values.filter(\.isFinite)
        missing += Int64(values.count - finite.count)
        let buckets = finite.map(MeasureCells.bucket)
        sum.add(finite)
        guard let first = buckets.min(), let last = buckets.max() else { return }
        // Most measures keep to a few doublings; their buckets are counted in place.
        if Int(last) - Int(first) < 1024 {
            var tally = [Int64](repeating: 0, count: Int(last - first) + 1)
            for bucket in buckets { tally[Int(bucket - first)] += 1 }
            for (i, count) in tally.enumerated() where count > 0 { counts[first + Int32(i), default: 0] += count }
        } else {
            for bucket in buckets { counts[bucket, default: 0] += 1 }
        }
    }

    mutating func merge(_ other: MeasureCells) {
        for (bucket, count) in other.counts {
            let sum = counts[bucket, default: 0] + count
            counts[bucket] = sum == 0 ? nil : sum
        }
        missing += other.missing
        sum.add(other.sum)
    }

    public var present: Int64 { counts.values.reduce(0, +) }

    /// nil without values.
    public var mean: Double? { present > 0 ? sum.value / Double(present) : nil }

    /// The end of the bucket that holds the quantile: at most 12.5 % above it. 0 without values.
    public func quantile(_ q: Double) -> Double {
        let rank = Int64((q * Double(present)).rounded(.up))
        var below: Int64 = 0
        for (bucket, count) in counts.sorted(by: { $0.key < $1.key }) {
            below += count
            if below >= rank { return bucket > 0 ? MeasureCells.start(of: bucket + 1) : MeasureCells.start(of: bucket) }
        }
        return 0
    }

    /// Ascending with the value: negative numbers mirror the positive ones, 0 is bucket 0.
    public static func bucket(of x: Double) -> Int32 {
        if x == 0 { return 0 }
        let magnitude = Int32(truncatingIfNeeded: abs(x).bitPattern >> 49) + 1
        return x < 0 ? -magnitude : magnitude
    }

    /// The bucket's smallest magnitude, with its sign.
    public static func start(of bucket: Int32) -> Double {
        if bucket == 0 { return 0 }
        let x = Double(bitPattern: UInt64(bucket.magnitude - 1) << 49)
        return bucket < 0 ? -x : x
    }
}

/// Counts of rows fit in 64 bits, so the sum need not be checked, and several are added at once.
func total(_ counts: ArraySlice<Int64>) -> Int64 {
    let counts = counts.span
    var sum: Int64 = 0
    for i in counts.indices { sum &+= counts[i] }
    return sum
}
