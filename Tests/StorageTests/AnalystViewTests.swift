import Profiles
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("An analyst's view shows packed rows as columns")
struct AnalystViewTests {
    /// What stands before and after the features and attributes.
    private static let fixed = ["record_id", "ts", "score", "prediction", "error", "variant"]

    private func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
    private func view(_ key: ModelVersion) -> String { "evenkeel." + quoted(AnalystView.viewName(key)) }

    /// Registers a version with these features, whose reference is empty.
    private func register(_ schema: FeatureSchema, as key: ModelVersion = Loans.key, on bench: Bench) async throws -> RegisteredVersion {
        let reference = Loans.reference(of: PredictionBatch(schema: schema), schema: schema)
        return try await bench.registry.register(key, schema: schema, reference: reference, rows: 0, actor: "test", at: Bench.now)
    }
    private func numeric(_ names: [String]) -> FeatureSchema { FeatureSchema(features: names.map { Feature(name: $0, kind: .numeric) }) }

    /// Rows whose every value is the given one, plus the place of its column.
    private func rows(_ schema: FeatureSchema, _ values: [Double]) -> PredictionBatch {
        var batch = PredictionBatch(schema: schema)
        batch.ids = TextColumn(values.indices.map { "r\($0)" })
        batch.timestamps = values.indices.map { Loans.start.adding(seconds: Int64($0)) }
        batch.features = schema.features.enumerated().map { place, _ in .numeric(values.map { $0 + Double(place) }) }
        batch.scores = values
        batch.predictions = values
        batch.errors = values.map { _ in nil }
        batch.variants = batch.errors
        return batch
    }

    @Test("numbers are shown bit for bit: signed zeros, subnormals, infinities and the largest; missing is null")
    func numbers() async throws {
        try await withBench { bench in
            let schema = numeric(["x", "y"])
            let version = try await register(schema, on: bench)
            var batch = rows(schema, Loans.hardNumbers)
            // The second column has other numbers beside the first ones, so that a wrong offset shows.
            batch.features = [.numeric(Loans.hardNumbers), .numeric(Loans.hardNumbers.reversed())]
            try await bench.collector().store(batch, of: version, key: "k")
            let shown = try await bench.rows(
                "select x, y, score, prediction from \(view(Loans.key)) order by ts", columns: 4)
            for (row, x) in Loans.hardNumbers.enumerated() {
                for (column, value) in [x, Loans.hardNumbers.reversed()[row], x, x].enumerated() {
                    let text = shown[row][column]
                    let isSame = value.isNaN ? text == nil : text.flatMap(Double.init)?.bitPattern == value.bitPattern
                    #expect(isSame, "\(value) is shown as \(text ?? "null")")
                }
            }
        }
    }

