internal import CCrypto

/// scrypt: a hash that is slow on purpose, so that who steals the hashes cannot try secrets by the billion.
public enum SlowHash {
    // 16 MiB and some 40 ms a hash.
    static let log2N = 14
    static let blockSize = 8
    static let parallel = 1
    private static let bytesMax: UInt64 = 64 << 20

    /// The hash with its parameters and a new salt, as it is stored.
    public static func make(_ secret: String) -> String {
        let salt = Digest.random(16)
        guard let hash = derive(secret, salt: salt, log2N: log2N, blockSize: blockSize, parallel: parallel) else {
            preconditionFailure("libcrypto has no scrypt")
        }
        return "scrypt$\(log2N)$\(blockSize)$\(parallel)$\(Digest.base64(salt))$\(Digest.base64(hash))"
    }

    public static func verifies(_ secret: String, _ stored: String) -> Bool {
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "scrypt", let n = Int(parts[1]), (1...16).contains(n), let r = Int(parts[2]),
            let p = Int(parts[3]),
            let salt = Digest.fromBase64(String(parts[4])), let expected = Digest.fromBase64(String(parts[5])), expected.count == 32,
            let hash = derive(secret, salt: salt, log2N: n, blockSize: r, parallel: p)
        else { return false }
        return Digest.areEqual(hash, expected)
    }

    private static func derive(_ secret: String, salt: [UInt8], log2N: Int, blockSize: Int, parallel: Int) -> [UInt8]? {
        var out = [UInt8](repeating: 0, count: 32)
        let status = unsafe EVP_PBE_scrypt(
            secret, secret.utf8.count, salt, salt.count, UInt64(1) << UInt64(log2N), UInt64(blockSize), UInt64(parallel), bytesMax, &out,
            out.count)
        return status == 1 ? out : nil
    }
}
