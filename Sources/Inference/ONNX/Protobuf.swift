/// Reads protocol buffers, wire format only: fields as numbers or ranges of bytes.
///
/// > Source: protobuf.dev, "Encoding".
struct Protobuf {
    struct Field {
        var number: Int
        /// Of a varint or a fixed-width field.
        var value: UInt64 = 0
        /// Of a length-delimited field.
        var range: Range<Int>?
    }

    let file: String
    let bytes: [UInt8]
    private(set) var at: Int
    private let end: Int

    init(_ bytes: [UInt8], file: String, range: Range<Int>? = nil) {
        self.file = file
        self.bytes = bytes
        at = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    func within(_ range: Range<Int>) -> Protobuf { Protobuf(bytes, file: file, range: range) }

    func malformed(_ message: String) -> InferenceError { InferenceError(.malformed, file: file, place: "byte \(at)", message) }

    private mutating func varint() throws(InferenceError) -> UInt64 {
        var out: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard at < end else { throw malformed("the file or a part of it ends here, expected a number") }
            let byte = bytes[at]
            at += 1
            if shift < 64 { out |= UInt64(byte & 0x7F) << shift }
            if byte < 0x80 { return out }
        }
        throw malformed("a number of more than 10 bytes, expected a varint")
    }

    private mutating func fixed(_ count: Int) throws(InferenceError) -> UInt64 {
        guard end - at >= count else { throw malformed("the file or a part of it ends here, expected \(count) bytes") }
        var out: UInt64 = 0
        for i in 0..<count { out |= UInt64(bytes[at + i]) << UInt64(8 * i) }
        at += count
        return out
    }

    mutating func next() throws(InferenceError) -> Field? {
        guard at < end else { return nil }
        let key = try varint()
        let number = Int(truncatingIfNeeded: key >> 3 & 0x1FFF_FFFF)
        guard number > 0 else { throw malformed("a field with number 0, expected a protocol buffer") }
        switch key & 7 {
        case 0: return Field(number: number, value: try varint())
        case 1: return Field(number: number, value: try fixed(8))
        case 2:
            let length = try varint()
            guard length <= UInt64(end - at) else { throw malformed("a part of \(length) bytes, but there are \(end - at)") }
            at += Int(length)
            return Field(number: number, range: at - Int(length)..<at)
        case 5: return Field(number: number, value: try fixed(4))
        default: throw malformed("wire type \(key & 7), expected a protocol buffer")
        }
    }

    func text(_ field: Field) -> String { field.range.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "" }

    /// Appends a repeated number: one, or packed many.
    func append(_ field: Field, to list: inout [Int64]) throws(InferenceError) {
        guard let range = field.range else { return list.append(Int64(bitPattern: field.value)) }
        var part = within(range)
        while part.at < range.upperBound { list.append(Int64(bitPattern: try part.varint())) }
    }

    func append(_ field: Field, to list: inout [Float]) throws(InferenceError) {
        guard let range = field.range else { return list.append(Float(bitPattern: UInt32(truncatingIfNeeded: field.value))) }
        var part = within(range)
        list.reserveCapacity(list.count + range.count / 4)
        while part.at < range.upperBound { list.append(Float(bitPattern: UInt32(truncatingIfNeeded: try part.fixed(4)))) }
    }

    func append(_ field: Field, to list: inout [Double]) throws(InferenceError) {
        guard let range = field.range else { return list.append(Double(bitPattern: field.value)) }
        var part = within(range)
        while part.at < range.upperBound { list.append(Double(bitPattern: try part.fixed(8))) }
    }

    /// Numbers of `size` bytes each, as tensors hold them.
    func raw(_ range: Range<Int>, size: Int) throws(InferenceError) -> [UInt64] {
        var part = within(range)
        var out: [UInt64] = []
        out.reserveCapacity(range.count / size)
        while part.at + size <= range.upperBound { out.append(try part.fixed(size)) }
        return out
    }
}
