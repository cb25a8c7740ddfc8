/// The rising step function of the scores that fits the outcomes best in squares, by pooling adjacent violators.
///
/// Between its thresholds it is a straight line, beyond them flat. Equal scores are averaged first; thresholds inside a flat piece are left out.
/// - Complexity: O(*n* log *n*).
/// > Source: M. Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid, E. Silverman, "An Empirical Distribution Function for Sampling with
/// > Incomplete Information", 1955; thresholds as in scikit-learn.
public struct IsotonicRegression: Sendable, Equatable {
    /// Ascending.
    public var x: [Double]
    /// Not falling.
    public var y: [Double]

    /// - Parameter weights: positive or 0, 1 each if not given; rows of weight 0 do not count.
    /// - Throws: ``StatisticsError`` `.empty`, `.unequalLengths`, `.outOfRange` for values that are not finite or negative weights.
    public init(scores: [Double], outcomes: [Double], weights: [Double]? = nil) throws(StatisticsError) {
        let weights = weights ?? [Double](repeating: 1, count: scores.count)
        guard scores.count == outcomes.count, scores.count == weights.count else {
            throw StatisticsError(.unequalLengths, "\(outcomes.count) labels and \(scores.count) scores, expected as many of each")
        }
        guard scores.allSatisfy(\.isFinite), outcomes.allSatisfy(\.isFinite), weights.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
            throw StatisticsError(.outOfRange, "a missing or infinite value, expected numbers")
        }
        let order = scores.indices.filter { weights[$0] > 0 }.sorted { scores[$0] < scores[$1] }
        guard !order.isEmpty else { throw StatisticsError(.empty, "no rows, expected at least one of weight above 0") }
        var levels: [(x: Double, sum: Double, weight: Double)] = []
        for i in order {
            if let last = levels.last, last.x == scores[i] {
                levels[levels.count - 1].sum += outcomes[i] * weights[i]
                levels[levels.count - 1].weight += weights[i]
            } else {
                levels.append((scores[i], outcomes[i] * weights[i], weights[i]))
            }
        }
        var blocks: [(first: Int, sum: Double, weight: Double)] = []
        for (index, level) in levels.enumerated() {
            var block = (first: index, sum: level.sum, weight: level.weight)
            while let before = blocks.last, before.sum * block.weight >= block.sum * before.weight {
                block = (before.first, before.sum + block.sum, before.weight + block.weight)
                blocks.removeLast()
            }
            blocks.append(block)
        }
        x = []
        y = []
        for (index, block) in blocks.enumerated() {
            let last = index + 1 < blocks.count ? blocks[index + 1].first - 1 : levels.count - 1
            for place in block.first == last ? [last] : [block.first, last] {
                x.append(levels[place].x)
                y.append(block.sum / block.weight)
            }
        }
    }

    /// The fitted outcome at a score; NaN for NaN.
    public func callAsFunction(_ score: Double) -> Double {
        guard let first = x.first, let last = x.last, !score.isNaN else { return .nan }
        if score <= first { return y[0] }
        if score >= last { return y[y.count - 1] }
        var low = 0
        var high = x.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if x[middle] <= score { low = middle } else { high = middle }
        }
        return y[low] + (y[high] - y[low]) * ((score - x[low]) / (x[high] - x[low]))
    }
}
