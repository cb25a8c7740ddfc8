import Foundation
import Synchronization
import Testing
import Vocabulary

@testable import Collecting

/// A folder of files for one test, and what taking them in has done.
final class IngestBench {
    let folder = URL(filePath: "/tmp/ek-ingest-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))")
    let sink = MemorySink()
    let checkpoints = MemoryCheckpoints()
    var settings = IngestSettings(version: Bench.credit)
    private let lines = Mutex<[String]>([])

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: folder) }

    /// What was said to the person at the terminal, without the folder.
    var notes: [String] { lines.withLock { $0 }.map { $0.replacing(folder.path + "/", with: "") } }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    @discardableResult
    func write(_ text: String, to name: String = "log.csv") throws -> String {
        try Data(text.utf8).write(to: folder.appending(path: name))
        return path(name)
    }

    func append(_ text: String, to name: String) throws {
        let handle = try FileHandle(forWritingTo: folder.appending(path: name))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    func text(_ name: String) throws -> String { String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self) }

    var ingest: FileIngest {
        FileIngest(
            sink: sink, checkpoints: checkpoints, settings: settings, clock: { Bench.now },
            note: { line in self.lines.withLock { $0.append(line) } })
    }

    /// Takes a file of this text.
    @discardableResult
    func take(_ text: String, as name: String = "log.csv") async throws -> IngestResult {
        try await ingest.run([try write(text, to: name)])
    }

    /// Why a file of this text is refused.
    func refusal(_ text: String, as name: String = "log.csv") async -> String {
        do {
            _ = try await take(text, as: name)
            return "taken"
        } catch { return "\(error)".replacing(folder.path + "/", with: "") }
    }

    /// All rows that were stored, as one batch; nil when none was.
    func stored() async throws -> PredictionBatch? {
        let batches = await sink.predictions.map(\.batch)
        guard var all = batches.first else { return nil }
        for batch in batches.dropFirst() { all.append(batch) }
        return all
    }
}

extension IngestBench: @unchecked Sendable {}  // the settings change only before a run

actor MemoryCheckpoints: FileCheckpoints {
    private(set) var kept: [FileCheckpoint] = []

    func find(stream: Int64, settings: String, fileID: String, path: String) -> [FileCheckpoint] {
        kept.filter { $0.stream == stream && $0.settings == settings && ($0.fileID == fileID || $0.path == path) }
            .sorted { ($0.fileID == fileID ? 0 : 1, -$0.position) < ($1.fileID == fileID ? 0 : 1, -$1.position) }
    }

    func keep(_ checkpoint: FileCheckpoint, at now: Timestamp) {
        kept.removeAll { $0.stream == checkpoint.stream && $0.settings == checkpoint.settings && $0.fileID == checkpoint.fileID }
        kept.append(checkpoint)
    }
}
