public import Vocabulary

/// The gauges that say what the newest evaluations of a version found.
public enum EvaluationMetrics {
    /// - Parameter latest: at most one evaluation for each kind of window.
    public static func samples(_ version: RegisteredVersion, latest: [Evaluation], now: Timestamp) -> [MetricSample] {
        let key = [version.key.model, version.key.version]
        var out = latest.flatMap { evaluation in
            let window = evaluation.window.kind.rawValue
            var samples = evaluation.findings.compactMap { sample($0, key, window) }
            samples += evaluation.findings.filter { $0.monitor == .featureDrift && $0.statistic != "missing_ratio" }.compactMap { finding in
                finding.pValue.map { MetricSample(.featureDriftPValue, key + [finding.subject, finding.statistic, window], $0) }
            }
            samples.append(MetricSample(.windowRecords, key + [window], Double(evaluation.rows)))
            if evaluation.rows > 0 {
                samples.append(MetricSample(.labelCoverage, key + [window], Double(evaluation.labelled) / Double(evaluation.rows)))
            }
            return samples
        }
        for (monitor, verdict) in verdicts(latest) {
            for other in possible(monitor) {
                out.append(MetricSample(.verdict, key + [monitor.rawValue, other.rawValue], other == verdict ? 1 : 0))
            }
        }
        if let newest = latest.map(\.evaluatedAt).max() {
            out.append(MetricSample(.evaluationAge, key, max(0, now.seconds(since: newest))))
        }
        return out
    }

    /// The verdicts of a segment.
    public static func segmentSamples(_ part: RegisteredVersion, latest: [Evaluation]) -> [MetricSample] {
        guard let segment = part.segment else { return [] }
        return verdicts(latest).flatMap { monitor, verdict in
            possible(monitor).map { other in
                let labels = [part.key.model, part.key.version, segment.name, monitor.rawValue, other.rawValue]
                var sample = MetricSample(.segmentVerdict, labels, other == verdict ? 1 : 0)
                sample.isOfGroup = segment.isOfGroups(part.schema)
                return sample
            }
        }
    }

    /// What each monitor says over the newest hour and day: a finding of either; else the word of those that had enough data. A week would say
    /// for a week that something is wrong which is over.
    public static func verdicts(_ latest: [Evaluation]) -> [(monitor: Monitor, verdict: Verdict)] {
        let said = Dictionary(grouping: latest.filter { $0.window.kind != .week }.flatMap(\.verdicts), by: \.monitor)
        return Monitor.allCases.compactMap { monitor in said[monitor].map { (monitor, Verdict.combined($0.map(\.verdict))) } }
    }

    private static func possible(_ monitor: Monitor) -> [Verdict] {
        monitor == .fairness
            ? [.fair, .negligible, .unfair, .insufficient, .noData] : [.ok, .negligible, .drifted, .insufficient, .noData]
    }

    private static func sample(_ finding: Finding, _ key: [String], _ window: String) -> MetricSample? {
        // What could not be computed has no series: a NaN would look like a number on a dashboard.
        guard let value = finding.value else { return nil }
        switch finding.monitor {
        case .featureDrift where finding.statistic == "missing_ratio":
            return MetricSample(.featureMissing, key + [finding.subject, window], value)
        case .featureDrift: return MetricSample(.featureDrift, key + [finding.subject, finding.statistic, window], value)
        case .predictionDrift: return MetricSample(.predictionDrift, key + [finding.statistic, window], value)
        case .jointDrift where !finding.subject.isEmpty:
            return MetricSample(.featureDrift, key + [finding.subject, finding.statistic, window], value)
        case .jointDrift: return MetricSample(.jointDrift, key + [finding.statistic, window], value)
        case .dataQuality: return MetricSample(.dataQuality, key + [finding.subject, finding.statistic, window], value)
        case .serviceLevel: return MetricSample(.serviceLevel, key + [finding.subject, finding.statistic, window], value)
        case .calibration: return MetricSample(.calibrationError, key + [finding.statistic, window], value)
        case .labelDrift: return MetricSample(.labelDrift, key + [finding.statistic, window], value)
        case .volume: return nil  // the evaluation has the count
        case .conceptDrift: return nil  // changes are counted as they are seen
        case .estimatedPerformance:
            let metric = finding.statistic.hasPrefix("estimated_") ? String(finding.statistic.dropFirst(10)) : finding.statistic
            return MetricSample(.performance, key + [metric, window, "estimated"], value)
        case .performance: return MetricSample(.performance, key + [finding.statistic, window, "realized"], value)
        case .fairness where !finding.group.isEmpty:
            return MetricSample(.groupRate, key + [finding.subject, finding.group, finding.statistic, window], value)
        case .fairness: return MetricSample(.fairnessDisparity, key + [finding.subject, finding.statistic, window], value)
        }
    }
}
