import Foundation
import Shadowing
import Statistics
import TestSupport
import Testing

/// Rows of two groups whose truth is a hidden chance, and what two models say of it.
private struct World {
    var labels: [Double] = []
    var champion: [Double] = []
    var candidate: [Double] = []
    var groups: [Int32] = []

    /// - Parameter candidate: its score of a row, from the true chance, the champion's score and the group.
    init(_ rows: Int, seed: UInt64, candidate score: (_ truth: Double, _ champion: Double, _ group: Int32) -> Double) {
        var random = Seeded(seed)
        for row in 0..<rows {
            let truth = 0.05 + 0.9 * random.uniform()
            let group = Int32(row % 4 == 0 ? 1 : 0)
            let was = min(0.99, max(0.01, truth + 0.4 * (random.uniform() - 0.5)))
            labels.append(random.uniform() < truth ? 1 : 0)
            champion.append(was)
            candidate.append(min(0.99, max(0.01, score(truth, was, group))))
            groups.append(group)
        }
    }

    var pairs: PairedPredictions {
        PairedPredictions(
            task: .binary, labels: labels, champion: [champion], candidate: [candidate],
            groups: [.init(attribute: "sex", names: ["F", "M"], codes: groups)])
    }
    func comparison() throws -> PairedComparison { try PairedComparison(pairs) }
}

