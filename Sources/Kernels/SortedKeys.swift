internal import CKernels

/// Whole numbers in ascending order, at 20 to 25 ns each of ten million.
public struct SortedKeys: Sendable {
    public let keys: [UInt64]

    /// - Parameter keys: fewer than 2³².
    /// - Complexity: O(*n*): buckets by leading bits, a few levels deep.
    public init(_ keys: consuming [UInt64]) {
        precondition(keys.count < 1 << 32, "fewer than 2³² keys")
        let count = keys.count
        let spare = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, count))
        defer { unsafe spare.deallocate() }
        unsafe ek_sort_keys(&keys, spare, count)
        self.keys = keys
    }

    /// Of keys 2 · (order of a score) + label: the pairs of a positive and a negative in the right order, counted twice and ties once, and the
    /// sum over positives of the precision at their score.
    public var rankSums: (pairs: UInt64, precisions: Double) {
        var pairs: UInt64 = 0
        var precisions = 0.0
        unsafe ek_rank_sums(keys, keys.count, &pairs, &precisions)
        return (pairs, precisions)
    }
}
