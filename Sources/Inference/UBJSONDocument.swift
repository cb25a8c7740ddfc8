/// Reads Universal Binary JSON, draft 12 (ubjson.org), as XGBoost writes it: numbers are big-endian, and lists may state the type and
/// number of their items once.
struct UBJSONDocument {
    private let file: String
    private let bytes: [UInt8]
    private var at = 0

    static func read(_ bytes: [UInt8], file: String) throws(InferenceError) -> Document {
        var reader = UBJSONDocument(file: file, bytes: bytes)
        let value = try reader.value(try reader.marker(), depth: 0)
        guard reader.at == bytes.count else { throw reader.malformed("bytes after the document, expected its end") }
        return value
    }

    private init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
    }

    private func malformed(_ message: String) -> InferenceError { InferenceError(.malformed, file: file, place: "byte \(at)", message) }

    private mutating func byte() throws(InferenceError) -> UInt8 {
        guard at < bytes.count else { throw malformed("the file ends here, expected more UBJSON") }
        at += 1
        return bytes[at - 1]
    }

    private mutating func marker() throws(InferenceError) -> UInt8 {
        while true {
            let found = try byte()
            if found != UInt8(ascii: "N") { return found }
        }
    }

    private mutating func bits(_ count: Int) throws(InferenceError) -> UInt64 {
        guard at + count <= bytes.count else { throw malformed("the file ends here, expected a number of \(count) bytes") }
        var out: UInt64 = 0
        for byte in bytes[at..<at + count] { out = out << 8 | UInt64(byte) }
        at += count
        return out
    }

    /// How many bytes a number of this type has, or nil when it is no number.
    private static func size(_ type: UInt8) -> Int? {
        switch type {
        case UInt8(ascii: "i"), UInt8(ascii: "U"): 1
        case UInt8(ascii: "I"): 2
        case UInt8(ascii: "l"), UInt8(ascii: "d"): 4
        case UInt8(ascii: "L"), UInt8(ascii: "D"): 8
        default: nil
        }
    }

    private mutating func number(_ type: UInt8) throws(InferenceError) -> Double? {
        switch type {
        case UInt8(ascii: "i"): Double(Int8(truncatingIfNeeded: try bits(1)))
        case UInt8(ascii: "U"): Double(try bits(1))
        case UInt8(ascii: "I"): Double(Int16(truncatingIfNeeded: try bits(2)))
        case UInt8(ascii: "l"): Double(Int32(truncatingIfNeeded: try bits(4)))
        case UInt8(ascii: "L"): Double(Int64(truncatingIfNeeded: try bits(8)))
        case UInt8(ascii: "d"): Double(Float(bitPattern: UInt32(truncatingIfNeeded: try bits(4))))
        case UInt8(ascii: "D"): Double(bitPattern: try bits(8))
        default: nil
        }
    }

    private mutating func count() throws(InferenceError) -> Int {
        guard let number = try number(try byte()), let count = Int(exactly: number), count >= 0 else {
            throw malformed("found no length, expected a whole number from 0")
        }
        return count
    }

    private mutating func string() throws(InferenceError) -> String {
        let length = try count()
        guard length <= bytes.count - at else { throw malformed("text of \(length) bytes, but the file has \(bytes.count - at) more") }
        at += length
        return String(decoding: bytes[at - length..<at], as: UTF8.self)
    }

    private mutating func value(_ type: UInt8, depth: Int) throws(InferenceError) -> Document {
        guard depth <= InferenceLimits.nesting else {
            throw InferenceError(.limit, file: file, place: "byte \(at)", "nested deeper than \(InferenceLimits.nesting) levels")
        }
        switch type {
        case UInt8(ascii: "Z"): return .null
        case UInt8(ascii: "T"): return .bool(true)
        case UInt8(ascii: "F"): return .bool(false)
        case UInt8(ascii: "S"): return .text(try string())
        case UInt8(ascii: "C"): return .text(String(UnicodeScalar(try byte())))
        case UInt8(ascii: "H"): return .text(try string())
        case UInt8(ascii: "["): return try list(depth)
        case UInt8(ascii: "{"): return try object(depth)
        default:
            if let number = try number(type) { return .number(number) }
            at -= 1
            throw malformed("byte \(type) is no type, expected a UBJSON value")
        }
    }

    /// The `$type` and `#count` that may stand at the beginning of a list or object.
    private mutating func header() throws(InferenceError) -> (type: UInt8?, count: Int?) {
        var type: UInt8?
        if at < bytes.count, bytes[at] == UInt8(ascii: "$") {
            at += 1
            type = try byte()
        }
        guard at < bytes.count, bytes[at] == UInt8(ascii: "#") else {
            if type != nil { throw malformed("a type without a count, expected #") }
            return (nil, nil)
        }
        at += 1
        return (type, try count())
    }

    private mutating func list(_ depth: Int) throws(InferenceError) -> Document {
        let (type, count) = try header()
        if let type, let count, let size = Self.size(type) {
            guard count <= (bytes.count - at) / size else {
                throw malformed("\(count) numbers of \(size) bytes, but the file has \(bytes.count - at) more")
            }
            var numbers: [Double] = []
            numbers.reserveCapacity(count)
            for _ in 0..<count { if let number = try number(type) { numbers.append(number) } }
            return .numbers(numbers)
        }
        // Each item takes at least a byte, but for typed constants, which no model needs.
        if let count, count > bytes.count - at { throw malformed("\(count) items, but the file has \(bytes.count - at) more bytes") }
        var items: [Document] = []
        var numbers: [Double] = []
        while count.map({ items.count + numbers.count < $0 }) ?? !isAtEnd(UInt8(ascii: "]")) {
            let item = try value(type == nil ? try marker() : type ?? 0, depth: depth + 1)
            if case .number(let number) = item, items.isEmpty {
                numbers.append(number)
            } else {
                if items.isEmpty { items = numbers.map(Document.number) }
                numbers = []
                items.append(item)
            }
        }
        return items.isEmpty ? .numbers(numbers) : .list(items)
    }

    private mutating func object(_ depth: Int) throws(InferenceError) -> Document {
        let (type, count) = try header()
        if let count, count > bytes.count - at { throw malformed("\(count) members, but the file has \(bytes.count - at) more bytes") }
        var members: [String: Document] = [:]
        var read = 0
        while count.map({ read < $0 }) ?? !isAtEnd(UInt8(ascii: "}")) {
            guard at < bytes.count else { throw malformed("the file ends here, expected more UBJSON") }
            let key = try string()
            members[key] = try value(type == nil ? try marker() : type ?? 0, depth: depth + 1)
            read += 1
        }
        return .object(members)
    }

    private mutating func isAtEnd(_ close: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == close else { return false }
        at += 1
        return true
    }
}
