internal import Synchronization

/// Every metric that we export: the one place where names, labels and help texts stand (CONTRACTS.md).
public enum Metric: String, Sendable, CaseIterable {
    case predictions = "evenkeel_predictions_total"
    case predictionErrors = "evenkeel_prediction_errors_total"
    case predictionLatency = "evenkeel_prediction_latency_seconds"
    case predictionCost = "evenkeel_prediction_cost_total"
    case labels = "evenkeel_labels_total"
    case labelCoverage = "evenkeel_label_coverage_ratio"
    case featureDrift = "evenkeel_feature_drift"
    case featureDriftPValue = "evenkeel_feature_drift_pvalue"
    case featureMissing = "evenkeel_feature_missing_ratio"
    case predictionDrift = "evenkeel_prediction_drift"
    case jointDrift = "evenkeel_joint_drift"
    case calibrationError = "evenkeel_calibration_error"
    case performance = "evenkeel_performance"
    case fairnessDisparity = "evenkeel_fairness_disparity"
    case groupRate = "evenkeel_group_rate"
    case dataQuality = "evenkeel_data_quality"
    case serviceLevel = "evenkeel_service_level"
    case labelDrift = "evenkeel_label_drift"
    case errorChanges = "evenkeel_error_changes_total"
    case errorChangeLast = "evenkeel_error_change_last_timestamp_seconds"
    case windowRecords = "evenkeel_window_records"
    case lastPrediction = "evenkeel_last_prediction_timestamp_seconds"
    case verdict = "evenkeel_verdict"
    case segmentVerdict = "evenkeel_segment_verdict"
    case alertsFiring = "evenkeel_alerts_firing"
    case alertBudget = "evenkeel_alert_budget"
    case alertBudgetFired = "evenkeel_alert_budget_fired"
    case evaluationAge = "evenkeel_evaluation_age_seconds"
    case evaluationDuration = "evenkeel_evaluation_duration_seconds"
    case ingestRecords = "evenkeel_ingest_records_total"
    case spoolBytes = "evenkeel_ingest_spool_bytes"
    case spoolKeptBytes = "evenkeel_ingest_spool_kept_bytes"
    case spoolRecords = "evenkeel_ingest_spool_records_total"
    case cloudEvents = "evenkeel_cloudevents_total"
    case kafkaRecords = "evenkeel_kafka_records_total"
    case kafkaLag = "evenkeel_kafka_lag_messages"
    case kafkaPartitions = "evenkeel_kafka_partitions"
    case webhookDeliveries = "evenkeel_webhook_deliveries_total"
    case shadowInfo = "evenkeel_shadow_info"
    case shadowRecords = "evenkeel_shadow_records"
    case shadowLabelled = "evenkeel_shadow_labelled_records"
    case shadowPerformance = "evenkeel_shadow_performance"
    case shadowDifference = "evenkeel_shadow_difference"
    case shadowBound = "evenkeel_shadow_difference_bound"
    case shadowAgreement = "evenkeel_shadow_agreement"
    case shadowSeconds = "evenkeel_shadow_row_seconds"
    case shadowVerdict = "evenkeel_shadow_verdict"
    case shadowBroken = "evenkeel_shadow_breaker_open"
    case rolloutWeight = "evenkeel_rollout_weight"
    case seriesDropped = "evenkeel_metric_series_dropped_total"
    case leader = "evenkeel_leader"
    case databaseUp = "evenkeel_database_up"
    case windowsWaiting = "evenkeel_windows_waiting"
    case modelInfo = "evenkeel_model_info"
    case breakerOpen = "evenkeel_webhook_breaker_open"
    case buildInfo = "evenkeel_build_info"

    public enum Kind: String, Sendable { case counter, gauge, histogram }

    public var kind: Kind {
        switch self {
        case .predictions, .predictionErrors, .predictionCost, .labels, .ingestRecords, .spoolRecords, .cloudEvents, .webhookDeliveries,
            .seriesDropped, .errorChanges, .kafkaRecords:
            .counter
        case .predictionLatency, .evaluationDuration: .histogram
        default: .gauge
        }
    }

