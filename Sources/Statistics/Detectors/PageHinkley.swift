/// The Page-Hinkley test: a change when the cumulated deviations from the running mean leave their extreme by more than `threshold`.
///
/// With the running mean x̄ of the values since the last change, s⁺ ← α s⁺ + (x − x̄ − δ) and s⁻ ← α s⁻ + (x − x̄ + δ); the mean
/// went up when s⁺ − min s⁺ > λ and down when max s⁻ − s⁻ > λ. The threshold is in units of the values: scale matters. As in
/// River the maximum of s⁻ starts at −1.
/// > Source: E. S. Page, "Continuous Inspection Schemes", 1954; D. V. Hinkley, "Inference about the Change-Point from Cumulative
/// > Sum Tests", 1971.
public struct PageHinkley: ChangeDetector {
    public static let input = DetectorInput.number

    /// Which changes of the mean count.
    public enum Mode: String, Sendable, CaseIterable { case up, down, both }

    private let minInstances: Double
    private let delta: Double
    private let alpha: Double
    private let thresholdUp: Double
    private let thresholdDown: Double
    private var mean = DetectorMean()
    private var increase = 0.0
    private var decrease = 0.0
    private var leastIncrease = Double.infinity
    private var mostDecrease = -1.0
    public private(set) var hasChanged = false
    public var isWarning: Bool { false }

    /// - Throws: ``StatisticsError`` `.outOfRange` for a parameter that makes no sense.
    public init(minInstances: Int = 30, delta: Double = 0.005, threshold: Double = 50, alpha: Double = 1 - 0.0001, mode: Mode = .both)
        throws(StatisticsError)
    {
        try requireParameter(minInstances >= 1, "min_instances \(minInstances), expected at least 1")
        try requireParameter(delta.isFinite, "delta \(delta), expected a finite number")
        try requireParameter(threshold >= 0, "threshold \(threshold), expected a number of at least 0")
        try requireParameter(alpha >= 0 && alpha <= 1, "alpha \(alpha), expected a number from 0 to 1")
        self.minInstances = Double(minInstances)
        self.delta = delta
        self.alpha = alpha
        thresholdUp = mode == .down ? .infinity : threshold
        thresholdDown = mode == .up ? .infinity : threshold
    }

    public var state: [(name: String, value: Double)] {
        [("sum_increase", increase), ("sum_decrease", decrease), ("mean", mean.mean)]
    }

    public mutating func visit(_ memory: inout DetectorMemory) {
        mean.visit(&memory)
        memory.number(&increase)
        memory.number(&decrease)
        memory.number(&leastIncrease)
        memory.number(&mostDecrease)
        memory.flag(&hasChanged)
    }

    public mutating func add(_ value: Double) {
        if hasChanged {
            mean = DetectorMean()
            increase = 0
            decrease = 0
            leastIncrease = .infinity
            mostDecrease = -1
            hasChanged = false
        }
        mean.add(value)
        let deviation = value - mean.mean
        increase = alpha * increase + deviation - delta
        decrease = alpha * decrease + deviation + delta
        leastIncrease = min(leastIncrease, increase)
        mostDecrease = max(mostDecrease, decrease)
        if mean.count >= minInstances {
            hasChanged = increase - leastIncrease > thresholdUp || mostDecrease - decrease > thresholdDown
        }
    }
}
