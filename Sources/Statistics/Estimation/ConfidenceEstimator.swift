/// Rows of a classifier's log: scores, predictions and, where they are known, labels.
public struct ScoredRows: Sendable {
    /// A class by its place; what is not one of the classes is `other`, what is not there is `missing`.
    public static let missing = -1
    public static let other = -2

    /// The classes that have a score column: 1 alone for two classes, else 0, 1, 2, ...
    public var scoredClasses: [Int]
    /// One column for each scored class; NaN for missing.
    public var scores: [[Double]]
    public var predictions: [Int]
    public var labels: [Int]

    public init(scoredClasses: [Int], scores: [[Double]], predictions: [Int], labels: [Int]) {
        self.scoredClasses = scoredClasses
        self.scores = scores
        self.predictions = predictions
        self.labels = labels
    }

    public var count: Int { predictions.count }
    public var isBinary: Bool { scores.count == 1 }

    /// Whether a row has all that an estimate needs.
    public func isComplete(_ row: Int) -> Bool {
        predictions[row] != Self.missing && scores.allSatisfy { !$0[row].isNaN }
    }
}

/// Confidence-based performance estimation (CBPE): the metrics of a classifier without labels, from calibrated scores.
///
/// Each row adds its expected part to the confusion table: a prediction with chance p of being right is p of a right one. It holds
/// while the relation of scores to labels is that of the reference (only the inputs shift); a changed concept it cannot see.
/// > Source: J. Białek, W. Kuberski, N. Perrakis, A. Bifet, "Estimating Model Performance Under Covariate Shift Without Labels", 2024.
public struct ConfidenceEstimator: Sendable {
    public let calibrators: [ScoreCalibrator]
    private let samplingErrors: SamplingErrors
    public var isCalibrating: Bool { calibrators.contains(where: \.isCalibrating) }

    /// - Throws: ``StatisticsError`` `.empty` without a labelled row; `.outOfRange` for scores that are not finite.
    public init(reference: ScoredRows, rule: ScoreCalibrator.Rule, seed: UInt64) throws(StatisticsError) {
        let rows = (0..<reference.count).filter { reference.isComplete($0) && reference.labels[$0] != ScoredRows.missing }
        guard !rows.isEmpty else { throw StatisticsError(.empty, "no row of the reference has a label, a score and a prediction") }
        var calibrators: [ScoreCalibrator] = []
        var rankings: [LabelledRanking] = []
        for (column, target) in reference.scoredClasses.enumerated() {
            let scores = rows.map { reference.scores[column][$0] }
            let labels = rows.map { reference.labels[$0] == target }
            calibrators.append(try ScoreCalibrator(scores: scores, labels: labels.map { $0 ? 1 : 0 }, rule: rule, seed: seed))
            rankings.append(LabelledRanking(scores: scores, labels: labels))
        }
        self.calibrators = calibrators
        let correct = rows.count { reference.predictions[$0] == reference.labels[$0] }
        samplingErrors = SamplingErrors(
            tables: Self.tables(reference, rows) { row, column in reference.labels[row] == reference.scoredClasses[column] ? 1 : 0 },
            rankings: rankings,
            correctShare: Double(correct) / Double(rows.count))
    }

    /// The chance of each scored class; of several classes they sum to 1.
    public func chances(_ rows: ScoredRows) -> [[Double]] {
        var out = zip(calibrators, rows.scores).map { calibrator, scores in scores.map(calibrator.chance) }
        guard out.count > 1 else { return out }
        for row in 0..<rows.count {
            let sum = out.reduce(0) { $0 + $1[row] }
            for column in out.indices { out[column][row] = sum == 0 ? 1 / Double(out.count) : out[column][row] / sum }
        }
        return out
    }

    /// - Parameters:
    ///   - chunk: rows, in any order.
    ///   - chances: those of all rows, from ``chances(_:)``.
    public func performance(_ rows: ScoredRows, chunk: [Int], chances: [[Double]]) -> ChunkPerformance {
        let complete = chunk.filter { rows.isComplete($0) }
        let labelled = complete.filter { rows.labels[$0] != ScoredRows.missing }
        let orders = rows.scores.map { ExpectedRanking.order(complete, by: $0) }
        return ChunkPerformance(
            estimated: estimated(rows, complete, orders, chances), realized: Self.realized(rows, labelled, orders),
            samplingError: samplingErrors.at(rows: complete.count), rows: complete.count,
            labelsMissing: chunk.count { rows.labels[$0] == ScoredRows.missing })
    }

