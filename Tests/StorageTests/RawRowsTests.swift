import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("A version may keep all rows whole, a share of them, or none")
struct RawRowsTests {
    private func register(_ raw: RawRows, on bench: Bench) async throws -> RegisteredVersion {
        var schema = Loans.schema
        schema.raw = raw
        return try await bench.registry.register(
            ModelVersion(model: "credit \(raw.word)", version: "1"), schema: schema, reference: Loans.reference, rows: 300, actor: "test",
            at: Bench.now)
    }

    @Test("the setting is frozen with the version", arguments: [RawRows.all, .none, .sample(0.25)])
    func frozen(raw: RawRows) async throws {
        try await withBench { bench in
            let version = try await register(raw, on: bench)
            #expect(version.schema.raw == raw)
            #expect(try await bench.registry.version(version.key) == version)
        }
    }

    @Test("profiles, labels and repeated ids are the same in every mode, bit for bit", arguments: Loans.seeds)
    func same(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let batch = Loans.batch(200, &random, isWild: true)
            let more = Loans.batch(50, &random, prefix: "more ", isWild: true)
            let early = Loans.labels(Array(batch.ids[0..<20]), 1, at: Bench.now)
            var profiles: [[UInt8]] = []
            for raw in [RawRows.all, .sample(0.3), .none] {
                let version = try await register(raw, on: bench)
                try await bench.collector().store(early, of: version, key: nil)
                try await bench.collector().store(batch, of: version, key: nil)
                // Another collector, which has the groups from the rows alone.
                let labels = Loans.labels(Array(batch.ids[10..<150]), 0, at: Bench.now.adding(seconds: 60))
                let receipt = try await bench.collector().store(labels, of: version, key: nil)
                #expect(receipt.joined == 130 && receipt.corrected == 10 && receipt.waiting == 0, "\(raw)")
                var again = batch
                again.append(more)
                let stored = try await bench.collector().store(again, of: version, key: nil)
                #expect(stored.duplicates == 200 && stored.stored.count == 50, "\(raw)")
                profiles.append(try await bench.profile(of: version).encoded())
            }
            let isSame = profiles.allSatisfy { $0 == profiles[0] }
            #expect(isSame, "seed \(seed)")
        }
    }

    @Test("of a sample the rows are whole whose ids are in it, the same in every run; the others have id, time and outcome")
    func sample() async throws {
        try await withBench { bench in
            let version = try await register(.sample(0.3), on: bench)
            var random = Seeded(4)
            let batch = Loans.batch(300, &random, isWild: true)
            try await bench.collector().store(batch, of: version, key: nil)
            let whole = Set(try await bench.column("select record_id from evenkeel.\"credit sample 1\" where is_whole"))
            #expect(whole == Set(batch.ids.filter(RawRows.sample(0.3).keeps)))
            #expect((60...120).contains(whole.count))
            // A share that grows only adds.
            #expect(whole.isSuperset(of: batch.ids.filter(RawRows.sample(0.1).keeps)))
            let rows = try await bench.rows(
                "select record_id, age, city, sex, score, prediction, error, variant, measures from evenkeel.\"credit sample 1\"",
                columns: 9)
            guard case .numeric(let age) = batch.features[0], case .categorical(let city) = batch.features[2] else { return }
            for row in rows {
                let i = try #require(batch.ids.firstIndex(of: row[0] ?? ""))
                let isWhole = whole.contains(batch.ids[i])
                func number(_ value: Double) -> String? { value.isNaN ? nil : PostgresText.double(value) }
                #expect(row[1].flatMap(Double.init) == (isWhole && !age[i].isNaN ? age[i] : nil))
                #expect(row[2] == (isWhole ? city[i] : nil))
                #expect(row[3] == batch.groups[0][i])
                #expect(row[4].flatMap(Double.init) == number(batch.scores[i]).flatMap(Double.init))
                #expect(row[5].flatMap(Double.init) == number(batch.predictions[i]).flatMap(Double.init))
                #expect(row[6] == (isWhole ? batch.errors[i] : batch.errors[i].map { _ in "" }))
                #expect(row[7] == (isWhole ? batch.variants[i] : nil))
                if !isWhole { #expect(row[8] == nil) }
            }
        }
    }

    @Test("values of features that no row keeps are in no table")
    func noValues() async throws {
        try await withBench { bench in
            let version = try await register(.none, on: bench)
            var random = Seeded(4)
            try await bench.collector().store(Loans.batch(100, &random), of: version, key: nil)
            #expect(try await bench.int("select count(*) from evenkeel.level where attribute >= 0") == 0)
            #expect(try await bench.int("select count(*) from evenkeel.level where attribute < 0") == 4)
            #expect(try await bench.int("select count(*) from evenkeel.prediction where features is null") == 100)
        }
    }

    @Test("a group beyond the dictionary is kept with a narrow row, for its label")
    func beyond() async throws {
        try await withBench { bench in
            let version = try await register(.none, on: bench)
            try await bench.run(
                """
                insert into evenkeel.level select \(version.streamID), -1, i, 'v' || i from generate_series(0, \(LevelDictionary.levelsMax - 1)) i
                """)
            var random = Seeded(4)
            var batch = Loans.batch(1, &random)
            batch.groups[0] = LevelColumn(["of its own"])
            batch.features[2] = .categorical(LevelColumn(["unseen"]))
            try await bench.collector().store(batch, of: version, key: nil)
            #expect(try await bench.text("select extra from evenkeel.prediction") == #"{"levels": {"-1": "of its own"}}"#)
            try await bench.collector().store(Loans.labels(batch.ids, 1, at: Bench.now), of: version, key: nil)
            expectSame(
                try await bench.profile(of: version), Loans.profile([batch], labels: [Loans.labelled(batch, 0, 1)]), "with its label")
        }
    }
}
