/// The early drift detection method: a change when errors come closer together than at their sparsest.
///
/// With the mean m and the sample standard deviation s of the distances between errors, the largest m + 2s is kept; the level is
/// (m + 2s) / that. Warning below α, change below β, once there are more than `warmStart` values and as many errors. It is
/// sensitive, and so it raises many false alarms on streams with few errors.
/// > Source: M. Baena-García and others, "Early Drift Detection Method", 2006.
public struct EDDM: ChangeDetector {
    public static let input = DetectorInput.error

    private let warmStart: Double
    private let alpha: Double
    private let beta: Double
    private var count = 0.0
    private var lastError = 0.0
    private var distances = DetectorMean()
    private var squares = 0.0
    private var largest = -1.0
    private var level = Double.nan
    public private(set) var hasChanged = false
    public private(set) var isWarning = false

    /// - Throws: ``StatisticsError`` `.outOfRange` for a parameter that makes no sense.
    public init(warmStart: Int = 30, alpha: Double = 0.95, beta: Double = 0.9) throws(StatisticsError) {
        try requireParameter(warmStart >= 0, "warm_start \(warmStart), expected at least 0")
        try requireParameter(
            alpha.isFinite && beta.isFinite && alpha >= beta, "alpha \(alpha) and beta \(beta), expected alpha to be at least beta")
        self.warmStart = Double(warmStart)
        self.alpha = alpha
        self.beta = beta
    }

    public var state: [(name: String, value: Double)] {
        [("errors", distances.count), ("mean_distance", distances.mean), ("level", level)]
    }

    public mutating func visit(_ memory: inout DetectorMemory) {
        memory.number(&count)
        memory.number(&lastError)
        distances.visit(&memory)
        memory.number(&squares)
        memory.number(&largest)
        memory.number(&level)
        memory.flag(&hasChanged)
        memory.flag(&isWarning)
    }

    public mutating func add(_ value: Double) {
        if hasChanged {
            count = 0
            lastError = 0
            distances = DetectorMean()
            squares = 0
            largest = -1
            level = .nan
            hasChanged = false
            isWarning = false
        }
        count += 1
        guard value == 1 else { return }
        let distance = count - lastError
        lastError = count
        let before = distances.mean
        distances.add(distance)
        squares += (distance - before) * (distance - distances.mean)
        guard count > warmStart else { return }
        let deviation = distances.count > 1 ? (squares / (distances.count - 1)).squareRoot() : 0
        let reach = distances.mean + 2 * deviation
        if reach > largest {
            largest = reach
            level = 1
        } else if distances.count > warmStart {
            level = reach / largest
            // As in River a warning stays on when a change follows it, and ends with the value after.
            if level < beta { hasChanged = true } else { isWarning = level < alpha }
        }
    }
}
