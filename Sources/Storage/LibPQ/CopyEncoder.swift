internal import Vocabulary

/// PostgreSQL's binary COPY format: what `copy … from stdin (format binary)` reads.
struct CopyEncoder {
    private(set) var bytes: [UInt8]
    private let fieldCount: Int16

    init(fieldCount: Int, reserving capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity + 32)
        self.fieldCount = Int16(fieldCount)
        bytes.append(contentsOf: [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00])  // "PGCOPY\n\xFF\r\n\0"
        append(Int32(0))  // flags
        append(Int32(0))  // no header extension
    }

    mutating func startRow() { append(fieldCount) }
    mutating func null() { append(Int32(-1)) }
    mutating func int8(_ value: Int64) {
        append(Int32(8))
        append(value)
    }
    mutating func float8(_ value: Double) {
        append(Int32(8))
        append(value.bitPattern)
    }
    /// NaN stands for "none".
    mutating func float8OrNull(_ value: Double) { if value.isNaN { null() } else { float8(value) } }
    mutating func text(_ value: String) {
        append(Int32(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }
    mutating func textOrNull(_ value: String?) { if let value { text(value) } else { null() } }
    mutating func bytea(_ value: [UInt8]) {
        append(Int32(value.count))
        bytes.append(contentsOf: value)
    }
    /// jsonb's binary form is a version byte and the text.
    mutating func jsonb(_ value: JSON) {
        let text = value.text
        append(Int32(text.utf8.count + 1))
        bytes.append(1)
        bytes.append(contentsOf: text.utf8)
    }
    /// Microseconds since 2000-01-01.
    mutating func timestamptz(_ value: Timestamp) { int8(value.microseconds - 946_684_800_000_000) }

    /// The format's end mark added.
    consuming func finished() -> [UInt8] {
        append(Int16(-1))
        return bytes
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        bytes.appendBigEndian(value)
    }
}

extension Array where Element == UInt8 {
    mutating func appendBigEndian<T: FixedWidthInteger>(_ value: T) {
        for shift in stride(from: T.bitWidth - 8, through: 0, by: -8) { append(UInt8(truncatingIfNeeded: value >> T(shift))) }
    }
}
