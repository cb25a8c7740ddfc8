internal import CCrypto

/// SHA-256, HMAC-SHA256 and random bytes, all by OpenSSL's libcrypto.
public enum Digest {
    /// Keeps OpenSSL from cleaning up when the program ends: a file that is hashed on a thread of its own at that moment would find it gone.
    /// To be called first of all.
    public static func keepUntilTheEnd() {
        // Without it things are as they were: nothing to tell.
        _ = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }

    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let status = unsafe EVP_Digest(bytes, bytes.count, &out, &length, EVP_sha256(), nil)
        precondition(status == 1 && length == 32, "libcrypto has no SHA-256")
        return out
    }

    public static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let done = unsafe HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &out, &length)
        precondition(unsafe done != nil && length == 32, "libcrypto has no HMAC-SHA256")
        return out
    }

    /// The first eight bytes of SHA-256: a checksum and fingerprint, not a signature.
    public static func fingerprint(_ bytes: [UInt8]) -> UInt64 {
        sha256(bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Whether two secrets are equal, in a time that does not depend on where they differ.
    public static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return unsafe CRYPTO_memcmp(a, b, a.count) == 0
    }

    public static func random(_ count: Int) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: count)
        let status = unsafe RAND_bytes(&out, Int32(count))
        precondition(status == 1, "libcrypto has no random bytes")
        return out
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    public static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = hexDigits
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.underestimatedCount)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    public static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var out = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let chunk = bytes[start..<min(start + 3, bytes.count)]
            let bits = chunk.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - chunk.count))
            for i in 0..<4 { out.append(i <= chunk.count ? alphabet[Int(bits >> UInt32(18 - 6 * i) & 63)] : "=") }
        }
        return out
    }

    /// nil when the text is not base64. Padding may be left out, but not be wrong.
    public static func fromBase64(_ text: String) -> [UInt8]? {
        var out: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        let padding = text.utf8.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let digits = text.utf8.dropLast(padding)
        guard digits.count % 4 != 1, padding == 0 || (padding <= 2 && (digits.count + padding) % 4 == 0) else { return nil }
        for c in digits {
            let six: UInt8
            switch c {
            case 65...90: six = c - 65
            case 97...122: six = c - 71
            case 48...57: six = c + 4
            case UInt8(ascii: "+"), UInt8(ascii: "-"): six = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): six = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(six)
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return out
    }
}
