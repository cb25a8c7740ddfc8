internal import Synchronization
internal import Vocabulary

/// Counts wrong tokens by the address that they came from. Many users may share one, so that a right token is never refused for it.
final class FailedAttempts: Sendable {
    /// Wrong tokens of one address within `seconds`; further tokens are looked up slowly, and wrong ones answered 429.
    static let max = 20
    static let seconds = 60.0
    /// Addresses that are remembered; when there are more, the oldest are forgotten.
    static let addressesMax = 10_000

    private struct Count {
        var since: Timestamp
        var failures: Int
    }
    private let counts = Mutex<[String: Count]>([:])

    /// Seconds until the address is forgiven; nil when nothing is held against it.
    func wait(_ address: String, at now: Timestamp) -> Double? {
        counts.withLock { counts in
            guard let count = counts[address], count.failures >= Self.max else { return nil }
            let age = now.seconds(since: count.since)
            return age < Self.seconds ? Self.seconds - age : nil
        }
    }

    func add(_ address: String, at now: Timestamp) {
        counts.withLock { counts in
            if let count = counts[address], now.seconds(since: count.since) < Self.seconds {
                counts[address]?.failures += 1
                return
            }
            if counts.count >= Self.addressesMax {
                counts = counts.filter { now.seconds(since: $0.value.since) < Self.seconds }
                if counts.count >= Self.addressesMax, let oldest = counts.min(by: { $0.value.since < $1.value.since }) {
                    counts[oldest.key] = nil
                }
            }
            counts[address] = Count(since: now, failures: 1)
        }
    }
}
