import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

/// A model of five classes, and batches of it with their labels.
private struct Animals {
    let schema: FeatureSchema
    let grid: ProfileGrid
    static let classes = ["a", "b", "c", "d", "e"]

    init() {
        var schema = FeatureSchema(features: [], sensitive: ["sex", "region"], task: .multiclass)
        schema.classes = Self.classes
        var random = Seeded(7)
        grid = ProfileGrid(reference: Self.batch(schema, 300, &random), schema: schema) {
            Statistics.quantileEdges(ofSorted: $0, bins: $1)
        }
        self.schema = schema
    }

    private static func batch(_ schema: FeatureSchema, _ count: Int, _ random: inout Seeded, groups: Int = 2) -> PredictionBatch {
        var batch = PredictionBatch(schema: schema)
        for row in 0..<count {
            batch.ids.append("r\(row)-\(random.next())")
            batch.timestamps.append(Timestamp(seconds: Int64(row)))
            batch.scores.append(row % 10 == 9 ? .nan : random.uniform())
            batch.predictions.append(row % 7 == 0 ? .nan : Double(Int.random(in: 0..<5, using: &random)))
            batch.groups[0].append(row % 11 == 0 ? nil : "s\(Int.random(in: 0..<groups, using: &random))")
            batch.groups[1].append(["north", "south"][row % 2])
            batch.errors.append(row % 13 == 0 ? "late" : nil)
            batch.variants.append(nil)
        }
        return batch
    }

    func rows(_ count: Int, _ random: inout Seeded, groups: Int = 2) -> (batch: PredictionBatch, labels: [LabelledPrediction]) {
        let batch = Self.batch(schema, count, &random, groups: groups)
        let labels = (0..<count).filter { $0 % 3 != 0 && batch.errors[$0] == nil }.map { row in
            LabelledPrediction(
                label: Double(Int.random(in: 0..<5, using: &random)), score: batch.scores[row], prediction: batch.predictions[row],
                group: batch.groups.map { $0[row] })
        }
        return (batch, labels)
    }

    func profile(_ parts: (batch: PredictionBatch, labels: [LabelledPrediction])...) -> Profile {
        var profile = Profile(grid: grid)
        for part in parts {
            profile.fold(part.batch, grid: grid)
            for label in part.labels { profile.foldLabel(label, grid: grid) }
        }
        return profile
    }
}

@Suite("The classes of a model are counted in a table that adds")
struct ClassCountsTests {
    private let animals = Animals()

    @Test("profile(A) + profile(B) = profile(A ∪ B), in any order, also with more groups than are named", arguments: [2, 400])
    func merge(groups: Int) {
        var random = Seeded(1)
        let (a, b) = (animals.rows(900, &random, groups: groups), animals.rows(500, &random, groups: groups))
        let whole = animals.profile(b, a)
        var sum = animals.profile(a)
        sum.merge(animals.profile(b), grid: animals.grid)
        #expect(sum == whole && sum.encoded() == whole.encoded())
        #expect(whole.classes.groups.count <= Outcomes.unknownGroupsMax + 10)
    }

    @Test("the counts are those of the rows; a prediction is right when it is the label")
    func values() {
        var random = Seeded(2)
        let rows = animals.rows(1000, &random)
        let profile = animals.profile(rows)
        let served = rows.batch.predictions.indices.filter { rows.batch.errors[$0] == nil && !rows.batch.predictions[$0].isNaN }
        let predicted = profile.classes.total.predicted(classes: 5)
        for place in 0..<5 { #expect(predicted.counts[place] == Int64(served.count { rows.batch.predictions[$0] == Double(place) })) }
        let confusion = profile.classes.total.confusion(classes: 5)
        let judged = rows.labels.filter { !$0.prediction.isNaN }
        #expect(confusion[3][1] == Int64(judged.count { $0.label == 3 && $0.prediction == 1 }))
        let right = judged.count { $0.label == $0.prediction }
        #expect(profile.outcomes.rows { $0.label == .positive } == Int64(right))
        #expect(profile.outcomes.rows { $0.label == .negative } == Int64(judged.count - right))
        #expect(profile.outcomes.strata.keys.allSatisfy { $0.decision == nil })
    }

    @Test("what is written is read back, and a label that is taken back leaves nothing")
    func coding() throws {
        var random = Seeded(3)
        let rows = animals.rows(600, &random, groups: 300)
        var negative = Profile(grid: animals.grid)
        for label in rows.labels { negative.foldLabel(label, grid: animals.grid, times: -1) }
        for profile in [animals.profile(rows), negative] {
            let back = try Profile(encoded: profile.encoded(), grid: animals.grid)
            #expect(back == profile && back.encoded() == profile.encoded())
        }
        #expect(try ProfileGrid(encoded: animals.grid.encoded()) == animals.grid)
        var few = Animals().rows(50, &random)
        few.batch = few.batch.rows(at: [])
        var profile = animals.profile(few)
        for label in few.labels { profile.foldLabel(label, grid: animals.grid, times: -1) }
        #expect(profile == Profile(grid: animals.grid))
    }
}