    /// The labels of a series, in the order in which values are given.
    public var labels: [String] {
        switch self {
        case .predictions, .predictionErrors, .predictionLatency: ["model", "version"]
        case .labels: ["model"]
        case .labelCoverage, .windowRecords: ["model", "version", "window"]
        case .predictionCost: ["model", "version", "currency"]
        case .featureDrift, .featureDriftPValue: ["model", "version", "feature", "statistic", "window"]
        case .featureMissing: ["model", "version", "feature", "window"]
        case .predictionDrift, .jointDrift, .calibrationError, .labelDrift: ["model", "version", "statistic", "window"]
        case .dataQuality: ["model", "version", "feature", "statistic", "window"]
        case .serviceLevel: ["model", "version", "measure", "statistic", "window"]
        case .performance: ["model", "version", "metric", "window", "kind"]
        case .fairnessDisparity: ["model", "version", "attribute", "metric", "window"]
        case .groupRate: ["model", "version", "attribute", "group", "rate", "window"]
        case .verdict: ["model", "version", "monitor", "verdict"]
        case .segmentVerdict: ["model", "version", "segment", "monitor", "verdict"]
        case .errorChanges, .errorChangeLast: ["model", "version", "detector"]
        case .alertsFiring: ["model", "severity"]
        case .alertBudget, .alertBudgetFired: ["model", "policy"]
        case .evaluationAge, .lastPrediction: ["model", "version"]
        case .evaluationDuration: []
        case .ingestRecords, .cloudEvents: ["outcome"]
        case .kafkaRecords: ["topic", "outcome"]
        case .kafkaLag, .kafkaPartitions: ["topic"]
        case .spoolBytes, .spoolKeptBytes: []
        case .spoolRecords: ["event"]
        case .webhookDeliveries: ["destination", "outcome"]
        case .shadowInfo: ["model", "champion", "candidate", "primary"]
        case .shadowRecords: ["model", "champion", "candidate", "outcome"]
        case .shadowDifference: ["model", "champion", "candidate", "metric"]
        case .shadowPerformance: ["model", "champion", "candidate", "metric", "arm"]
        case .shadowBound: ["model", "champion", "candidate", "metric", "bound"]
        case .shadowAgreement: ["model", "champion", "candidate", "statistic"]
        case .shadowSeconds: ["model", "champion", "candidate", "arm"]
        case .shadowVerdict: ["model", "champion", "candidate", "verdict"]
        case .shadowBroken, .shadowLabelled: ["model", "champion", "candidate"]
        case .rolloutWeight: ["model", "version"]
        case .seriesDropped: ["metric"]
        case .leader, .databaseUp, .windowsWaiting: []
        case .modelInfo: ["model", "version", "stage", "task"]
        case .breakerOpen: ["destination"]
        case .buildInfo: ["version"]
        }
    }

