/// Where a detector's parameters come from: options of a command, or a configuration. Each has a standard value.
public protocol DetectorParameters {
    func number(_ name: String, _ standard: Double) throws -> Double
    func count(_ name: String, _ standard: Int) throws -> Int
    func seed(_ name: String, _ standard: UInt64) throws -> UInt64
    func flag(_ name: String) throws -> Bool
    func choice<T: RawRepresentable & CaseIterable>(_ name: String, _ standard: T) throws -> T where T.RawValue == String
}

/// The detectors by their names, each with its parameters.
public enum DetectorMethod: String, Sendable, CaseIterable {
    case adwin, ddm, eddm
    case hddmA = "hddm-a"
    case hddmW = "hddm-w"
    case pageHinkley = "page-hinkley"
    case kswin, cusum

    private enum Sampling: String, CaseIterable { case even, random }

    /// The names that settings have.
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

    /// What its stream may hold.
    public var input: DetectorInput {
        switch self {
        case .adwin: ADWIN.input
        case .ddm: DDM.input
        case .eddm: EDDM.input
        case .hddmA: HDDMA.input
        case .hddmW: HDDMW.input
        case .pageHinkley: PageHinkley.input
        case .kswin: KSWIN.input
        case .cusum: CUSUM.input
        }
    }

    /// - Parameter seed: what random sampling takes when the settings name none.
    /// - Throws: ``StatisticsError`` for a value that makes no sense, and what reading the settings throws.
    public func detector(_ settings: some DetectorParameters, seed: UInt64) throws -> any ChangeDetector {
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
