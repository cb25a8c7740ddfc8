import Foundation
import Synchronization
import Testing
import Vocabulary

@testable import Collecting

/// A registry that can be away.
private final class FickleRegistry: VersionDirectory {
    struct Away: RetryableError { var isRetryable: Bool { true } }
    private let state = Mutex((isAway: false, versions: [Bench.credit], questions: 0))
    var questions: Int { state.withLock { $0.questions } }
    func be(away: Bool) { state.withLock { $0.isAway = away } }
    func add(_ version: RegisteredVersion) { state.withLock { $0.versions.append(version) } }

    func versions() async throws -> [RegisteredVersion] {
        try state.withLock { state in
            state.questions += 1
            if state.isAway { throw Away() }
            return state.versions
        }
    }
    func version(_ key: ModelVersion) async throws -> RegisteredVersion? { try await versions().first { $0.key == key } }
}

@Suite("Versions are known also while the database is away")
struct KnownVersionsTests {
    private let registry = FickleRegistry()
    private let scratch = SpoolScratch()
    private func known() -> KnownVersions { KnownVersions(registry: registry, report: { _ in }) }

    @Test("a version is asked for once")
    func once() async throws {
        let known = known()
        #expect(try await known.version(Bench.credit.key) == Bench.credit)
        #expect(try await known.version(Bench.credit.key) == Bench.credit)
        #expect(registry.questions == 1)
    }

    @Test("one that is not known is asked for each time, and its absence is not remembered")
    func absent() async throws {
        let known = known()
        #expect(try await known.version(Bench.price.key) == nil)
        registry.add(Bench.price)
        #expect(try await known.version(Bench.price.key) == Bench.price)
    }

    @Test("while the registry is away the known ones are told, and that these may not be all")
    func away() async throws {
        let known = known()
        #expect(try await known.versions() == [Bench.credit])
        #expect(known.isComplete)
        registry.be(away: true)
        #expect(try await known.versions() == [Bench.credit])
        #expect(!known.isComplete)
        #expect(try await known.version(Bench.credit.key) == Bench.credit)
        await #expect(throws: FickleRegistry.Away.self) { try await known.version(Bench.price.key) }
        registry.be(away: false)
        registry.add(Bench.price)
        #expect(try await known.versions() == [Bench.credit, Bench.price])
        #expect(known.isComplete)
    }

    @Test("they are known to the next process, from a file")
    func file() async throws {
        try FileManager.default.createDirectory(at: scratch.folder, withIntermediateDirectories: true)
        let first = known()
        first.keep(in: scratch.folder)
        _ = try await first.versions()
        await first.settle()
        registry.be(away: true)
        let second = known()
        second.keep(in: scratch.folder)
        #expect(try await second.version(Bench.credit.key) == Bench.credit)
        #expect(!second.isEmpty && !second.isComplete)
    }

    @Test("a file with any byte changed is not believed")
    func damagedFile() {
        let text = KnownVersions.encode([Bench.credit, Bench.price])
        #expect(KnownVersions.decode(text) == [Bench.credit, Bench.price])
        for i in 0..<text.utf8.count {
            var bytes = Array(text.utf8)
            bytes[i] ^= 1
            #expect(KnownVersions.decode(String(decoding: bytes, as: UTF8.self)) == nil, "byte \(i)")
        }
    }

    @Test("labels of a model that may be registered are asked for again, not rejected")
    func labels() async throws {
        let known = known()
        _ = try await known.versions()
        let sink = MemorySink()
        let collector = Collector(sink: sink, directory: known, metrics: MetricRegistry(), clock: { Bench.now })
        registry.be(away: true)
        func send(_ model: String) async throws -> Int64 {
            try await collector.labels(Array(#"{"model":"\#(model)","id":"a","label":1}"#.utf8), isLines: false, key: nil).receipt.accepted
        }
        #expect(try await send("credit") == 1)
        await #expect(throws: DirectoryError.self) { try await send("price") }
        registry.be(away: false)
        #expect(try await send("price") == 0)
    }
}
