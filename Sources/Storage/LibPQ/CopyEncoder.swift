internal import Vocabulary

/// PostgreSQL's binary COPY format: what `copy … from stdin (format binary)` reads.
struct CopyEncoder {
    /// What is written, and room behind it.
    private var bytes: [UInt8]
    private var count: Int
    private let fieldCount: Int16

    init(fieldCount: Int, reserving capacity: Int = 0) {
        bytes = [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00]  // "PGCOPY\n\xFF\r\n\0"
        bytes.appendBigEndian(Int32(0))  // flags
        bytes.appendBigEndian(Int32(0))  // no header extension
        count = bytes.count
        self.fieldCount = Int16(fieldCount)
        bytes.append(contentsOf: repeatElement(0, count: capacity + 32))
    }

    mutating func startRow() { write(fieldCount) }
    mutating func null() { write(Int32(-1)) }
    mutating func int8(_ value: Int64) {
        write(Int32(8))
        write(value)
    }
    mutating func int4(_ value: Int32) {
        write(Int32(4))
        write(value)
    }
    mutating func bool(_ value: Bool) {
        write(Int32(1))
        write(UInt8(value ? 1 : 0))
    }
    mutating func float8(_ value: Double) {
        write(Int32(8))
        write(value.bitPattern)
    }
    /// NaN stands for "none".
    mutating func float8OrNull(_ value: Double) { if value.isNaN { null() } else { float8(value) } }
    /// A text, or bytes.
    mutating func field(_ value: ArraySlice<UInt8>) {
        write(Int32(value.count))
        makeRoom(value.count)
        unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe value.withUnsafeBytes { value in
                if let base = value.baseAddress { unsafe (bytes.baseAddress! + count).copyMemory(from: base, byteCount: value.count) }
            }
        }
        count += value.count
    }
    mutating func textOrNull(_ value: String?) { if let value { field(Array(value.utf8)[...]) } else { null() } }
    /// jsonb's binary form is a version byte and the text.
    mutating func jsonb(_ value: JSON) { field(([1] + Array(value.text.utf8))[...]) }
    /// Microseconds since 2000-01-01.
    mutating func timestamptz(_ value: Timestamp) { int8(value.microseconds - Timestamp.postgresEpochMicroseconds) }

    /// The format's end mark added.
    consuming func finished() -> [UInt8] {
        write(Int16(-1))
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    private mutating func write<T: FixedWidthInteger>(_ value: T) {
        makeRoom(MemoryLayout<T>.size)
        unsafe bytes.withUnsafeMutableBytes { unsafe $0.storeBytes(of: value.bigEndian, toByteOffset: count, as: T.self) }
        count += MemoryLayout<T>.size
    }

    private mutating func makeRoom(_ more: Int) {
        if count + more > bytes.count { bytes.append(contentsOf: repeatElement(0, count: max(more, bytes.count))) }
    }
}

extension Array where Element == UInt8 {
    mutating func appendBigEndian<T: FixedWidthInteger>(_ value: T) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
    }
}

/// Fixed-width values of many rows, most significant byte first, written column by column and read row by row.
struct PackedRows {
    private var bytes: [UInt8]
    let width: Int

    init(rows: Int, width: Int) {
        bytes = [UInt8](repeating: 0, count: rows * width)
        self.width = width
    }

    subscript(row: Int) -> ArraySlice<UInt8> { bytes[row * width..<(row + 1) * width] }

    /// Writes a value of each row, `offset` bytes into it.
    mutating func write<T: FixedWidthInteger>(count: Int, at offset: Int, _ value: (Int) -> T) {
        precondition(count * width <= bytes.count && offset >= 0 && offset + MemoryLayout<T>.size <= width, "within the rows")
        unsafe bytes.withUnsafeMutableBytes { bytes in
            for row in 0..<count { unsafe bytes.storeBytes(of: value(row).bigEndian, toByteOffset: row * width + offset, as: T.self) }
        }
    }
}
