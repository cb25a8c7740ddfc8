internal import CCrypto

/// SHA-256 of bytes that come piece by piece.
@safe public struct SHA256Stream: ~Copyable {
    private let context: OpaquePointer

    public init() {
        guard let made = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(made, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto has no SHA-256")
        }
        unsafe context = made
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    public mutating func append(_ bytes: [UInt8]) {
        let status = unsafe EVP_DigestUpdate(context, bytes, bytes.count)
        precondition(status == 1, "libcrypto could not hash")
    }

    /// The digest of all that was appended; nothing can be appended after.
    public consuming func finish() -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let status = unsafe EVP_DigestFinal_ex(context, &out, &length)
        precondition(status == 1 && length == 32, "libcrypto could not hash")
        return out
    }
}
