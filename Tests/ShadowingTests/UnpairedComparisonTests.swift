import Foundation
import Statistics
import TestSupport
import Testing
import Vocabulary

@testable import Shadowing

/// Rows of one arm as they are, beside the sums of them.
private struct Rows {
    var labels: [Double] = []
    var scores: [Double] = []
    var groups: [Int] = []

    /// - Parameters:
    ///   - noise: of the score about the truth. - scale: the truth is drawn together by it, so that scores say too much.
    init(_ count: Int, noise: Double, shift: Double = 0, unlabelled: Double = 0, _ random: inout Seeded) {
        for row in 0..<count {
            let truth = 0.05 + 0.9 * random.uniform()
            let score = min(0.999, max(0.001, truth + shift + noise * (random.uniform() - 0.5)))
            // In the middle of its cell, so that cells lose nothing.
            scores.append((Double(Int(score * 256)) + 0.5) / 256)
            labels.append(random.uniform() < unlabelled ? .nan : random.uniform() < truth ? 1 : 0)
            groups.append(row % 3 == 0 ? 1 : 0)
        }
    }

    func sums(_ group: Int? = nil, errors: Int = 0, latency: ((Int) -> Double)? = nil, cost: ((Int) -> Double)? = nil) -> ArmSums {
        var sums = ArmSums()
        (sums.rows, sums.failed) = (Double(errors), Double(errors))
        for row in labels.indices where group == nil || groups[row] == group {
            let (y, p) = (labels[row], scores[row])
            sums.rows += 1
            sums.outcomes[.init(label: y.isNaN ? -1 : Int(y), decision: p >= 0.5 ? 1 : 0), default: 0] += 1
            sums.addCell(y.isNaN ? 2 : Int(y), ScoreCells.cell(p), 1)
            if let latency {
                sums.latencies.add(latency(row))
                sums.paces[Int((100 * log(latency(row))).rounded(.down)), default: 0] += 1
            }
            if let cost { sums.costs.add(cost(row)) }
            if y.isNaN { continue }
            sums.labelled += 1
            sums.losses[0].add(-log(y == 1 ? p : 1 - p))
            sums.losses[1].add((p - y) * (p - y))
            sums.addBin(min(14, Int(p * 15)), .init(rows: 1, scores: p, positives: y))
        }
        return sums
    }
}

@Suite("Two arms of a live test")
struct UnpairedComparisonTests {
    private func parts(_ a: Rows, _ b: Rows) -> [UnpairedComparison.Part] {
        ["F", "M"].enumerated().map { place, name in .init(attribute: "sex", name: name, arms: (a.sums(place), b.sums(place))) }
    }

