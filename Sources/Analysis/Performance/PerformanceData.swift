internal import Statistics
internal import Vocabulary

/// The columns of one file as its task needs them.
struct PerformanceData {
    /// One value a row; what is missing is NaN, or −1 for a class.
    enum Columns {
        case binary(labels: [Double], scores: [Double]?, predictions: [Double])
        case multiclass(labels: [Int], scores: [[Double]]?, predictions: [Int], classes: [String])
        case regression(labels: [Double], predictions: [Double])
    }
    /// What was computed from some rows.
    struct Outcome {
        var metrics: [PerformanceMetric]
        var confusion: BinaryConfusion?
        var ranking: ScoreRanking?
        var classConfusion: MulticlassConfusion?
    }

    var columns: Columns
    var weights: [Double]?
    var rowCount: Int
    private let maxFPR: Double
    private let quantile: Double

    /// - Parameters:
    ///   - labels: the labels, from the file or joined to it.
    ///   - classes: of a multiclass task.
    init(_ frame: Frame, labels: Cells, task: PerformanceOptions.Task, classes: [String], _ options: PerformanceOptions) throws {
        rowCount = frame.rows
        maxFPR = options.maxFPR
        quantile = options.quantile
        weights = try options.weights.map { try frame.weights($0) }
        let prediction = try options.prediction.map { try frame.cells($0) }
        switch task {
        case .binary:
            guard options.classes == nil else { throw AnalysisError("--task binary takes --positive, not --classes") }
            guard options.scores.isEmpty else { throw AnalysisError("--task binary takes --score, not --scores") }
            let scores = try options.score.map { try frame.numbers($0) }
            let threshold = options.threshold
            let truths = try labels.binary(positive: options.positive)
            let predictions =
                try prediction?.binary(positive: options.positive) ?? (scores ?? []).map { $0.isNaN ? .nan : $0 >= threshold ? 1 : 0 }
            columns = .binary(labels: truths, scores: scores, predictions: predictions)
        case .multiclass:
            guard options.score == nil else { throw AnalysisError("--task multiclass takes --scores CLASS=column,..., not --score") }
            var scores: [[Double]]?
            if !options.scores.isEmpty {
                scores = try classes.map { name in
                    guard let score = options.scores.first(where: { $0.name == name }) else {
                        throw AnalysisError("--scores has no column for the class \(name), expected one for each class")
                    }
                    return try frame.numbers(score.column)
                }
                if let extra = options.scores.first(where: { !classes.contains($0.name) }) {
                    throw AnalysisError("--scores names the class \(extra.name), which is not in --classes")
                }
            }
            columns = .multiclass(
                labels: try labels.places(classes), scores: scores,
                predictions: try prediction?.places(classes) ?? Self.tops(scores ?? []), classes: classes)
        case .regression:
            guard options.score == nil, options.scores.isEmpty, let prediction else {
                throw AnalysisError("--task regression takes --prediction, a column of numbers, and no score")
            }
            columns = .regression(labels: try labels.numbers(), predictions: try prediction.numbers())
        }
    }

    /// The class with the largest score, −1 where one is missing.
    private static func tops(_ scores: [[Double]]) -> [Int] {
        topClasses(scores).enumerated().map { row, top in scores.contains { $0[row].isNaN } ? -1 : top }
    }

    func isLabelled(_ row: Int) -> Bool {
        switch columns {
        case .binary(let labels, _, _), .regression(let labels, _): !labels[row].isNaN
        case .multiclass(let labels, _, _, _): labels[row] >= 0
        }
    }

    /// Whether no cell that is needed is missing.
    func isUsable(_ row: Int) -> Bool {
        if let weights, weights[row].isNaN { return false }
        switch columns {
        case .binary(let labels, let scores, let predictions):
            return !labels[row].isNaN && !predictions[row].isNaN && !(scores.map { $0[row].isNaN } ?? false)
        case .multiclass(let labels, let scores, let predictions, _):
            return labels[row] >= 0 && predictions[row] >= 0 && (scores?.allSatisfy { !$0[row].isNaN } ?? true)
        case .regression(let labels, let predictions): return !labels[row].isNaN && !predictions[row].isNaN
        }
    }

