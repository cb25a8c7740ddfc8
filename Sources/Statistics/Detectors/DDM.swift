/// The drift detection method: a change when the error rate is far above the best it has been.
///
/// With the error rate p of n values and s = √(p(1 − p)/n), the place where p + s was least is kept. Warning while
/// p + s > p_min + w·s_min, change when p + s > p_min + d·s_min. While there was no error at all, p = s = 0, and the first one is a
/// change: give it a `warmStart` that is long enough for some.
/// > Source: J. Gama, P. Medas, G. Castillo, P. Rodrigues, "Learning with Drift Detection", 2004.
public struct DDM: ChangeDetector {
    public static let input = DetectorInput.share

    private let warmStart: Double
    private let warningThreshold: Double
    private let driftThreshold: Double
    private var rate = DetectorMean()
    private var leastRate = Double.infinity
    private var leastDeviation = Double.infinity
    private var least = Double.infinity
    public private(set) var hasChanged = false
    public private(set) var isWarning = false

    /// - Throws: ``StatisticsError`` `.outOfRange` for a parameter that makes no sense.
    public init(warmStart: Int = 30, warningThreshold: Double = 2, driftThreshold: Double = 3) throws(StatisticsError) {
        try requireParameter(warmStart >= 0, "warm_start \(warmStart), expected at least 0")
        try requireParameter(warningThreshold.isFinite, "warning_threshold \(warningThreshold), expected a finite number")
        try requireParameter(driftThreshold.isFinite, "drift_threshold \(driftThreshold), expected a finite number")
        self.warmStart = Double(warmStart)
        self.warningThreshold = warningThreshold
        self.driftThreshold = driftThreshold
    }

    public var state: [(name: String, value: Double)] {
        [("error_rate", rate.mean), ("least_error_rate", leastRate), ("least_deviation", leastDeviation)]
    }

    public mutating func visit(_ memory: inout DetectorMemory) {
        rate.visit(&memory)
        memory.number(&leastRate)
        memory.number(&leastDeviation)
        memory.number(&least)
        memory.flag(&hasChanged)
        memory.flag(&isWarning)
    }

    public mutating func add(_ value: Double) {
        if hasChanged {
            rate = DetectorMean()
            leastRate = .infinity
            leastDeviation = .infinity
            least = .infinity
            hasChanged = false
            isWarning = false
        }
        rate.add(value)
        guard rate.count > warmStart else { return }
        let p = rate.mean
        // Rounding may put the mean of ones a hair above 1.
        let s = (max(0, p * (1 - p)) / rate.count).squareRoot()
        if p + s <= least {
            leastRate = p
            leastDeviation = s
            least = p + s
        }
        hasChanged = p + s > leastRate + driftThreshold * leastDeviation
        isWarning = !hasChanged && p + s > leastRate + warningThreshold * leastDeviation
    }
}
