/// The escapes of JSON strings, for every reader of JSON. What is wrong is worded by the reader, which knows where it stands.
public enum JSONEscape {
    public enum Fault: Error, Sendable {
        case unfinished
        case unknown
        /// Half of a surrogate pair.
        case half
        /// U+0000: PostgreSQL text cannot hold it, and no id or level needs it.
        case zero
        /// At the place that was reached.
        case notHexadecimal
    }

    /// Reads the escape that begins with the backslash at `at`, goes beyond it, and adds what it stands for.
    public static func read(_ bytes: ArraySlice<UInt8>, at: inout Int, into out: inout [UInt8]) throws(Fault) {
        at += 1
        guard at < bytes.endIndex else { throw .unfinished }
        let kind = bytes[at]
        at += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(kind)
        case UInt8(ascii: "b"): out.append(8)
        case UInt8(ascii: "f"): out.append(12)
        case UInt8(ascii: "n"): out.append(10)
        case UInt8(ascii: "r"): out.append(13)
        case UInt8(ascii: "t"): out.append(9)
        case UInt8(ascii: "u"):
            var code = try fourDigits(bytes, &at)
            if code >= 0xD800, code < 0xDC00 {
                guard bytes[at...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else { throw .half }
                at += 2
                let low = try fourDigits(bytes, &at)
                guard low >= 0xDC00, low < 0xE000 else { throw .half }
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw .half }
            guard code != 0 else { throw .zero }
            out.append(contentsOf: String(scalar).utf8)
        default: throw .unknown
        }
    }

    private static func fourDigits(_ bytes: ArraySlice<UInt8>, _ at: inout Int) throws(Fault) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard at < bytes.endIndex, let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else { throw .notHexadecimal }
            code = code << 4 | UInt32(digit)
            at += 1
        }
        return code
    }
}
