internal import Kernels

/// Reads JSON (RFC 8259), and besides it `NaN`, `Infinity` and `-Infinity`, which XGBoost writes.
struct JSONDocument {
    private let file: String
    private let bytes: [UInt8]
    private let lists: NumberLists
    private var at = 0

    static func read(_ bytes: [UInt8], file: String) throws(InferenceError) -> Document {
        var reader = JSONDocument(file: file, bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.at == bytes.count else { throw reader.malformed("text after the document, expected its end") }
        return value
    }

    private init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
        lists = NumberLists(bytes)
    }

    private func malformed(_ message: String) -> InferenceError {
        InferenceError(.malformed, file: file, place: "byte \(at)", at >= bytes.count ? "the file ends here, expected more JSON" : message)
    }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 32 || bytes[at] == 10 || bytes[at] == 13 || bytes[at] == 9 { at += 1 }
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: byte) else { return false }
        at += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let text = Array("\(word)".utf8)
        guard at + text.count <= bytes.count, bytes[at..<at + text.count].elementsEqual(text) else { return false }
        at += text.count
        return true
    }

    private mutating func value(depth: Int) throws(InferenceError) -> Document {
        skipSpace()
        guard depth <= InferenceLimits.nesting else {
            throw InferenceError(.limit, file: file, place: "byte \(at)", "nested deeper than \(InferenceLimits.nesting) levels")
        }
        guard at < bytes.count else { throw malformed("") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try list(depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t") where takeWord("true"): return .bool(true)
        case UInt8(ascii: "f") where takeWord("false"): return .bool(false)
        case UInt8(ascii: "n") where takeWord("null"): return .null
        default:
            guard let number = number() else { throw malformed("found no value, expected a JSON value") }
            return .number(number)
        }
    }

    private mutating func object(_ depth: Int) throws(InferenceError) -> Document {
        at += 1
        var members: [String: Document] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw malformed("found no key, expected text in quotes") }
            let key = try string()
            skipSpace()
            guard take(":") else { throw malformed("no colon after \"\(key.prefix(40))\", expected :") }
            members[key] = try value(depth: depth + 1)
            skipSpace()
            if take(",") { continue }
            guard take("}") else { throw malformed("the object goes on wrongly, expected , or }") }
            return .object(members)
        }
    }

    private mutating func list(_ depth: Int) throws(InferenceError) -> Document {
        at += 1
        skipSpace()
        if take("]") { return .numbers([]) }
        var numbers: [Double] = []
        // As long as all of them are numbers, they stay numbers.
        while true {
            if lists.append(bytes, from: &at, to: &numbers) { return .numbers(numbers) }
            skipSpace()
            guard at < bytes.count else { throw malformed("") }
            if let number = number() {
                numbers.append(number)
            } else {
                break
            }
            skipSpace()
            if take(",") { continue }
            guard take("]") else { throw malformed("the list goes on wrongly, expected , or ]") }
            return .numbers(numbers)
        }
        var items = numbers.map(Document.number)
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            if take(",") { continue }
            guard take("]") else { throw malformed("the list goes on wrongly, expected , or ]") }
            return .list(items)
        }
    }

    private mutating func number() -> Double? {
        var end = at
        while end < bytes.count {
            let byte = bytes[end]
            let isPart = byte &- 48 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
            guard isPart || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") else { break }
            end += 1
        }
        if end > at, let found = decimalNumber(bytes, at..<end) {
            at = end
            return found.value
        }
        guard at < bytes.count else { return nil }
        switch bytes[at] {
        case UInt8(ascii: "N"): return takeWord("NaN") ? .nan : nil
        case UInt8(ascii: "I"): return takeWord("Infinity") ? .infinity : nil
        case UInt8(ascii: "-"): return takeWord("-Infinity") ? -.infinity : nil
        default: return nil
        }
    }

    private mutating func string() throws(InferenceError) -> String {
        at += 1
        var start = at
        var text = ""
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                text += String(decoding: bytes[start..<at], as: UTF8.self)
                at += 1
                return text
            case UInt8(ascii: "\\"):
                text += String(decoding: bytes[start..<at], as: UTF8.self)
                at += 1
                text.unicodeScalars.append(try escape())
                start = at
            case 0..<32: throw malformed("a control character in text, expected it escaped")
            default: at += 1
            }
        }
        throw malformed("")
    }

    private mutating func escape() throws(InferenceError) -> Unicode.Scalar {
        guard at < bytes.count else { throw malformed("") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"):
            let high = try hexadecimal()
            if (0xD800..<0xDC00).contains(high), takeWord("\\u") {
                let low = try hexadecimal()
                return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low & 0x3FF)) ?? "\u{FFFD}"
            }
            return Unicode.Scalar(high) ?? "\u{FFFD}"
        default: throw malformed("an unknown escape, expected one of JSON's")
        }
    }

    private mutating func hexadecimal() throws(InferenceError) -> UInt32 {
        guard at + 4 <= bytes.count, let code = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16) else {
            throw malformed("expected four hexadecimal digits")
        }
        at += 4
        return code
    }
}
