/// One file of the spool: frames one after the other, named by the number of its first.
struct SpoolSegment: Sendable {
    let first: UInt64
    let path: String
    /// Bytes that are on the disk for certain; beyond them may stand what was never acknowledged.
    var bytes: Int

    init(first: UInt64, in folder: String, bytes: Int = 0) {
        self.first = first
        self.bytes = bytes
        let digits = String(first)
        path = "\(folder)/segment-\(String(repeating: "0", count: 20 - digits.count))\(digits).spool"
    }

    /// nil for the name of another file.
    static func first(of name: String) -> UInt64? {
        guard name.hasPrefix("segment-"), name.hasSuffix(".spool") else { return nil }
        return UInt64(name.dropFirst("segment-".count).dropLast(".spool".count))
    }
}

/// Reads a segment's frames in their order, and says which bytes are none.
struct SegmentReader {
    enum Item {
        case frame(SpoolFrame)
        /// These bytes hold no whole frame. - isTail: nothing can be read behind them, and no frame was ever whole there.
        case damaged(Range<Int>, sequence: UInt64?, isTail: Bool)
    }

    let file: DiskFile
    private(set) var offset = 0
    private var chunk: [UInt8] = []
    private var chunkStart = 0

    static let chunkBytes = 4 << 20

    init(_ path: String) throws(DiskError) { file = try DiskFile.open(path) }

    /// - Parameter end: where the segment ends.
    mutating func next(before end: Int) throws(DiskError) -> Item? {
        guard offset < end else { return nil }
        if offset + SpoolFrame.headerBytes > chunkStart + chunk.count { try load(Self.chunkBytes, before: end) }
        while true {
            switch SpoolFrame.read(chunk[...], at: offset - chunkStart) {
            case .frame(let frame, let frameEnd):
                offset = chunkStart + frameEnd
                return .frame(frame)
            case .short(let byteCount) where offset + byteCount <= end: try load(max(byteCount, Self.chunkBytes), before: end)
            case .damagedPayload(let sequence, let frameEnd): return damage(to: chunkStart + frameEnd, sequence: sequence, isTail: false)
            case .short, .none:
                try load(end - offset, before: end)
                let next = SpoolFrame.next(chunk[...], from: offset - chunkStart + 1)
                return damage(to: next.map { chunkStart + $0 } ?? end, sequence: nil, isTail: next == nil)
            }
        }
    }

    private mutating func damage(to end: Int, sequence: UInt64?, isTail: Bool) -> Item {
        defer { offset = end }
        return .damaged(offset..<end, sequence: sequence, isTail: isTail)
    }

    private mutating func load(_ count: Int, before end: Int) throws(DiskError) {
        chunk = try file.read(min(count, end - offset), at: offset)
        chunkStart = offset
    }
}

/// How far the spool was replayed.
struct SpoolCursor: Equatable {
    /// All writes before this one are in the database, or were refused by it.
    var next: UInt64 = 1
    /// The last write of the group that is being stored. A crash repeats the very same group, and so the same keys.
    var groupEnd: UInt64?

    static let fileName = "cursor"
    private static let magic: UInt32 = 0x3143_4B45

    func encoded() -> [UInt8] {
        var out = ColumnWriter()
        out.number(Self.magic)
        out.number(next)
        out.number(groupEnd ?? 0)
        out.number(crc32(out.bytes[...]))
        return out.bytes
    }

    init() {}

    /// nil for other bytes: then replaying starts at the first segment, which is harmless.
    init?(decoding bytes: [UInt8]) {
        var reader = ColumnReader(bytes[...])
        guard bytes.count == 24, let magic = try? reader.number(UInt32.self), magic == Self.magic,
            let next = try? reader.number(UInt64.self), let end = try? reader.number(UInt64.self),
            let checksum = try? reader.number(UInt32.self), checksum == crc32(bytes[..<20])
        else { return nil }
        self.next = next
        groupEnd = end == 0 ? nil : end
    }
}
