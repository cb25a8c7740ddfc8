/// How much depends on a column: what changes in each row when the column's values are dealt out anew among the rows.
///
/// For row i let eᵢ be the mean effect over `repeats` random orders. The importance is ē, its interval ē ± z·s/√n. Effects are what the caller
/// measures: the loss that is added, or the distance of the new prediction from the old. In the units of the effect; an importance of a loss may be
/// below 0 by chance. Rows that share a dealt value are taken as independent, which they are nearly for many rows.
///
/// What it is bad at: of columns that say the same thing each looks dispensable, and dealt rows may be such as never occur.
/// > Source: L. Breiman, "Random Forests", 2001; A. Fisher, C. Rudin, F. Dominici, "All Models are Wrong, but Many are Useful", 2019.
public struct PermutationImportance: Sendable, Equatable {
    public let mean: Double
    public let interval: Interval

    /// Of each column.
    ///
    /// - Parameters:
    ///   - rows: at least two.
    ///   - confidence: of one interval.
    ///   - effects: of each row, when the column of this number has the values of these rows instead of its own; finite.
    /// - Complexity: columns · repeats calls.
    /// - Throws: what `effects` throws, and ``StatisticsError`` for fewer than two rows or an effect that is not finite.
    public static func each(
        of columns: Int, rows: Int, repeats: Int = 5, confidence: Double = 0.95, seed: UInt64 = 1,
        effects: (_ column: Int, _ order: [Int]) throws -> [Double]
    ) throws -> [PermutationImportance] {
        precondition(repeats > 0, "at least one order")
        return try (0..<columns).map { column in
            var sums = [Double](repeating: 0, count: rows)
            for turn in 0..<repeats {
                var random = SeededRandom(seed: seed, stream: UInt64(column * repeats + turn))
                let own = try effects(column, Array(0..<rows).shuffled(using: &random))
                for row in sums.indices { sums[row] += own[row] }
            }
            return try PermutationImportance(sums.map { $0 / Double(repeats) }, confidence: confidence)
        }
    }

    private init(_ effects: [Double], confidence: Double) throws(StatisticsError) {
        let moments = try MeanMoments(effects)
        mean = moments.mean
        interval = moments.normalInterval(confidence: confidence)
    }
}
