/// Reads single rows of CSV by RFC 4180, slowly and with every reason for a refusal: the header, and the rows that the kernel gives up on.
struct CSVScanner {
    struct Failure: Error {
        /// Lines passed since the row's start.
        var lines: Int
        /// The number of the field, from 1.
        var column: Int
        var message: String
        /// Whether more bytes could mend it.
        var isCutOff = false
        /// Whether it is not known where the row ends, because of a wrong quote.
        var hidesEnd = false
    }
    private let bytes: [UInt8]
    private(set) var at = 0
    /// Lines passed.
    private(set) var lines = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether the last row was ended by the end of the bytes, or by a carriage return that stands there.
    var isAtEnd: Bool { at >= bytes.count }

    /// The texts of the next row. A field that is no text is refused only after the whole row was passed.
    mutating func row() throws(Failure) -> [String] {
        var fields: [String] = []
        var wrong: Failure?
        while true {
            let line = lines
            let raw: ArraySlice<UInt8>
            do throws(Failure) { raw = try field(number: fields.count + 1) } catch {
                var first = wrong ?? error
                first.isCutOff = error.isCutOff
                first.hidesEnd = true
                throw first
            }
            let text = raw.contains(0) ? nil : String(validating: raw, as: UTF8.self)
            if text == nil, wrong == nil {
                wrong = Failure(lines: line, column: fields.count + 1, message: "invalid UTF-8 or a zero byte, expected text")
            }
            fields.append(text ?? "")
            if at >= bytes.count { break }
            let c = bytes[at]
            at += 1
            if c == UInt8(ascii: ",") { continue }
            if c == 13, at < bytes.count, bytes[at] == 10 { at += 1 }
            lines += 1
            break
        }
        if let wrong { throw wrong }
        return fields
    }

    private mutating func field(number: Int) throws(Failure) -> ArraySlice<UInt8> {
        if at < bytes.count, bytes[at] == UInt8(ascii: "\"") { return try quoted(number: number) }
        let start = at
        while at < bytes.count, bytes[at] != UInt8(ascii: ","), bytes[at] != 10, bytes[at] != 13 { at += 1 }
        return bytes[start..<at]
    }

    private mutating func quoted(number: Int) throws(Failure) -> ArraySlice<UInt8> {
        let startLine = lines
        at += 1
        var out: [UInt8] = []
        while at < bytes.count {
            let c = bytes[at]
            at += 1
            if c == UInt8(ascii: "\"") {
                if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
                    out.append(c)
                    at += 1
                    continue
                }
                guard at >= bytes.count || bytes[at] == UInt8(ascii: ",") || bytes[at] == 10 || bytes[at] == 13 else {
                    throw Failure(
                        lines: lines, column: number, message: "text after a closing quote, expected a comma or the end of the line")
                }
                return out[...]
            }
            if c == 10 { lines += 1 }
            out.append(c)
        }
        throw Failure(
            lines: startLine, column: number, message: "the quote that opens here is never closed, expected another quote", isCutOff: true)
    }
}
