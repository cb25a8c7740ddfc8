internal import Vocabulary

/// How many requests each token may make: a bucket that fills at a rate, and holds a burst.
struct TokenRates {
    /// 0: as many as it likes.
    let perSecond: Double
    let burst: Double
    /// Buckets that are remembered; beyond, those that are full again are forgotten.
    static let bucketsMax = 10_000

    private struct Bucket {
        var left: Double
        var at: Timestamp
    }
    private var buckets: [String: Bucket] = [:]

    init(_ limits: HTTPLimits) { (perSecond, burst) = (limits.tokenRequestsPerSecond, Double(limits.tokenRequestsBurst)) }

    /// Takes one request of a token.
    ///
    /// - Returns: Seconds until there is one again; nil when there was one.
    mutating func take(_ id: String, at now: Timestamp) -> Double? {
        guard perSecond > 0 else { return nil }
        var bucket = buckets[id] ?? Bucket(left: burst, at: now)
        bucket.left = min(burst, bucket.left + max(0, now.seconds(since: bucket.at)) * perSecond)
        bucket.at = now
        defer { buckets[id] = bucket }
        if buckets[id] == nil, buckets.count >= Self.bucketsMax {
            buckets = buckets.filter { $0.value.left + now.seconds(since: $0.value.at) * perSecond < burst }
        }
        guard bucket.left >= 1 else { return (1 - bucket.left) / perSecond }
        bucket.left -= 1
        return nil
    }
}
