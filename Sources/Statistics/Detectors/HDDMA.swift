internal import Glibc

/// Drift detection by Hoeffding's bound on averages: a change when the mean since the best cut is significantly above the one before.
///
/// The cut is where mean + bound was least (for decreases: where mean − bound was largest), bound(n) = √(ln(1/δ) / 2n). With n
/// values up to the cut and N in all, a mean that rose by √((N − n)/(nN) · ln(2/δ) / 2) or more is a change at the drift
/// confidence and a warning at the warning confidence. Values must lie in [0, 1].
/// > Source: I. Frías-Blanco and others, "Online and Non-Parametric Drift Detection Methods Based on Hoeffding's Bounds", 2014.
public struct HDDMA: ChangeDetector {
    public static let input = DetectorInput.share

    private let driftLog: Double
    private let logOfTwoPerDrift: Double
    private let logOfTwoPerWarning: Double
    private let isTwoSided: Bool
    private var all = DetectorMean()
    private var lowest = DetectorMean()
    private var highest = DetectorMean()
    public private(set) var hasChanged = false
    public private(set) var isWarning = false

    /// - Throws: ``StatisticsError`` `.outOfRange` for a parameter that makes no sense.
    public init(driftConfidence: Double = 0.001, warningConfidence: Double = 0.005, isTwoSided: Bool = false) throws(StatisticsError) {
        try requireParameter(
            driftConfidence > 0 && driftConfidence <= 1, "drift_confidence \(driftConfidence), expected a number above 0, at most 1")
        try requireParameter(
            warningConfidence > 0 && warningConfidence <= 1, "warning_confidence \(warningConfidence), expected a number above 0, at most 1"
        )
        driftLog = log(1 / driftConfidence)
        logOfTwoPerDrift = log(2 / driftConfidence)
        logOfTwoPerWarning = log(2 / warningConfidence)
        self.isTwoSided = isTwoSided
    }

    public var state: [(name: String, value: Double)] {
        [("mean", all.mean), ("lowest_mean", lowest.mean), ("highest_mean", highest.mean)]
    }

    public mutating func visit(_ memory: inout DetectorMemory) {
        all.visit(&memory)
        lowest.visit(&memory)
        highest.visit(&memory)
        memory.flag(&hasChanged)
        memory.flag(&isWarning)
    }

    public mutating func add(_ value: Double) {
        if hasChanged {
            all = DetectorMean()
            lowest = DetectorMean()
            highest = DetectorMean()
            hasChanged = false
            isWarning = false
        }
        all.add(value)
        if lowest.count == 0 { lowest = all }
        if highest.count == 0 { highest = all }
        let bound = bound(all.count)
        if lowest.mean + self.bound(lowest.count) >= all.mean + bound { lowest = all }
        if highest.mean - self.bound(highest.count) <= all.mean - bound { highest = all }

        hasChanged = isSignificant(all.mean - lowest.mean, since: lowest, logOfTwoPerDrift)
        isWarning = !hasChanged && isSignificant(all.mean - lowest.mean, since: lowest, logOfTwoPerWarning)
        if isTwoSided {
            if isSignificant(highest.mean - all.mean, since: highest, logOfTwoPerDrift) {
                hasChanged = true
            } else if isSignificant(highest.mean - all.mean, since: highest, logOfTwoPerWarning) {
                isWarning = true
            }
        }
    }

    private func bound(_ count: Double) -> Double { (1 / (2 * count) * driftLog).squareRoot() }

    private func isSignificant(_ rise: Double, since cut: DetectorMean, _ logOfTwoPerConfidence: Double) -> Bool {
        if cut.count == all.count { return false }
        let m = (all.count - cut.count) / cut.count * (1 / all.count)
        return rise >= (m / 2 * logOfTwoPerConfidence).squareRoot()
    }
}
