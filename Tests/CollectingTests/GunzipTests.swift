import Collecting
import Foundation
import TestSupport
import Testing

@Suite("Packed bodies are unpacked whole, within a limit, or refused")
struct GunzipTests {
    /// By the gzip program: another's work.
    private func packed(_ bytes: [UInt8]) async throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(path: "gunzip-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(bytes).write(to: file)
        return try await runProgram("/usr/bin/env", ["gzip", "-c", file.path], keepsErrors: false).bytes
    }

    @Test("as they were, whatever their size", arguments: [0, 1, 100, 70_000, 3_000_000])
    func whole(size: Int) async throws {
        var random = Seeded(UInt64(size + 1))
        let bytes = (0..<size).map { _ in UInt8(random.uniform() * 40) }
        let body = try await packed(bytes)
        #expect(try gunzipped(body, limit: 3_000_000) == bytes)
        // Several members one after the other are one body.
        #expect(try gunzipped(body + body, limit: 6_000_000) == bytes + bytes)
    }

    @Test("a small body that holds a huge one is refused at the limit, without unpacking it")
    func bomb() async throws {
        let body = try await packed([UInt8](repeating: 0, count: 50_000_000))
        #expect(body.count < 100_000)
        #expect(throws: RequestError(.tooLarge, "more than 1000000 bytes unpacked, send fewer records a request")) {
            try gunzipped(body, limit: 1_000_000)
        }
        #expect(try gunzipped(body, limit: 50_000_000).count == 50_000_000)
        #expect(throws: RequestError.self) { try gunzipped(body, limit: 49_999_999) }
    }

    @Test("what is cut, changed or no gzip at all is refused")
    func broken() async throws {
        let body = try await packed(Array("a record and another one".utf8))
        var changed = body
        changed[body.count - 6] ^= 0xFF
        for bad in [Array(body.dropLast()), Array(body.prefix(12)), changed, Array("{}".utf8), [], body + [1, 2, 3]] {
            #expect(throws: RequestError(.malformed, "the body is not whole gzip data, as its content-encoding says"), "\(bad.count)") {
                try gunzipped(bad, limit: 1000)
            }
        }
    }
}
