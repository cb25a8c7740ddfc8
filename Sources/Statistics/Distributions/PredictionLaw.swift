/// The law of the next of values that vary by themselves, of which some are known.
///
/// - **Directed values** (a change that may be up or down) are taken as normal: t = (x − x̄) / (s · √(1 + 1/k)) of k known ones with mean x̄ and standard
///   deviation s has Student's law with k − 1 degrees of freedom.
/// - **Distances** are taken as lengths of a normal deviation from 0 along one direction: x / √(Σ xᵢ² / k) is |t| with k degrees of freedom. A deviation
///   in several directions has the lighter tail, so that the p-value is too large rather than too small.
///
/// With few known values the tails are heavy, as they should be.
/// > Source: G. J. Hahn and W. Q. Meeker, "Statistical Intervals", 1991, 4.7.
public struct PredictionLaw: Sendable, Equatable {
    public var count: Int
    /// 0 for distances.
    public var center: Double
    /// The standard deviation, or of distances the root of the mean square.
    public var scale: Double
    public var isOfDistances: Bool

    public init(count: Int, center: Double, scale: Double, isOfDistances: Bool) {
        (self.count, self.center, self.scale, self.isOfDistances) = (count, center, scale, isOfDistances)
    }

    /// - Parameter values: finite, at least two; else nil.
    public init?(_ values: [Double], areDistances: Bool) {
        guard values.count >= 2, values.allSatisfy(\.isFinite) else { return nil }
        let n = Double(values.count)
        let center = areDistances ? 0 : values.reduce(0, +) / n
        let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
        self.init(
            count: values.count, center: center, scale: (squares / (areDistances ? n : n - 1)).squareRoot(), isOfDistances: areDistances)
    }

    /// The chance that the next value is as large as x, or larger; in 0…1.
    public func upperTail(_ x: Double) -> Double {
        let scale = isOfDistances ? scale : scale * (1 + 1 / Double(count)).squareRoot()
        if scale == 0 { return x > center ? 0 : 1 }
        // Two values at least, so the degrees of freedom are positive.
        let tail = try? Distributions.studentTail(
            (x - center) / scale, degreesOfFreedom: Double(isOfDistances ? count : count - 1))
        return min(1, (tail ?? 1) * (isOfDistances ? 2 : 1))
    }
}
