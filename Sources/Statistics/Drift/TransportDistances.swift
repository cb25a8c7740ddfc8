/// Values with weights, ascending: a distribution function with steps.
struct WeightedSteps {
    var values: [Double]
    /// Each value's share.
    var shares: [Double]

    init(_ sample: SortedSample) {
        values = sample.values
        shares = []
    }

    init(_ values: [Double], weights: [Double]) throws(StatisticsError) {
        guard values.count == weights.count else {
            throw StatisticsError(.unequalLengths, "\(values.count) values and \(weights.count) weights, expected as many")
        }
        guard !values.isEmpty else { throw StatisticsError(.empty, "no values, expected at least one") }
        guard !values.contains(where: \.isNaN) else { throw StatisticsError(.outOfRange, "NaN among the values") }
        let total = weights.reduce(0, +)
        guard weights.allSatisfy({ $0 >= 0 }), total > 0, total.isFinite else {
            throw StatisticsError(.outOfRange, "weights are to be at least 0, finite, and not all 0")
        }
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        self.values = order.map { values[$0] }
        shares = order.map { weights[$0] / total }
    }

    /// ∫ g(F(x) − G(x)) dx for the two step functions.
    ///
    /// - Throws: ``StatisticsError`` `.undefined` with infinite values: the integral is infinite or has no value.
    static func integral(_ f: WeightedSteps, _ g: WeightedSteps, _ height: (Double) -> Double) throws(StatisticsError) -> Double {
        for side in [f, g] where !(side.values[0].isFinite && side.values[side.values.count - 1].isFinite) {
            throw StatisticsError(.undefined, "infinite values have no finite distance")
        }
        var sum = 0.0
        var i = 0
        var j = 0
        var (weightF, weightG) = (0.0, 0.0)
        var last = min(f.values[0], g.values[0])
        let (n, m) = (Double(f.values.count), Double(g.values.count))
        while i < f.values.count || j < g.values.count {
            let x = j >= g.values.count || (i < f.values.count && f.values[i] <= g.values[j]) ? f.values[i] : g.values[j]
            if x > last {
                let shareF = f.shares.isEmpty ? Double(i) / n : weightF
                let shareG = g.shares.isEmpty ? Double(j) / m : weightG
                let width = x - last
                // Of huge values the width alone may overflow: two halves do not.
                let step = height(shareF - shareG)
                sum += width.isFinite ? step * width : step * x - step * last
                last = x
            }
            while i < f.values.count, f.values[i] == x {
                if !f.shares.isEmpty { weightF += f.shares[i] }
                i += 1
            }
            while j < g.values.count, g.values[j] == x {
                if !g.shares.isEmpty { weightG += g.shares[j] }
                j += 1
            }
        }
        return sum
    }
}

/// The Wasserstein-1 distance ∫ |F(x) − G(x)| dx: the least average distance that values must be moved to make one sample the other.
///
/// In the units of the column, so it has no upper bound; `normalized` is free of units.
/// > Source: L. N. Vaserstein, 1969; A. Ramdas, N. García Trillos, M. Cuturi, "On Wasserstein Two-Sample Testing and Related Families of
/// > Nonparametric Tests", 2017.
public struct Wasserstein: Sendable, Equatable {
    public var statistic: Double
    /// The reference's population standard deviation; nil for weighted samples.
    public var referenceStandardDeviation: Double?
    /// The distance in standard deviations of the reference, which count as at least 0.001.
    public var normalized: Double? { referenceStandardDeviation.map { statistic / max($0, 0.001) } }

    /// - Throws: ``StatisticsError`` `.undefined` with infinite values.
    public init(reference: SortedSample, current: SortedSample) throws(StatisticsError) {
        statistic = try WeightedSteps.integral(WeightedSteps(reference), WeightedSteps(current), abs)
        let deviation = reference.moments.variance.squareRoot()
        referenceStandardDeviation = deviation.isFinite ? deviation : nil
    }

    init(statistic: Double, referenceStandardDeviation: Double) {
        self.statistic = statistic
        self.referenceStandardDeviation = referenceStandardDeviation.isFinite ? referenceStandardDeviation : nil
    }

    /// With weights ≥ 0, in the order of the values.
    public init(reference: [Double], weights: [Double], current: [Double], currentWeights: [Double]) throws(StatisticsError) {
        statistic = try WeightedSteps.integral(
            WeightedSteps(reference, weights: weights), WeightedSteps(current, weights: currentWeights), abs)
    }
}

/// The energy distance √(2 ∫ (F(x) − G(x))² dx) = √(2 E|X − Y| − E|X − X′| − E|Y − Y′|), 0 only for equal distributions.
///
/// In the root of the column's units. It is the root already, as SciPy's `energy_distance`.
/// > Source: M. L. Rizzo and G. J. Székely, "Energy Distance", 2016.
public struct EnergyDistance: Sendable, Equatable {
    public var statistic: Double

    /// - Throws: ``StatisticsError`` `.undefined` with infinite values.
    public init(reference: SortedSample, current: SortedSample) throws(StatisticsError) {
        let area = try WeightedSteps.integral(WeightedSteps(reference), WeightedSteps(current)) { $0 * $0 }
        statistic = (2 * area).squareRoot()
    }

    /// With weights ≥ 0, in the order of the values.
    public init(reference: [Double], weights: [Double], current: [Double], currentWeights: [Double]) throws(StatisticsError) {
        let area = try WeightedSteps.integral(
            WeightedSteps(reference, weights: weights), WeightedSteps(current, weights: currentWeights)
        ) { $0 * $0 }
        statistic = (2 * area).squareRoot()
    }
}
