import Foundation
import Testing

/// Keeps the import table of the house: who may import whom, and each C library behind one folder.
@Suite("The house") struct ImportTableTests {
    /// Room → what it may import of ours and of others. The one place where the table stands in code; Package.swift must agree.
    static let table: [String: Set<String>] = [
        "Vocabulary": ["CCrypto"],
        "Kernels": ["CKernels"],
        "Statistics": ["Kernels", "CGSL"],
        "Profiles": ["Vocabulary", "Kernels"],
        "Tables": ["Vocabulary", "Kernels"],
        "Inference": ["Kernels"],
        "Storage": ["Vocabulary", "Kernels", "Profiles", "Migrations", "CPostgres"],
        "Collecting": ["Vocabulary", "Kernels", "Profiles", "Tables", "CZlib", "CZstd", "CKafka"],
        "Monitoring": ["Vocabulary", "Profiles", "Statistics"],
        "Alerting": ["Vocabulary", "CCurl"],
        "Shadowing": ["Vocabulary", "Statistics"],
        "Analysis": ["Vocabulary", "Statistics", "Tables", "Inference", "Shadowing"],
        "Reporting": ["Vocabulary"],
        "Pages": ["Vocabulary", "Reporting"],
        "Service": [
            "Vocabulary", "Kernels", "Statistics", "Profiles", "Tables", "Inference", "Storage", "Collecting", "Monitoring", "Alerting",
            "Shadowing", "Reporting", "Pages", "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOHTTPTypes", "NIOSSL",
            "ServiceLifecycle", "UnixSignals",
            "Logging", "Yams",
        ],
        "EvenkeelClient": [],
        "evenkeel": [
            "Service", "Vocabulary", "Tables", "Storage", "Collecting", "Monitoring", "Alerting", "Analysis", "Shadowing", "Reporting",
            "ArgumentParser", "Logging",
        ],
    ]
    static let system: Set<String> = ["Foundation", "FoundationEssentials", "FoundationNetworking", "Dispatch", "Glibc", "Synchronization"]
    static let cFolders = [
        "CGSL": "Statistics/GSL/", "CPostgres": "Storage/LibPQ/", "CCurl": "Alerting/Curl/", "CCrypto": "Vocabulary/Crypto/",
        "CKernels": "Kernels/", "CZlib": "Collecting/Zlib/", "CZstd": "Collecting/Zstd/", "CKafka": "Collecting/Kafka/Library/",
    ]
    /// Besides the C folders: system calls of the embedded cluster and of the spool, and the size of the terminal.
    static let unsafeFolders =
        Array(cFolders.values) + [
            "Storage/Embedded/", "Tables/DuckDB/", "Inference/Runtime/", "Collecting/Spool/Disk/", "evenkeel/Terminal/",
        ]

    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift file below Sources: its path there and its lines.
    static let files: [(path: String, lines: [Substring])] = {
        let sources = package.appending(path: "Sources").path
        let paths = FileManager.default.enumerator(atPath: sources)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            guard let text = try? String(contentsOfFile: sources + "/" + path, encoding: .utf8) else { return nil }
            return (path, text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }()

    static func imports(_ lines: [Substring]) -> [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "import"), at <= 2, words.count > at + 1, words[..<at].allSatisfy({ !$0.hasPrefix("//") })
            else { return nil }
            return String(words[at + 1])
        }
    }

    @Test("there are rooms to look at, and each stands in the table") func rooms() {
        let rooms = Set(Self.files.compactMap { $0.path.split(separator: "/").first.map(String.init) })
        #expect(Self.files.count > 50)
        #expect(rooms == Set(Self.table.keys))
    }

    @Test("a room imports only what the table allows") func table() {
        for (path, lines) in Self.files {
            let room = String(path.prefix { $0 != "/" })
            for name in Self.imports(lines) where !Self.system.contains(name) {
                #expect(Self.table[room]?.contains(name) == true, "\(path) imports \(name)")
            }
        }
    }

    @Test("a room uses everything that the table allows it") func used() {
        for (room, allowed) in Self.table {
            let imported = Set(Self.files.filter { $0.path.hasPrefix(room + "/") }.flatMap { Self.imports($0.lines) })
            #expect(allowed.subtracting(imported).isEmpty, "\(room) does not import \(allowed.subtracting(imported).sorted())")
        }
    }

    @Test("Package.swift says the same") func manifest() throws {
        let text = try String(contentsOf: Self.package.appending(path: "Package.swift"), encoding: .utf8)
        for (room, allowed) in Self.table {
            // The room's own entry: from its name to the line that begins the next one.
            let opening = "(room\\(|executableTarget\\(\\s*name:)\\s*\"\(room)\","
            let entry = try #require(text.range(of: opening, options: .regularExpression), "\(room)")
            let rest = text[entry.upperBound...]
            let end = rest.firstRange(of: "\n        room(")?.lowerBound ?? rest.endIndex
            let next = rest.firstRange(of: "\n        .")?.lowerBound ?? rest.endIndex
            let note = rest.firstRange(of: "\n        //")?.lowerBound ?? rest.endIndex
            let own = rest[..<min(end, next, note)].replacing(#/package: "[^"]*"/#, with: "")
            let names = Set(own.matches(of: #/"(\w+)"/#).map { String($0.1) })
            #expect(names.subtracting(["O"]) == allowed, "\(room)")
        }
    }

    @Test("the table has no arrow upwards or in a circle") func acyclic() {
        var settled: Set<String> = ["Migrations"]
        var open = Self.table
        while !open.isEmpty {
            let next = open.filter { $0.value.intersection(Self.table.keys).isSubset(of: settled) }.keys
            #expect(!next.isEmpty, "a circle among \(open.keys.sorted())")
            if next.isEmpty { return }
            for room in next {
                settled.insert(room)
                open[room] = nil
            }
        }
    }

    @Test("each C library is imported in its own folder only") func cLibraries() {
        for (path, lines) in Self.files {
            for name in Self.imports(lines) {
                guard let folder = Self.cFolders[name] else { continue }
                #expect(path.hasPrefix(folder), "\(path) imports \(name), which belongs to \(folder)")
            }
        }
    }

    @Test("unsafe code stays beside the C libraries") func unsafeCode() {
        for (path, lines) in Self.files where !Self.unsafeFolders.contains(where: { path.hasPrefix($0) }) {
            for (number, line) in lines.enumerated() where line.contains("unsafe ") && !line.contains("//") {
                Issue.record("\(path):\(number + 1) has unsafe code")
            }
        }
    }

    @Test("no file grows past 400 lines") func length() {
        for (path, lines) in Self.files { #expect(lines.count <= 400, "\(path) has \(lines.count) lines: look for the second idea in it") }
    }

    @Test("nothing is left to do, and nothing traps on purpose") func leftovers() {
        for (path, lines) in Self.files {
            for (number, line) in lines.enumerated() {
                for word in ["TODO", "FIXME", "fatalError(", "try!", " as! "] where line.contains(word) {
                    Issue.record("\(path):\(number + 1) has \(word)")
                }
            }
        }
    }
}
