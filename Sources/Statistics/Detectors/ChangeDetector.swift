/// Watches a stream value by value and says when it changed.
///
/// A detector keeps a state of bounded size and starts afresh with the value after a change. The rules and names of parameters
/// are River's, so that change points agree with it.
///
/// ## Topics
/// ### Of any numbers — ``ADWIN``, ``PageHinkley``, ``CUSUM``, ``KSWIN``
/// ### Of errors — ``DDM``, ``EDDM``, ``HDDMA``, ``HDDMW``
/// ### A whole stream at once — ``scan(_:stateEvery:)``
/// ### Kept over restarts — ``memory``, ``restore(_:)``
public protocol ChangeDetector: Sendable {
    /// What the values of the stream may be.
    static var input: DetectorInput { get }
    /// Takes the next value, which must be one of ``input``.
    mutating func add(_ value: Double)
    /// The last value completed a change.
    var hasChanged: Bool { get }
    /// The stream is in the warning zone; always false for methods without one.
    var isWarning: Bool { get }
    /// The quantities that the method decides by, by name.
    var state: [(name: String, value: Double)] { get }
    /// Names every field that it remembers, beside its parameters, always in the same order.
    mutating func visit(_ memory: inout DetectorMemory)
    /// Takes a whole stream.
    mutating func scan(_ values: [Double], stateEvery: Int?) -> DetectorScan
}

/// What the values of a stream may be.
public enum DetectorInput: Sendable {
    /// Any finite number.
    case number
    /// 1 for an error, 0 for none, or a loss between.
    case share
    /// 1 for an error, 0 for none.
    case error

    public func accepts(_ value: Double) -> Bool {
        switch self {
        case .number: value.isFinite
        case .share: value >= 0 && value <= 1
        case .error: value == 0 || value == 1
        }
    }
    /// In the words of an error message.
    public var expected: String {
        switch self {
        case .number: "a finite number"
        case .share: "a number from 0 to 1 (1 for an error)"
        case .error: "1 for an error or 0 for none"
        }
    }
}

/// What a detector found in a stream. Places count from 0.
public struct DetectorScan: Sendable {
    public var changes: [Int] = []
    /// Where the warning turned on.
    public var warnings: [Int] = []
    /// The state after so many values.
    public var states: [(after: Int, values: [(name: String, value: Double)])] = []
}

extension ChangeDetector {
    public mutating func scan(_ values: [Double], stateEvery: Int? = nil) -> DetectorScan {
        var found = DetectorScan()
        var wasWarning = isWarning
        var nextState = stateEvery ?? Int.max
        for place in values.indices {
            add(values[place])
            if hasChanged { found.changes.append(place) }
            if isWarning != wasWarning {
                wasWarning.toggle()
                if wasWarning { found.warnings.append(place) }
            }
            if place + 1 == nextState {
                found.states.append((place + 1, state))
                nextState += stateEvery ?? 0
            }
        }
        return found
    }
}

/// A mean that is updated value by value.
struct DetectorMean: Sendable {
    private(set) var count = 0.0
    private(set) var mean = 0.0

    mutating func add(_ value: Double) {
        count += 1
        mean += (1 / count) * (value - mean)
    }

    mutating func visit(_ memory: inout DetectorMemory) {
        memory.number(&count)
        memory.number(&mean)
    }
}

/// Refuses a parameter that is out of its range.
func requireParameter(_ holds: Bool, _ text: @autoclosure () -> String) throws(StatisticsError) {
    if !holds { throw StatisticsError(.outOfRange, text()) }
}
