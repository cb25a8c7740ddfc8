/// The values of one side of a comparison, ascending; what every two-sample statistic of a column starts from, sorted once.
public struct SortedSample: Sendable, Equatable {
    public let values: [Double]
    public var count: Int { values.count }

    /// - Throws: ``StatisticsError`` `.empty` without values, `.outOfRange` for NaN.
    /// - Complexity: O(*n*) for many values (a radix sort), O(*n* log *n*) for few.
    public init(_ values: [Double]) throws(StatisticsError) {
        guard !values.isEmpty else { throw StatisticsError(.empty, "no values, expected at least one") }
        guard !values.contains(where: \.isNaN) else { throw StatisticsError(.outOfRange, "NaN among the values") }
        self.values = values.count < 2000 ? values.sorted() : radixSorted(values)
    }

    private init(ascending: [Double]) { values = ascending }

    /// What is left when the values of a part of it are taken out; nil when nothing is.
    ///
    /// - Complexity: O(*n*).
    public func without(_ part: SortedSample) -> SortedSample? {
        guard part.count < count else { return nil }
        var rest: [Double] = []
        rest.reserveCapacity(count - part.count)
        var next = 0
        for value in values {
            if next < part.count, part.values[next] == value { next += 1 } else { rest.append(value) }
        }
        return SortedSample(ascending: rest)
    }

    public var isFinite: Bool { values[0].isFinite && values[values.count - 1].isFinite }

    /// Both moments in one numerically stable form: the mean, then the mean squared distance from it (divided by n).
    public var moments: (mean: Double, variance: Double) {
        let n = Double(count)
        let mean = values.reduce(0) { $0 + $1 / n }
        let (squares, rest) = values.reduce((0.0, 0.0)) { ($0.0 + ($1 - mean) * ($1 - mean), $0.1 + ($1 - mean)) }
        return (mean + rest / n, (squares - rest * rest / n) / n)
    }

    /// The number of values at or below `x`.
    public func count(upTo x: Double) -> Int {
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if values[middle] <= x { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The number of values below `x`.
    public func count(below x: Double) -> Int {
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < x { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Counts on the cells between `edges`: open at both ends, right-closed.
    public func counts(edges: [Double]) -> [Int64] {
        var out: [Int64] = []
        var below = 0
        for edge in edges {
            let upTo = count(upTo: edge)
            out.append(Int64(upTo - below))
            below = upTo
        }
        return out + [Int64(count - below)]
    }
}

/// Walks the distinct values of two ascending arrays: `body` gets each value with how often it stands in either.
func forEachDistinct(_ a: [Double], _ b: [Double], _ body: (_ x: Double, _ inA: Int, _ inB: Int) -> Void) {
    var i = 0
    var j = 0
    while i < a.count || j < b.count {
        let x = j >= b.count || (i < a.count && a[i] <= b[j]) ? a[i] : b[j]
        let (startI, startJ) = (i, j)
        while i < a.count, a[i] == x { i += 1 }
        while j < b.count, b[j] == x { j += 1 }
        body(x, i - startI, j - startJ)
    }
}

/// Least significant digit first, 11 bits at a time, on the bits of the numbers made to order as integers.
private func radixSorted(_ values: [Double]) -> [Double] {
    var keys = values.map { value -> UInt64 in
        let bits = value.bitPattern
        return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
    }
    var spare = [UInt64](repeating: 0, count: keys.count)
    for pass in 0..<6 {
        let shift = UInt64(pass * 11)
        var starts = [Int](repeating: 0, count: 2049)
        for key in keys { starts[Int(truncatingIfNeeded: key >> shift & 2047) + 1] += 1 }
        if starts.contains(keys.count) { continue }  // all have the same digit
        for digit in 1...2048 { starts[digit] += starts[digit - 1] }
        for key in keys {
            let digit = Int(truncatingIfNeeded: key >> shift & 2047)
            spare[starts[digit]] = key
            starts[digit] += 1
        }
        swap(&keys, &spare)
    }
    return keys.map { Double(bitPattern: $0 >> 63 == 1 ? $0 & ~(1 << 63) : ~$0) }
}
