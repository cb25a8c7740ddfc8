/// Which columns moved the mean of a function f of a row, from one sample to another.
///
/// Rows before and after are paired at random, none twice. For a set S of columns let v(S) be the mean of f over the pairs, with the columns in S
/// from after and the others from before. Column j is given its Shapley value φⱼ, the mean over all orders of the columns of what v grows by when j
/// joins those that come earlier in the order. Each pair draws one order and takes it and its reverse: from the row before, column by column, to the row
/// after. All φ of a pair add up to f(after) − f(before), so all values add up to the change of the mean, whatever was drawn. The interval of φⱼ is
/// that of a mean over independent pairs, mean ± z·s/√n: of the draw of rows and of orders. In the units of f.
///
/// What it is bad at: a column is replaced without those that go with it, so f is asked about rows that may never occur.
/// - Complexity: 2 · (columns + 1) calls, each of as many rows as there are pairs.
/// > Source: L. Shapley, "A Value for n-Person Games", 1953; E. Štrumbelj, I. Kononenko, "Explaining prediction models and individual
/// > predictions with feature contributions", 2014; of distributions: K. Budhathoki and others, "Why did the distribution change?", 2021.
public struct ShapleyShift: Sendable, Equatable {
    /// A row before and one after.
    public struct Pair: Sendable, Equatable {
        public var before: Int
        public var after: Int
    }
    /// Of each column.
    public let values: [Double]
    public let intervals: [Interval]
    /// Mean of f over the rows before and after that were paired.
    public let before: Double
    public let after: Double

    /// As many as there can be, at most `limit`.
    public static func pairs(before: Int, after: Int, limit: Int, seed: UInt64 = 1) -> [Pair] {
        var random = SeededRandom(seed: seed)
        let rows = (0..<before).shuffled(using: &random)
        let others = (0..<after).shuffled(using: &random)
        return zip(rows, others).prefix(limit).map { Pair(before: $0, after: $1) }
    }

    /// - Parameters:
    ///   - confidence: of one interval.
    ///   - f: of each pair, the function of the row in which a column is that of after where `isAfter[column][pair]`, else that of before.
    /// - Throws: what `f` throws, and ``StatisticsError`` for fewer than two pairs or a value that is not finite.
    public init(
        columns: Int, pairs: Int, confidence: Double = 0.95, seed: UInt64 = 1, f: (_ isAfter: [[Bool]]) throws -> [Double]
    ) throws {
        let orders = (0..<pairs).map { pair in
            var random = SeededRandom(seed: seed, stream: UInt64(pair) + 1)
            return Array(0..<columns).shuffled(using: &random)
        }
        var sums = [[Double]](repeating: [Double](repeating: 0, count: pairs), count: columns)
        var ends: [MeanMoments] = []
        for isReversed in [false, true] {
            var isAfter = [[Bool]](repeating: [Bool](repeating: false, count: pairs), count: columns)
            var last = try f(isAfter)
            if !isReversed { ends.append(try MeanMoments(last)) }
            for step in 0..<columns {
                let joining = orders.map { isReversed ? $0[columns - 1 - step] : $0[step] }
                for (pair, column) in joining.enumerated() { isAfter[column][pair] = true }
                let next = try f(isAfter)
                for (pair, column) in joining.enumerated() { sums[column][pair] += (next[pair] - last[pair]) / 2 }
                last = next
            }
            if !isReversed { ends.append(try MeanMoments(last)) }
        }
        let moments = try sums.map { try MeanMoments($0) }
        values = moments.map(\.mean)
        intervals = moments.map { $0.normalInterval(confidence: confidence) }
        (before, after) = (ends[0].mean, ends[1].mean)
    }
}
