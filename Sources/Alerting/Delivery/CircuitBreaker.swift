public import Vocabulary

/// Whether a destination is worth asking: after several failures in a row it is left alone for a while, then asked with one message.
///
/// What waits meanwhile keeps its attempts. Pure: the clock is an argument.
public struct CircuitBreaker: Sendable, Equatable {
    /// Failures in a row that open it.
    public static let failuresMax = 5
    /// The first pause; each probe that fails doubles it.
    public static let pauseSecondsMin: Int64 = 5
    public static let pauseSecondsMax: Int64 = 60

    private var failures = 0
    private var pauseSeconds: Int64 = 0
    private var openUntil: Timestamp?

    public init() {}

    public var isOpen: Bool { openUntil != nil }

    /// How many messages may be sent now: none while it is open, one to find out, else as many as are asked for.
    public func admitted(of count: Int, at now: Timestamp) -> Int {
        guard let openUntil else { return count }
        return openUntil <= now ? min(1, count) : 0
    }

    /// - Parameter isWell: whether the destination gave an answer that says that it works, be it that it refuses this message.
    public mutating func note(isWell: Bool, at now: Timestamp) {
        if isWell {
            self = CircuitBreaker()
            return
        }
        failures += 1
        // Of several that were under way when it opened only the first counts.
        if let openUntil, now < openUntil { return }
        guard failures >= Self.failuresMax || openUntil != nil else { return }
        pauseSeconds = min(Self.pauseSecondsMax, max(Self.pauseSecondsMin, 2 * pauseSeconds))
        openUntil = now.adding(seconds: pauseSeconds)
    }
}
