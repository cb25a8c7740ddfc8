/// The non-decreasing function of x that is nearest to y in weighted squares; between its thresholds it is linear, outside constant.
///
/// Equal x are averaged first; then neighbours that break the order are pooled until none does.
/// - Complexity: O(*n* log *n*), O(*n*) when x is already in order.
/// > Source: R. E. Barlow, D. J. Bartholomew, J. M. Bremner, H. D. Brunk, "Statistical Inference under Order Restrictions", 1972.
public struct IsotonicRegression: Sendable, Equatable {
    /// The ends of the flat parts, ascending.
    public let x: [Double]
    /// The values there.
    public let y: [Double]

    private struct Block {
        var first: Double
        var last: Double
        var sum: Double
        var weight: Double
        var mean: Double { sum / weight }
    }

    /// - Throws: ``StatisticsError`` `.unequalLengths`; `.outOfRange` for numbers that are not finite or negative weights; `.empty`
    ///   without a row of positive weight.
    public init(x: [Double], y: [Double], weights: [Double]?) throws(StatisticsError) {
        guard x.count == y.count, weights == nil || weights?.count == x.count else {
            throw StatisticsError(.unequalLengths, "as many values and weights as scores expected")
        }
        guard x.allSatisfy(\.isFinite), y.allSatisfy(\.isFinite), weights?.allSatisfy({ $0.isFinite && $0 >= 0 }) ?? true else {
            throw StatisticsError(.outOfRange, "a number that is not finite, or a negative weight")
        }
        var blocks: [Block] = []
        var tied: Block?
        for row in x.indices.sorted(by: { x[$0] < x[$1] }) {
            let weight = weights?[row] ?? 1
            if weight == 0 { continue }
            if let same = tied, same.first == x[row] {
                tied = Block(first: x[row], last: x[row], sum: same.sum + weight * y[row], weight: same.weight + weight)
            } else {
                if let done = tied { Self.pool(done, into: &blocks) }
                tied = Block(first: x[row], last: x[row], sum: weight * y[row], weight: weight)
            }
        }
        guard let last = tied else { throw StatisticsError(.empty, "no rows to fit") }
        Self.pool(last, into: &blocks)
        self.x = blocks.flatMap { $0.first == $0.last ? [$0.first] : [$0.first, $0.last] }
        self.y = blocks.flatMap { $0.first == $0.last ? [$0.mean] : [$0.mean, $0.mean] }
    }

    private static func pool(_ block: Block, into blocks: inout [Block]) {
        var block = block
        while let before = blocks.last, before.mean >= block.mean {
            blocks.removeLast()
            block = Block(first: before.first, last: block.last, sum: before.sum + block.sum, weight: before.weight + block.weight)
        }
        blocks.append(block)
    }

    /// The function's value; NaN for NaN.
    public func value(at score: Double) -> Double {
        if score.isNaN { return score }
        guard score > x[0] else { return y[0] }
        guard score < x[x.count - 1] else { return y[y.count - 1] }
        var low = 1
        var high = x.count - 1
        while low < high {
            let middle = (low + high) / 2
            if x[middle] < score { low = middle + 1 } else { high = middle }
        }
        let share = (score - x[low - 1]) / (x[low] - x[low - 1])
        return share == 1 ? y[low] : y[low - 1] + share * (y[low] - y[low - 1])
    }
}
