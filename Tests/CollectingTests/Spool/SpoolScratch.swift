import Foundation
import Synchronization
import TestSupport
import Vocabulary

@testable import Collecting

/// A spool in a folder of its own, and what it told the operator.
final class SpoolScratch: Sendable {
    let folder: URL
    private let told = Mutex<[String]>([])
    var reports: [String] { told.withLock { $0 } }

    init(in parent: String = FileManager.default.temporaryDirectory.path) {
        folder = URL(filePath: "\(parent)/ek-spool-\(UUID().uuidString)")
    }
    deinit { try? FileManager.default.removeItem(at: folder) }

    func open(bytesMax: Int = 1 << 30) throws -> Spool {
        try Spool(folder: folder, limits: .init(bytesMax: bytesMax)) { text in self.told.withLock { $0.append(text) } }
    }

    /// Names in the folder that begin so.
    func files(_ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix(prefix) }.sorted()
    }
    func path(_ name: String) -> String { folder.appending(path: name).path }
    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }
    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: folder.appending(path: name)) }
}

extension Spool {
    /// Appends a write of these bytes.
    func append(_ text: String, rows: Int = 1) async throws { try await append(parts: [Part(Array(text.utf8), rows: rows)]) }

    /// The texts of all writes, in their order; each group is settled.
    func drain() async throws -> [String] {
        var texts: [String] = []
        while true {
            let group = try await nextGroup()
            if group.isEmpty { return texts }
            texts += group.map { String(decoding: $0.payload, as: UTF8.self) }
            await advance()
        }
    }
}

extension Bench {
    /// A batch of `credit` 3 with ids from `start` on, and hard values in every column.
    static func batch(rows: Int, from start: Int = 0, random: inout Seeded) -> PredictionBatch {
        var batch = PredictionBatch(schema: credit.schema)
        let numbers = [0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, 1e308, 0.1]
        let texts = ["car", "", "Ünï→😀", String(repeating: "long ", count: 100), nil]
        var features = (ages: [Double](), purposes: LevelColumn())
        for i in 0..<rows {
            batch.ids.append("r\(start + i)")
            batch.timestamps.append(now.adding(seconds: Int64(i % 50)))
            features.ages.append(numbers.randomElement(using: &random)!)
            features.purposes.append(texts.randomElement(using: &random)!)
            batch.groups[0].append(["F", "M", nil].randomElement(using: &random)!)
            batch.scores.append(Double.random(in: 0...1, using: &random))
            batch.predictions.append(numbers.randomElement(using: &random)!)
            batch.errors.append([nil, nil, "timeout\n\0"].randomElement(using: &random)!)
            batch.variants.append(["champion", "", nil].randomElement(using: &random)!)
        }
        batch.features = [.numeric(features.ages), .categorical(features.purposes)]
        batch.measures = ["latency_seconds": (0..<rows).map { _ in numbers.randomElement(using: &random)! }, "": batch.scores]
        return batch
    }

    /// A plain batch of `credit` 3.
    static func batch(ids: [String]) -> PredictionBatch {
        var random = Seeded(1)
        var batch = batch(rows: ids.count, random: &random)
        batch.ids = PredictionBatch(schema: credit.schema).ids
        for id in ids { batch.ids.append(id) }
        return batch
    }
}