    public var help: String {
        switch self {
        case .predictions: "Predictions stored."
        case .predictionErrors: "Predictions that the caller marked as failed."
        case .predictionLatency: "Latency of the model, as sent with its predictions."
        case .predictionCost: "Cost of the predictions, as sent with them or by the prices of their version."
        case .labels: "Label events that gave a prediction its label or changed it."
        case .labelCoverage: "Share of the newest window's predictions that have their label."
        case .featureDrift: "Distance of a feature in the newest window from the reference."
        case .featureDriftPValue: "P-value of the drift statistic under no drift, before correction."
        case .featureMissing: "Share of missing values of a feature in the newest window."
        case .predictionDrift: "Distance of the scores in the newest window from the reference."
        case .jointDrift: "Distance of the numeric features together in the newest window from the reference."
        case .calibrationError: "Calibration error of the newest window's labelled scores."
        case .alertBudget: "False alarms that the policy may raise for the model in the time of its budget."
        case .alertBudgetFired: "Alerts of the policy for the model that began to fire within that time, false or not."
        case .labelDrift: "Share of positive labels in the newest window, or the distance of the labels' classes from the reference."
        case .errorChanges: "Changes of the errors of labelled predictions, as a detector saw them."
        case .errorChangeLast: "The time of the record whose label completed the newest change."
        case .windowRecords: "Predictions in the newest window."
        case .lastPrediction: "The minute of the newest prediction, in event time."
        case .dataQuality: "Shares of values outside the reference's range or levels, or 1 for a constant feature, in the newest window."
        case .serviceLevel: "Share of failed predictions, and mean and quantiles of every measure, in the newest window."
        case .performance: "Performance in the newest window."
        case .fairnessDisparity: "Disparity between the groups of a sensitive attribute in the newest window."
        case .groupRate: "A rate of one group in the newest window."
        case .verdict: "1 for the verdict of a monitor over the newest windows, 0 for the others."
        case .segmentVerdict: "1 for the verdict of a monitor over the newest windows of a segment, 0 for the others."
        case .alertsFiring: "Alerts that are firing."
        case .evaluationAge: "Seconds since the version was evaluated last."
        case .evaluationDuration: "How long an evaluation pass took."
        case .ingestRecords: "Records that came in, by what became of them."
        case .spoolBytes: "Bytes in the spool that wait to be replayed."
        case .spoolKeptBytes: "Bytes of the spool that were refused or damaged, and are kept for the operator."
        case .spoolRecords: "Records that went into the spool and out of it; of damaged ones, the places where bytes could not be read."
        case .cloudEvents: "Events of inference services, by what became of them."
        case .kafkaRecords: "Records from Kafka, by what became of them; of missed ones, messages that Kafka removed before they were read."
        case .kafkaLag: "Messages of this process's partitions that are not stored yet, as far as Kafka has told."
        case .kafkaPartitions: "Partitions of the topic that this process reads."
        case .webhookDeliveries: "Attempts to deliver a webhook."
        case .shadowInfo: "Always 1; the label says which metric decides about the candidate in shadow."
        case .shadowRecords: "Predictions of the champion that the candidate in shadow scored too, and those that it could not score."
        case .shadowLabelled: "Predictions that both scored and whose label is known."
        case .shadowPerformance: "A metric of the champion and of its candidate in shadow, over the same rows."
        case .shadowDifference: "A metric of the candidate in shadow, minus the champion's over the same rows."
        case .shadowBound: "Ends of the interval of that difference, right at every look."
        case .shadowAgreement: "How alike the candidate in shadow and the champion score the same rows."
        case .shadowSeconds: "Time for a row: the candidate's to score it, the champion's as sent with its predictions."
        case .shadowVerdict: "1 for the verdict of a candidate in shadow, 0 for the others."
        case .shadowBroken: "1 while a candidate in shadow is not scored since its circuit breaker is open."
        case .rolloutWeight: "Share of the traffic that a version under rollout is advised to get."
        case .seriesDropped: "Series that were not counted or not exported because a metric had too many, once for each scrape."
        case .leader: "1 when this service evaluates and keeps the database in shape, 0 when another one does."
        case .databaseUp: "1 when the database answered this scrape, 0 when it did not: the numbers that come from it are missing then."
        case .windowsWaiting: "Windows that have ended, have changed, and wait for their evaluation."
        case .modelInfo: "Always 1; the labels say what the version is."
        case .breakerOpen: "1 while nothing is sent to a destination: it failed several times in a row, or said that it is gone."
        case .buildInfo: "Always 1; the labels say which build this is."
        }
    }

    /// Upper bounds of a histogram's buckets, in seconds.
    public static let secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Series of one metric; more are dropped and counted. What a version has a few of is there for a thousand of them, what it has of each
    /// feature or group is not.
    public var seriesMax: Int {
        switch self {
        case .verdict, .modelInfo, .evaluationAge, .labelCoverage, .windowRecords, .lastPrediction, .alertsFiring, .alertBudget,
            .alertBudgetFired, .predictionDrift, .jointDrift, .labelDrift, .calibrationError, .performance, .serviceLevel:
            100_000
        default: 10_000
        }
    }
}

/// One exported number, or one histogram.
public struct MetricSample: Sendable, Equatable {
    public enum Value: Sendable, Equatable {
        case number(Double)
        /// Counts by bucket (not cumulative; the last is beyond the largest bound), and the sum.
        case histogram(counts: [Int64], sum: Double)
    }
    public var metric: Metric
    public var labels: [String]
    public var value: Value
    /// Whether it is of one group of a sensitive attribute, which not everybody may read.
    public var isOfGroup = false
    /// The newest event that a counter counts: written in OpenMetrics alone, the other format has no place for it.
    public var exemplar: Exemplar?

