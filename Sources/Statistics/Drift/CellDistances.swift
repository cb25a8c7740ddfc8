internal import Glibc

/// Distances between two rows of counts over the same cells that need no floor, and Kullback-Leibler's divergence, which does.
///
/// r and a are the shares of the reference and the current side. Hellinger √(1 − Σ√(rᵢaᵢ)), total variation ½Σ|rᵢ − aᵢ| and L∞ max|rᵢ − aᵢ| lie
/// in 0…1. Kullback-Leibler Σ rᵢ ln(rᵢ/aᵢ), of the reference from the current, is infinite where a cell empties (`raw`);
/// with shares raised to a floor it is finite but depends on that floor.
/// > Source: A. L. Gibbs and F. E. Su, "On Choosing and Bounding Probability Metrics", 2002; S. Kullback and R. A. Leibler, 1951.
public struct CellDistances: Sendable, Equatable {
    public var hellinger: Double
    public var totalVariation: Double
    public var lInfinity: Double
    public var kullbackLeibler: Double
    public var kullbackLeiblerRaw: Double

    /// - Throws: ``StatisticsError`` `.empty` when a side has no rows, `.unequalLengths` for different numbers of cells.
    public init(
        reference: [Int64], current: [Int64], floor: Double = PopulationStabilityIndex.defaultFloor
    ) throws(StatisticsError) {
        let (r, a, _, _) = try cellShares(reference, current)
        var affinity = 0.0
        var sum = 0.0
        var largest = 0.0
        var floored = 0.0
        var raw = 0.0
        for (r, a) in zip(r, a) {
            affinity += (r * a).squareRoot()
            sum += abs(r - a)
            largest = max(largest, abs(r - a))
            let (raisedR, raisedA) = (max(r, floor), max(a, floor))
            // A floor of 0 leaves 0 · ln 0 = 0.
            if raisedR > 0, raisedR != raisedA { floored += raisedR * log(raisedR / raisedA) }
            if r > 0, r != a { raw += r * log(r / a) }
        }
        hellinger = max(0, 1 - affinity).squareRoot()
        totalVariation = sum / 2
        lInfinity = largest
        kullbackLeibler = floored
        kullbackLeiblerRaw = max(0, raw)
    }
}
