internal import Glibc

/// Drift detection by McDiarmid's bound on exponentially weighted averages: quicker than ``HDDMA`` at sudden changes.
///
/// Averages weigh the newest value by `lambda`. The average up to the best cut and the one since then are compared; a rise of more
/// than √((b₁ + b₂) ln(1/δ) / 2) is a change, with b the sum of the squared weights of an average. Values must lie in [0, 1].
/// The first value sets an average.
/// > Source: I. Frías-Blanco and others, "Online and Non-Parametric Drift Detection Methods Based on Hoeffding's Bounds", 2014.
public struct HDDMW: ChangeDetector {
    public static let input = DetectorInput.share

    private struct Average: Sendable {
        var mean = 0.0
        var hasValues = false
        /// What the bound needs: the sum of the squared weights.
        var squaredWeights = 1.0

        mutating func add(_ value: Double, _ lambda: Double) {
            mean = hasValues ? lambda * value + (1 - lambda) * mean : value
            hasValues = true
            squaredWeights = lambda * lambda + (1 - lambda) * (1 - lambda) * squaredWeights
        }

        mutating func visit(_ memory: inout DetectorMemory) {
            memory.number(&mean)
            memory.flag(&hasValues)
            memory.number(&squaredWeights)
        }
    }
    /// The average up to the cut and the one since then.
    private struct Cut: Sendable {
        var before = Average()
        var after = Average()
        var extreme: Double

        mutating func visit(_ memory: inout DetectorMemory) {
            before.visit(&memory)
            after.visit(&memory)
            memory.number(&extreme)
        }
    }

    private let lambda: Double
    private let driftLog: Double
    private let warningLog: Double
    private let isTwoSided: Bool
    private var all = Average()
    private var rise = Cut(extreme: .infinity)
    private var fall = Cut(extreme: -.infinity)
    public private(set) var hasChanged = false
    public private(set) var isWarning = false

    /// - Throws: ``StatisticsError`` `.outOfRange` for a parameter that makes no sense.
    public init(driftConfidence: Double = 0.001, warningConfidence: Double = 0.005, lambda: Double = 0.05, isTwoSided: Bool = false)
        throws(StatisticsError)
    {
        try requireParameter(
            driftConfidence > 0 && driftConfidence <= 1, "drift_confidence \(driftConfidence), expected a number above 0, at most 1")
        try requireParameter(
            warningConfidence > 0 && warningConfidence <= 1, "warning_confidence \(warningConfidence), expected a number above 0, at most 1"
        )
        try requireParameter(lambda >= 0 && lambda <= 1, "lambda_val \(lambda), expected a number from 0 to 1")
        self.lambda = lambda
        driftLog = log(1 / driftConfidence)
        warningLog = log(1 / warningConfidence)
        self.isTwoSided = isTwoSided
    }

    public var state: [(name: String, value: Double)] {
        [("mean", all.mean), ("mean_before", rise.before.mean), ("mean_after", rise.after.mean)]
    }

    public mutating func visit(_ memory: inout DetectorMemory) {
        all.visit(&memory)
        rise.visit(&memory)
        fall.visit(&memory)
        memory.flag(&hasChanged)
        memory.flag(&isWarning)
    }

    public mutating func add(_ value: Double) {
        if hasChanged {
            all = Average()
            rise = Cut(extreme: .infinity)
            fall = Cut(extreme: -.infinity)
            hasChanged = false
            isWarning = false
        }
        all.add(value, lambda)
        let bound = (all.squaredWeights * driftLog / 2).squareRoot()
        if all.mean + bound < rise.extreme {
            rise = Cut(before: all, extreme: all.mean + bound)
        } else {
            rise.after.add(value, lambda)
        }
        hasChanged = isSignificant(rise, driftLog, sign: 1)
        isWarning = !hasChanged && isSignificant(rise, warningLog, sign: 1)

        guard isTwoSided else { return }
        if all.mean - bound > fall.extreme {
            fall = Cut(before: all, extreme: all.mean - bound)
        } else {
            fall.after.add(value, lambda)
        }
        if isSignificant(fall, driftLog, sign: -1) {
            hasChanged = true
        } else if isSignificant(fall, warningLog, sign: -1) {
            isWarning = true
        }
    }

    private func isSignificant(_ cut: Cut, _ logOfInverse: Double, sign: Double) -> Bool {
        guard cut.before.hasValues, cut.after.hasValues else { return false }
        let bound = ((cut.before.squaredWeights + cut.after.squaredWeights) * logOfInverse / 2).squareRoot()
        return sign * (cut.after.mean - cut.before.mean) > bound
    }
}
