/// One write in a segment: a header of fixed length, and the encoded write.
///
/// The header has a checksum of its own, so that a damaged write is stepped over by its length, and what follows it is still found.
struct SpoolFrame: Sendable {
    /// Counts all writes that the spool has ever taken, without a gap.
    var sequence: UInt64
    /// Records in the write.
    var rows: Int
    var payload: ArraySlice<UInt8>
    /// The header's bytes: they name the write, since they hold its number and its checksum.
    private(set) var header: [UInt8]

    static let headerBytes = 28
    /// "EKF1": where bytes are damaged, the next frame is looked for by it.
    private static let magic: UInt32 = 0x3146_4B45

    init(sequence: UInt64, rows: Int, payload: ArraySlice<UInt8>, payloadChecksum: UInt32) {
        self.sequence = sequence
        self.rows = rows
        self.payload = payload
        var out = ColumnWriter()
        out.number(Self.magic)
        out.number(UInt32(payload.count))
        out.number(sequence)
        out.number(UInt32(rows))
        out.number(payloadChecksum)
        out.number(crc32(out.bytes[...]))
        header = out.bytes
    }

    var byteCount: Int { Self.headerBytes + payload.count }

    enum Reading {
        /// A whole frame, ending here.
        case frame(SpoolFrame, end: Int)
        /// The header is right, and the frame ends beyond the bytes at hand.
        case short(byteCount: Int)
        /// The header is right, and the write is not; the next frame begins here.
        case damagedPayload(sequence: UInt64, end: Int)
        /// There is no frame here.
        case none
    }

    /// Reads the frame that begins at `start`.
    static func read(_ bytes: ArraySlice<UInt8>, at start: Int) -> Reading {
        guard let header = header(bytes, at: start) else { return .none }
        let end = start + headerBytes + header.length
        guard end <= bytes.endIndex else { return .short(byteCount: end - start) }
        let payload = bytes[start + headerBytes..<end]
        guard crc32(payload) == header.checksum else { return .damagedPayload(sequence: header.sequence, end: end) }
        return .frame(
            SpoolFrame(sequence: header.sequence, rows: header.rows, payload: payload, payloadChecksum: header.checksum), end: end)
    }

    /// Where the next header with a right checksum begins, from `start` on.
    static func next(_ bytes: ArraySlice<UInt8>, from start: Int) -> Int? {
        var at = start
        while at + headerBytes <= bytes.endIndex {
            if bytes[at] == UInt8(truncatingIfNeeded: magic), header(bytes, at: at) != nil { return at }
            at += 1
        }
        return nil
    }

    private static func header(
        _ bytes: ArraySlice<UInt8>, at start: Int
    ) -> (length: Int, sequence: UInt64, rows: Int, checksum: UInt32)? {
        guard start + headerBytes <= bytes.endIndex else { return nil }
        var reader = ColumnReader(bytes[start..<start + headerBytes])
        guard let found = try? reader.number(UInt32.self), found == magic, let length = try? reader.number(UInt32.self),
            let sequence = try? reader.number(UInt64.self), let rows = try? reader.number(UInt32.self),
            let checksum = try? reader.number(UInt32.self), let own = try? reader.number(UInt32.self),
            own == crc32(bytes[start..<start + headerBytes - 4])
        else { return nil }
        return (Int(length), sequence, Int(rows), checksum)
    }
}
