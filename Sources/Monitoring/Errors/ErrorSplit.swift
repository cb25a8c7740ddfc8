internal import Profiles
internal import Vocabulary

/// Where the mean of the errors most likely changed, of those since the change before: a detector says that it did, not where.
///
/// Sums of blocks, the newest of one value each and older ones of two, four and so on, ``blocksOfASize`` of each: most detectors speak soon
/// after a change, and there the place is exact. The cut is between the two blocks where n₁n₂/(n₁+n₂) · (x̄₁ − x̄₂)² is largest, the likeliest
/// place for a mean that changed once. It was searched for, so that the two means look farther apart than they are.
struct ErrorSplit: Sendable, Equatable {
    static let blocksOfASize = 8
    /// Enough for 2⁶⁰ values.
    static let blocksMax = 9 * 60

    private struct Block: Equatable {
        var count: Int64
        var sum: Double
        /// The record's time of its first value.
        var first: Timestamp
    }
    /// The oldest first; sizes are powers of two and never grow.
    private var blocks: [Block] = []

    init() {}

    mutating func add(_ error: Double, at time: Timestamp) {
        blocks.append(Block(count: 1, sum: error, first: time))
        // Of one block too many of a size the oldest two become one of the next size.
        var end = blocks.count
        while end > 0 {
            let size = blocks[end - 1].count
            var start = end
            while start > 0, blocks[start - 1].count == size { start -= 1 }
            guard end - start > Self.blocksOfASize else { return }
            blocks[start].count += blocks[start + 1].count
            blocks[start].sum += blocks[start + 1].sum
            blocks.remove(at: start + 1)
            end = start + 1
        }
    }

    /// Writes its cut into a change.
    func describe(_ change: inout ErrorChange) {
        let count = blocks.reduce(0) { $0 + $1.count }
        let total = blocks.reduce(0) { $0 + $1.sum }
        guard blocks.count > 1 else {
            (change.before, change.beforeCount) = (count > 0 ? total / Double(count) : nil, count)
            return
        }
        var best = -1.0
        var (older, olderTotal) = (Int64(0), 0.0)
        for i in 1..<blocks.count {
            older += blocks[i - 1].count
            olderTotal += blocks[i - 1].sum
            let (n, m) = (Double(older), Double(count - older))
            let (before, after) = (olderTotal / n, (total - olderTotal) / m)
            let distance = n * m / (n + m) * (before - after) * (before - after)
            guard distance > best else { continue }
            best = distance
            change.beganAt = blocks[i].first
            (change.before, change.beforeCount) = (before, older)
            (change.after, change.afterCount) = (after, count - older)
        }
    }

    func encode(to out: inout ByteWriter) {
        out.count(blocks.count)
        for block in blocks {
            out.fixed(UInt64(block.count))
            out.double(block.sum)
            out.fixed(UInt64(bitPattern: block.first.microseconds))
        }
    }

    init(_ input: inout ByteReader) throws {
        for _ in 0..<(try input.count()) {
            blocks.append(
                Block(
                    count: try input.whole(), sum: try input.double(),
                    first: Timestamp(microseconds: Int64(bitPattern: try input.fixed()))))
        }
        guard blocks.count <= Self.blocksMax, blocks.allSatisfy({ $0.count >= 1 }) else { throw UnreadableState() }
    }
}

/// Bytes that are none of ours.
struct UnreadableState: Error {}

extension ByteReader {
    mutating func whole() throws -> Int64 {
        guard let value = Int64(exactly: try fixed()) else { throw UnreadableState() }
        return value
    }
}
