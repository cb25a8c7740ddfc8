internal import Vocabulary

/// Why stored bytes cannot be read: damaged, cut short, or written by a newer program.
public struct EncodingError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
    init(_ description: String) { self.description = description }
}

/// Writes the compact form: unsigned numbers as LEB128, signed ones zigzagged first, doubles as eight bytes, most significant first.
public struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    public init() {}

    mutating func unsigned(_ value: some UnsignedInteger & FixedWidthInteger) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }
    public mutating func count(_ value: Int) { unsigned(UInt64(value)) }
    mutating func signed(_ value: Int128) { unsigned(UInt128(bitPattern: value << 1 ^ value >> 127)) }
    mutating func signed(_ value: Int64) { unsigned(UInt64(bitPattern: value << 1 ^ value >> 63)) }
    public mutating func byte(_ value: UInt8) { bytes.append(value) }
    public mutating func fixed(_ value: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }
    public mutating func double(_ value: Double) { fixed(value.bitPattern) }
    mutating func doubles(_ values: [Double]) {
        count(values.count)
        for value in values { double(value) }
    }
    public mutating func string(_ value: String) {
        count(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }
    mutating func strings(_ values: [String]) {
        count(values.count)
        for value in values { string(value) }
    }
    /// A list that is mostly zeros: the gaps between its other entries, then these.
    mutating func sparse(_ values: [Int64]) {
        let places = Self.places(in: values)
        count(places.count)
        var last = -1
        for place in places {
            count(place - last - 1)
            signed(values[place])
            last = place
        }
    }

    /// Where the entries are that are not 0. Of a profile of few records whole stretches are: these are passed over at once.
    private static func places(in values: [Int64]) -> [Int] {
        let width = 16
        var places: [Int] = []
        for start in stride(from: 0, to: values.count, by: width) {
            let stretch = values[start..<min(start + width, values.count)]
            if stretch.reduce(0, |) == 0 { continue }
            for place in stretch.indices where stretch[place] != 0 { places.append(place) }
        }
        return places
    }

    /// Puts a magic word and a version in front and a checksum behind.
    public func sealed(magic: String, version: UInt8) -> [UInt8] {
        var out = ByteWriter()
        out.bytes = Array(magic.utf8) + [version] + bytes
        out.fixed(Digest.fingerprint(out.bytes))
        return out.bytes
    }

    var fingerprint: UInt64 { Digest.fingerprint(bytes) }
}

public struct ByteReader {
    private let bytes: [UInt8]
    private var at: Int
    private let end: Int

    /// Checks the magic word, the version and the checksum.
    public init(sealed bytes: [UInt8], magic: String, version: UInt8) throws(EncodingError) {
        guard bytes.count >= magic.utf8.count + 9 else { throw EncodingError("cut short: \(bytes.count) bytes") }
        guard bytes.starts(with: magic.utf8) else { throw EncodingError("not a \(magic) encoding") }
        let stored = bytes.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard Digest.fingerprint(Array(bytes.dropLast(8))) == stored else { throw EncodingError("damaged: the checksum does not match") }
        let written = bytes[magic.utf8.count]
        guard written == version else {
            throw EncodingError("\(magic) version \(written), this program reads version \(version)")
        }
        self.bytes = bytes
        at = magic.utf8.count + 1
        end = bytes.count - 8
    }

    public mutating func byte() throws(EncodingError) -> UInt8 {
        guard at < end else { throw EncodingError("cut short") }
        at += 1
        return bytes[at - 1]
    }
    mutating func unsigned() throws(EncodingError) -> UInt128 {
        var value: UInt128 = 0
        var shift: UInt128 = 0
        while true {
            let b = try byte()
            guard shift < 128 else { throw EncodingError("a number is too long") }
            value |= UInt128(b & 0x7F) << shift
            if b < 0x80 { return value }
            shift += 7
        }
    }
    /// A number of at most 64 bits, as almost all are: hours of profiles are megabytes of them.
    @inline(__always)
    mutating func number() throws(EncodingError) -> UInt64 {
        let first = try byte()
        return first < 0x80 ? UInt64(first) : try longer(UInt64(first & 0x7F))
    }
    private mutating func longer(_ low: UInt64) throws(EncodingError) -> UInt64 {
        var (value, shift) = (low, UInt64(7))
        while true {
            let b = try byte()
            guard shift < 63 || b <= 1 else { throw EncodingError("a number is out of range") }
            value |= UInt64(b & 0x7F) << shift
            if b < 0x80 { return value }
            shift += 7
        }
    }
    mutating func wide() throws(EncodingError) -> Int128 {
        let value = try unsigned()
        return Int128(bitPattern: value >> 1) ^ -Int128(bitPattern: value & 1)
    }
    @inline(__always)
    mutating func signed() throws(EncodingError) -> Int64 {
        let value = try number()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
    /// A number of things that follow; each takes at least one byte, so a larger count than bytes left is damage.
    public mutating func count() throws(EncodingError) -> Int {
        guard let value = Int(exactly: try number()), value <= end - at else { throw EncodingError("a count is out of range") }
        return value
    }
    public mutating func fixed() throws(EncodingError) -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<8 { value = value << 8 | UInt64(try byte()) }
        return value
    }
    public mutating func double() throws(EncodingError) -> Double { Double(bitPattern: try fixed()) }
    mutating func doubles() throws(EncodingError) -> [Double] {
        let n = try count()
        var out: [Double] = []
        for _ in 0..<n { out.append(try double()) }
        return out
    }
    public mutating func string() throws(EncodingError) -> String {
        let n = try count()
        guard let text = String(validating: bytes[at..<at + n], as: UTF8.self) else { throw EncodingError("invalid UTF-8") }
        at += n
        return text
    }
    mutating func strings() throws(EncodingError) -> [String] {
        let n = try count()
        var out: [String] = []
        for _ in 0..<n { out.append(try string()) }
        return out
    }
    mutating func sparse(addedTo values: inout [Int64]) throws(EncodingError) {
        let count = try count()
        let bytes = bytes
        let input = bytes.span
        var cells = values.mutableSpan
        var i = -1
        for _ in 0..<count {
            // Almost every gap and every count is one byte.
            if at + 1 < end, input[at] | input[at + 1] < 0x80 {
                let (gap, value) = (Int(input[at]), Int64(input[at + 1]))
                at += 2
                guard gap < cells.count - i - 1 else { throw EncodingError("a cell is out of range") }
                i += gap + 1
                cells[i] &+= value >> 1 ^ -(value & 1)
            } else {
                guard let gap = Int(exactly: try number()), gap < cells.count - i - 1 else { throw EncodingError("a cell is out of range") }
                i += gap + 1
                cells[i] &+= try signed()
            }
        }
    }
    public func finish() throws(EncodingError) {
        guard at == end else { throw EncodingError("\(end - at) bytes too many") }
    }
}
