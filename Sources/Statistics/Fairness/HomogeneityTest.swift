/// Tests that all groups share one rate.
public enum HomogeneityTest {
    /// Draws of the rates under "no difference" where the chi-squared law would not hold.
    public static let draws = 2000
    /// Below this expected number of rows in a cell the chi-squared law is not trusted.
    static let expectedMin = 5.0

    /// Pearson's chi-squared test over groups × (yes, no). With few expected rows the law of the statistic is drawn instead: numbers of
    /// "yes" from the common rate, seeded, `(1 + as large) / (1 + draws)`.
    ///
    /// - Parameter rates: of each group the (effective) number of yes and of rows; those without rows take no part.
    /// - Returns: nil with fewer than two groups; 1 when every row has the same answer.
    /// > Source: K. Pearson, "On the Criterion that a Given System of Deviations...", 1900.
    public static func pValue(_ rates: [(count: Double, rows: Double)], seed: UInt64 = 1) -> Double? {
        let used = rates.filter { $0.rows > 0 }
        guard used.count >= 2 else { return nil }
        let yes = used.reduce(0) { $0 + $1.count }
        let all = used.reduce(0) { $0 + $1.rows }
        guard yes > 0, yes < all else { return 1 }
        let share = yes / all
        let observed = statistic(used, share)
        let least = used.map { $0.rows * min(share, 1 - share) }.min() ?? 0
        if least >= expectedMin { return Distributions.chiSquaredTail(observed, degreesOfFreedom: Double(used.count - 1)) }
        var random = SeededRandom(seed: seed)
        let draws = min(Self.draws, max(200, FairnessBootstrap.groupReplicatesMax / used.count))
        var asLarge = 0
        for _ in 0..<draws {
            let drawn = used.map { rate -> (count: Double, rows: Double) in
                let rows = max(1, rate.rows.rounded())
                return (Double(random.binomial(Int64(rows), share)), rows)
            }
            let total = drawn.reduce(0) { $0 + $1.rows }
            let common = drawn.reduce(0) { $0 + $1.count } / total
            let value = common > 0 && common < 1 ? statistic(drawn, common) : 0
            if value >= observed * (1 - 1e-12) { asLarge += 1 }
        }
        return Double(1 + asLarge) / Double(1 + draws)
    }

    private static func statistic(_ rates: [(count: Double, rows: Double)], _ share: Double) -> Double {
        rates.reduce(0) { sum, rate in
            let gap = rate.count - rate.rows * share
            return sum + gap * gap / (rate.rows * share * (1 - share))
        }
    }

    /// Cochran's Q: values with known variances share one mean. Σ (vᵢ − v̄)² / σᵢ² against χ²(groups − 1), v̄ the weighted mean.
    /// > Source: W. G. Cochran, "The Combination of Estimates from Different Experiments", 1954.
    /// - Returns: nil with fewer than two values; 1 when all are equal.
    public static func pValue(values: [Double], variances: [Double]) -> Double? {
        guard values.count >= 2, values.count == variances.count else { return nil }
        guard variances.allSatisfy({ $0 > 0 }) else { return values.allSatisfy { $0 == values[0] } ? 1 : nil }
        let total = variances.reduce(0) { $0 + 1 / $1 }
        let mean = zip(values, variances).reduce(0) { $0 + $1.0 / $1.1 } / total
        let q = zip(values, variances).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) / $1.1 }
        return Distributions.chiSquaredTail(q, degreesOfFreedom: Double(values.count - 1))
    }

    /// The p-value that groups share a rate, from their effective cells.
    ///
    /// Treatment equality asks whether errors are misses as often in every group, which says the same of fn / fp; average odds are equal
    /// when both of their rates are.
    public static func pValue(_ rate: GroupRate, _ groups: [ConfusionCells], seed: UInt64 = 1) -> Double? {
        switch rate {
        case .averageOdds: return pValue([.tpr, .fpr], [.tpr: groups, .fpr: groups], seed: seed)
        case .treatmentRatio: return pValue(groups.map { (count: $0.fn, rows: $0.fn + $0.fp) }, seed: seed)
        default: return pValue(groups.compactMap { rate.parts($0) }.map { (count: $0.0, rows: $0.1) }, seed: seed)
        }
    }

    /// Of several rates at once (equalized odds): the smallest p-value times their number, at most 1.
    public static func pValue(_ rates: [GroupRate], _ groups: [GroupRate: [ConfusionCells]], seed: UInt64 = 1) -> Double? {
        var least = 1.0
        for rate in rates {
            guard let p = pValue(rate, groups[rate] ?? [], seed: seed) else { return nil }
            least = min(least, p)
        }
        return min(1, least * Double(rates.count))
    }
}
