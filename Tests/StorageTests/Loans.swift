import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// A loan model with every kind of column, its reference, and random batches for it.
enum Loans {
    static let seeds: [UInt64] = [1, 2, 3]
    static let key = ModelVersion(model: "credit", version: "1")
    static let schema = FeatureSchema(
        features: [
            Feature(name: "age", kind: .numeric), Feature(name: "income", kind: .numeric), Feature(name: "city", kind: .categorical),
        ],
        sensitive: ["sex", "region"])
    /// The time of the first record.
    static let start = Timestamp(rfc3339: "2026-03-02T06:00:00Z")!

    static let reference: ReferenceProfile = {
        var random = Seeded(2026)
        return reference(of: batch(300, &random), schema: schema)
    }()
    static var grid: ProfileGrid { reference.grid }

    static func reference(of batch: PredictionBatch, schema: FeatureSchema) -> ReferenceProfile {
        let grid = ProfileGrid(reference: batch, schema: schema) { quantileEdges(ofSorted: $0, bins: $1) }
        var profile = Profile(grid: grid)
        profile.fold(batch, grid: grid)
        return ReferenceProfile(grid: grid, profile: profile)
    }

    /// - Parameters:
    ///   - prefix: starts every id, so that batches do not overlap.
    ///   - seconds: the stretch of event time from ``start`` on.
    ///   - isWild: with levels and groups that the reference does not have, infinities, failures and measures.
    static func batch(
        _ count: Int, _ random: inout Seeded, prefix: String = "r", from start: Timestamp = start, seconds: Int64 = 10_800,
        isWild: Bool = false
    ) -> PredictionBatch {
        var batch = PredictionBatch(schema: schema)
        func chance(_ p: Double) -> Bool { random.uniform() < p }
        func pick(_ values: [String]) -> String { values[Int.random(in: values.indices, using: &random)] }
        var age: [Double] = []
        var income: [Double] = []
        var city = LevelColumn()
        var sex = LevelColumn()
        var region = LevelColumn()
        var latency: [Double] = []
        for row in 0..<count {
            batch.ids.append("\(prefix)\(row)")
            batch.timestamps.append(Timestamp(microseconds: start.microseconds + Int64.random(in: 0..<seconds * 1_000_000, using: &random)))
            age.append(chance(0.1) ? .nan : Double(Int.random(in: 18...80, using: &random)))
            income.append(isWild && chance(0.1) ? pickNumber(&random) : random.gaussian() * 1e4)
            city.append(
                chance(0.1) ? nil : isWild && chance(0.3) ? "new \(Int.random(in: 0..<500, using: &random))" : pick(["Oslo", "Köln", "日本"]))
            sex.append(chance(0.1) ? nil : isWild && chance(0.3) ? "x\(Int.random(in: 0..<200, using: &random))" : pick(["f", "m"]))
            region.append(isWild && chance(0.2) ? "r\(row % 9)" : pick(["north", "south"]))
            batch.scores.append(chance(0.05) ? .nan : isWild && chance(0.05) ? [1.5, -0.0, .infinity, -2][row % 4] : random.uniform())
            batch.predictions.append(chance(0.5) ? .nan : chance(0.5) ? 1 : 0)
            latency.append(chance(0.2) ? .nan : random.uniform())
            batch.errors.append(isWild && chance(0.1) ? "timed out" : nil)
            batch.variants.append(chance(0.5) ? "B" : nil)
        }
        batch.features = [.numeric(age), .numeric(income), .categorical(city)]
        batch.groups = [sex, region]
        if isWild { batch.measures = [PredictionBatch.latencyMeasure: latency] }
        return batch
    }

    private static func pickNumber(_ random: inout Seeded) -> Double { hardNumbers[Int.random(in: hardNumbers.indices, using: &random)] }
    /// What a careless encoding loses.
    static let hardNumbers: [Double] = [
        .nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude / 3,
        .leastNormalMagnitude,
        .leastNormalMagnitude.nextUp, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .ulpOfOne, 1.0.nextUp, 0.1, -1.0 / 3, 1e300,
        -1e-300,
        0x1p53 + 2, 1e15, 123_456_789.123_456_789,
    ]

    /// The sums of these rows, counted at once.
    static func profile(
        _ batches: [PredictionBatch], labels: [LabelledPrediction] = [], from start: Timestamp? = nil, to end: Timestamp? = nil
    )
        -> Profile
    {
        var profile = Profile(grid: grid)
        for batch in batches {
            let rows = batch.ids.indices.filter { i in
                (start.map { batch.timestamps[i] >= $0 } ?? true) && (end.map { batch.timestamps[i] < $0 } ?? true)
            }
            if !rows.isEmpty { profile.fold(batch, grid: grid, rows: rows) }
        }
        for label in labels { profile.foldLabel(label, grid: grid) }
        return profile
    }

    static func labelled(_ batch: PredictionBatch, _ row: Int, _ label: Double) -> LabelledPrediction {
        LabelledPrediction(label: label, score: batch.scores[row], prediction: batch.predictions[row], group: batch.groups.map { $0[row] })
    }

    /// Label events on these ids.
    static func labels(_ ids: some Sequence<String>, _ label: Double, at time: Timestamp) -> LabelBatch {
        var batch = LabelBatch()
        for id in ids {
            batch.ids.append(id)
            batch.labels.append(label)
            batch.timestamps.append(time)
        }
        return batch
    }
}

extension Bench {
    @discardableResult
    func register(_ key: ModelVersion = Loans.key, at time: Timestamp = Bench.now) async throws -> RegisteredVersion {
        try await registry.register(key, schema: Loans.schema, reference: Loans.reference, rows: 300, actor: "test", at: time)
    }

    /// The sums of all that is stored for a version.
    func profile(of version: RegisteredVersion) async throws -> Profile {
        try await profiles.profile(of: version, from: Timestamp(seconds: 0), to: Timestamp(seconds: 4_000_000_000))
    }
}

extension RecordStore {
    @discardableResult
    func store(_ batch: PredictionBatch, of version: RegisteredVersion, key: String?, body: String = "") async throws -> PredictionReceipt {
        try await store(predictions: [PredictionWrite(version: version, batch: batch, key: key.map { BatchKey($0, fingerprint: body) })])[0]
    }

    @discardableResult
    func store(_ labels: LabelBatch, of version: RegisteredVersion, key: String?, body: String = "") async throws -> LabelReceipt {
        try await store(labels: [LabelWrite(model: version.key.model, batch: labels, key: key.map { BatchKey($0, fingerprint: body) })])[0]
    }
}

/// Profiles are equal as stored bytes.
func expectSame(_ actual: Profile, _ expected: Profile, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation) {
    // Taken out of the macro, which would print both profiles whole.
    let isSame = actual.encoded() == expected.encoded()
    #expect(
        isSame, "\(comment): \(actual.rows) rows and \(actual.labelled) labels, expected \(expected.rows) and \(expected.labelled)",
        sourceLocation: sourceLocation)
}
