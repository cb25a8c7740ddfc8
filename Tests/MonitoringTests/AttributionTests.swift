import TestSupport
import Testing
import Vocabulary

@testable import Monitoring

/// Rows of three features; the model is what each test says.
private struct Population {
    var rows: [[Double]]
    var labels: [Double] = []

    init(_ count: Int, _ random: inout Seeded, shift: [Double] = [0, 0, 0], scale: Double = 1) {
        rows = (0..<count).map { _ in shift.map { random.gaussian() * scale + $0 } }
        labels = [Double](repeating: .nan, count: count)
    }

    func side(_ model: ([Double]) -> [Double]) -> Attribution.Side {
        let answers = rows.map(model)
        return .init(answers: (answers.first ?? []).indices.map { place in answers.map { $0[place] } }, labels: labels)
    }
}

@Suite("The model says which features made a finding") struct AttributionTests {
    private let calm = AttributionQuestion.Subject.scores(bins: ScoreBins(edges: [], hasMore: [false]))

    private func attribution(
        _ subject: AttributionQuestion.Subject, _ before: Population, _ after: Population, task: ModelTask = .regression,
        classes: [String] = [], _ model: @escaping ([Double]) -> [Double]
    ) throws -> Attribution {
        try Attribution(
            subject, task: task, classes: classes, features: ["a", "b", "c"], before: before.side(model), after: after.side(model),
            compared: "the window before"
        ) { pairs, isAfter in
            let answers = pairs.indices.map { pair in
                model((0..<3).map { isAfter[$0][pair] ? after.rows[pairs[pair].after][$0] : before.rows[pairs[pair].before][$0] })
            }
            return (answers.first ?? []).indices.map { place in answers.map { $0[place] } }
        }
    }

    /// Goal: shares are Shapley's. Method: of a linear model they are known, coefficient times the change of the mean; of a product of two both have a half.
    @Test("of a linear model the shares are coefficients times changes; of a product of two features that moved alike, halves")
    func linear() throws {
        var random = Seeded(1)
        let (before, after) = (Population(1000, &random), Population(1000, &random, shift: [1, -0.5, 0]))
        let found = try attribution(calm, before, after) { [2 * $0[0] + $0[1]] }
        func mean(_ population: Population, _ place: Int) -> Double { population.rows.reduce(0) { $0 + $1[place] } / 1000 }
        let moves = (0..<3).map { mean(after, $0) - mean(before, $0) }
        let change = 2 * moves[0] + moves[1]
        #expect(found.quantity == "mean score" && found.rows == 1000 && found.rest == nil)
        #expect(isNear(found.after - found.before, change, relative: 1e-9))
        for (name, part) in [("a", 2 * moves[0]), ("b", moves[1]), ("c", 0)] {
            let share = try #require(found.parts.first { $0.feature == name }).share
            #expect(isNear(share, part / change, absolute: 1e-9), "\(name) \(share)")
        }
        #expect(found.parts.map(\.feature) == ["a", "b", "c"] && found.parts.map(\.isSure) == [true, true, false])
        #expect(found.sentence.hasPrefix("by the model, of the change of the mean score from "))
        #expect(found.sentence.contains(": a 1") && found.sentence.contains(", b -") && !found.sentence.contains("c "))
        #expect(found.sentence.hasSuffix("(Shapley values over 1000 rows beside 1000 of the window before)"))
        #expect(found.drivers.map(\.what) == ["a", "b"].map { "share of the change of the mean score: \($0)" })

        let moved = Population(1000, &random, shift: [2, 2, 0])
        let product = try attribution(calm, before, moved) { [$0[0] * $0[1]] }
        #expect(product.parts.prefix(2).allSatisfy { isNear($0.share, 0.5, absolute: 0.05) && $0.isSure })
    }

    @Test("the same rows give the same shares, to the last bit") func repeatable() throws {
        var random = Seeded(2)
        let (before, after) = (Population(400, &random), Population(300, &random, shift: [1, 0, 0]))
        let model: ([Double]) -> [Double] = { [$0[0] * $0[1] + $0[2]] }
        _ = try? attribution(calm, before, after, model)
        let found = try attribution(calm, before, Population(300, &random, shift: [0, 0, 1]), model)
        var again = Seeded(2)
        let (same, _) = (Population(400, &again), Population(300, &again, shift: [1, 0, 0]))
        #expect(try attribution(calm, same, Population(300, &again, shift: [0, 0, 1]), model) == found)
    }

    @Test("scores that spread about the same mean are explained by the bins that have more now") func spread() throws {
        var random = Seeded(3)
        let (before, after) = (Population(1000, &random), Population(1000, &random, scale: 3))
        let subject = AttributionQuestion.Subject.scores(bins: ScoreBins(edges: [-2, 2], hasMore: [true, false, true]))
        let found = try attribution(subject, before, after) { [$0[1]] }
        #expect(found.quantity == "share of scores where there are more now")
        #expect(found.before < 0.1 && found.after > 0.4)
        #expect(found.parts.first?.feature == "b" && isNear(found.parts.first?.share ?? 0, 1, absolute: 1e-9))
    }