    private func estimated(_ rows: ScoredRows, _ complete: [Int], _ orders: [[Int]], _ chances: [[Double]]) -> MetricValues {
        let tables = Self.tables(rows, complete) { row, column in chances[column][row] }
        let rankings = orders.indices.map { column in
            ExpectedRanking(order: orders[column], scores: rows.scores[column]) { chances[column][$0] }
        }
        var out = Self.averages(tables)
        out[.rocAUC] = Self.mean(rankings.map(\.rocAUC))
        out[.averagePrecision] = Self.mean(rankings.map(\.averagePrecision))
        if !rows.isBinary {
            // The chance of the class that was predicted; nothing for a class without scores.
            let right = tables.reduce(0) { $0 + $1.truePositive }
            out[.accuracy] = complete.isEmpty ? nil : right / Double(complete.count)
        }
        return out
    }

    private static func realized(_ rows: ScoredRows, _ labelled: [Int], _ orders: [[Int]]) -> MetricValues {
        if labelled.isEmpty { return [:] }
        let tables = tables(rows, labelled) { row, column in rows.labels[row] == rows.scoredClasses[column] ? 1 : 0 }
        let rankings = orders.indices.map { column in
            ExpectedRanking(order: orders[column].filter { rows.labels[$0] != ScoredRows.missing }, scores: rows.scores[column]) {
                rows.labels[$0] == rows.scoredClasses[column] ? 1 : 0
            }
        }
        var out = averages(tables)
        let right = labelled.count { rows.predictions[$0] == rows.labels[$0] }
        out[.accuracy] = Double(right) / Double(labelled.count)
        if rows.isBinary {
            // With labels or predictions of one class only, these say nothing about the model.
            if tables[0].hasOneClass { for metric in [EstimatedMetric.f1, .precision, .recall] { out[metric] = nil } }
            out[.averagePrecision] = rankings[0].averagePrecision
        } else {
            let isOneClass = Set(labelled.map { rows.labels[$0] }).count < 2
            if isOneClass || Set(labelled.map { rows.predictions[$0] }).count < 2 { out = [:] }
            out[.averagePrecision] = isOneClass ? nil : mean(rankings.map(\.averagePrecision))
        }
        // Of several classes each must be there.
        let areas = rankings.compactMap(\.rocAUC)
        out[.rocAUC] = areas.count == rankings.count ? mean(areas) : nil
        return out
    }

    /// One class against the rest, for each scored class. `chance` takes the row and the column of the class.
    private static func tables(_ rows: ScoredRows, _ chosen: [Int], chance: (Int, Int) -> Double) -> [ExpectedConfusion] {
        rows.scoredClasses.enumerated().map { column, target in
            var table = ExpectedConfusion()
            for row in chosen { table.add(chance: chance(row, column), isPredicted: rows.predictions[row] == target) }
            return table
        }
    }

    /// The rates of one table, or the plain means over those of several.
    private static func averages(_ tables: [ExpectedConfusion]) -> MetricValues {
        var out = MetricValues()
        out[.f1] = mean(tables.map(\.f1))
        out[.precision] = mean(tables.map(\.precision))
        out[.recall] = mean(tables.map(\.recall))
        out[.specificity] = mean(tables.map(\.specificity))
        if tables.count == 1, tables[0].count > 0 {
            out[.accuracy] = tables[0].accuracy
            out[.truePositive] = tables[0].truePositive
            out[.falsePositive] = tables[0].falsePositive
            out[.trueNegative] = tables[0].trueNegative
            out[.falseNegative] = tables[0].falseNegative
        }
        return out
    }

    /// Of several classes one that is undefined counts as 0; nil when none is defined.
    private static func mean(_ values: [Double?]) -> Double? {
        values.contains { $0 != nil } ? values.reduce(0) { $0 + ($1 ?? 0) } / Double(values.count) : nil
    }
}
