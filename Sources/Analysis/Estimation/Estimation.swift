internal import Statistics
public import Vocabulary

/// How a model does on rows without labels, judged by a reference that has them.
public struct Estimation: Sendable {
    public enum Task: String, Sendable, CaseIterable { case binary, multiclass, regression }
    /// When scores are calibrated on the reference; `auto` when it helps.
    public enum Calibration: String, Sendable, CaseIterable { case auto, isotonic, none }

    public var label: String
    public var score: String?
    /// Score columns by class, for several classes.
    public var scores: [(name: String, column: String)] = []
    /// The classes in their order; those of `scores` by code point when empty.
    public var classes: [String] = []
    public var prediction: String?
    public var timestamp: String?
    public var id: String?
    /// Nil for 1 or true.
    public var positive: String?
    public var threshold = 0.5
    /// Nil: several classes with `scores`, two with `score`, else a regression.
    public var task: Task?
    public var calibration = Calibration.auto
    /// Inputs of the loss model; nil for every column that can be one.
    public var features: [String]?
    /// Nil: ten chunks.
    public var chunking: Chunking?
    public var seed: UInt64 = 1
    /// Refused: the method has no weighted form.
    public var weights: String?

    public init(label: String) { self.label = label }

    /// - Throws: ``AnalysisError`` for options or files that do not make an estimate, a `TableError` for a bad cell.
    public func report(reference: Frame, current: Frame) throws -> Report {
        guard !threshold.isNaN else { throw AnalysisError("--threshold \(threshold), expected a number") }
        guard score == nil || scores.isEmpty else { throw AnalysisError("--score and --scores exclude each other") }
        guard score != nil || prediction != nil || !scores.isEmpty else {
            throw AnalysisError("nothing to judge by, expected --score or --scores (of a classifier) or --prediction (of a regression)")
        }
        guard classes.isEmpty || !scores.isEmpty else { throw AnalysisError("--classes needs --scores") }
        try reference.requireColumns([label, timestamp, id].compactMap { $0 } + (features ?? []))
        try reference.requireRows(0..<reference.rows, in: [label])
        let result: EstimationResult
        if let weights {
            throw AnalysisError.unsupported(
                "--weights \(weights) of estimate: neither CBPE nor DLE has a published form with weights, whose sampling errors take rows "
                    + "as alike; leave it out, or use evenkeel performance --weights where there are labels")
        }
        switch try effectiveTask() {
        case .regression: result = try estimateLoss(reference, current)
        case .binary: result = try estimateByConfidence(reference, current, BinaryReading(options: self))
        case .multiclass: result = try estimateByConfidence(reference, current, MulticlassReading(options: self))
        }
        if result.current.used == 0 {
            try current.requireRows([], in: [score, prediction].compactMap { $0 } + scores.map(\.column))
        }
        return EstimationPage(result: result, reference: reference, current: current).report()
    }

    private func effectiveTask() throws -> Task {
        if let task { return task }
        if !scores.isEmpty { return .multiclass }
        return score == nil ? .regression : .binary
    }

    private func estimateByConfidence(_ reference: Frame, _ current: Frame, _ reading: some ScoreReading) throws -> EstimationResult {
        let known = try reading.rows(reference)
        let unknown = try reading.rows(current)
        try reading.check(known, reference)
        let estimator: ConfidenceEstimator
        do {
            estimator = try ConfidenceEstimator(reference: known, rule: try rule(for: [known, unknown]), seed: seed)
        } catch let error as StatisticsError {
            throw AnalysisError("\(reference.file): \(error.description)")
        }
        var parts: [EstimationResult.Part] = []
        for (frame, rows) in [(reference, known), (current, unknown)] {
            let chances = estimator.chances(rows)
            let cut = try chunks(frame).map { chunk in
                EstimationResult.Chunk(place: chunk, performance: estimator.performance(rows, chunk: chunk.rows, chances: chances))
            }
            parts.append(EstimationResult.Part(rows: frame.rows, used: (0..<rows.count).count { rows.isComplete($0) }, chunks: cut))
        }
        let calibrated = zip(reading.scoredNames, estimator.calibrators).filter { $1.isCalibrating }.map { $0.0 }
        return EstimationResult(
            task: known.isBinary ? .binary : .multiclass, isCalibrated: estimator.isCalibrating, calibratedClasses: calibrated,
            metrics: EstimatedMetric.ofClasses + (known.isBinary ? EstimatedMetric.ofConfusion : []), reference: parts[0], current: parts[1]
        )
    }

    /// Scores that are no probabilities must be calibrated.
    private func rule(for all: [ScoredRows]) throws -> ScoreCalibrator.Rule {
        let isOutside = all.contains { $0.scores.contains { $0.contains { $0 < 0 || $0 > 1 } } }
        switch calibration {
        case .auto where !isOutside: return .auto
        case .none where !isOutside: return .none
        case .auto, .isotonic: return .isotonic
        case .none: throw AnalysisError("--calibrate none: a score lies outside of 0 to 1, expected probabilities")
        }
    }

    private func estimateLoss(_ reference: Frame, _ current: Frame) throws -> EstimationResult {
        let reading = try RegressionReading(options: self, reference: reference, current: current)
        let known = try reading.rows(reference)
        let unknown = try reading.rows(current)
        let estimator: LossEstimator
        do { estimator = try LossEstimator(reference: known) } catch {
            throw AnalysisError("\(reference.file): \(error.description)")
        }
        var parts: [EstimationResult.Part] = []
        for (frame, rows) in [(reference, known), (current, unknown)] {
            let losses = estimator.losses(rows)
            let cut = try chunks(frame).map { chunk in
                EstimationResult.Chunk(place: chunk, performance: estimator.performance(rows, chunk: chunk.rows, losses: losses))
            }
            parts.append(EstimationResult.Part(rows: frame.rows, used: rows.predictions.count { !$0.isNaN }, chunks: cut))
        }
        return EstimationResult(
            task: .regression, isCalibrated: false, calibratedClasses: [], metrics: EstimatedMetric.ofRegression, reference: parts[0],
            current: parts[1], features: reading.names)
    }

    private static let chunksUsual = 10

    private func chunks(_ frame: Frame) throws -> [Chunking.Chunk] {
        let usual: Chunking = frame.rows < Self.chunksUsual ? .size(max(frame.rows, 1)) : .count(Self.chunksUsual)
        return try frame.chunks(chunking ?? usual, timestamp: timestamp)
    }
}

/// Chunks of both files with their estimates, and what is usual.
struct EstimationResult {
    struct Chunk {
        var place: Chunking.Chunk
        var performance: ChunkPerformance
    }
    struct Part {
        var rows: Int
        /// Rows with all that an estimate needs.
        var used: Int
        var chunks: [Chunk]
    }

    var task: Estimation.Task
    var isCalibrated: Bool
    var calibratedClasses: [String]
    var metrics: [EstimatedMetric]
    var reference: Part
    var current: Part
    /// Inputs of the loss model of a regression.
    var features: [String] = []

    /// The usual band of each metric, from what came true in the reference's chunks alone.
    var bands: [EstimatedMetric: UsualBand] {
        var out: [EstimatedMetric: UsualBand] = [:]
        for metric in metrics {
            out[metric] = UsualBand(reference.chunks.compactMap { $0.performance.realized[metric] }, of: metric)
        }
        return out
    }
}
