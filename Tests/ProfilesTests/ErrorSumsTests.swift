import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

/// A regression with two sensitive attributes, and labelled rows of it.
private struct Prices {
    let schema = FeatureSchema(features: [], sensitive: ["sex", "region"], task: .regression)
    let grid: ProfileGrid

    init() {
        var random = Seeded(7)
        let schema = schema
        grid = ProfileGrid(reference: Self.batch(schema, 300, &random), schema: schema) {
            Statistics.quantileEdges(ofSorted: $0, bins: $1)
        }
    }

    /// Predictions of 10,000 ± 300, some of them as a score, some missing, some beyond any use.
    private static func batch(_ schema: FeatureSchema, _ count: Int, _ random: inout Seeded, groups: Int = 2) -> PredictionBatch {
        var batch = PredictionBatch(schema: schema)
        for row in 0..<count {
            batch.ids.append("r\(row)-\(random.next())")
            batch.timestamps.append(Timestamp(seconds: Int64(row)))
            let value = row % 50 == 49 ? .infinity : row % 51 == 50 ? 1e200 : 10_000 + 300 * random.gaussian()
            batch.scores.append(row % 3 == 0 ? value : .nan)
            batch.predictions.append(row % 3 != 0 && row % 7 != 0 ? value : .nan)
            batch.groups[0].append(row % 11 == 0 ? nil : "s\(Int.random(in: 0..<groups, using: &random))")
            batch.groups[1].append(["north", "south"][row % 2])
            batch.errors.append(nil)
            batch.variants.append(nil)
        }
        return batch
    }

    func labels(_ count: Int, _ random: inout Seeded, groups: Int = 2) -> [LabelledPrediction] {
        let batch = Self.batch(schema, count, &random, groups: groups)
        return (0..<count).map { row in
            LabelledPrediction(
                label: 10_000 + 400 * random.gaussian(), score: batch.scores[row], prediction: batch.predictions[row],
                group: batch.groups.map { $0[row] })
        }
    }

    func profile(_ labels: [LabelledPrediction]...) -> Profile {
        var profile = Profile(grid: grid)
        for label in labels.joined() { profile.foldLabel(label, grid: grid) }
        return profile
    }
}

@Suite("The errors of a regression are sums that add")
struct ErrorSumsTests {
    private let prices = Prices()

    @Test("profile(A) + profile(B) = profile(A ∪ B), in any order, also with more groups than are named", arguments: [2, 400])
    func merge(groups: Int) {
        var random = Seeded(1)
        let (a, b, c) = (
            prices.labels(300, &random, groups: groups), prices.labels(500, &random, groups: groups),
            prices.labels(200, &random, groups: groups)
        )
        let whole = prices.profile(c, a, b)
        var left = prices.profile(a)
        left.merge(prices.profile(b), grid: prices.grid)
        left.merge(prices.profile(c), grid: prices.grid)
        var right = prices.profile(b)
        right.merge(prices.profile(c), grid: prices.grid)
        var sum = prices.profile(a)
        sum.merge(right, grid: prices.grid)
        #expect(left == whole && sum == whole)
        #expect(left.encoded() == whole.encoded() && sum.encoded() == whole.encoded())
        #expect(whole.residuals.groups.count <= Outcomes.unknownGroupsMax + 10)
        #expect((whole.residuals.total.rows + whole.residuals.total.leftOut, whole.labelled) == (1000, 1000))
    }

    @Test("a label that is taken back leaves nothing, and one that is corrected only the second")
    func takenBack() {
        var random = Seeded(2)
        let labels = prices.labels(200, &random)
        var profile = prices.profile(labels)
        for label in labels { profile.foldLabel(label, grid: prices.grid, times: -1) }
        #expect(profile == Profile(grid: prices.grid) && profile.isEmpty)
        var other = labels[1]
        other.label += 1e-7
        var corrected = prices.profile([labels[1]])
        corrected.foldLabel(labels[1], grid: prices.grid, times: -1)
        corrected.foldLabel(other, grid: prices.grid)
        #expect(corrected == prices.profile([other]) && corrected != prices.profile([labels[1]]))
    }

    @Test("what is written is read back, also of more taken back than was there")
    func coding() throws {
        var random = Seeded(3)
        let labels = prices.labels(400, &random, groups: 300)
        var negative = Profile(grid: prices.grid)
        for label in labels { negative.foldLabel(label, grid: prices.grid, times: -1) }
        for profile in [prices.profile(labels), negative] {
            let back = try Profile(encoded: profile.encoded(), grid: prices.grid)
            #expect(back == profile && back.encoded() == profile.encoded())
        }
        #expect(try ProfileGrid(encoded: prices.grid.encoded()) == prices.grid)
    }

    @Test("the sums are those of the rows; rows without a usable value are counted apart")
    func values() throws {
        var random = Seeded(4)
        let labels = prices.labels(1000, &random)
        let total = prices.profile(labels).residuals.total
        let pairs = labels.map { (label: $0.label, value: $0.prediction.isNaN ? $0.score : $0.prediction) }
            .filter { $0.value.isFinite && $0.value < 1e150 }
        #expect(total.rows == Int64(pairs.count) && total.leftOut == Int64(1000 - pairs.count) && total.leftOut > 100)
        let errors = pairs.map { $0.value - $0.label }
        #expect(abs(total.errorTotal - errors.reduce(0, +)) < 1e-6)
        #expect(abs(total.absoluteErrorTotal - errors.reduce(0) { $0 + abs($1) }) < 1e-6)
        #expect(abs(total.squaredErrorTotal / errors.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
    }
}
