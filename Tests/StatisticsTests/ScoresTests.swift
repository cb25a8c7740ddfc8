import Foundation
import Statistics
import TestSupport
import Testing

@Suite("DeLong's comparison of two areas")
struct DeLongTests {
    // The definition in NumPy 2.4.6: golden case delong-004.
    @Test("ties count half")
    func ties() throws {
        let labels = [false, true, false, true, true, false, true, false]
        let delong = try DeLong(labels: labels, scores1: [1, 2, 2, 3, 2, 1, 3, 3], scores2: [1, 1, 2, 2, 3, 3, 4, 4])
        #expect(delong.auc1 == 0.75 && delong.auc2 == 0.5)
        #expect(isNear(delong.variance1 ?? .nan, 0.036458333333333336))
        #expect(isNear(delong.covariance ?? .nan, 0.026041666666666664))
        #expect(isNear(delong.z ?? .nan, 1.3093073414159542))
    }

    @Test("it agrees with the area and variance from counts")
    func counts() throws {
        var random = SeededRandom(seed: 11)
        let labels = (0..<300).map { _ in random.uniform() < 0.3 }
        let scores = labels.map { ((random.uniform() + ($0 ? 0.3 : 0)) * 20).rounded() }
        let delong = try DeLong(labels: labels, scores1: scores, scores2: scores.map { -$0 })
        let auc = try RocAUC(scores: scores, labels: labels)
        #expect(isNear(delong.auc1, auc.value) && isNear(delong.auc2, 1 - auc.value))
        #expect(isNear(delong.variance1 ?? .nan, auc.variance ?? 0, relative: 1e-10))
        #expect(isNear(delong.covariance ?? .nan, -(auc.variance ?? 0), relative: 1e-10))
    }

    @Test("scores in the same order cannot be told apart; one row of a class has no variance")
    func undefined() throws {
        let same = try DeLong(labels: [false, true, true, false, true], scores1: [1, 2, 3, 2, 2], scores2: [10, 20, 30, 20, 20])
        #expect(same.z == nil && same.variance1 != nil)
        let few = try DeLong(labels: [false, true], scores1: [1, 2], scores2: [2, 1])
        #expect(few.variance1 == nil && few.z == nil && few.interval1(confidence: 0.95) == nil)
        #expect(throws: StatisticsError.self) { try DeLong(labels: [true, true], scores1: [1, 2], scores2: [1, 2]) }
        #expect(throws: StatisticsError.self) { try DeLong(labels: [true, false], scores1: [1, .nan], scores2: [1, 2]) }
        #expect(throws: StatisticsError.self) { try DeLong(labels: [true, false], scores1: [1], scores2: [1, 2]) }
    }
}

@Suite("Isotonic regression")
struct IsotonicRegressionTests {
    @Test("neighbours that fall are pooled, by hand")
    func pooled() throws {
        let curve = try IsotonicRegression(scores: [1, 2, 3, 4], outcomes: [0, 1, 0, 1])
        #expect(curve.x == [1, 2, 3, 4] && curve.y == [0, 0.5, 0.5, 1])
        #expect(curve(0) == 0 && curve(2.5) == 0.5 && curve(3.5) == 0.75 && curve(9) == 1)
        #expect(curve(.nan).isNaN)
    }

    @Test("equal scores are averaged first, and thresholds inside a flat piece left out")
    func ties() throws {
        let curve = try IsotonicRegression(scores: [2, 1, 2, 3, 4, 5], outcomes: [1, 1, 0, 0, 0, 1])
        #expect(curve.x == [1, 4, 5] && isNear(curve.y[0], 0.4) && curve.y[2] == 1)
    }

    @Test("weights count as repetitions")
    func weights() throws {
        let weighted = try IsotonicRegression(scores: [1, 2, 3], outcomes: [1, 0, 1], weights: [2, 1, 0])
        #expect(weighted == (try IsotonicRegression(scores: [1, 1, 2], outcomes: [1, 1, 0])))
    }

    @Test("the fit never falls and keeps the mean")
    func laws() throws {
        var random = SeededRandom(seed: 12)
        let scores = (0..<500).map { _ in (random.uniform() * 100).rounded() }
        let outcomes = scores.map { random.uniform() * 100 < $0 ? 1.0 : 0 }
        let curve = try IsotonicRegression(scores: scores, outcomes: outcomes)
        #expect(zip(curve.y, curve.y.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(isNear(scores.reduce(0) { $0 + curve($1) }, outcomes.reduce(0, +), relative: 1e-9))
    }

    @Test("no rows and missing values are refused")
    func refused() {
        #expect(throws: StatisticsError.self) { try IsotonicRegression(scores: [], outcomes: []) }
        #expect(throws: StatisticsError.self) { try IsotonicRegression(scores: [1, .nan], outcomes: [0, 1]) }
        #expect(throws: StatisticsError.self) { try IsotonicRegression(scores: [1], outcomes: [0, 1]) }
    }
}

@Suite("Brier score and logarithmic loss")
struct ProbabilityScoresTests {
    @Test("by hand")
    func byHand() throws {
        let scores = try ProbabilityScores(labels: [1, 0], scores: [0.8, 0.4])
        #expect(isNear(scores.brier, 0.1))
        #expect(isNear(scores.logLoss, -(log(0.8) + log(0.6)) / 2))
        #expect(isNear(try ProbabilityScores(labels: [1, 0], scores: [0.8, 0.4], weights: [3, 1]).brier, 0.07))
    }

    @Test("a sure and wrong score costs 36.04, not infinity")
    func clipped() throws {
        #expect(isNear(try ProbabilityScores(labels: [1, 0], scores: [0, 1]).logLoss, 36.04365338911715))
    }

    @Test(
        "what is no probability or no label is refused",
        arguments: [([], []), ([0, 1], [0.2]), ([2], [0.2]), ([1], [1.2]), ([1], [.nan]), ([.nan], [0.5])] as [([Double], [Double])])
    func refused(labels: [Double], scores: [Double]) {
        #expect(throws: StatisticsError.self) { try ProbabilityScores(labels: labels, scores: scores) }
    }
}
