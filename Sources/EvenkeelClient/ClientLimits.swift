/// What a client may hold, and how long it tries. Queue limits are for predictions and for labels each.
public struct ClientLimits: Sendable, Equatable {
    /// Records that are queued or on the way. When it is reached, the newest are dropped and counted.
    public var queueRecordsMax = 100_000
    /// Bytes of these as JSON.
    public var queueBytesMax = 64 << 20
    /// Records in one request. The service takes 50,000.
    public var batchRecordsMax = 1_000
    /// Bytes of one request, unless a single record is larger. The service takes 16 MiB.
    public var batchBytesMax = 1 << 20
    /// How long a record waits for others to share its request.
    public var batchDelayMax: Duration = .seconds(1)
    /// How long one request may take before it is sent again.
    public var requestTimeout: Duration = .seconds(30)
    /// Times that a batch is sent before it is given up: with the waits below about half an hour.
    public var attemptsMax = 60
    /// The n-th wait is drawn evenly from 0 to `retryDelayBase` · 2ⁿ, but at most `retryDelayMax`.
    public var retryDelayBase: Duration = .milliseconds(200)
    public var retryDelayMax: Duration = .seconds(60)
    /// A longer `Retry-After` is cut to this.
    public var retryAfterMax: Duration = .seconds(300)

    public init() {}

    /// How long to wait after the n-th failed attempt, from 0: full jitter, so that clients that failed together do not come back
    /// together, on top of what the service asked for.
    ///
    /// > Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
    ///
    /// - Parameter random: From 0 to 1.
    func retryDelay(after attempt: Int, retryAfter: Duration?, random: Double) -> Duration {
        let ceiling = min(retryDelayMax, retryDelayBase * (1 << min(attempt, 30)))
        return min(retryAfter ?? .zero, retryAfterMax) + ceiling * random
    }
}

/// Time and chance, so that a test can hold both.
struct Timing: Sendable {
    var now: @Sendable () -> Duration
    /// Throws when the task is cancelled.
    var sleep: @Sendable (Duration) async throws -> Void
    /// From 0 to 1.
    var random: @Sendable () -> Double

    static let system: Timing = {
        let start = ContinuousClock.now
        return Timing(
            now: { ContinuousClock.now - start }, sleep: { try await Task.sleep(for: $0) }, random: { Double.random(in: 0...1) })
    }()
}
