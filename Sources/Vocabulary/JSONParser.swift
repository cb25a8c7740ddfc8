/// Why a text is not JSON, and where: `line` and `column` count from 1, columns in bytes.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    public var line: Int
    public var column: Int
    public var message: String
    public var description: String { "line \(line), column \(column): \(message)" }
}

extension JSON {
    /// Nesting deeper than this is refused: the parser recurses, and no record of ours is that deep.
    public static let depthMax = 64

    /// Parses one value; anything but white space after it is an error. Invalid UTF-8 is an error.
    public static func parse(_ bytes: ArraySlice<UInt8>) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes)
        let value = try parser.value(depth: 0)
        try parser.end()
        return value
    }
    /// - Parameter line: the number of its first line, for errors.
    public static func parse(_ bytes: ArraySlice<UInt8>, line: Int) throws(JSONError) -> JSON {
        do throws(JSONError) { return try parse(bytes) } catch {
            throw JSONError(line: error.line + line - 1, column: error.column, message: error.message)
        }
    }
    public static func parse(_ text: String) throws(JSONError) -> JSON { try parse(Array(text.utf8)[...]) }
}

/// RFC 8259, strictly: no comments, no trailing commas, no NaN, no numbers beyond a double's range.
struct JSONParser {
    private let bytes: ArraySlice<UInt8>
    private var at: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    private func failure(_ message: String, at place: Int? = nil) -> JSONError {
        let place = place ?? at
        var line = 1
        var lineStart = bytes.startIndex
        for i in bytes.startIndex..<min(place, bytes.endIndex) where bytes[i] == 10 {
            line += 1
            lineStart = i + 1
        }
        return JSONError(line: line, column: place - lineStart + 1, message: message)
    }

    private mutating func skipSpace() {
        while at < bytes.endIndex, bytes[at] == 32 || bytes[at] == 10 || bytes[at] == 13 || bytes[at] == 9 { at += 1 }
    }

    private var peek: UInt8? { at < bytes.endIndex ? bytes[at] : nil }

    private func shown(_ byte: UInt8?) -> String {
        guard let byte else { return "the end" }
        return byte > 32 && byte < 127 ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x" + String(byte, radix: 16)
    }

    mutating func end() throws(JSONError) {
        skipSpace()
        if at < bytes.endIndex { throw failure("expected the end of the value, got \(shown(peek))") }
    }

    mutating func value(depth: Int) throws(JSONError) -> JSON {
        skipSpace()
        guard depth < JSON.depthMax else { throw failure("nested deeper than \(JSON.depthMax) levels") }
        switch peek {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): try word("true"); return .bool(true)
        case UInt8(ascii: "f"): try word("false"); return .bool(false)
        case UInt8(ascii: "n"): try word("null"); return .null
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        default: throw failure("expected a value, got \(shown(peek))")
        }
    }

    private mutating func word(_ text: String) throws(JSONError) {
        guard bytes[at...].starts(with: text.utf8) else { throw failure("expected \(text)") }
        at += text.utf8.count
    }

    private mutating func array(_ depth: Int) throws(JSONError) -> JSON {
        at += 1
        var items: [JSON] = []
        skipSpace()
        if peek == UInt8(ascii: "]") { at += 1; return .array(items) }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            switch peek {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "]"): at += 1; return .array(items)
            default: throw failure("expected ',' or ']', got \(shown(peek))")
            }
        }
    }

    private mutating func object(_ depth: Int) throws(JSONError) -> JSON {
        at += 1
        var members: [(String, JSON)] = []
        skipSpace()
        if peek == UInt8(ascii: "}") { at += 1; return .object(JSONObject()) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw failure("expected a key in quotes, got \(shown(peek))") }
            let key = try string()
            skipSpace()
            guard peek == UInt8(ascii: ":") else { throw failure("expected ':', got \(shown(peek))") }
            at += 1
            members.append((key, try value(depth: depth + 1)))
            skipSpace()
            switch peek {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "}"): at += 1; return .object(JSONObject(members))
            default: throw failure("expected ',' or '}', got \(shown(peek))")
            }
        }
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = at
        var isInteger = true
        if peek == UInt8(ascii: "-") { at += 1 }
        let whole = at
        while let c = peek, c >= 48, c <= 57 { at += 1 }
        guard at > whole else { throw failure("expected a digit, got \(shown(peek))") }
        if bytes[whole] == 48, at - whole > 1 { throw failure("a number must not start with 0", at: whole) }
        if peek == UInt8(ascii: ".") {
            isInteger = false
            at += 1
            let fraction = at
            while let c = peek, c >= 48, c <= 57 { at += 1 }
            guard at > fraction else { throw failure("expected a digit, got \(shown(peek))") }
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            isInteger = false
            at += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
            let exponent = at
            while let c = peek, c >= 48, c <= 57 { at += 1 }
            guard at > exponent else { throw failure("expected a digit, got \(shown(peek))") }
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isInteger, text != "-0", let i = Int64(text) { return .integer(i) }
        guard let d = Double(text), d.isFinite else { throw failure("a number beyond the range of a double", at: start) }
        return .number(d)
    }

    private mutating func string() throws(JSONError) -> String {
        let open = at
        at += 1
        let start = at
        while let c = peek, c != UInt8(ascii: "\""), c != UInt8(ascii: "\\"), c >= 32 { at += 1 }
        if peek == UInt8(ascii: "\"") {  // the common case: no escapes
            at += 1
            return try utf8(bytes[start..<at - 1], from: start)
        }
        var out = Array(bytes[start..<at])
        while let c = peek {
            switch c {
            case UInt8(ascii: "\""):
                at += 1
                return try utf8(out[...], from: open)
            case UInt8(ascii: "\\"): try escape(&out)
            case 0..<32: throw failure("a control character must be escaped in a string")
            default: out.append(c); at += 1
            }
        }
        throw failure("the string that starts here has no end", at: open)
    }

    private func utf8(_ raw: ArraySlice<UInt8>, from place: Int) throws(JSONError) -> String {
        guard let text = String(validating: raw, as: UTF8.self) else { throw failure("invalid UTF-8 in the string", at: place) }
        return text
    }

    private mutating func escape(_ out: inout [UInt8]) throws(JSONError) {
        let start = at
        do throws(JSONEscape.Fault) { try JSONEscape.read(bytes, at: &at, into: &out) } catch {
            switch error {
            case .unfinished: throw failure("the escape has no end", at: start)
            case .unknown: throw failure("unknown escape", at: start)
            case .half: throw failure("half of a surrogate pair", at: start)
            case .zero: throw failure("the character U+0000 is not allowed", at: start)
            case .notHexadecimal: throw failure("expected four hexadecimal digits")
            }
        }
    }
}