    /// An object: most samples have none, and should not be larger for it.
    public final class Exemplar: Sendable, Equatable {
        public let name: String
        public let value: String
        public let at: Timestamp
        /// Name and value together, as OpenMetrics 1.0 has it.
        public static let lengthMax = 128

        /// nil where it would be too long.
        public init?(_ name: String, _ value: String, at: Timestamp) {
            guard name.count + value.count <= Self.lengthMax else { return nil }
            (self.name, self.value, self.at) = (name, value, at)
        }

        public static func == (a: Exemplar, b: Exemplar) -> Bool { a.name == b.name && a.value == b.value && a.at == b.at }
    }

    public init(_ metric: Metric, _ labels: [String] = [], _ value: Double) {
        precondition(labels.count == metric.labels.count, "one value a label")
        self.metric = metric
        self.labels = labels
        self.value = .number(value)
    }
    public init(_ metric: Metric, _ labels: [String], counts: [Int64], sum: Double) {
        self.metric = metric
        self.labels = labels
        value = .histogram(counts: counts, sum: sum)
    }

    fileprivate mutating func add(_ amount: Double) {
        guard case .number(let before) = value else { return }
        value = .number(before + amount)
    }
}

/// The counters and histograms of this process.
public final class MetricRegistry: Sendable {
    private struct Key: Hashable {
        var metric: Metric
        var labels: [String]
    }
    private struct State {
        /// In the order in which they came first, so that every scrape has them in the same one.
        var samples: [MetricSample] = []
        var places: [Key: Int] = [:]
        var seriesCount: [Metric: Int] = [:]

        /// Where the series is, or is put; nil when its metric has too many.
        mutating func place(_ metric: Metric, _ labels: [String], new: () -> MetricSample) -> Int? {
            let key = Key(metric: metric, labels: labels)
            if let place = places[key] { return place }
            if seriesCount[metric, default: 0] >= metric.seriesMax {
                let dropped = [metric.rawValue]
                if let place = place(.seriesDropped, dropped, new: { MetricSample(.seriesDropped, dropped, 0) }) { samples[place].add(1) }
                return nil
            }
            seriesCount[metric, default: 0] += 1
            samples.append(new())
            places[key] = samples.count - 1
            return samples.count - 1
        }
    }
    private let state = Mutex(State())

    public init() {}

    public func add(_ amount: Double = 1, to metric: Metric, _ labels: [String] = [], exemplar: MetricSample.Exemplar? = nil) {
        precondition(labels.count == metric.labels.count, "one value a label")
        state.withLock { state in
            guard let place = state.place(metric, labels, new: { MetricSample(metric, labels, 0) }) else { return }
            state.samples[place].add(amount)
            if let exemplar { state.samples[place].exemplar = exemplar }
        }
    }

    /// The newest value of a gauge.
    public func set(_ value: Double, in metric: Metric, _ labels: [String] = []) {
        precondition(labels.count == metric.labels.count, "one value a label")
        state.withLock { state in
            guard let place = state.place(metric, labels, new: { MetricSample(metric, labels, 0) }) else { return }
            state.samples[place].value = .number(value)
        }
    }

    public func observe(_ seconds: [Double], in metric: Metric, _ labels: [String] = []) {
        state.withLock { state in
            let empty = [Int64](repeating: 0, count: Metric.secondsBuckets.count + 1)
            guard let place = state.place(metric, labels, new: { MetricSample(metric, labels, counts: empty, sum: 0) }),
                case .histogram(var counts, var sum) = state.samples[place].value
            else { return }
            state.samples[place].value = .number(0)  // so that `counts` is the only owner and is changed in place
            for value in seconds where value.isFinite {
                counts[Metric.secondsBuckets.firstIndex { value <= $0 } ?? Metric.secondsBuckets.count] += 1
                sum += value
            }
            state.samples[place].value = .histogram(counts: counts, sum: sum)
        }
    }

    public func samples() -> [MetricSample] { state.withLock(\.samples) }
}
