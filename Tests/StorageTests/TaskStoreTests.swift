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

    private static func animals(_ classes: [String] = ["cat", "dog's", "7"]) -> FeatureSchema {
        var schema = FeatureSchema(features: [], sensitive: ["group"], task: .multiclass)
        schema.classes = classes
        return schema
    }

    @Test("the table of classes is that of its rows")
    func classes() async throws {
        try await check(Self.animals()) { Double(Int.random(in: 0..<3, using: &$0)) }
    }

    @Test("scores by class are stored with the row and shown by name in the view, to the last digit; narrow rows have none")
    func scores() async throws {
        try await withBench { bench in
            var random = Seeded(2)
            var schema = Self.animals()
            for (model, raw) in [("animal", RawRows.all), ("narrow", .none)] {
                schema.raw = raw
                let key = ModelVersion(model: model, version: "1")
                var batch = batch(schema, 3, &random) { _ in 1 }
                batch.predictions = [1, 2, .nan]
                batch.classScores = [[0.1, 1.0 / 3, 0], [.leastNonzeroMagnitude, 0.25, 0.75], []]
                let reference = Loans.reference(of: batch, schema: schema)
                let version = try await bench.registry.register(
                    key, schema: schema, reference: reference, rows: 3, actor: "test", at: Bench.now)
                try await bench.collector().store(batch, of: version, key: nil)
                let shown = try await bench.rows(
                    "select prediction, scores ->> 'cat', scores ->> 'dog''s', scores ->> '7' from evenkeel.\"\(model) 1\" order by ts",
                    columns: 4)
                #expect(shown.map { $0[0] } == ["dog's", "7", nil])
                let numbers = shown.map { $0.dropFirst().map { $0.flatMap(Double.init) } }
                #expect(
                    numbers
                        == (raw == .all
                            ? [[0.1, 1.0 / 3, 0], [.leastNonzeroMagnitude, 0.25, 0.75], [nil, nil, nil]]
                            : [[nil, nil, nil], [nil, nil, nil], [nil, nil, nil]]))
            }
        }
    }

    @Test("versions of a model have the same classes, since a label is the model's")
    func sameClasses() async throws {
        try await withBench { bench in
            func register(_ version: String, _ schema: FeatureSchema) async throws {
                let reference = Loans.reference(of: PredictionBatch(schema: schema), schema: schema)
                _ = try await bench.registry.register(
                    ModelVersion(model: "animal", version: version), schema: schema, reference: reference, rows: 0, actor: "test",
                    at: Bench.now)
            }
            try await register("1", Self.animals())
            try await register("2", Self.animals())
            let error = await #expect(throws: StoreError.self) { try await register("3", Self.animals(["cat", "bird"])) }
            #expect(error?.code == .conflict && error?.description.contains("multiclass with classes cat, bird") == true)
        }
    }

    @Test("a response with scores by class waits for its request and is joined")
    func halves() async throws {
        try await withBench { bench in
            var random = Seeded(3)
            let schema = Self.animals()
            var batch = batch(schema, 1, &random) { _ in 1 }
            let version = try await bench.registry.register(
                Loans.key, schema: schema, reference: Loans.reference(of: batch, schema: schema), rows: 1, actor: "test", at: Bench.now)
            batch.ids = ["e"]
            batch.errors = [nil]
            (batch.scores, batch.predictions) = ([.nan], [.nan])
            func half(_ half: HalfWrite.Half) -> HalfWrite {
                HalfWrite(model: Loans.key.model, eventID: "e", time: Loans.start, isTimed: true, half: half)
            }
            let response = ResponseHalf(scores: [0.5], predictions: [2], classScores: [[0.25, 0.25, 0.5]])
            let store = bench.collector().halves(limits: HalfLimits())
            _ = try await store.store(halves: [half(.response(response))])
            _ = try await store.store(halves: [half(.request(version, batch))])
            #expect(try await bench.text("select scores ->> '7' from evenkeel.\"credit 1\" where prediction = '7'") == "0.5")
        }
    }

    @Test("vectors are stored to the bit between other features, shown as arrays, and folded again from the rows")
    func vectors() async throws {
        try await withBench { bench in
            var random = Seeded(4)
            let schema = FeatureSchema(features: [
                Feature(name: "age", kind: .numeric), Feature(name: "embedding", kind: .vector, dimension: 40),
                Feature(name: "city", kind: .categorical),
            ])
            var batch = Loans.batch(500, &random)
            batch.groups = []
            var column = VectorColumn(dimension: 40)
            for row in 0..<500 { column.append(row % 9 == 8 ? nil : (0..<40).map { _ in random.gaussian() }) }
            column = VectorColumn(
                dimension: 40, values: Array(Loans.hardNumbers.filter(\.isFinite).prefix(10)) + column.values.dropFirst(10))
            batch.features = [batch.features[0], .vector(column), batch.features[2]]
            let version = try await bench.registry.register(
                Loans.key, schema: schema, reference: Loans.reference(of: batch, schema: schema), rows: 500, actor: "test", at: Bench.now)
            try await bench.collector().store(batch, of: version, key: nil)
            #expect(try await bench.profiles.check(version) == .equal(rows: 500, labelled: 0))
            let numbers = try await bench.rows(
                "select age, city, embedding is null, array_length(embedding, 1), embedding[1], embedding[7], embedding[40] "
                    + "from evenkeel.\"credit 1\" where record_id in ('r0', 'r8') order by record_id", columns: 7)
            #expect(numbers[0][4...6].map { $0.flatMap(Double.init)?.bitPattern } == [0, 6, 39].map { column.values[$0].bitPattern })
            #expect(numbers[0][3] == "40" && numbers[1][2] == "t")
            guard case .categorical(let city) = batch.features[2] else { return }
            #expect(numbers.map { $0[1] } == [city[0], city[8]])
            _ = try await bench.collector().erase(model: version.key.model, ids: ["r1"], actor: "a", at: Bench.now)
            #expect(try await bench.column("select embedding from evenkeel.\"credit 1\" where record_id = 'r1'") == [])
        }
    }
}
