import Kernels
import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

/// Labelled rows, and the profile of them: what a monitor of performance or fairness is given.
private struct Labelled {
    var scores: [Double] = []
    var labels: [Bool] = []
    var decisions: [Bool] = []
    var groups: [[String?]] = []
    var grid: ProfileGrid
    var profile: Profile

    /// - Parameter steps: scores are multiples of 1/steps; 0 for any in 0…1.
    init(_ random: inout Seeded, count: Int, steps: Int) {
        let schema = FeatureSchema(features: [], sensitive: ["sex", "region"])
        func score() -> Double { steps == 0 ? random.uniform() : Double(Int.random(in: 0...steps, using: &random)) / Double(steps) }
        var batch = PredictionBatch(schema: schema)
        for row in 0..<count {
            let s = score()
            batch.ids.append("\(row)")
            batch.timestamps.append(Timestamp(seconds: Int64(row)))
            batch.scores.append(s)
            batch.predictions.append(random.uniform() < 0.5 ? .nan : random.uniform() < s ? 1 : 0)
            batch.errors.append(nil)
            batch.variants.append(nil)
            batch.groups[0].append(random.uniform() < 0.1 ? nil : random.uniform() < 0.5 ? "f" : "m")
            batch.groups[1].append(random.uniform() < 0.5 ? "north" : "unknown \(row % 3)")
            scores.append(s)
            labels.append(random.uniform() < s)
            decisions.append(batch.predictions[row].isNaN ? s >= 0.5 : batch.predictions[row] == 1)
            groups.append(batch.groups.map { $0[row] })
        }
        var reference = batch
        if steps > 0 {  // all the scores there can be
            reference = batch.rows(at: Array(0..<min(count, steps + 1)))
            reference.scores = reference.scores.indices.map { Double($0) / Double(steps) }
        }
        grid = ProfileGrid(reference: reference, schema: schema) { Statistics.quantileEdges(ofSorted: $0, bins: $1) }
        profile = Profile(grid: grid)
        profile.fold(batch, grid: grid)
        for row in 0..<count {
            let label = LabelledPrediction(
                label: labels[row] ? 1 : 0, score: scores[row], prediction: batch.predictions[row], group: groups[row])
            profile.foldLabel(label, grid: grid)
        }
    }

    func cells(_ label: Stratum.Label) -> [Int64] { profile.outcomes.cells(grid.score) { $0.label == label } }
    func sum(_ term: (Stratum, ScoreCells) -> Int128) -> Double {
        ScoreCells.double(profile.outcomes.strata.reduce(Int128(0)) { $0 + ($1.key.label == .any ? 0 : term($1.key, $1.value)) })
    }
}

@Suite("Performance and fairness from a profile are those of the raw rows")
struct OutcomesTests {
    @Test("the Brier score is the raw one", arguments: Workshop.seeds, [0, 20])
    func brier(seed: UInt64, steps: Int) throws {
        var random = Seeded(seed)
        let rows = Labelled(&random, count: 1000, steps: steps)
        let squares = rows.sum { $1.sumOfSquares }
        let ofPositives = rows.sum { $0.label == .positive ? $1.cells.map(\.1).reduce(0) { $0 + $1.sum } : 0 }
        let positives = Double(rows.profile.outcomes.rows { $0.label == .positive })
        let brier = (squares - 2 * ofPositives + positives) / Double(rows.profile.labelled)
        #expect(isNear(brier, try brierScore(scores: rows.scores, labels: rows.labels), relative: 1e-12), "seed \(seed)")
    }

    @Test("the log loss is the raw one", arguments: Workshop.seeds, [0, 20])
    func logLossFromSums(seed: UInt64, steps: Int) throws {
        var random = Seeded(seed)
        let rows = Labelled(&random, count: 1000, steps: steps)
        let loss = rows.sum { $1.logLoss } / Double(rows.profile.labelled)
        #expect(isNear(loss, try logLoss(scores: rows.scores, labels: rows.labels), relative: 1e-12), "seed \(seed)")
    }

