import Profiles
import Statistics
import TestSupport
import Vocabulary

/// A small model with every kind of column, its grid, and random batches for it.
struct Workshop {
    let schema: FeatureSchema
    let grid: ProfileGrid

    static let seeds: [UInt64] = [1, 2, 3, 4, 5]

    init(seed: UInt64 = 2026) {
        schema = FeatureSchema(
            features: [
                Feature(name: "age", kind: .numeric), Feature(name: "income", kind: .numeric), Feature(name: "city", kind: .categorical),
            ],
            sensitive: ["sex", "region"])
        var random = Seeded(seed)
        let reference = Workshop.batch(schema, 400, &random, isWild: false)
        grid = ProfileGrid(reference: reference, schema: schema) { Statistics.quantileEdges(ofSorted: $0, bins: $1) }
    }

    func batch(_ count: Int, _ random: inout Seeded, isWild: Bool = false) -> PredictionBatch {
        Workshop.batch(schema, count, &random, isWild: isWild)
    }

    func profile(_ batches: PredictionBatch...) -> Profile {
        var profile = Profile(grid: grid)
        for batch in batches { profile.fold(batch, grid: grid) }
        return profile
    }

    func merged(_ profiles: Profile...) -> Profile {
        var sum = profiles[0]
        for other in profiles.dropFirst() { sum.merge(other, grid: grid) }
        return sum
    }

    /// Rows with missing and infinite values, ties, levels that the reference does not have, and failures; a wild batch has more
    /// unknown levels and groups than are kept by name.
    private static func batch(_ schema: FeatureSchema, _ count: Int, _ random: inout Seeded, isWild: Bool) -> PredictionBatch {
        var batch = PredictionBatch(schema: schema)
        func chance(_ p: Double) -> Bool { random.uniform() < p }
        func pick(_ values: [String]) -> String { values[Int.random(in: values.indices, using: &random)] }
        var age: [Double] = []
        var income: [Double] = []
        var city = LevelColumn()
        var sex = LevelColumn()
        var region = LevelColumn()
        var latency: [Double] = []
        var cost: [Double] = []
        for row in 0..<count {
            batch.ids.append("r\(row)-\(random.next())")
            batch.timestamps.append(Timestamp(microseconds: Int64.random(in: 0...1_000_000_000, using: &random)))
            age.append(
                chance(0.1) ? .nan : chance(0.02) ? (chance(0.5) ? .infinity : -.infinity) : Double(Int.random(in: 1...40, using: &random)))
            income.append(chance(0.1) ? .nan : chance(0.02) ? 1e200 : random.gaussian() * (chance(0.1) ? 1e9 : 1e3))
            city.append(
                chance(0.1)
                    ? nil : isWild && chance(0.6) ? "new\(Int.random(in: 0..<2000, using: &random))" : pick(["Oslo", "Lima", "Köln", "日本"]))
            sex.append(chance(0.1) ? nil : isWild && chance(0.6) ? "x\(Int.random(in: 0..<300, using: &random))" : pick(["f", "m"]))
            region.append(
                chance(0.05) ? nil : isWild && chance(0.3) ? "r\(Int.random(in: 0..<5, using: &random))" : pick(["north", "south"]))
            let tied = (random.uniform() * 64).rounded() / 64
            batch.scores.append(
                chance(0.05) ? .nan : chance(0.03) ? [1.5, -0.25, .infinity, -.infinity][row % 4] : chance(0.5) ? tied : random.uniform())
            batch.predictions.append(chance(0.5) ? .nan : chance(0.5) ? 1 : 0)
            latency.append(random.uniform() * random.uniform() * 10)
            cost.append(chance(0.2) ? .nan : chance(0.1) ? 0 : random.gaussian())
            batch.errors.append(chance(0.1) ? "timeout" : nil)
            batch.variants.append(chance(0.5) ? "B" : nil)
        }
        batch.features = [.numeric(age), .numeric(income), .categorical(city)]
        batch.groups = [sex, region]
        batch.measures = [PredictionBatch.latencyMeasure: latency, PredictionBatch.costMeasure: cost]
        return batch
    }

