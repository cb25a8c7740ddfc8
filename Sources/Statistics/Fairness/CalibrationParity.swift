/// How far the calibration errors of groups are apart, and whether one common curve of calibration could have made them so.
///
/// The plain error Σ|Σ(y − s)| / n over ten bins is too large by chance, the more so the smaller the group, so that groups of different sizes
/// differ even where they are treated alike. Both sides of that are drawn from the counts, at a cost that does not depend on the rows:
///
/// - *The interval.* Each group's rows are drawn again by bin and label (multinomial). The mean of its errors says how much of the error is
///   chance, which is taken off once (`debiased`); their variance is that of the error.
/// - *The p-value.* With the residual y − s of each bin shared by all groups, labels are drawn anew; scores stay. What a group's error then is on
///   average (`expected`) allows for its size and for where its scores lie. The statistic is Σ((error − expected)² / variance), the p-value
///   (1 + draws as large) / (1 + draws).
/// > Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979; J. Bröcker, L. A. Smith, "Increasing the Reliability of
/// > Reliability Diagrams", 2007 (drawing labels from the curve).
public struct CalibrationParity: Sendable, Equatable {
    public struct Group: Sendable, Equatable {
        /// As of ``GroupScores/ece``.
        public var error: Double
        /// Less what is chance; at least 0.
        public var debiased: Double
        /// The squared standard error.
        public var variance: Double?
        /// The error's mean if all judged groups shared their residuals; nil for a group that is not judged.
        public var expected: Double?
    }
    /// nil for a group without rows.
    public private(set) var groups: [Group?]
    /// Largest less smallest error − expected of the judged groups, those two (lowest first), and what chance passes in one of twenty draws
    /// (or what the confidence says).
    public private(set) var excess: (value: Double, lowest: Int, highest: Int, detectable: Double)?
    public private(set) var pValue: Double?

    /// Fewer draws are made where groups × draws would pass this.
    public static let groupDrawsMax = 400_000

    /// - Parameter isJudged: whether a group is large enough for the test.
    /// - Returns: nil when a score is no probability.
    public init?(
        _ cells: GroupScoreCells, isJudged: (Int) -> Bool, confidence: Double = 0.95, seed: UInt64 = 1, draws: Int = 1000
    ) {
        guard let tables = cells.calibrationCells else { return nil }
        let draws = min(draws, max(100, Self.groupDrawsMax / max(1, tables.count)))
        groups = tables.enumerated().map { place, table in
            guard table.total > 0 else { return nil }
            var random = SeededRandom(seed: seed, stream: UInt64(place))
            var errors: [Double] = []
            errors.reserveCapacity(draws)
            for _ in 0..<draws { errors.append(table.redrawn(&random).error) }
            let mean = errors.reduce(0, +) / Double(draws)
            let variance = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws - 1)
            let error = table.error
            return Group(error: error, debiased: max(0, 2 * error - mean), variance: table.total > 1 ? variance : nil)
        }
        test(tables, tables.indices.filter { tables[$0].total > 0 && isJudged($0) }, confidence, seed, draws)
    }

    private mutating func test(_ tables: [CalibrationCells], _ judged: [Int], _ confidence: Double, _ seed: UInt64, _ draws: Int) {
        guard judged.count >= 2 else { return }
        let residuals = CalibrationCells.commonResiduals(judged.map { tables[$0] })
        // By draw, then by group.
        var drawn = [[Double]](repeating: [], count: draws)
        var random = SeededRandom(seed: seed, stream: UInt64(tables.count))
        for d in 0..<draws { drawn[d] = judged.map { tables[$0].errorFromCommon(residuals, &random) } }
        let places = Array(judged.indices)
        let means = places.map { g in drawn.reduce(0) { $0 + $1[g] } / Double(draws) }
        let variances = places.map { g in drawn.reduce(0) { $0 + ($1[g] - means[g]) * ($1[g] - means[g]) } / Double(draws - 1) }
        let observed = judged.map { tables[$0].error }
        func statistic(_ errors: [Double]) -> Double {
            places.reduce(0) { sum, g in
                let gap = errors[g] - means[g]
                return sum + (variances[g] > 0 ? gap * gap / variances[g] : 0)
            }
        }
        func excesses(_ errors: [Double]) -> [Double] { places.map { errors[$0] - means[$0] } }
        func range(_ values: [Double]) -> Double { (values.max() ?? 0) - (values.min() ?? 0) }
        let limit = statistic(observed) * (1 - 1e-12)
        pValue = Double(1 + drawn.count { statistic($0) >= limit }) / Double(1 + draws)
        for (g, group) in judged.enumerated() { groups[group]?.expected = means[g] }
        let found = excesses(observed)
        guard let low = places.min(by: { found[$0] < found[$1] }), let high = places.max(by: { found[$0] < found[$1] }) else { return }
        let byChance = FairnessBootstrap.quantile(drawn.map { range(excesses($0)) }.sorted(), confidence)
        excess = (found[high] - found[low], judged[low], judged[high], byChance)
    }

    public static func == (a: CalibrationParity, b: CalibrationParity) -> Bool {
        a.groups == b.groups && a.pValue == b.pValue
            && a.excess.map { [$0.value, $0.detectable] } == b.excess.map { [$0.value, $0.detectable] }
    }
}

/// One group: by bin its effective rows of each label, and the mean scores of these.
struct CalibrationCells {
    struct Bin {
        var negatives: Int64
        var positives: Int64
        var scoreOfNegatives: Double
        var scoreOfPositives: Double
        var count: Int64 { negatives + positives }
        var meanScore: Double {
            (Double(negatives) * scoreOfNegatives + Double(positives) * scoreOfPositives) / Double(max(1, count))
        }
    }
    var bins: [Bin]
    var total: Int64 { bins.reduce(0) { $0 + $1.count } }

    var error: Double {
        let gaps = bins.reduce(0) { $0 + abs(Double($1.positives) - Double($1.count) * $1.meanScore) }
        return gaps / Double(max(1, total))
    }

    /// As many rows drawn from these.
    func redrawn(_ random: inout SeededRandom) -> CalibrationCells {
        let drawn = random.multinomial(counts: bins.flatMap { [$0.negatives, $0.positives] })
        var out = self
        for b in bins.indices { (out.bins[b].negatives, out.bins[b].positives) = (drawn[2 * b], drawn[2 * b + 1]) }
        return out
    }

    /// Of each bin the mean of y − s over all of these groups.
    static func commonResiduals(_ groups: [CalibrationCells]) -> [Double] {
        (groups.first?.bins.indices ?? 0..<0).map { b in
            let rows = groups.reduce(0) { $0 + $1.bins[b].count }
            let sum = groups.reduce(0.0) { $0 + Double($1.bins[b].positives) - Double($1.bins[b].count) * $1.bins[b].meanScore }
            return sum / Double(max(1, rows))
        }
    }

    /// The error with labels drawn as if these residuals were the group's own.
    func errorFromCommon(_ residuals: [Double], _ random: inout SeededRandom) -> Double {
        var gaps = 0.0
        for (bin, residual) in zip(bins, residuals) where bin.count > 0 {
            let positives = random.binomial(bin.count, min(1, max(0, bin.meanScore + residual)))
            gaps += abs(Double(positives) - Double(bin.count) * bin.meanScore)
        }
        return gaps / Double(max(1, total))
    }
}