    @Test("random numbers are shown bit for bit", arguments: Loans.seeds)
    func randomNumbers(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let values = (0..<500).map { _ in Double(bitPattern: random.next()) }.filter { !$0.isNaN }
            let schema = numeric(["x"])
            let version = try await register(schema, on: bench)
            var batch = rows(schema, values)
            batch.features = [.numeric(values)]
            try await bench.collector().store(batch, of: version, key: "k")
            let shown = try await bench.column("select x from \(view(Loans.key)) order by ts").map { Double($0)?.bitPattern }
            let different = zip(shown, values).first { $0 != $1.bitPattern }
            #expect(shown.count == values.count && different == nil, "seed \(seed)")
        }
    }

    @Test("a whole batch is shown as it was sent", arguments: Loans.seeds)
    func batch(seed: UInt64) async throws {
        try await withBench { bench in
            var random = Seeded(seed)
            let version = try await bench.register()
            let batch = Loans.batch(200, &random, isWild: true)
            try await bench.collector().store(batch, of: version, key: "k")
            let shown = try await bench.rows(
                "select * from \(view(Loans.key)) order by substr(record_id, 2)::int", columns: Self.fixed.count + 6)
            #expect(shown.count == batch.count, "seed \(seed)")
            guard case .numeric(let age) = batch.features[0], case .numeric(let income) = batch.features[1],
                case .categorical(let city) = batch.features[2], let latency = batch.measures[PredictionBatch.latencyMeasure]
            else { preconditionFailure("the loans' columns") }
            func bits(_ text: String?) -> UInt64? { text.flatMap(Double.init)?.bitPattern }
            func bits(_ value: Double) -> UInt64? { value.isNaN ? nil : value.bitPattern }
            for (i, row) in shown.enumerated() {
                let numbers = [row[2], row[3], row[6], row[7]].map { bits($0) }
                #expect(numbers == [batch.scores[i], batch.predictions[i], age[i], income[i]].map { bits($0) }, "seed \(seed), row \(i)")
                let texts: [String?] = [batch.ids[i], batch.errors[i], batch.variants[i], city[i], batch.groups[0][i], batch.groups[1][i]]
                #expect([row[0], row[4], row[5], row[8], row[9], row[10]] == texts, "seed \(seed), row \(i)")
                let time = row[1].map { $0.replacing("+00", with: "Z") }.flatMap(Timestamp.init(rfc3339:))
                #expect(time == batch.timestamps[i], "seed \(seed), row \(i)")
                let measured = try row[11].map { try JSON.parse($0) }
                #expect(
                    measured?[PredictionBatch.latencyMeasure]?.doubleValue == (latency[i].isNaN ? nil : latency[i]),
                    "seed \(seed), row \(i)")
            }
        }
    }

    @Test("every version has its own rows in its own view")
    func separate() async throws {
        try await withBench { bench in
            var random = Seeded(1)
            for (model, version) in [("a", "1"), ("a", "2"), ("b", "1")] {
                let key = ModelVersion(model: model, version: version)
                let registered = try await bench.register(key)
                try await bench.collector().store(Loans.batch(2, &random, prefix: "\(key) "), of: registered, key: "k")
            }
            for name in ["a 1", "a 2", "b 1"] {
                #expect(try await bench.column("select record_id from evenkeel.\"\(name)\" order by 1") == ["\(name) 0", "\(name) 1"])
            }
        }
    }

    @Test(
        "feature names may hold quotes, blanks, line breaks and any script",
        arguments: [
            ["he said \"no\"", "\"", "\"\"", "it's"], ["a b", " ", "tab\t", "line\nbreak"],
            ["x; drop schema evenkeel cascade; --", "/*", "$1", "%s", "\\"],
            ["naïve", "日本語", "🙂", "A", "a"], ["select", "ctid", "tableoid", "xmin", "p", "f0", "null"],
        ])
    func nastyNames(names: [String]) async throws {
        try await withBench { bench in
            try await showsColumns(names, as: names, on: bench)
        }
    }

    @Test("a feature named like a column of every view gets a name of its own", arguments: fixed + ["measures"])
    func fixedName(name: String) async throws {
        try await withBench { bench in
            try await showsColumns([name], as: [name + "_"], on: bench)
        }
    }

    @Test("long names are cut and told apart")
    func longNames() async throws {
        try await withBench { bench in
            let long = String(repeating: "ä", count: 50)  // 100 bytes
            try await showsColumns(
                [long + "1", "x", long + "2"], as: [String(long.prefix(25)), "x", String(long.prefix(25)) + "_"], on: bench)
        }
    }

    @Test("any number of names may begin alike")
    func alikeNames() async throws {
        try await withBench { bench in
            // As one-hot columns of a long name do.
            try await showsColumns((0..<40).map { String(repeating: "employment_status_", count: 3) + "is_\($0)" }, on: bench)
        }
    }

    @Test("a feature and a sensitive attribute may share their name")
    func sharedName() async throws {
        try await withBench { bench in
            let schema = FeatureSchema(features: [Feature(name: "sex", kind: .categorical)], sensitive: ["sex"])
            let version = try await register(schema, on: bench)
            var batch = rows(FeatureSchema(features: []), [1])
            batch.features = [.categorical(LevelColumn(["feature"]))]
            batch.groups = [LevelColumn(["attribute"])]
            try await bench.collector().store(batch, of: version, key: "k")
            #expect(try await bench.rows("select sex, sex_ from \(view(Loans.key))", columns: 2) == [["feature", "attribute"]])
        }
    }

    @Test("a model may have as many features as a schema allows")
    func manyFeatures() async throws {
        try await withBench { bench in
            let schema = numeric((0..<FeatureSchema.featuresMax).map { "x\($0)" })
            #expect(schema.problems.isEmpty)
            let version = try await register(schema, on: bench)
            try await bench.collector().store(rows(schema, [0.5]), of: version, key: "k")
            #expect(try await bench.text("select x1000 from \(view(Loans.key))") == "1000.5")
        }
    }

    @Test("two versions whose names read alike have two views")
    func alikeVersions() async throws {
        try await withBench { bench in
            let keys = [ModelVersion(model: "credit new", version: "1"), ModelVersion(model: "credit", version: "new 1")]
            var views: Set<String> = []
            for (i, key) in keys.enumerated() {
                let schema = numeric(["x\(i)"])
                let version = try await register(schema, as: key, on: bench)
                try await bench.collector().store(rows(schema, [Double(i)]), of: version, key: "k")
                views.insert(AnalystView.viewName(key))
            }
            #expect(views.count == 2)
            for (i, key) in keys.enumerated() { #expect(try await bench.text("select score from \(view(key))") == "\(i)") }
        }
    }

    @Test("long names of models are cut and told apart")
    func longVersions() async throws {
        try await withBench { bench in
            let keys = ["1", "2"].map { ModelVersion(model: String(repeating: "日", count: 60), version: $0) }
            for key in keys { try await bench.register(key) }
            #expect(AnalystView.viewName(keys[0]) != AnalystView.viewName(keys[1]))
            for key in keys {
                #expect(AnalystView.viewName(key).utf8.count <= 63)
                #expect(try await bench.int("select count(*) from \(view(key))") == 0)
            }
        }
    }

    /// Stores a row of numbers 0.5, 1.5, … and expects them below these names, or below names that differ.
    private func showsColumns(
        _ names: [String], as expected: [String]? = nil, on bench: Bench, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let schema = numeric(names)
        let version = try await register(schema, on: bench)
        try await bench.collector().store(rows(schema, [0.5]), of: version, key: "k")
        let columns = try await bench.column(
            "select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum", [.text(view(Loans.key))])
        #expect(columns.dropLast().starts(with: Self.fixed), sourceLocation: sourceLocation)
        let shown = Array(columns.dropFirst(Self.fixed.count).dropLast())
        if let expected { #expect(shown == expected, sourceLocation: sourceLocation) }
        #expect(Set(columns).count == columns.count && shown.count == names.count, sourceLocation: sourceLocation)
        let values = try await bench.rows(
            "select \(shown.map(quoted).joined(separator: ", ")) from \(view(Loans.key))", columns: names.count)
        #expect(values == [names.indices.map { "\($0).5" }], sourceLocation: sourceLocation)
    }
}
