/// Why bytes of a spool cannot be read. Nothing of them is used then.
struct SpoolDamage: Error, Equatable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// A value whose bytes are its meaning: columns of these are copied whole. Numbers stand in the machine's order, least significant byte first.
protocol PlainNumber: BitwiseCopyable {}
extension Double: PlainNumber {}
extension Int64: PlainNumber {}
extension Int32: PlainNumber {}
extension UInt32: PlainNumber {}
extension UInt64: PlainNumber {}

/// Bytes that grow column by column.
struct ColumnWriter {
    var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func number(_ value: some PlainNumber) {
        unsafe withUnsafeBytes(of: value) { unsafe bytes.append(contentsOf: $0) }
    }

    /// The numbers without their count, which the reader knows.
    mutating func column(_ values: [some PlainNumber]) {
        unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    mutating func text(_ value: String) {
        number(UInt32(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }
}

/// Reads what a ``ColumnWriter`` wrote. Every length is checked against the bytes that are left before anything is allocated.
struct ColumnReader {
    private let bytes: ArraySlice<UInt8>
    private var at: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    var left: Int { bytes.endIndex - at }

    mutating func byte() throws(SpoolDamage) -> UInt8 {
        guard left > 0 else { throw SpoolDamage("cut short") }
        at += 1
        return bytes[at - 1]
    }

    mutating func number<Number: PlainNumber>(_ type: Number.Type = Number.self) throws(SpoolDamage) -> Number {
        let width = MemoryLayout<Number>.size
        guard left >= width else { throw SpoolDamage("cut short") }
        let value = unsafe bytes[at..<at + width].withUnsafeBytes { unsafe $0.loadUnaligned(as: Number.self) }
        at += width
        return value
    }

    mutating func column<Number: PlainNumber>(_ count: Int, of type: Number.Type = Number.self) throws(SpoolDamage) -> [Number] {
        let width = MemoryLayout<Number>.size
        guard count >= 0, count <= left / width else { throw SpoolDamage("a column of \(count) in \(left) bytes") }
        let values = unsafe [Number](unsafeUninitializedCapacity: count) { numbers, done in
            let target = UnsafeMutableRawBufferPointer(numbers)
            unsafe bytes[at..<at + count * width].withUnsafeBytes { unsafe target.copyMemory(from: $0) }
            done = count
        }
        at += count * width
        return values
    }

    /// A text of this many bytes.
    mutating func text(bytes count: Int) throws(SpoolDamage) -> String {
        guard count >= 0, count <= left else { throw SpoolDamage("a text of \(count) in \(left) bytes") }
        guard let text = String(validating: bytes[at..<at + count], as: UTF8.self) else { throw SpoolDamage("a text is no UTF-8") }
        at += count
        return text
    }

    mutating func text() throws(SpoolDamage) -> String { try text(bytes: Int(try number(UInt32.self))) }

    func finish() throws(SpoolDamage) {
        guard left == 0 else { throw SpoolDamage("\(left) bytes too many") }
    }
}
