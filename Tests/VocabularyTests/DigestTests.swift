import TestSupport
import Testing
import Vocabulary

@Suite("Digests are those of the published vectors")
struct DigestTests {
    /// > Source: NIST, "SHA-256 examples" (FIPS 180-4); the empty message and a million a's from the same collection.
    @Test(
        "SHA-256 of a published message",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ])
    func sha256(message: String, digest: String) {
        #expect(Digest.hex(Digest.sha256(Array(message.utf8))) == digest)
    }

    @Test("a fingerprint is the first eight bytes of SHA-256")
    func fingerprint() {
        #expect(Digest.fingerprint(Array("abc".utf8)) == 0xba78_16bf_8f01_cfea)
    }

    /// > Source: RFC 4231, "Identifiers and Test Vectors for HMAC-SHA-224, …", test cases 1, 2, 3, 6 and 7.
    @Test(
        "HMAC-SHA256 of a published key and message",
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131),
                Array(
                    ("This is a test using a larger than block-size key and a larger than block-size data. "
                        + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ] as [([UInt8], [UInt8], String)])
    func hmac(key: [UInt8], message: [UInt8], digest: String) {
        #expect(Digest.hex(Digest.hmacSHA256(key: key, message)) == digest)
    }

    @Test("HMAC-SHA256 takes an empty key and an empty message")
    func emptyHMAC() {
        #expect(
            Digest.hex(Digest.hmacSHA256(key: [], [])) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("random bytes are as many as asked for and differ")
    func randomBytes() {
        #expect(Digest.random(0).isEmpty)
        #expect(Digest.random(32).count == 32)
        #expect(Digest.random(32) != Digest.random(32))
    }

    @Test("hex has two small digits a byte")
    func hex() {
        #expect(Digest.hex([0x00, 0x0f, 0xa0, 0xff]) == "000fa0ff")
        #expect(Digest.hex([] as [UInt8]) == "")
    }
}

@Suite("Base64 goes both ways")
struct Base64Tests {
    /// > Source: RFC 4648, "The Base16, Base32, and Base64 Data Encodings", section 10.
    @Test(
        "a published text has its published encoding",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func vectors(text: String, encoded: String) {
        #expect(Digest.base64(Array(text.utf8)) == encoded)
        #expect(Digest.fromBase64(encoded) == Array(text.utf8))
    }

    @Test("all bytes survive, at every length", arguments: [41, 42] as [UInt64])
    func roundTrip(seed: UInt64) {
        var random = Seeded(seed)
        for length in 0...70 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Digest.fromBase64(Digest.base64(bytes)) == bytes, "seed \(seed)")
        }
    }

    @Test("the alphabet of URLs is read too, and so is a text without its padding")
    func urlAlphabet() {
        #expect(Digest.fromBase64("-_8=") == [0xfb, 0xff])
        #expect(Digest.fromBase64("+/8=") == [0xfb, 0xff])
        #expect(Digest.fromBase64("-_8") == [0xfb, 0xff])
        #expect(Digest.fromBase64("Zg") == Array("f".utf8))
    }

    @Test("a character outside the alphabet is refused", arguments: ["Zm9v!", "Zm 9v", "Zm9v\n", "Zé9v", "Zm9v.", "\u{0}"])
    func wrongCharacters(text: String) {
        #expect(Digest.fromBase64(text) == nil)
    }

    @Test(
        "a text that no bytes encode to is refused", arguments: ["A", "Zm9vY", "=", "====", "Z=g=", "=Zg=", "Zg==Zg==", "Zm9v=", "Zg==="])
    func wrongShapes(text: String) {
        #expect(Digest.fromBase64(text) == nil)
    }
}
