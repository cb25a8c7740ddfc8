/// How much a metric varies from chunk to chunk by sampling alone, from the labels of the reference.
///
/// A rate is a mean over the rows that count for it (precision: those predicted positive), so its error is their standard deviation
/// by the root of how many of them a chunk holds. The ROC area is the mean of the placements of the rarer class among the other.
/// For average precision it is what a bootstrap tends to. Several classes: the root of the summed variances by their number.
/// > Source: the rules of NannyML 0.13.1, `nannyml.sampling_error`, which takes 50 random resamples for average precision.
public struct SamplingErrors: Sendable, Equatable {
    /// The error of a chunk of one row; it falls with the root of the rows, that of a count grows with it.
    private var ofOneRow: MetricValues = [:]

    public func at(rows: Int) -> MetricValues {
        if rows == 0 { return [:] }
        let root = Double(rows).squareRoot()
        var out = MetricValues()
        for (metric, error) in ofOneRow { out[metric] = EstimatedMetric.ofConfusion.contains(metric) ? error * root : error / root }
        return out
    }

    /// Of classes: `tables` and `rankings` are one for each class, or one alone for two classes.
    init(tables: [ExpectedConfusion], rankings: [LabelledRanking], correctShare: Double?) {
        let isBinary = tables.count == 1
        let classes = Double(tables.count)
        set(.precision, tables.map { Self.variance($0.truePositive, $0.falsePositive, of: $0.count) })
        set(.recall, tables.map { Self.variance($0.truePositive, $0.falseNegative, of: $0.count) })
        set(.specificity, tables.map { Self.variance($0.trueNegative, $0.falsePositive, of: $0.count) })
        set(
            .f1,
            tables.map { table in
                let wrong = table.falsePositive + table.falseNegative
                let variance = Self.variance(table.truePositive, wrong, of: table.count)
                // The harmonic mean counts an error half: as a mean over rows it is this much larger.
                let factor = isBinary ? (table.truePositive + wrong) / (table.truePositive + wrong / 2) : 1
                return variance.map { $0 * factor * factor }
            })
        set(.rocAUC, rankings.map(\.placementVariance))
        if !isBinary, let error = ofOneRow[.rocAUC] { ofOneRow[.rocAUC] = 1.2 * error }
        if let share = correctShare { ofOneRow[.accuracy] = (share * (1 - share)).squareRoot() }
        let precisions = rankings.map(\.averagePrecisionVariance)
        let known = precisions.compactMap { $0 }
        if known.count == precisions.count, !known.isEmpty {
            ofOneRow[.averagePrecision] = (known.reduce(0, +) / classes).squareRoot()
        }
        if let table = tables.first, isBinary, table.count > 0 {
            for (metric, count) in [
                (EstimatedMetric.truePositive, table.truePositive), (.falsePositive, table.falsePositive),
                (.trueNegative, table.trueNegative), (.falseNegative, table.falseNegative),
            ] {
                let share = count / table.count
                ofOneRow[metric] = (share * (1 - share)).squareRoot()
            }
        }
    }

    /// Of a regression: the error of the mean loss; the root of a mean by its derivative.
    init(losses: [EstimatedMetric: [Double]]) {
        for (metric, values) in losses where !values.isEmpty { ofOneRow[metric] = populationVariance(values).squareRoot() }
        if let squares = losses[.mse], !squares.isEmpty {
            let mean = squares.reduce(0, +) / Double(squares.count)
            ofOneRow[.rmse] = mean > 0 ? (populationVariance(squares) / (4 * mean)).squareRoot() : 0
        }
    }

    private mutating func set(_ metric: EstimatedMetric, _ variances: [Double?]) {
        let known = variances.compactMap { $0 }
        guard known.count == variances.count, !known.isEmpty else { return }
        ofOneRow[metric] = known.reduce(0, +).squareRoot() / Double(known.count)
    }

    /// The variance of a share of `hits` among hits and misses, in a chunk of one row of which only they count.
    private static func variance(_ hits: Double, _ misses: Double, of count: Double) -> Double? {
        let relevant = hits + misses
        guard relevant > 0 else { return nil }
        let share = hits / relevant
        return share * (1 - share) / (relevant / count)
    }
}

/// Σ(x − x̄)² / n; NaN for no values.
func populationVariance(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
}

/// Labelled rows in the order of their scores.
struct LabelledRanking {
    /// Descending, equal scores side by side.
    let labels: [Bool]
    /// Where each group of equal scores ends.
    let ends: [Int]

    init(scores: [Double], labels: [Bool]) {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        self.labels = order.map { labels[$0] }
        ends = order.indices.filter { $0 + 1 == order.count || scores[order[$0]] != scores[order[$0 + 1]] }.map { $0 + 1 }
    }

    /// The variance of the placements of the rarer class, by its share; nil when a class is absent.
    var placementVariance: Double? {
        let positives = labels.count { $0 }
        let negatives = labels.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        let isRare = positives <= negatives
        let others = Double(isRare ? negatives : positives)
        let rare = Double(isRare ? positives : negatives)
        var sum = 0.0
        var squares = 0.0
        var below = 0.0
        var start = 0
        // Whether placements count the others above or below does not matter to their variance.
        for end in ends {
            let rareHere = Double((start..<end).count { labels[$0] == isRare })
            let othersHere = Double(end - start) - rareHere
            let placement = (below + othersHere / 2) / others
            sum += rareHere * placement
            squares += rareHere * placement * placement
            below += othersHere
            start = end
        }
        let mean = sum / rare
        return max(0, squares / rare - mean * mean) / (rare / Double(labels.count))
    }

    /// The variance of average precision in a chunk of one row, by the infinitesimal jackknife; nil without positives.
    ///
    /// AP = Σ pₖ Tₖ/Nₖ / P over the groups of equal score, with Tₖ positives among the Nₖ rows down to group k. Its derivatives by
    /// the weights of the rows, dᵢ, give n Σ dᵢ², to which the bootstrap's variance tends with more and more resamples.
    /// > Source: L. Jaeckel, "The Infinitesimal Jackknife", 1972; B. Efron, "The Jackknife, the Bootstrap and Other Resampling Plans".
    var averagePrecisionVariance: Double? {
        let positives = Double(labels.count { $0 })
        guard positives > 0 else { return nil }
        var found: [(positives: Double, rows: Double, below: Double, precision: Double)] = []
        var seen = 0.0
        var sum = 0.0
        var start = 0
        for end in ends {
            let here = Double((start..<end).count { labels[$0] })
            seen += here
            let precision = seen / Double(end)
            sum += here * precision
            found.append((here, Double(end - start), Double(end), precision))
            start = end
        }
        let average = sum / positives
        var squares = 0.0
        var perRow = 0.0
        var precisionPerRow = 0.0
        for group in found.reversed() {
            perRow += group.positives / group.below
            precisionPerRow += group.positives * group.precision / group.below
            let ofPositive = (group.precision + perRow - precisionPerRow - average) / positives
            let ofNegative = -precisionPerRow / positives
            squares += group.positives * ofPositive * ofPositive + (group.rows - group.positives) * ofNegative * ofNegative
        }
        return Double(labels.count) * squares
    }
}
