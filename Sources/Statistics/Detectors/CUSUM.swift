/// The cumulative sum chart for a rise of the mean: S ← max(0, S + x − x̄ − δ), a change when S > λ.
///
/// x̄ is the running mean of the values since the last change, as in Frouros, so a slow rise is partly absorbed by it. Compare
/// ``PageHinkley``, which also forgets and looks both ways.
/// > Source: E. S. Page, "Continuous Inspection Schemes", 1954.
public struct CUSUM: ChangeDetector {
    public static let input = DetectorInput.number

    private let minInstances: Double
    private let delta: Double
    private let threshold: Double
    private var mean = DetectorMean()
    private var sum = 0.0
    public private(set) var hasChanged = false
    public var isWarning: Bool { false }

    /// - Throws: ``StatisticsError`` `.outOfRange` for a parameter that makes no sense.
    public init(minInstances: Int = 30, delta: Double = 0.005, threshold: Double = 50) throws(StatisticsError) {
        try requireParameter(minInstances >= 1, "min_instances \(minInstances), expected at least 1")
        try requireParameter(delta.isFinite, "delta \(delta), expected a finite number")
        try requireParameter(threshold >= 0, "threshold \(threshold), expected a number of at least 0")
        self.minInstances = Double(minInstances)
        self.delta = delta
        self.threshold = threshold
    }

    public var state: [(name: String, value: Double)] { [("sum", sum), ("mean", mean.mean)] }

    public mutating func visit(_ memory: inout DetectorMemory) {
        mean.visit(&memory)
        memory.number(&sum)
        memory.flag(&hasChanged)
    }

    public mutating func add(_ value: Double) {
        if hasChanged {
            mean = DetectorMean()
            sum = 0
        }
        mean.add(value)
        sum = max(0, sum + value - mean.mean - delta)
        hasChanged = mean.count >= minInstances && sum > threshold
    }
}
