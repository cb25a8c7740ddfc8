import Collecting
import Foundation
import Profiles
import Service
import Statistics
import Storage
import Synchronization
import Tables
import TestSupport
import Testing
import Vocabulary

/// A folder of files, and the command's own way of taking them into a running service's store.
final class FileIngestBench: Sendable {
    let engine: Engine
    let folder = URL(filePath: "/tmp/ek-files-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))")

    init(_ service: RunningService) throws {
        engine = service.engine
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: folder.appending(path: name))
        return path(name)
    }

    func append(_ text: String, to name: String) throws {
        let handle = try FileHandle(forWritingTo: folder.appending(path: name))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    /// Registers a version from a reference and says how its files are read.
    func register(
        _ model: String, _ reference: Table, _ mapping: TableMapping, ignoring ignored: Set<String> = [],
        task: ModelTask = .binary, positive: String = "1"
    ) async throws -> IngestSettings {
        var registration = Registration(key: ModelVersion(model: model, version: "1"), mapping: mapping)
        registration.ignored = ignored
        registration.base.task = task
        registration.base.positiveLabel = positive
        let outcome = try await registration.run(reference, registry: engine.registry, actor: "test", at: Engine.systemClock())
        var settings = IngestSettings(version: outcome.version)
        settings.mapping = mapping
        return settings
    }

    /// What is stored of a version, as sums.
    func profile(_ version: RegisteredVersion) async throws -> Profile {
        try await engine.profiles.profile(of: version, from: Timestamp(seconds: 0), to: Timestamp(seconds: 4_000_000_000))
    }

    /// The sums of a file, made at once.
    func profile(of table: Table, _ settings: IngestSettings) async throws -> Profile {
        let grid = try await engine.profiles.reference(of: settings.version).grid
        let batch = try settings.mapping.batch(table, schema: settings.version.schema, fallbackTime: Timestamp(seconds: 0))
        var profile = Profile(grid: grid)
        profile.fold(batch, grid: grid)
        profile.foldLabels(try settings.mapping.labels(table, schema: settings.version.schema), of: batch, grid: grid)
        return profile
    }
}

/// A store that breaks at a chosen call: before it has stored, as when the program was killed, or after, as when the answer was lost.
actor BreakingSink: RecordSink {
    struct Killed: Error {}
    private let inner: RecordStore
    private let at: Int
    private let isAfter: Bool
    private var calls = 0

    init(_ inner: RecordStore, at: Int, isAfter: Bool) {
        self.inner = inner
        self.at = at
        self.isAfter = isAfter
    }

    private func pass<R: Sendable>(_ store: () async throws -> R) async throws -> R {
        calls += 1
        if calls == at, !isAfter { throw Killed() }
        let receipts = try await store()
        if calls == at { throw Killed() }
        return receipts
    }

    func store(predictions: [PredictionWrite]) async throws -> [PredictionReceipt] {
        try await pass { try await inner.store(predictions: predictions) }
    }
    func store(labels: [LabelWrite]) async throws -> [LabelReceipt] { try await pass { try await inner.store(labels: labels) } }
}
