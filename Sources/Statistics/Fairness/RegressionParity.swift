internal import Glibc

/// The errors of a regression in one group.
public struct GroupErrors: Sendable, Equatable {
    public var rows: Int64 = 0
    public var weight = 0.0
    public var effectiveRows = 0.0
    public var meanLabel: Double?
    public var meanPrediction: Double?
    /// Mean of prediction − label.
    public var bias: Double?
    public var mae: Double?
    public var rmse: Double?
    /// Squared standard errors of the mean prediction, of the bias and of the mean absolute error.
    public var predictionVariance: Double?
    public var biasVariance: Double?
    public var maeVariance: Double?
    public init() {}

    /// One pass over the rows.
    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for a label or prediction that is not finite.
    public static func byGroup(
        _ groupCount: Int, codes: [Int32], labels: [Double], predictions: [Double], weights: [Double]?
    ) throws(StatisticsError) -> [GroupErrors] {
        guard codes.count == labels.count, predictions.count == labels.count, weights.map({ $0.count == labels.count }) ?? true else {
            throw StatisticsError(.unequalLengths, "as many labels and predictions as rows expected")
        }
        var sums = [Sums](repeating: Sums(), count: groupCount)
        for row in codes.indices where codes[row] >= 0 {
            guard labels[row].isFinite, predictions[row].isFinite else {
                throw StatisticsError(.outOfRange, "a label or prediction that is not finite")
            }
            sums[Int(codes[row])].add(labels[row], predictions[row], weights?[row] ?? 1)
        }
        return sums.map(\.errors)
    }

    private struct Sums {
        var rows: Int64 = 0
        var weight = 0.0
        var squares = 0.0
        var label = WeightedMoments()
        var prediction = WeightedMoments()
        var bias = WeightedMoments()
        var absolute = WeightedMoments()

        mutating func add(_ y: Double, _ p: Double, _ w: Double) {
            rows += 1
            weight += w
            squares += w * w
            guard w > 0 else { return }
            label.add(y, w)
            prediction.add(p, w)
            bias.add(p - y, w)
            absolute.add(abs(p - y), w)
        }

        var errors: GroupErrors {
            var out = GroupErrors()
            (out.rows, out.weight) = (rows, weight)
            guard weight > 0 else { return out }
            out.effectiveRows = squares > 0 ? weight * weight / squares : 0
            (out.meanLabel, out.meanPrediction, out.bias, out.mae) = (label.mean, prediction.mean, bias.mean, absolute.mean)
            out.rmse = (bias.variance + bias.mean * bias.mean).squareRoot()
            guard out.effectiveRows > 1 else { return out }
            let freedom = out.effectiveRows - 1
            (out.predictionVariance, out.biasVariance, out.maeVariance) =
                (prediction.variance / freedom, bias.variance / freedom, absolute.variance / freedom)
            return out
        }
    }
}

/// A weighted mean and variance, updated value by value so that large offsets do no harm.
/// > Source: D. H. D. West, "Updating Mean and Variance Estimates: An Improved Method", 1979.
private struct WeightedMoments {
    var mean = 0.0
    private var weight = 0.0
    private var sum = 0.0
    /// About the mean, dividing by the weight.
    var variance: Double { weight > 0 ? max(0, sum / weight) : 0 }
    mutating func add(_ x: Double, _ w: Double) {
        weight += w
        let gap = x - mean
        mean += gap * w / weight
        sum += w * gap * (x - mean)
    }
}

/// A mean over groups: largest − smallest, with an interval that allows for which groups could be the extremes, and Cochran's test
/// that all are equal.
public struct MeanSpread: Sendable, Equatable {
    public var difference: Double
    public var interval: Interval?
    public var pValue: Double?
    public var lowest: Int
    public var highest: Int

    /// - Parameters: means and squared standard errors by group; groups with nil take no part.
    /// - Returns: nil with fewer than two groups.
    public init?(means: [Double?], variances: [Double?], confidence: Double = 0.95, seed: UInt64 = 1, draws: Int = 1000) {
        let used = means.indices.filter { means[$0] != nil }
        guard used.count >= 2, let low = used.min(by: { means[$0]! < means[$1]! }), let high = used.max(by: { means[$0]! < means[$1]! })
        else { return nil }
        (lowest, highest) = (low, high)
        let gap = means[high]! - means[low]!
        difference = gap
        let known = used.filter { variances[$0] != nil }
        pValue = HomogeneityTest.pValue(values: known.map { means[$0]! }, variances: known.map { variances[$0]! })
        guard let ofLow = variances[low], let ofHigh = variances[high] else { return }
        // Chance moves a group by its standard error; those within three of an extreme may be the extreme.
        let reach = 3.0
        let lows = known.filter { means[$0]! - means[low]! <= reach * (variances[$0]! + ofLow).squareRoot() }
        let highs = known.filter { means[high]! - means[$0]! <= reach * (variances[$0]! + ofHigh).squareRoot() }
        var random = SeededRandom(seed: seed)
        var free: [Double] = []
        for _ in 0..<draws {
            var moved = [Double](repeating: 0, count: means.count)
            for g in known { moved[g] = random.normal() * variances[g]!.squareRoot() }
            free.append((highs.map { moved[$0] }.max() ?? 0) - (lows.map { moved[$0] }.min() ?? 0))
        }
        let tail = (1 - confidence) / 2
        let spread = Distributions.normalQuantile(1 - tail) * (ofLow + ofHigh).squareRoot()
        interval = Interval(lower: max(0, gap - max(spread, FairnessBootstrap.quantile(free.sorted(), 1 - tail))), upper: gap + spread)
    }
}