    @Test("with a complete grid the AUC is the raw one", arguments: Workshop.seeds)
    func aucComplete(seed: UInt64) throws {
        var random = Seeded(seed)
        let rows = Labelled(&random, count: 1000, steps: 20)
        #expect(rows.grid.score.isComplete)
        let raw = try RocAUC(scores: rows.scores, labels: rows.labels)
        let auc = try RocAUC(positives: rows.cells(.positive), negatives: rows.cells(.negative), isTied: { $0 % 2 == 1 })
        #expect(auc.value == raw.value && auc.lowerBound == raw.value && auc.upperBound == raw.value, "seed \(seed)")
        #expect(auc.positives == raw.positives && auc.negatives == raw.negatives, "seed \(seed)")
        #expect(isNear(try #require(auc.variance), try #require(raw.variance)), "seed \(seed)")
    }

    @Test("without one the raw AUC lies within the bounds", arguments: Workshop.seeds)
    func aucBounded(seed: UInt64) throws {
        var random = Seeded(seed)
        let rows = Labelled(&random, count: 4000, steps: 0)
        #expect(!rows.grid.score.isComplete)
        let raw = try RocAUC(scores: rows.scores, labels: rows.labels)
        let auc = try RocAUC(positives: rows.cells(.positive), negatives: rows.cells(.negative), isTied: { $0 % 2 == 1 })
        #expect(auc.lowerBound <= raw.value && raw.value <= auc.upperBound, "seed \(seed)")
        #expect(auc.upperBound - auc.lowerBound < 0.01, "seed \(seed)")
    }

    @Test("the bins of the reliability curve hold the raw rows", arguments: Workshop.seeds, [0, 20])
    func reliability(seed: UInt64, steps: Int) {
        var random = Seeded(seed)
        let rows = Labelled(&random, count: 1000, steps: steps)
        for (label, isPositive) in [(Stratum.Label.positive, true), (.negative, false)] {
            var byHand = [Int64](repeating: 0, count: ProfileGrid.calibrationBins)
            for (score, isTrue) in zip(rows.scores, rows.labels) where isTrue == isPositive {
                byHand[ProfileGrid.calibrationEdges.count { $0 < score }] += 1
            }
            #expect(rows.grid.score.regroup(rows.cells(label), edges: ProfileGrid.calibrationEdges) == byHand, "seed \(seed)")
        }
    }

