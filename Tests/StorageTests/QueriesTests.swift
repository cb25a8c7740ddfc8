import Foundation
import Migrations
import Testing

@testable import Storage

@Suite("The named queries")
struct QueriesTests {
    /// The names that the sources of Storage ask for.
    private static let used: Set<String> = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let files = FileManager.default.enumerator(at: package.appending(path: "Sources/Storage"), includingPropertiesForKeys: nil)
        var names: Set<String> = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift", let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
            for match in text.matches(of: /Queries\[\s*"([^"]*)"\s*\]/) { names.insert(String(match.output.1)) }
        }
        return names
    }()

    @Test("every name that Storage uses is in sql/queries")
    func exist() {
        #expect(Self.used.count > 30)
        #expect(Self.used.subtracting(Queries.names).sorted() == [])
    }

    @Test("every query in sql/queries is used")
    func used() {
        #expect(Set(Queries.names).subtracting(Self.used).sorted() == [])
    }

    @Test("every query is valid on a migrated database")
    func prepare() async throws {
        try await withBench { bench in
            for name in Queries.names {
                do { try await bench.run("prepare statement_\(name) as \(Queries[name])") } catch { Issue.record("\(name): \(error)") }
            }
        }
    }

    @Test("an upsert sets only what it was given: no clock and no sub-select in do update")
    func upserts() {
        for name in Queries.names {
            guard let update = Queries[name].lowercased().firstRange(of: "do update set") else { continue }
            let rest = Queries[name].lowercased()[update.upperBound...]
            for word in ["now()", "clock_timestamp", "select", "random"] { #expect(!rest.contains(word), "\(name)") }
        }
    }
}