    @Test("of several classes it is the one whose score moved most") func classes() throws {
        var random = Seeded(4)
        let (before, after) = (Population(500, &random), Population(500, &random, shift: [0, 0, 0.2]))
        let found = try attribution(calm, before, after, task: .multiclass, classes: ["car", "home", "boat"]) {
            let (car, home) = (min(max(0.3 + 0.5 * $0[2], 0), 0.9), 0.05)
            return [car, home, 1 - car - home]
        }
        #expect(["mean score of car", "mean score of boat"].contains(found.quantity) && found.parts.first?.feature == "c")
    }

    /// Goal: a loss that rose because the rows are harder is the features', one that rose because labels answer otherwise is nobody's.
    @Test("a rise of the loss is parted in what features make of it and what no feature does") func losses() throws {
        var random = Seeded(5)
        /// Errors of a regression that grow with |a|.
        func labelled(_ population: Population, noise: Double, _ random: inout Seeded) -> Population {
            var out = population
            out.labels = population.rows.map { $0[0] + abs($0[0]) * noise * random.gaussian() }
            return out
        }
        let before = labelled(Population(1000, &random), noise: 0.5, &random)
        let harder = labelled(Population(1000, &random, shift: [2, 1, 1]), noise: 0.5, &random)
        let loss = AttributionQuestion.Subject.losses(needsLabels: true)
        let model: ([Double]) -> [Double] = { [$0[0]] }
        let covariate = try attribution(loss, before, harder, model)
        #expect(covariate.quantity == "mean absolute error" && covariate.after > 1.5 * covariate.before)
        let rest = try #require(covariate.rest)
        #expect(covariate.parts.first?.feature == "a" && covariate.parts.dropFirst().allSatisfy { $0.share == 0 && !$0.isSure })
        // The tenths of the answers from before end where the rows from before do.
        #expect(rest < 0.6 && (covariate.parts.first?.share ?? 0) > 0.4, "\(rest)")
        #expect(isNear(covariate.parts.reduce(rest) { $0 + $1.share }, 1, absolute: 1e-9))

        let worse = labelled(Population(1000, &random), noise: 2, &random)
        let concept = try attribution(loss, before, worse, model)
        #expect((concept.rest ?? 0) > 0.9)
        #expect(concept.drivers.last?.what == "share of the change of the mean absolute error: no feature")
        #expect(concept.sentence.contains("no feature"))

        // Without labels of the window only the features' part can be told.
        var unlabelled = harder
        unlabelled.labels = harder.labels.map { _ in .nan }
        let expected = try attribution(.losses(needsLabels: false), before, unlabelled, model)
        #expect(expected.quantity == "expected mean absolute error" && expected.rest == nil && expected.parts.first?.feature == "a")
    }

    @Test("a binary model's loss is the squared error of its scores") func binary() throws {
        var random = Seeded(6)
        func labelled(_ population: Population, flipped: Bool, _ random: inout Seeded) -> Population {
            var out = population
            out.labels = population.rows.map { ($0[0] > 0) != (flipped && random.uniform() < 0.4) ? 1 : 0 }
            return out
        }
        let before = labelled(Population(600, &random), flipped: false, &random)
        let after = labelled(Population(600, &random), flipped: true, &random)
        let found = try attribution(.losses(needsLabels: true), before, after, task: .binary) { [$0[0] > 0 ? 0.9 : 0.1] }
        #expect(found.quantity == "mean squared error of the scores" && isNear(found.before, 0.01, absolute: 1e-9))
        #expect((found.rest ?? 0) > 0.9)
    }

    @Test("what cannot be said has its reason") func reasons() throws {
        var random = Seeded(7)
        let before = Population(1000, &random)
        func fault(_ subject: AttributionQuestion.Subject, _ after: Population, _ model: @escaping ([Double]) -> [Double]) -> String {
            do { return try attribution(subject, before, after, model).sentence } catch { return "\(error)" }
        }
        #expect(
            fault(calm, Population(20, &random)) { [$0[0]] }
                == "20 rows of the window and 1000 of the window before are too few, 50 of each are needed")
        #expect(fault(calm, Population(500, &random)) { _ in [3] } == "over these rows neither the mean score nor its bins surely moved")
        var same = before
        same.labels = before.rows.map { $0[0] }
        let still = try? Attribution(
            .losses(needsLabels: true), task: .regression, classes: [], features: ["a"], before: same.side { [$0[0]] },
            after: same.side { [$0[0]] }, compared: "x"
        ) { _, _ in [] }
        #expect(still == nil)
        let many = (0..<3000).map { "f\($0)" }
        #expect(throws: AttributionFault("3000 features are too many")) {
            try Attribution(
                calm, task: .binary, classes: [], features: many, before: before.side { [$0[0]] }, after: before.side { [$0[0]] },
                compared: "x"
            ) { _, _ in [] }
        }
    }
}