    @Test("confusion counts of every group and of their margins are the raw ones", arguments: Workshop.seeds)
    func confusion(seed: UInt64) {
        var random = Seeded(seed)
        let rows = Labelled(&random, count: 800, steps: 0)
        let outcomes = rows.profile.outcomes
        for group in Set(rows.groups) {
            for decision in [true, false] {
                let inGroup = rows.groups.indices.filter { rows.groups[$0] == group && rows.decisions[$0] == decision }
                #expect(
                    outcomes.rows { $0 == Stratum(label: .any, decision: decision, group: group) } == Int64(inGroup.count), "seed \(seed)")
                #expect(
                    outcomes.rows { $0 == Stratum(label: .positive, decision: decision, group: group) }
                        == Int64(inGroup.count { rows.labels[$0] }), "seed \(seed)")
            }
        }
        let women = rows.groups.indices.filter { rows.groups[$0][0] == "f" }
        #expect(outcomes.rows { $0.label == .any && $0.group[0] == "f" } == Int64(women.count), "seed \(seed)")
        #expect(outcomes.rows { $0.label == .any } == 800 && outcomes.rows { $0.label != .any } == 800, "seed \(seed)")
    }

    @Test("scores that are no probabilities and rows without a score are counted apart")
    func oddScores() {
        let grid = ProfileGrid(
            features: [], score: NumericGrid(cuts: [0, 0.5, 1], binEdges: [], isComplete: false, center: 0), attributes: [], threshold: 0.5,
            outcome: .binary)
        var profile = Profile(grid: grid)
        for score in [-0.5, 1.5, .infinity, .nan, 0, 1, 0.5] {
            profile.foldLabel(LabelledPrediction(label: 1, score: score, prediction: .nan, group: []), grid: grid)
        }
        let decisions: [Bool?: Int64] = [true: 4, false: 2, nil: 1]
        for (decision, count) in decisions {
            #expect(profile.outcomes.rows { $0 == Stratum(label: .positive, decision: decision, group: []) } == count)
        }
        #expect(profile.outcomes.strata.values.reduce(0) { $0 + $1.outsideUnit } == 3)
        #expect(profile.outcomes.strata.values.reduce(0) { $0 + $1.unscored } == 1)
        #expect(profile.outcomes.cells(grid.score) { _ in true } == [1, 1, 0, 1, 0, 1, 2])
    }

    @Test("a record's own prediction goes before the threshold")
    func ownPrediction() {
        let grid = ProfileGrid(
            features: [], score: NumericGrid(cuts: [0.5], binEdges: [], isComplete: false, center: 0), attributes: [], threshold: 0.5,
            outcome: .binary)
        var profile = Profile(grid: grid)
        profile.foldLabel(LabelledPrediction(label: 0, score: 0.1, prediction: 1, group: []), grid: grid)
        profile.foldLabel(LabelledPrediction(label: 0, score: 0.9, prediction: 0, group: []), grid: grid)
        profile.foldLabel(LabelledPrediction(label: 0, score: .nan, prediction: 1, group: []), grid: grid)
        #expect(profile.outcomes.rows { $0 == Stratum(label: .negative, decision: true, group: []) } == 2)
        #expect(profile.outcomes.rows { $0 == Stratum(label: .negative, decision: false, group: []) } == 1)
    }

    @Test("known groups keep their names however many unknown ones come", arguments: Workshop.seeds)
    func knownGroups(seed: UInt64) {
        var random = Seeded(seed)
        let workshop = Workshop()
        var batch = workshop.batch(2000, &random, isWild: true)
        batch.errors = batch.errors.map { _ in nil }
        let outcomes = workshop.profile(batch).outcomes
        let groups = (0..<batch.count).map { row in batch.groups.map { $0[row] } }
        let overflow: [String?] = [Stratum.overflowLevel, Stratum.overflowLevel]
        let kept = Set(outcomes.strata.keys.map(\.group))
        let known = Set(groups).filter {
            zip($0, workshop.grid.attributes).allSatisfy { level, known in level.map(known.contains) ?? true }
        }
        #expect(kept.isSuperset(of: known) && kept.contains(overflow), "seed \(seed)")
        #expect(kept.count == known.count + Outcomes.unknownGroupsMax + 1, "seed \(seed)")
        for group in kept where group != overflow {
            #expect(outcomes.rows { $0.group == group } == Int64(groups.count { $0 == group }), "seed \(seed)")
        }
        #expect(outcomes.rows { _ in true } == 2000, "seed \(seed)")
    }
}

@Suite("A measure is counted in buckets of an eighth of a doubling")
struct MeasureCellsTests {
    @Test("a value lies in its bucket, and buckets ascend with their values", arguments: Workshop.seeds)
    func buckets(seed: UInt64) {
        var random = Seeded(seed)
        var values = [0, 1, 1.125, -1, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
        for _ in 0..<500 {
            let x = Double(bitPattern: random.next())
            values += [random.gaussian(), x.isFinite ? x : 2]
        }
        for x in values {
            let bucket = MeasureCells.bucket(of: x)
            let start = MeasureCells.start(of: bucket)
            #expect(abs(start) <= abs(x), "seed \(seed), \(x)")
            if abs(x) >= .leastNormalMagnitude { #expect(abs(x) < abs(start) * 1.125000001, "seed \(seed), \(x)") }
            #expect(MeasureCells.bucket(of: -x) == -bucket, "seed \(seed), \(x)")
        }
        let ascending = values.sorted().map(MeasureCells.bucket(of:))
        #expect(ascending == ascending.sorted(), "seed \(seed)")
        #expect(MeasureCells.bucket(of: -0.0) == 0 && MeasureCells.start(of: 0) == 0)
    }

    @Test("counts and the sum are those of the finite values", arguments: Workshop.seeds)
    func sums(seed: UInt64) throws {
        var random = Seeded(seed)
        let workshop = Workshop()
        var batch = workshop.batch(300, &random)
        let values = (0..<300).map { i -> Double in i % 10 == 0 ? .nan : i % 25 == 1 ? .infinity : random.gaussian().rounded() * 0.25 }
        batch.measures["tokens"] = values
        let cells = try #require(workshop.profile(batch).measures["tokens"])
        let finite = values.filter(\.isFinite)
        #expect(cells.missing == Int64(values.count - finite.count) && cells.present == Int64(finite.count), "seed \(seed)")
        #expect(cells.sum.value == finite.reduce(0, +), "seed \(seed)")
    }
}
