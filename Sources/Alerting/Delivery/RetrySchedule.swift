public import Vocabulary

/// What an attempt's end means: sent, tried again later, or given up.
public struct RetrySchedule: Sendable, Equatable {
    /// Seconds to wait after each failed attempt. > Source: The Standard Webhooks specification, 1.0, "Retry schedule".
    public var delaysSeconds: [Int64]

    public static let attemptsMax = 1000
    /// A receiver that asks for more patience than this (`Retry-After`) is asked anyway.
    public static let retryAfterSecondsMax = 86_400

    public init(delaysSeconds: [Int64] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]) {
        self.delaysSeconds = delaysSeconds
    }

    /// - Parameters:
    ///   - attempt: its number, from 1.
    ///   - result: the HTTP status, or why there is none.
    ///   - retryAfterSeconds: what the receiver asked for: it is not asked again before.
    ///   - jitter: in 0…1, the share of the scheduled wait: drawn evenly it is full jitter, which spreads a receiver's load best.
    public func outcome(
        attempt: Int, result: Result<Int, HTTPFailure>, retryAfterSeconds: Int? = nil, at now: Timestamp, jitter: Double
    ) -> DeliveryOutcome {
        let status: Int?
        let error: String
        switch result {
        case .success(let code) where (200..<300).contains(code): return .sent(status: code)
        case .success(410): return .dead(status: 410, error: "the receiver is gone for good (410)")
        case .success(let code):
            status = code
            error = "HTTP status \(code)"
        case .failure(let failure):
            status = nil
            error = failure.description
        }
        guard attempt <= delaysSeconds.count else { return .dead(status: status, error: "\(error), after \(attempt) attempts") }
        let asked = Double(min(retryAfterSeconds ?? 0, Self.retryAfterSecondsMax))
        let wait = max(asked, Double(delaysSeconds[attempt - 1]) * jitter)
        return .retry(at: Timestamp(microseconds: now.microseconds + Int64(wait * 1e6)), status: status, error: error)
    }
}

/// Why a request got no answer. Holds no URL.
public struct HTTPFailure: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
