/// Count, mean and variance of a stream, one value at a time.
///
/// > Source: B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products", 1962.
public struct RunningMoments: Sendable, Equatable {
    public private(set) var count: Int64 = 0
    public private(set) var mean = 0.0
    private var squares = 0.0

    public init() {}

    public mutating func add(_ value: Double) {
        count += 1
        let before = value - mean
        mean += before / Double(count)
        squares += before * (value - mean)
    }

    /// With divisor n − 1; nil below two values.
    public var variance: Double? { count > 1 ? squares / Double(count - 1) : nil }
}