    /// The label of every third row or so, as the stored prediction would bring it.
    func labels(of batch: PredictionBatch, _ random: inout Seeded) -> [LabelledPrediction] {
        batch.errors.indices.compactMap { i in
            guard batch.errors[i] == nil, random.uniform() < 0.4 else { return nil }
            return labelled(batch, i, random.uniform() < 0.5 ? 1 : 0)
        }
    }

    func labelled(_ batch: PredictionBatch, _ row: Int, _ label: Double) -> LabelledPrediction {
        LabelledPrediction(
            label: label, score: batch.scores[row], prediction: batch.predictions[row], group: batch.groups.map { $0[row] })
    }
}

/// One batch after the other, as if they had come together.
func joined(_ batches: PredictionBatch...) -> PredictionBatch {
    var out = batches[0]
    for batch in batches.dropFirst() {
        out.ids.append(batch.ids)
        out.timestamps += batch.timestamps
        for i in out.features.indices {
            switch (out.features[i], batch.features[i]) {
            case (.numeric(let a), .numeric(let b)): out.features[i] = .numeric(a + b)
            case (.categorical(let a), .categorical(let b)): out.features[i] = .categorical(joined(a, b))
            default: preconditionFailure("batches of one schema")
            }
        }
        for i in out.groups.indices { out.groups[i] = joined(out.groups[i], batch.groups[i]) }
        out.scores += batch.scores
        out.predictions += batch.predictions
        let names = Set(out.measures.keys).union(batch.measures.keys)
        let before = out.count - batch.count
        for name in names {
            out.measures[name] =
                (out.measures[name] ?? [Double](repeating: .nan, count: before))
                + (batch.measures[name] ?? [Double](repeating: .nan, count: batch.count))
        }
        out.errors += batch.errors
        out.variants += batch.variants
    }
    return out
}

private func joined(_ a: LevelColumn, _ b: LevelColumn) -> LevelColumn {
    LevelColumn((0..<a.count).map { a[$0] } + (0..<b.count).map { b[$0] })
}

extension Profile {
    func numeric(_ feature: Int) -> NumericCells {
        guard case .numeric(let cells) = features[feature] else { preconditionFailure("feature \(feature) is not numeric") }
        return cells
    }
    func categorical(_ feature: Int) -> CategoricalCells {
        guard case .categorical(let cells) = features[feature] else { preconditionFailure("feature \(feature) is not categorical") }
        return cells
    }
}

extension ProfileGrid {
    func numeric(_ feature: Int) -> NumericGrid {
        guard case .numeric(let grid) = features[feature] else { preconditionFailure("feature \(feature) is not numeric") }
        return grid
    }
}

/// A grid of one numeric feature and nothing else.
func numericGrid(_ reference: [Double]) -> ProfileGrid {
    let feature = NumericGrid(reference: reference, quantileEdges: { Statistics.quantileEdges(ofSorted: $0, bins: NumericGrid.binCount) })
    let score = NumericGrid(cuts: [0, 0.5, 1], binEdges: [], isComplete: false, center: 0)
    return ProfileGrid(features: [.numeric(feature)], score: score, attributes: [], threshold: 0.5, outcome: .binary)
}

/// A profile of one numeric feature.
func numericProfile(_ values: [Double], _ grid: ProfileGrid) -> Profile {
    var batch = PredictionBatch(schema: FeatureSchema(features: [Feature(name: "x", kind: .numeric)]))
    batch.ids = TextColumn(values.indices.map(String.init))
    batch.timestamps = values.map { _ in Timestamp(seconds: 0) }
    batch.features = [.numeric(values)]
    batch.scores = values.map { _ in .nan }
    batch.predictions = batch.scores
    batch.errors = values.map { _ in nil }
    batch.variants = batch.errors
    var profile = Profile(grid: grid)
    profile.fold(batch, grid: grid)
    return profile
}
