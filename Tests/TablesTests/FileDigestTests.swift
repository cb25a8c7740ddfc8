import Foundation
import Testing

@testable import Tables

@Suite("The digest of a file") struct FileDigestTests {
    private func digest(_ text: String, suffix: String = "csv") throws -> (sha256: String?, bytes: Int?) {
        let path = FileManager.default.temporaryDirectory.appending(path: "evenkeel-digest-\(UUID().uuidString).\(suffix)")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(text.utf8).write(to: path)
        let digest = try Table(path: path.path, isHashed: true).digest
        return (digest?.sha256, digest?.byteCount)
    }

    @Test("is what sha256sum prints, of any form of file") func known() throws {
        // printf 'a,b\n1,2\n' | sha256sum
        let csv = try digest("a,b\n1,2\n")
        #expect(csv.sha256 == "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470" && csv.bytes == 8)
        let ndjson = try digest("{\"a\":1}\n", suffix: "ndjson")
        #expect(ndjson.sha256?.count == 64 && ndjson.bytes == 8)
    }

    @Test("covers files longer than the pieces in which they are read") func long() throws {
        // python3 -c "print('a'); [print(i) for i in range(200000)]" | sha256sum
        let text = "a\n" + (0..<200_000).map { "\($0)\n" }.joined()
        #expect(try digest(text).sha256 == "38bb902facba8d0f9c0aebb271997a7f7754512a94194e6c1ad28bda1e540038")
    }

    @Test("is not made unless asked for") func unasked() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "evenkeel-digest-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data("a\n1\n".utf8).write(to: path)
        #expect(try Table(path: path.path).digest == nil)
    }
}
