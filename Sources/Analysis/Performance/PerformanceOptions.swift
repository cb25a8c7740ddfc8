/// What `evenkeel performance` is asked.
public struct PerformanceOptions: Sendable {
    public enum Task: String, Sendable, CaseIterable { case binary, multiclass, regression }

    public var label: String
    public var score: String?
    public var prediction: String?
    public var scores: [ClassScore] = []
    public var classes: [String]?
    public var positive: String?
    public var threshold = 0.5
    public var weights: String?
    public var timestamp: String?
    public var id: String?
    /// nil: taken from the columns.
    public var task: Task?
    public var hasCurves = false
    public var maxFPR = 0.1
    public var quantile = 0.5
    public var chunking: Chunking?
    /// The file whose chunks set the thresholds.
    public var reference: Frame?
    /// The file of label events, and what is known of it.
    public var labelEvents: Frame?
    public var asOf: String?
    public var labelTimestamp: String?
    public var confidence = 0.95
    public var seed: UInt64 = 1
    public init(label: String) { self.label = label }

    /// - Throws: ``AnalysisError`` for options that do not go together.
    func check() throws {
        guard maxFPR > 0, maxFPR <= 1 else { throw AnalysisError("--max-fpr \(maxFPR), expected more than 0 and at most 1") }
        guard quantile >= 0, quantile <= 1 else { throw AnalysisError("--quantile \(quantile), expected 0 to 1") }
        guard !threshold.isNaN else { throw AnalysisError("--threshold \(threshold), expected a number") }
        if reference != nil, chunking == nil {
            throw AnalysisError("--reference needs chunks: one of --chunk-size, --chunk-count, --chunk-period")
        }
        guard score == nil || scores.isEmpty else { throw AnalysisError("--score and --scores exclude each other") }
        guard score != nil || prediction != nil || !scores.isEmpty else {
            throw AnalysisError("nothing to judge, expected --score, --scores or --prediction")
        }
        if labelEvents != nil, id == nil { throw AnalysisError("--label-events needs --id, the column that both files share") }
        if labelEvents == nil, asOf != nil || labelTimestamp != nil {
            throw AnalysisError("--as-of and --label-timestamp need --label-events")
        }
        if asOf != nil, labelTimestamp == nil { throw AnalysisError("--as-of needs --label-timestamp, the column of times of the labels") }
    }
}
