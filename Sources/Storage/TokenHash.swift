public import Vocabulary

/// A token's secret as it is stored: the slow hash, and beside it a few digits of a fast one, so that a wrong secret costs no slow hash.
///
/// A secret has 256 random bits; 32 of their hash tell a thief of the table nothing that helps, and let one in four thousand million wrong
/// secrets through to the slow hash. Hashes of earlier versions have no such digits: they are verified by the slow hash alone.
public enum TokenHash {
    private static let checkDigits = 8

    public static func make(_ secret: Secret) -> String { SlowHash.make(secret.reveal()) + "#" + check(secret) }

    /// Whether the slow hash is worth asking.
    public static func mayBe(_ secret: Secret, _ stored: String) -> Bool {
        guard let mark = stored.lastIndex(of: "#") else { return true }
        return Digest.areEqual(Array(stored[stored.index(after: mark)...].utf8), Array(check(secret).utf8))
    }

    public static func verifies(_ secret: Secret, _ stored: String) -> Bool {
        mayBe(secret, stored) && SlowHash.verifies(secret.reveal(), String(stored.prefix { $0 != "#" }))
    }

    private static func check(_ secret: Secret) -> String {
        String(Digest.hex(Digest.sha256(Array(secret.reveal().utf8))).prefix(checkDigits))
    }
}
