internal import CKernels

/// Distinct texts in the order of their first appearance; the place in that order is a text's code.
///
/// Not safe to share: whoever holds it guards it, as ``RowReader`` and the tables do with a lock.
@safe public final class LevelTable: @unchecked Sendable {
    var levels = unsafe ek_levels()

    /// - Parameter seed: of the hash; any seed gives the same codes.
    public init?(seed: UInt64) {
        guard unsafe ek_levels_init(&levels, seed) != 0 else { return nil }
    }

    deinit { unsafe ek_levels_free(&levels) }

    public var count: Int { unsafe Int(levels.count) }

    /// The code of a text, added if it is new. Nil for invalid UTF-8, a zero byte, or when memory is out.
    public func code(_ text: [UInt8]) -> Int32? {
        let padded = text + [UInt8](repeating: 0, count: 16)
        let code = unsafe ek_levels_code(&levels, padded, text.count)
        return code < 0 ? nil : code
    }

    /// The same of a part of an array.
    public func code(_ bytes: [UInt8], _ range: Range<Int>) -> Int32? {
        // The hash reads 16 bytes further.
        guard range.upperBound + 16 <= bytes.count else { return code(Array(bytes[range])) }
        let code = unsafe bytes.withUnsafeBufferPointer { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return -1 }
            return unsafe ek_levels_code(&levels, base + range.lowerBound, range.count)
        }
        return code < 0 ? nil : code
    }

    public func strings() -> [String] {
        let (bytes, ends) = texts()
        return ends.indices.map { String(decoding: bytes[($0 == 0 ? 0 : ends[$0 - 1])..<ends[$0]], as: UTF8.self) }
    }

    /// The bytes of all texts one after the other, and where each ends.
    public func texts() -> (bytes: [UInt8], ends: [Int]) {
        guard unsafe levels.count > 0, let ends = unsafe levels.ends, let bytes = unsafe levels.bytes else { return ([], []) }
        let places = unsafe Array(UnsafeBufferPointer(start: ends, count: count).map { Int($0) })
        return (unsafe Array(UnsafeBufferPointer(start: bytes, count: places[count - 1])), places)
    }
}