@Suite("A candidate beside the champion")
struct PairedComparisonTests {
    @Test("differences are those of the metrics, with the p-values of paired tests") func values() throws {
        let pairs = PairedPredictions(
            task: .binary, labels: [1, 0, 1, 0, .nan], champion: [[0.9, 0.4, 0.3, 0.1, 0.5]], candidate: [[0.8, 0.6, 0.7, 0.2, 0.5]])
        let comparison = try PairedComparison(pairs)
        #expect(comparison.count == 5 && comparison.labelled == 4)
        let accuracy = try #require(comparison.differences.first { $0.metric == "accuracy" })
        // The champion is wrong in row 3, the candidate in row 2: one discordant row each.
        #expect(accuracy.champion == 0.75 && accuracy.candidate == 0.75 && accuracy.value == 0 && accuracy.pValue == 1)
        let brier = try #require(comparison.differences.first { $0.metric == "brier" })
        #expect(
            isNear(brier.champion ?? 0, (0.01 + 0.16 + 0.49 + 0.01) / 4) && isNear(brier.candidate ?? 0, (0.04 + 0.36 + 0.09 + 0.04) / 4))
        let area = try #require(comparison.differences.first { $0.metric == "roc_auc" })
        #expect(area.champion == 0.75 && area.candidate == 1)
        #expect(comparison.agreement.decisions == 0.6 && isNear(comparison.agreement.largestDifference, 0.4))
    }

    @Test("a model beside itself is never promoted") func itself() throws {
        let world = World(5000, seed: 1) { _, champion, _ in champion }
        let comparison = try world.comparison()
        #expect(comparison.agreement.decisions == 1 && comparison.differences.allSatisfy { $0.value == 0 && $0.pValue == 1 })
        let decision = RolloutDecision(comparison, RolloutPolicy())
        #expect(decision == RolloutDecision(comparison, RolloutPolicy()) && decision.verdict == .hold)
        #expect(decision.reasons == ["the two score every row alike"])
    }

    @Test("a better candidate is promoted, a worse one rejected, a few rows decide nothing") func verdicts() throws {
        func decision(_ rows: Int, _ score: (Double, Double, Int32) -> Double) throws -> RolloutDecision {
            RolloutDecision(try World(rows, seed: 2, candidate: score).comparison(), RolloutPolicy())
        }
        let better = try decision(20_000) { truth, _, _ in truth }
        #expect(better.verdict == .promote && better.reasons[0].contains("better by the interval that is right at every look"))
        let worse = try decision(20_000) { truth, champion, _ in 1 - champion }
        #expect(worse.verdict == .reject && worse.reasons[0].contains("worse"))
        #expect(try decision(300) { truth, _, _ in truth }.verdict == .hold)
    }

    @Test("one that is better for all and worse for a group is held, and the group is named") func group() throws {
        let world = World(40_000, seed: 3) { truth, champion, group in group == 0 ? truth : champion + (champion > 0.5 ? 0.1 : -0.1) }
        let decision = RolloutDecision(try world.comparison(), RolloutPolicy())
        #expect(decision.verdict == .hold)
        #expect(decision.reasons[0].contains("better") && decision.reasons.contains { $0.hasPrefix("worse for sex = M: log_loss") })
    }

    @Test("one that is better and worse calibrated is held, by rows and by sums") func calibration() throws {
        let world = World(40_000, seed: 7) { truth, _, _ in truth + 0.08 }
        var sums = PairedSums(task: .binary, attributes: ["sex"])
        sums.add(world.pairs, blocks: world.labels.indices.map { PairedSums.block(of: "r\($0)") })
        for comparison in [try world.comparison(), PairedComparison(sums)] {
            let decision = RolloutDecision(comparison, RolloutPolicy())
            #expect(decision.verdict == .hold && decision.reasons[0].contains("better"))
            #expect(decision.broken.contains { $0.hasPrefix("its calibration error grows from 0.0") }, "\(decision)")
            var lenient = RolloutPolicy()
            lenient.calibrationFloor = 0.2
            #expect(RolloutDecision(comparison, lenient).verdict == .promote)
        }
        #expect(try world.comparison().agreement.populationStability ?? 0 > 0.01)
    }

    @Test("a disparity that a candidate levels has changed, however its groups are tied") func levelled() throws {
        let rows = 2000
        let groups = (0..<rows).map { Int32($0 % 2) }
        let champion = (0..<rows).map { $0 % 2 == 0 && $0 % 4 == 0 ? 0.1 : 0.9 }
        let pairs = PairedPredictions(
            task: .binary, labels: [Double](repeating: 1, count: rows), champion: [champion],
            candidate: [[Double](repeating: 0.9, count: rows)],
            groups: [.init(attribute: "sex", names: ["F", "M"], codes: groups)])
        let found = try #require(
            try PairedComparison(pairs).fairness.first?.disparities.first { $0.metric == "equal_opportunity_difference" })
        #expect(found.champion == 0.5 && found.candidate == 0 && (found.pValue ?? 1) < 1e-20)
    }

    @Test("of tiny groups a disparity that grew by chance holds nobody") func chance() throws {
        var random = Seeded(9)
        var world = World(4000, seed: 4) { truth, _, _ in truth }
        world.groups = world.labels.indices.map { Int32($0 < 40 ? $0 % 2 : -1) }
        for row in 0..<40 { world.candidate[row] = random.uniform() }
        let reasons = RolloutDecision(try world.comparison(), RolloutPolicy()).reasons
        #expect(!reasons.contains { $0.contains("demographic_parity") })
    }

    @Test("a group of a few rows decides no disparity, beside groups that do") func tiny() throws {
        // Both models say the same but of one row, the only one of its group: its rate goes from 0 to 1.
        var world = World(4000, seed: 6) { _, champion, _ in champion }
        world.groups[0] = 2
        (world.champion[0], world.candidate[0]) = (0.1, 0.9)
        var pairs = world.pairs
        pairs.groups = [.init(attribute: "sex", names: ["F", "M", "X"], codes: world.groups)]
        var sums = PairedSums(task: .binary, attributes: ["sex"])
        sums.add(pairs, blocks: world.labels.indices.map { PairedSums.block(of: "r\($0)") })
        for comparison in [try PairedComparison(pairs), PairedComparison(sums)] {
            let disparities = try #require(comparison.fairness.first?.disparities)
            #expect(comparison.fairness.first?.groups.count == 3)
            #expect(disparities.count == 3 && disparities.allSatisfy { $0.change == 0 }, "\(disparities)")
        }
    }

    @Test("a margin lets an equal candidate through") func margin() throws {
        let world = World(40_000, seed: 5) { truth, champion, _ in
            abs(champion - 0.5) > 0.47 ? champion : champion + 0.01 * sin(1000 * truth)
        }
        var policy = RolloutPolicy()
        #expect(RolloutDecision(try world.comparison(), policy).verdict != .promote)
        policy.margin = 0.01
        let decision = RolloutDecision(try world.comparison(), policy)
        #expect(decision.verdict == .promote && decision.reasons[0].contains("not worse by more than 0.01"))
        #expect(RolloutDecision(try world.comparison(), policy, latencyRatio: 3).verdict == .hold)
    }

    @Test("without labels only agreement is known") func unlabelled() throws {
        var world = World(1000, seed: 6) { truth, _, _ in truth }
        world.labels = [Double](repeating: .nan, count: 1000)
        let comparison = try world.comparison()
        #expect(comparison.differences.isEmpty && comparison.agreement.meanAbsoluteDifference > 0)
        #expect(RolloutDecision(comparison, RolloutPolicy()).verdict == .hold)
    }

    /// Goal: errors of the rates that do not take them for independent. Method: 300 pairs that are equally good; and by hand for one.
    @Test("differences of rates have intervals that hold 0 in 95 of 100 cases") func rates() throws {
        var held: [String: Int] = [:]
        for seed in 1...300 {
            var random = Seeded(UInt64(300 + seed))
            let world = World(800, seed: UInt64(seed)) { truth, _, _ in truth + 0.4 * (random.uniform() - 0.5) }
            for one in try world.comparison().differences where ["recall", "fpr", "precision", "f1"].contains(one.metric) {
                let interval = try #require(one.interval)
                if interval.lower <= 0, interval.upper >= 0 { held[one.metric, default: 0] += 1 }
            }
        }
        print("paired, equally good: intervals of rates that hold 0 of 300: \(held.sorted { $0.key < $1.key })")
        #expect(held.count == 4 && held.values.allSatisfy { $0 >= 273 }, "\(held)")
        // Of 40 positives the champion finds 30, the candidate 26, and they differ in 10: a paired mean of differences.
        let labels = [Double](repeating: 1, count: 40) + [Double](repeating: 0, count: 40)
        let champion = (0..<80).map { $0 < 30 ? 0.9 : 0.1 }
        let candidate = (0..<80).map { $0 < 23 || 30..<33 ~= $0 || 40..<52 ~= $0 ? 0.9 : 0.1 }
        let found = try PairedComparison(PairedPredictions(task: .binary, labels: labels, champion: [champion], candidate: [candidate]))
        let recall = try #require(found.differences.first { $0.metric == "recall" })
        let reach = 1.959963984540054 * ((10 - 40 * 0.1 * 0.1) / 40.0 / 40).squareRoot()
        #expect(isNear(recall.value ?? 0, -0.1) && isNear(recall.interval?.upper ?? 9, -0.1 + reach, relative: 1e-9), "\(recall)")
    }

    @Test("guardrails that need labels are not decided without them, the others hold all the same") func guardrails() throws {
        var world = World(4000, seed: 21) { _, champion, group in group == 1 ? champion + 0.25 : champion }
        world.labels = [Double](repeating: .nan, count: 4000)
        var sums = PairedSums(task: .binary, attributes: ["sex"])
        sums.add(world.pairs, blocks: world.labels.indices.map { $0 % 20 })
        var policy = RolloutPolicy()
        policy.stabilityMax = 0.01
        for comparison in [try world.comparison(), PairedComparison(sums)] {
            let decision = RolloutDecision(comparison, policy, latencyRatio: 3, costRatio: 2.5)
            func state(_ name: String) -> Guardrail? { decision.guardrails.first { $0.name == name } }
            for name in ["latency", "cost", "score_psi", "selection_disparity"] {
                #expect(state(name)?.state == .broken && state(name)?.needsLabels == false, "\(name): \(decision.guardrails)")
            }
            for name in ["groups", "error_disparity", "calibration"] {
                #expect(state(name)?.state == .insufficient && state(name)?.needsLabels == true, "\(name): \(decision.guardrails)")
                #expect(state(name)?.why.contains("0 labelled rows, 500 are needed") == true)
            }
            #expect(decision.verdict == .hold && decision.broken.count == 4 && decision.reasons[0].hasPrefix("no labels"))
            #expect(decision.fall?.contains("costs 2.5 times the champion's cost of a prediction, 2 is allowed") == true)
        }
    }

    @Test("a group whose labels do not come keeps a better candidate from being promoted") func silentGroup() throws {
        var world = World(20_000, seed: 22) { truth, _, _ in truth }
        #expect(RolloutDecision(try world.comparison(), RolloutPolicy()).verdict == .promote)
        for row in world.labels.indices where world.groups[row] == 1 && row > 200 { world.labels[row] = .nan }
        let decision = RolloutDecision(try world.comparison(), RolloutPolicy())
        #expect(decision.verdict == .hold && decision.broken.isEmpty && decision.reasons[0].contains("better"))
        #expect(
            decision.reasons.contains { $0 == "groups is not decided: sex = M has 51 labelled rows of 5000, 100 are needed" },
            "\(decision.reasons)")
        // A group that is too small to be judged, labels or not, keeps nobody.
        for row in world.labels.indices where world.groups[row] == 1 && row > 200 { world.groups[row] = -1 }
        #expect(RolloutDecision(try world.comparison(), RolloutPolicy()).verdict == .promote)
    }

    @Test("a segment for which the candidate is worse holds it, and is named") func segment() throws {
        let world = World(20_000, seed: 23) { truth, champion, group in group == 0 ? truth : champion + (champion > 0.5 ? 0.1 : -0.1) }
        var pairs = world.pairs
        pairs.groups = []
        pairs.segments = [.init(name: "new customers", holds: world.groups.map { $0 == 1 })]
        let decision = RolloutDecision(try PairedComparison(pairs), RolloutPolicy())
        #expect(decision.verdict == .hold && decision.broken.contains { $0.hasPrefix("worse for segment new customers: log_loss") })
    }

    @Test("regressions and several classes are compared by their own losses") func otherTasks() throws {
        let regression = try PairedComparison(
            PairedPredictions(task: .regression, labels: [1, 2, 3], champion: [[1, 2, 5]], candidate: [[1, 3, 3]]))
        #expect(regression.differences.map(\.metric) == ["mse", "mae"])
        #expect(regression.differences[1].champion.map { isNear($0, 2.0 / 3) } == true)
        let classes = try PairedComparison(
            PairedPredictions(
                task: .multiclass, labels: [0, 2], champion: [[0.5, 0.1], [0.3, 0.1], [0.2, 0.8]],
                candidate: [[0.2, 0.1], [0.3, 0.8], [0.5, 0.1]]))
        #expect(classes.differences.first { $0.metric == "accuracy" }?.candidate == 0)
        #expect(classes.agreement.decisions == 0)
    }

    @Test("what is no probability, no class or of another length is refused") func refused() {
        func compare(_ labels: [Double], _ champion: [Double], _ candidate: [Double]) throws -> PairedComparison {
            try PairedComparison(PairedPredictions(task: .binary, labels: labels, champion: [champion], candidate: [candidate]))
        }
        #expect(throws: StatisticsError.self) { try compare([1], [1.5], [0.5]) }
        #expect(throws: StatisticsError.self) { try compare([2], [0.5], [0.5]) }
        #expect(throws: StatisticsError.self) { try compare([1, 0], [0.5], [0.5]) }
        #expect(throws: StatisticsError.self) { try compare([], [], []) }
    }

    @Test("the interval that is right at every look seldom excludes an equal candidate at any of a thousand looks") func everyLook() throws
    {
        var decided = 0
        let runs = 200
        for run in 0..<runs {
            // Both err as much, each in its own way.
            var random = Seeded(UInt64(1000 + run))
            let world = World(2000, seed: UInt64(run)) { truth, _, _ in truth + 0.4 * (random.uniform() - 0.5) }
            let sequence = try #require(try world.comparison().sequential.first { $0.metric == "brier" })
            if sequence.decidedAt != nil { decided += 1 }
        }
        // At most 5 %; of 200 runs 19 or more would be a chance of 0.5 %.
        #expect(decided < 19)
    }
}
