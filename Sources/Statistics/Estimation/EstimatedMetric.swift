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
    /// Chunks that it is made of.
    public let count: Int
    private let mean: Double
    /// Sum of the squared deviations from the mean.
    private let squares: Double
    private let metric: EstimatedMetric

    /// Nil without any value.
    public init?(_ values: [Double], of metric: EstimatedMetric) {
        if values.isEmpty { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        self.init(count: values.count, mean: mean, squares: values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }, of: metric)
    }

    private init(count: Int, mean: Double, squares: Double, of metric: EstimatedMetric) {
        let reach = 3 * (squares / Double(count)).squareRoot()
        lower = max(metric.range.lowerBound, mean - reach)
        upper = min(metric.range.upperBound, mean + reach)
        self.count = count
        self.mean = mean
        self.squares = squares
        self.metric = metric
    }

    /// The band of the other chunks, for a chunk of the reference itself: in the common band it would stand up for itself.
    ///
    /// - Parameter value: of the chunk that is left out; nil when it has none.
    /// - Returns: Nil when no other chunk is left.
    public func excluding(_ value: Double?) -> UsualBand? {
        guard let value else { return self }
        guard count > 1 else { return nil }
        let rest = Double(count - 1)
        let deviation = value - mean
        let left = squares - deviation * deviation * Double(count) / rest
        return UsualBand(count: count - 1, mean: mean - deviation / rest, squares: max(0, left), of: metric)
    }

    public func isUnusual(_ value: Double) -> Bool { value < lower || value > upper }
}