    /// - Throws: ``AnalysisError`` when no row is usable, or none has weight.
    func requireRows(_ rows: [Int], _ frame: Frame, _ options: PerformanceOptions) throws(AnalysisError) {
        let columns = [options.label, options.score, options.prediction].compactMap { $0 } + options.scores.map(\.column)
        let weighted = options.weights.flatMap { name in weights.map { (name: name, values: $0) } }
        try frame.requireRows(rows, in: columns + [options.weights].compactMap { $0 }, weights: weighted)
    }

    func positives(_ rows: [Int]) -> Int {
        if case .binary(let labels, _, _) = columns { rows.count { labels[$0] > 0.5 } } else { 0 }
    }

    func outcome(_ rows: [Int], _ plan: IntervalPlan?) throws -> Outcome {
        let weights = weights.map { all in rows.map { all[$0] } }
        switch columns {
        case .binary(let labels, let scores, let predictions):
            let result = try BinaryPerformance(
                labels: rows.map { labels[$0] > 0.5 }, scores: scores.map { all in rows.map { all[$0] } },
                predictions: rows.map { predictions[$0] > 0.5 }, weights: weights, maxFPR: maxFPR, plan: plan)
            return Outcome(metrics: result.metrics, confusion: result.confusion, ranking: result.ranking)
        case .multiclass(let labels, let scores, let predictions, let classes):
            let result = try MulticlassPerformance(
                classes: classes.count, labels: rows.map { labels[$0] }, predictions: rows.map { predictions[$0] },
                scores: scores?.map { all in rows.map { all[$0] } }, weights: weights, plan: plan)
            return Outcome(metrics: result.metrics, classConfusion: result.confusion)
        case .regression(let labels, let predictions):
            let result = try RegressionPerformance(
                labels: rows.map { labels[$0] }, predictions: rows.map { predictions[$0] }, weights: weights, quantile: quantile, plan: plan
            )
            return Outcome(metrics: result.metrics)
        }
    }

    /// nil with weights, for which there is no rule.
    func samplingErrors(_ rows: [Int]) -> MetricSamplingErrors? {
        guard weights == nil else { return nil }
        switch columns {
        case .binary(let labels, let scores, let predictions):
            return MetricSamplingErrors(
                binary: rows.map { labels[$0] > 0.5 }, scores: scores.map { all in rows.map { all[$0] } },
                predictions: rows.map { predictions[$0] > 0.5 })
        case .multiclass(let labels, let scores, let predictions, let classes):
            return MetricSamplingErrors(
                multiclass: rows.map { labels[$0] }, scores: scores?.map { all in rows.map { all[$0] } },
                predictions: rows.map { predictions[$0] },
                classes: classes.count)
        case .regression(let labels, let predictions):
            return MetricSamplingErrors(regression: rows.map { labels[$0] }, predictions: rows.map { predictions[$0] })
        }
    }
}

extension PerformanceData {
    /// The task when nobody says: multiclass with a score for each class, binary with one score; else by the values of the two columns:
    /// at most two are binary, many numbers (or fractions) regression, the rest multiclass.
    static func task(labels: Cells, prediction: Cells?, _ options: PerformanceOptions) throws -> PerformanceOptions.Task {
        if let task = options.task { return task }
        if options.score != nil || options.positive != nil { return .binary }
        if !options.scores.isEmpty || options.classes != nil { return .multiclass }
        let columns = [labels] + (prediction.map { [$0] } ?? [])
        let numeric = columns.compactMap(\.allNumbers)
        if numeric.count == columns.count {
            // The first of a million numbers tell.
            var values: Set<Double> = []
            for number in numeric.joined() where !number.isNaN && values.insert(number).inserted && values.count > 20 { return .regression }
            return values.count <= 2 ? .binary : values.contains { $0 != $0.rounded() } ? .regression : .multiclass
        }
        let values = try Cells.outcomes(columns)
        if values.count <= 2 { return .binary }
        let numbers = values.compactMap { value in if case .number(let number) = value { number } else { nil } }
        let isNumeric = numbers.count == values.count
        return isNumeric && (numbers.count > 20 || numbers.contains { $0 != $0.rounded() }) ? .regression : .multiclass
    }
}