    @Test("have the metrics of their rows, with errors that add up") func values() throws {
        var random = Seeded(1)
        let (a, b) = (Rows(3000, noise: 0.6, &random), Rows(2000, noise: 0.2, &random))
        let comparison = UnpairedComparison(.binary, (a.sums(), b.sums()), shares: (0.6, 0.4), parts: parts(a, b))
        func difference(_ name: String) throws -> PairedDifference { try #require(comparison.differences.first { $0.metric == name }) }
        let area = try difference("roc_auc")
        let (first, second) = (try auc(a), try auc(b))
        #expect(area.champion == first.value && area.candidate == second.value)
        let error = ((first.variance ?? 0) + (second.variance ?? 0)).squareRoot()
        #expect(isNear(area.interval?.lower ?? 0, second.value - first.value - 1.959963984540054 * error, relative: 1e-9))
        var confusions: [BinaryConfusion] = []
        for rows in [a, b] {
            var confusion = BinaryConfusion()
            for row in rows.labels.indices { confusion.add(label: rows.labels[row] == 1, prediction: rows.scores[row] >= 0.5, weight: 1) }
            confusions.append(confusion)
        }
        func rate(_ c: BinaryConfusion, _ name: String) -> Double {
            switch name {
            case "recall": c.truePositive / (c.truePositive + c.falseNegative)
            case "fpr": c.falsePositive / (c.falsePositive + c.trueNegative)
            case "precision": c.truePositive / (c.truePositive + c.falsePositive)
            case "f1": 2 * c.truePositive / (2 * c.truePositive + c.falsePositive + c.falseNegative)
            default: (c.truePositive + c.trueNegative) / (c.truePositive + c.trueNegative + c.falsePositive + c.falseNegative)
            }
        }
        for name in ["accuracy", "recall", "fpr", "precision", "f1"] {
            let found = try difference(name)
            #expect(
                isNear(found.champion ?? 9, rate(confusions[0], name)) && isNear(found.candidate ?? 9, rate(confusions[1], name)), "\(name)"
            )
            #expect(found.interval != nil && comparison.sequential.first { $0.metric == name }?.interval != nil, "\(name)")
        }
        #expect(comparison.verdict == .promote, "\(comparison.reasons)")
        #expect(
            comparison.disparities.first?.all.map(\.metric) == [
                "demographic_parity_difference", "equal_opportunity_difference", "equalized_odds_difference",
            ])
        #expect(comparison.disparities.first?.all.allSatisfy { $0.interval != nil } == true)
    }

    private func auc(_ rows: Rows) throws -> RocAUC { try RocAUC(scores: rows.scores, labels: rows.labels.map { $0 == 1 }) }

    /// Goal: intervals of the metrics that are no means. Method: 300 pairs of arms of one law, of unequal size; the difference is 0.
    @Test("of two arms that are alike intervals of 95 % hold 0 in about as many") func coverage() throws {
        var held: [String: Int] = [:]
        for seed in 1...300 {
            var random = Seeded(UInt64(seed))
            let (a, b) = (Rows(2000, noise: 0.4, &random), Rows(500, noise: 0.4, &random))
            let comparison = UnpairedComparison(.binary, (a.sums(), b.sums()), shares: (0.8, 0.2))
            for one in comparison.differences {
                let interval = try #require(one.interval, "\(one)")
                if interval.lower <= 0, interval.upper >= 0 { held[one.metric, default: 0] += 1 }
            }
        }
        print("unpaired, alike: intervals that hold 0 of 300: \(held.sorted { $0.key < $1.key })")
        // At 95 % fewer than 273 of 300 would be a chance of 0.2 %; that of the calibration error is wider than it need be.
        #expect(held.count == 9 && held.values.allSatisfy { $0 >= 273 }, "\(held)")
    }

    @Test("a small arm is not worse calibrated for being small") func smallArm() throws {
        var grown = 0.0
        for seed in 1...60 {
            var random = Seeded(UInt64(7000 + seed))
            let (a, b) = (Rows(4000, noise: 0, &random), Rows(300, noise: 0, &random))
            let found = try #require(
                UnpairedComparison(.binary, (a.sums(), b.sums()), shares: nil).differences.first { $0.metric == "ece" })
            grown += (found.value ?? 0) / 60
        }
        // The plain error of 300 rows in 15 bins is about 0.07 larger than that of 4,000.
        #expect(grown < 0.045, "\(grown)")
    }

    @Test("several classes have macro metrics with intervals that hold, and say what they lack") func classes() throws {
        let law = [[0.25, 0.05, 0.05], [0.05, 0.2, 0.05], [0.1, 0.05, 0.2]]
        func arm(_ rows: Int, _ random: inout Seeded) -> ArmSums {
            var sums = ArmSums()
            (sums.rows, sums.labelled) = (Double(rows), Double(rows))
            for _ in 0..<rows {
                var left = random.uniform()
                outer: for label in 0..<3 {
                    for decision in 0..<3 {
                        left -= law[label][decision]
                        if left < 0 {
                            sums.outcomes[.init(label: label, decision: decision), default: 0] += 1
                            break outer
                        }
                    }
                }
            }
            return sums
        }
        var held: [String: Int] = [:]
        for seed in 1...300 {
            var random = Seeded(UInt64(seed))
            let (a, b) = (arm(1000, &random), arm(600, &random))
            let comparison = UnpairedComparison(.multiclass, classes: 3, (a, b), shares: nil)
            if seed == 1 {
                var confusion = MulticlassConfusion(classes: 3)
                for (cell, count) in a.outcomes { confusion.add(label: cell.label, prediction: cell.decision, weight: count) }
                for metric in confusion.metrics(nil) {
                    guard let ours = comparison.differences.first(where: { $0.metric == metric.name }) else { continue }
                    #expect(isNear(ours.champion ?? 9, metric.value ?? 8, relative: 1e-12), "\(metric.name)")
                    held[metric.name] = 0
                }
                #expect(held.count == 4, "\(held)")
                let loss = try #require(comparison.differences.first)
                #expect(loss.metric == "log_loss" && loss.value == nil && loss.why.contains("scores of all classes"))
                #expect(comparison.verdict == .hold && comparison.reasons[0].hasPrefix("log_loss has no interval: the champion: "))
            }
            for one in comparison.differences where one.metric != "log_loss" {
                let interval = try #require(one.interval)
                if interval.lower <= 0, interval.upper >= 0 { held[one.metric, default: 0] += 1 }
            }
        }
        print("unpaired, several classes: intervals that hold 0 of 300: \(held.sorted { $0.key < $1.key })")
        #expect(held.values.allSatisfy { $0 >= 273 }, "\(held)")
    }

    @Test("regressions have squared, absolute and root errors") func regression() throws {
        func arm(_ errors: [Double]) -> ArmSums {
            var sums = ArmSums()
            (sums.rows, sums.labelled) = (Double(errors.count), Double(errors.count))
            for error in errors {
                sums.losses[0].add(error * error)
                sums.losses[1].add(abs(error))
            }
            return sums
        }
        let comparison = UnpairedComparison(.regression, (arm([3, -3, 5]), arm([1, 2, -2])), shares: nil)
        #expect(comparison.differences.map(\.metric) == ["mse", "mae", "rmse"])
        #expect(isNear(comparison.differences[2].champion ?? 0, (43.0 / 3).squareRoot()) && comparison.differences[1].candidate == 5.0 / 3)
        let root = try #require(comparison.differences[2].interval)
        // By hand: var(mse) / (4 mse) of both.
        func variance(_ squares: [Double]) -> Double {
            let mean = squares.reduce(0, +) / 3
            return squares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2 / 3 / 4 / mean
        }
        let error = (variance([9, 9, 25]) + variance([1, 4, 4])).squareRoot()
        #expect(isNear(root.upper - root.lower, 2 * 1.959963984540054 * error, relative: 1e-9))
    }

    @Test("quantiles of the latency are known to 1 %, with intervals that hold") func latency() throws {
        var held = [0, 0, 0]
        for seed in 1...300 {
            var random = Seeded(UInt64(seed))
            let rows = Rows(1500, noise: 0.3, &random)
            let times = rows.labels.map { _ in -0.02 * log(1 - random.uniform()) }
            let sums = rows.sums(latency: { times[$0] })
            for (place, share) in LatencyQuantile.shares.enumerated() {
                let quantile = LatencyQuantile(sums.paces, share, confidence: 0.95)
                let exact = times.sorted()[Int((share * 1500).rounded(.up)) - 1]
                #expect(abs((quantile.value ?? 0) / exact - 1) <= 0.0051)
                let truth = -0.02 * log(1 - share)
                let interval = try #require(quantile.interval)
                if interval.lower <= truth, truth <= interval.upper { held[place] += 1 }
            }
        }
        #expect(held.allSatisfy { $0 >= 273 }, "\(held)")
        var random = Seeded(1)
        let few = LatencyQuantile(Rows(50, noise: 0.3, &random).sums(latency: { _ in 0.01 }).paces, 0.99, confidence: 0.95)
        #expect(few.interval == nil && few.why.contains("too few rows") && abs((few.value ?? 0) - 0.01) < 1e-4)
    }

    @Test("errors, cost and latency hold without a single label, and a metric that cannot be had says why") func serving() throws {
        var random = Seeded(3)
        let (a, b) = (Rows(4000, noise: 0.3, unlabelled: 2, &random), Rows(1000, noise: 0.3, unlabelled: 2, &random))
        let champion = a.sums(errors: 4, latency: { 0.01 + 1e-6 * Double($0 % 7) }, cost: { 0.001 + 1e-5 * Double($0 % 5) })
        let candidate = b.sums(errors: 60, latency: { 0.05 + 1e-6 * Double($0 % 7) }, cost: { 0.004 + 1e-5 * Double($0 % 5) })
        let comparison = UnpairedComparison(.binary, (champion, candidate), shares: nil, parts: parts(a, b))
        let states = Dictionary(uniqueKeysWithValues: comparison.decision.guardrails.map { ($0.name, $0.state) })
        for name in ["error_rate", "latency", "cost"] { #expect(states[name] == .broken, "\(comparison.decision.guardrails)") }
        #expect(states["groups"] == .insufficient && states["calibration"] == .insufficient && states["selection_disparity"] == .ok)
        #expect(comparison.verdict == .hold && comparison.decision.broken.count == 3)
        #expect(comparison.differences.allSatisfy { $0.value == nil && !$0.why.isEmpty })
        #expect(
            comparison.serving.first { $0.metric == "latency_p95_seconds" }?.interval.map { $0.lower > 0.03 && $0.upper < 0.05 } == true)
        // The same that costs and takes as much and fails as seldom breaks nothing.
        let alike = b.sums(errors: 1, latency: { 0.01 + 1e-6 * Double($0 % 7) }, cost: { 0.001 + 1e-5 * Double($0 % 5) })
        #expect(UnpairedComparison(.binary, (champion, alike), shares: nil).decision.broken.isEmpty)
        // What one of them does not log is not compared; what is still to come is waited for.
        let silent = UnpairedComparison(.binary, (champion, b.sums()), shares: nil).decision.guardrails
        #expect(
            silent.first { $0.name == "cost" }?.state == .notCompared
                && silent.first { $0.name == "cost" }?.why == "the candidate logs no cost")
        let early = UnpairedComparison(.binary, (champion, ArmSums()), shares: nil).decision
        #expect(early.guardrails.first { $0.name == "cost" }?.state == .insufficient && early.fall != nil)
    }

    /// Goal: who looks every 100 rows breaks nothing by chance. Method: 60 tests of two arms that are alike, of 5,000 rows, 20 % for the candidate.
    @Test("two arms that are alike seldom break a guardrail or are decided at any of fifty looks") func everyLook() {
        var (decided, broken) = (0, 0)
        for seed in 1...60 {
            var random = Seeded(UInt64(500 + seed))
            var (a, b) = ([ArmSums(), ArmSums(), ArmSums()], [ArmSums(), ArmSums(), ArmSums()])
            var (isDecided, isBroken) = (false, false)
            for _ in 0..<50 {
                for (place, group) in [nil, 0, 1].enumerated() {
                    var other = random
                    let (x, y) = (Rows(80, noise: 0.4, &other), Rows(20, noise: 0.4, &other))
                    a[place].add(x.sums(group))
                    b[place].add(y.sums(group))
                    if place == 2 { random = other }
                }
                let parts = ["F", "M"].enumerated().map {
                    UnpairedComparison.Part(attribute: "sex", name: $1, arms: (a[$0 + 1], b[$0 + 1]))
                }
                let comparison = UnpairedComparison(.binary, (a[0], b[0]), shares: nil, parts: parts)
                if comparison.sequential.contains(where: { $0.metric == "log_loss" && $0.isDecided }) { isDecided = true }
                if !comparison.decision.broken.isEmpty { isBroken = true }
            }
            decided += isDecided ? 1 : 0
            broken += isBroken ? 1 : 0
        }
        print("unpaired A/A, 60 runs of 50 looks: decided \(decided), a guardrail broken \(broken)")
        // Of 60 at 5 %, 9 or more would be a chance of 0.3 %.
        #expect(decided < 9 && broken < 9)
    }
}
