/// What can be estimated without labels, by the names of reports.
public enum EstimatedMetric: String, Sendable, CaseIterable {
    case rocAUC = "roc_auc"
    case f1, precision, recall, specificity, accuracy
    case averagePrecision = "average_precision"
    case truePositive = "true_positive"
    case falsePositive = "false_positive"
    case trueNegative = "true_negative"
    case falseNegative = "false_negative"
    case mae, mse, rmse, mape

    public static let ofClasses: [EstimatedMetric] = [.rocAUC, .f1, .precision, .recall, .specificity, .accuracy, .averagePrecision]
    public static let ofConfusion: [EstimatedMetric] = [.truePositive, .falsePositive, .trueNegative, .falseNegative]
    public static let ofRegression: [EstimatedMetric] = [.mae, .mse, .rmse, .mape]

    /// No metric here can be below 0; counts and losses have no upper end.
    public var range: ClosedRange<Double> { Self.ofClasses.contains(self) ? 0...1 : 0...(.infinity) }
}

/// Values by metric; one that is undefined is left out.
public typealias MetricValues = [EstimatedMetric: Double]

/// What a chunk of rows shows: what is expected of the model there, and, where labels are, what came true.
public struct ChunkPerformance: Sendable, Equatable {
    public var estimated: MetricValues
    public var realized: MetricValues
    /// The standard deviation that sampling alone gives a metric in a chunk of this size.
    public var samplingError: MetricValues
    /// Rows with all that the estimate needs.
    public var rows: Int
    public var labelsMissing: Int

    /// Three sampling errors to either side of the estimate, within the metric's range.
    public func bounds(_ metric: EstimatedMetric) -> Interval? {
        guard let value = estimated[metric], let error = samplingError[metric] else { return nil }
        return Interval(lower: max(metric.range.lowerBound, value - 3 * error), upper: min(metric.range.upperBound, value + 3 * error))
    }
}

/// What is usual for a metric: the mean over the reference's chunks ∓ 3 population standard deviations, within the metric's range.
///
/// Chunks where the metric is undefined take no part. One chunk alone gives a band of no width.
public struct UsualBand: Sendable, Equatable {
    public let lower: Double
    public let upper: Double

    /// Nil without any value.
    public init?(_ values: [Double], of metric: EstimatedMetric) {
        if values.isEmpty { return nil }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
        lower = max(metric.range.lowerBound, mean - 3 * deviation)
        upper = min(metric.range.upperBound, mean + 3 * deviation)
    }

    public func isUnusual(_ value: Double) -> Bool { value < lower || value > upper }
}
