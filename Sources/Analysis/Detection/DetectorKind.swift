internal import Statistics

/// The detectors by the names of the command line, each with its parameters.
public enum DetectorKind: String, Sendable, CaseIterable {
    case adwin, ddm, eddm
    case hddmA = "hddm-a"
    case hddmW = "hddm-w"
    case pageHinkley = "page-hinkley"
    case kswin, cusum

    private enum Sampling: String, CaseIterable { case even, random }

    /// The names that `--set` takes.
    public var parameters: [String] {
        switch self {
        case .adwin: ["delta", "clock", "max_buckets", "min_window_length", "grace_period"]
        case .ddm: ["warm_start", "warning_threshold", "drift_threshold"]
        case .eddm: ["warm_start", "alpha", "beta"]
        case .hddmA: ["drift_confidence", "warning_confidence", "two_sided_test"]
        case .hddmW: ["drift_confidence", "warning_confidence", "lambda_val", "two_sided_test"]
        case .pageHinkley: ["min_instances", "delta", "threshold", "alpha", "mode"]
        case .kswin: ["alpha", "window_size", "stat_size", "sampling", "seed"]
        case .cusum: ["min_instances", "delta", "threshold"]
        }
    }

    /// A detector with these settings; `seed` is the one that random sampling takes when the settings name none.
    /// - Throws: ``AnalysisError`` for a name that is not known, or a value that makes no sense.
    func detector(_ words: [String], seed: UInt64) throws -> any ChangeDetector {
        let settings = try DetectorSettings(words, of: rawValue, known: parameters)
        do { return try detector(settings, seed: seed) } catch let error as StatisticsError {
            throw AnalysisError("--set of \(rawValue): \(error.description)")
        }
    }

    private func detector(_ settings: DetectorSettings, seed: UInt64) throws -> any ChangeDetector {
        switch self {
        case .adwin:
            return try ADWIN(
                delta: settings.number("delta", 0.002), clock: settings.count("clock", 32), maxBuckets: settings.count("max_buckets", 5),
                minWindowLength: settings.count("min_window_length", 5), gracePeriod: settings.count("grace_period", 10))
        case .ddm:
            return try DDM(
                warmStart: settings.count("warm_start", 30), warningThreshold: settings.number("warning_threshold", 2),
                driftThreshold: settings.number("drift_threshold", 3))
        case .eddm:
            return try EDDM(
                warmStart: settings.count("warm_start", 30), alpha: settings.number("alpha", 0.95), beta: settings.number("beta", 0.9))
        case .hddmA:
            return try HDDMA(
                driftConfidence: settings.number("drift_confidence", 0.001),
                warningConfidence: settings.number("warning_confidence", 0.005), isTwoSided: settings.flag("two_sided_test"))
        case .hddmW:
            return try HDDMW(
                driftConfidence: settings.number("drift_confidence", 0.001),
                warningConfidence: settings.number("warning_confidence", 0.005), lambda: settings.number("lambda_val", 0.05),
                isTwoSided: settings.flag("two_sided_test"))
        case .pageHinkley:
            return try PageHinkley(
                minInstances: settings.count("min_instances", 30), delta: settings.number("delta", 0.005),
                threshold: settings.number("threshold", 50), alpha: settings.number("alpha", 1 - 0.0001),
                mode: settings.choice("mode", .both))
        case .kswin:
            let sampling: Sampling = try settings.choice("sampling", .random)
            return try KSWIN(
                alpha: settings.number("alpha", 0.005), windowSize: settings.count("window_size", 100),
                statSize: settings.count("stat_size", 30),
                sampling: sampling == .even ? .even : .random(seed: settings.seed("seed", seed)))
        case .cusum:
            return try CUSUM(
                minInstances: settings.count("min_instances", 30), delta: settings.number("delta", 0.005),
                threshold: settings.number("threshold", 50))
        }
    }
}
