/// How much depends on a column: what changes in each row when the column's values are dealt out anew among the rows.
///
/// For row i let rᵢ be the mean effect in it over `repeats` random orders, and dᵢ the mean effect in the rows that were dealt its value. The
/// importance is r̄, its interval r̄ ± z·s/√n with s the standard deviation of rᵢ + dᵢ: a row counts as the one that is dealt to and as the one that is
/// dealt from, as in the projection of a mean over pairs of rows. Effects are what the caller measures: the loss that is added, or the distance of the
/// new prediction from the old. In the units of the effect; an importance of a loss may be below 0 by chance.
///
/// What it is bad at: of columns that say the same thing each looks dispensable, and dealt rows may be such as never occur.
/// > Source: L. Breiman, "Random Forests", 2001; A. Fisher, C. Rudin, F. Dominici, "All Models are Wrong, but Many are Useful", 2019; the
/// > interval: W. Hoeffding, "A Class of Statistics with Asymptotically Normal Distribution", 1948.
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
            var (received, given) = ([Double](repeating: 0, count: rows), [Double](repeating: 0, count: rows))
            for turn in 0..<repeats {
                var random = SeededRandom(seed: seed, stream: UInt64(column * repeats + turn))
                let order = Array(0..<rows).shuffled(using: &random)
                let own = try effects(column, order)
                for row in order.indices {
                    received[row] += own[row]
                    given[order[row]] += own[row]
                }
            }
            let times = Double(repeats)
            return try PermutationImportance(
                mean: received.reduce(0, +) / times / Double(rows), zip(received, given).map { ($0 + $1) / times }, confidence: confidence)
        }
    }

    private init(mean: Double, _ parts: [Double], confidence: Double) throws(StatisticsError) {
        let moments = try MeanMoments(parts)
        self.mean = mean
        let around = moments.normalInterval(confidence: confidence)
        interval = Interval(lower: mean + around.lower - moments.mean, upper: mean + around.upper - moments.mean)
    }
}
