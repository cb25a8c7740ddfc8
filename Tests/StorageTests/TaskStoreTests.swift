import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Models that answer something else than yes or no")
struct TaskStoreTests {
    private func batch(_ schema: FeatureSchema, _ count: Int, _ random: inout Seeded, value: (inout Seeded) -> Double) -> PredictionBatch {
        var batch = PredictionBatch(schema: schema)
        for row in 0..<count {
            batch.ids.append("r\(row)")
            batch.timestamps.append(Loans.start.adding(seconds: Int64(row)))
            batch.scores.append(random.uniform())
            batch.predictions.append(row % 9 == 0 ? .nan : value(&random))
            batch.groups[0].append(row % 7 == 0 ? nil : "g\(Int.random(in: 0..<300, using: &random))")
            batch.errors.append(row % 13 == 0 ? "late" : nil)
            batch.variants.append(nil)
        }
        return batch
    }

    /// Goal: labels early, late, corrected and repeated leave the sums of the last ones. Method: the check folds all rows anew.
    private func check(_ schema: FeatureSchema, value: (inout Seeded) -> Double) async throws {
        try await withBench { bench in
            var random = Seeded(1)
            let batch = batch(schema, 800, &random, value: value)
            let version = try await bench.registry.register(
                Loans.key, schema: schema, reference: Loans.reference(of: batch, schema: schema), rows: 800, actor: "test", at: Bench.now)
            let store = bench.collector()
            func label(_ ids: Range<Int>, at seconds: Int64) async throws {
                var labels = LabelBatch()
                for row in ids {
                    labels.ids.append("r\(row)")
                    labels.labels.append(value(&random))
                    labels.timestamps.append(Bench.now.adding(seconds: seconds))
                }
                try await store.store(labels, of: version, key: nil)
            }
            try await label(700..<900, at: 0)
            try await store.store(batch, of: version, key: nil)
            try await label(0..<600, at: 1)
            try await label(100..<300, at: 2)
            try await label(200..<400, at: 0)
            #expect(try await bench.profiles.check(version) == .equal(rows: 800, labelled: 645))
            _ = try await bench.profiles.compact(version, before: Bench.now.adding(seconds: 86_400))
            #expect(try await bench.profiles.check(version) == .equal(rows: 800, labelled: 645))
        }
    }

    @Test("the errors of a regression are those of its rows")
    func regression() async throws {
        try await check(FeatureSchema(features: [], sensitive: ["group"], task: .regression)) { 1e6 + 1e3 * $0.gaussian() }
    }
}
