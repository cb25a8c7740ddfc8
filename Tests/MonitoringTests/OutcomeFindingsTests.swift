import Monitoring
import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

@Suite("Performance of a window is that of its raw labelled rows")
struct PerformanceFindingsTests {
    static let seeds: [UInt64] = [21, 22, 23]

    @Test("ROC AUC with its interval, Brier score, log loss and accuracy", arguments: seeds)
    func equalRaw(seed: UInt64) throws {
        var random = Seeded(seed)
        var rows = random.scored(1000)
        for i in stride(from: 0, to: 1000, by: 3) { rows.labels[i] = .nan }
        let evaluation = MonitoringBench(random.scored(3000)).evaluate(rows)
        let (scores, labels) = rows.labelled
        let raw = try RocAUC(scores: scores, labels: labels)
        let auc = try #require(evaluation.finding("roc_auc"))
        #expect(isNear(try #require(auc.value), raw.value), "seed \(seed)")
        #expect(isNear(try #require(auc.lower), try #require(raw.interval()).lower, relative: 1e-9), "seed \(seed)")
        #expect(isNear(try #require(auc.upper), try #require(raw.interval()).upper, relative: 1e-9), "seed \(seed)")
        #expect(auc.currentCount == Int64(labels.count) && auc.referenceCount == 3000)
        #expect(isNear(try #require(evaluation.finding("brier")?.value), try brierScore(scores: scores, labels: labels)), "seed \(seed)")
        #expect(isNear(try #require(evaluation.finding("log_loss")?.value), try logLoss(scores: scores, labels: labels)), "seed \(seed)")
        let right = zip(scores, labels).count { ($0 >= 0.5) == $1 }
        let accuracy = try #require(evaluation.finding("accuracy"))
        #expect(accuracy.value == Double(right) / Double(labels.count), "seed \(seed)")
        #expect(accuracy.lower == wilsonInterval(count: Int64(right), of: Int64(labels.count))?.lower, "seed \(seed)")
    }

    @Test("scores that are all different have an AUC within its bounds", arguments: seeds)
    func bounded(seed: UInt64) throws {
        var random = Seeded(seed)
        func rows(_ count: Int) -> Rows {
            var rows = Rows(scores: random.uniforms(count))
            rows.labels = rows.scores.map { random.uniform() < $0 ? 1 : 0 }
            return rows
        }
        let old = rows(5000)
        let new = rows(2000)
        let auc = try #require(MonitoringBench(old).evaluate(new).finding("roc_auc"))
        let raw = try RocAUC(scores: new.scores, labels: new.labels.map { $0 == 1 })
        #expect(isNear(try #require(auc.value), raw.value, absolute: 0.001), "seed \(seed)")
        #expect(try #require(auc.lower) <= raw.value && raw.value <= (try #require(auc.upper)), "seed \(seed)")
    }

    @Test("the p-value of the AUC is that of its difference from the reference's", arguments: seeds)
    func pValue(seed: UInt64) throws {
        var random = Seeded(seed)
        let old = random.scored(3000)
        let new = random.scored(900, honesty: 0.8)
        let was = try RocAUC(scores: old.labelled.scores, labels: old.labelled.labels)
        let now = try RocAUC(scores: new.labelled.scores, labels: new.labelled.labels)
        let deviation = (try #require(was.variance) + (try #require(now.variance))).squareRoot()
        let expected = Distributions.normalTwoSided((now.value - was.value) / deviation)
        let auc = try #require(MonitoringBench(old).evaluate(new).finding("roc_auc"))
        #expect(isNear(try #require(auc.pValue), expected, relative: 1e-6), "seed \(seed)")
    }

    @Test("a drop is a finding, a rise is not")
    func direction() throws {
        var random = Seeded(24)
        let worse = MonitoringBench(random.scored(3000)).evaluate(random.scored(2000, honesty: 0.3))
        #expect(worse.finding("roc_auc")?.verdict == .drifted)
        #expect(worse.finding("accuracy")?.verdict == .drifted)
        #expect(worse.verdict(of: .performance) == .drifted)
        let better = MonitoringBench(random.scored(3000, honesty: 0.3)).evaluate(random.scored(2000))
        #expect(better.finding("roc_auc")?.verdict == .negligible)
        #expect(better.verdict(of: .performance) == .negligible)
    }

    @Test("the record's own decision counts, not the score, where it has one")
    func decisions() throws {
        let rows = Rows(scores: [0.9, 0.9, 0.1, 0.1], predictions: [0, 1, .nan, 1], labels: [0, 1, 0, 1])
        #expect(MonitoringBench(rows).evaluate(rows).finding("accuracy")?.value == 1)
        #expect(MonitoringBench(rows, threshold: 0.95).evaluate(rows).finding("accuracy")?.value == 1)
    }

    @Test("labels that have not come are no data, not bad performance")
    func noLabels() {
        var random = Seeded(25)
        var rows = random.scored(4000)
        rows.labels = []
        let evaluation = MonitoringBench(random.scored(8000)).evaluate(rows)
        #expect(evaluation.verdict(of: .performance) == .noData)
        #expect(evaluation.verdict(of: .calibration) == .noData)
        #expect(evaluation.finding("roc_auc")?.why == "no labels in the window yet")
        #expect(evaluation.verdict(of: .predictionDrift) == .ok)
    }

    @Test("labels of one class only are too few for an AUC")
    func oneClass() {
        var random = Seeded(26)
        var rows = random.scored(300)
        rows.labels = rows.labels.map { _ in 1 }
        let auc = MonitoringBench(random.scored(1000)).evaluate(rows).finding("roc_auc")
        #expect(auc?.value == nil)
        #expect(auc?.verdict == .insufficient)
        #expect(auc?.why == "no negative label in the window")
    }

    @Test("a single positive gives an AUC but no variance: it is shown with an honest reason, and is too little to judge")
    func singlePositive() throws {
        var random = Seeded(28)
        var rows = random.scored(300)
        rows.labels = rows.labels.indices.map { $0 == 7 ? 1 : 0 }
        let auc = try #require(MonitoringBench(random.scored(1000)).evaluate(rows).finding("roc_auc"))
        #expect(auc.value != nil && auc.pValue == nil)
        #expect(auc.verdict == .insufficient)
        #expect(!auc.why.contains("the reference has no labels"), "\(auc.why)")
    }

    @Test("without labels in the reference the numbers are shown, and nothing is judged")
    func unlabelledReference() {
        var random = Seeded(27)
        var old = random.scored(1000)
        old.labels = []
        let evaluation = MonitoringBench(old).evaluate(random.scored(500))
        #expect(evaluation.finding("roc_auc")?.value != nil && evaluation.finding("accuracy")?.value != nil)
        #expect(evaluation.findings(of: .performance).allSatisfy { $0.verdict == nil })
        #expect(evaluation.verdict(of: .performance) == .noData)
    }

    /// Goal: a model that sends decisions and no scores can be judged, and its alerts can resolve.
    @Test("a model that has no scores is judged by its decisions alone")
    func decisionsOnly() {
        let decisions = (0..<2000).map { Double($0 % 2) }
        let rows = Rows(predictions: decisions, labels: decisions.enumerated().map { $0 % 10 == 0 ? 1 - $1 : $1 })
        let evaluation = MonitoringBench(rows).evaluate(rows)
        #expect(evaluation.finding("accuracy")?.value == 0.9)
        #expect(evaluation.finding("accuracy")?.verdict == .ok)
        #expect(evaluation.verdict(of: .performance) == .ok)
        #expect(evaluation.verdict(of: .calibration) == .noData)
    }

    @Test("labels of decisions without scores are not said to be of no class")
    func decisionsOnlyReason() {
        let decisions = (0..<200).map { Double($0 % 2) }
        let why = MonitoringBench(Rows(scores: [0.1, 0.9], labels: [0, 1]))
            .evaluate(Rows(predictions: decisions, labels: decisions)).finding("roc_auc")?.why
        #expect(why?.contains("label in the window") != true, "\(why ?? "")")
    }
}

@Suite("Calibration of a window is that of its raw labelled rows")
struct CalibrationFindingsTests {
    static let seeds: [UInt64] = [31, 32, 33]

    @Test("the expected and the maximum calibration error", arguments: seeds, [0, 64])
    func equalRaw(seed: UInt64, steps: Int) throws {
        var random = Seeded(seed)
        func rows(_ count: Int) -> Rows {
            var rows = random.scored(count, honesty: 0.8)
            if steps == 0 { rows.scores = random.uniforms(count) }
            return rows
        }
        let old = rows(3000)
        let new = rows(1200)
        let raw = try ExpectedCalibrationError(scores: new.labelled.scores, labels: new.labelled.labels)
        let evaluation = MonitoringBench(old).evaluate(new)
        let ece = try #require(evaluation.finding("ece"))
        #expect(ece.monitor == .calibration)
        #expect(isNear(try #require(ece.value), raw.value, relative: 1e-9), "seed \(seed)")
        #expect(isNear(try #require(ece.pValue), raw.pValue, relative: 1e-6, absolute: 1e-300), "seed \(seed)")
        #expect(isNear(try #require(evaluation.finding("mce")?.value), raw.maximum, relative: 1e-9), "seed \(seed)")
        #expect(evaluation.finding("mce")?.verdict == nil)
    }

    @Test("scores that become dishonest are a finding")
    func drifted() {
        var random = Seeded(34)
        let evaluation = MonitoringBench(random.scored(4000)).evaluate(random.scored(2000, honesty: 0.4))
        #expect(evaluation.verdict(of: .calibration) == .drifted)
        #expect(evaluation.finding("ece")?.why.contains("in the reference") == true)
    }

    @Test("scores that are as honest as they were are ok")
    func ok() {
        var random = Seeded(35)
        let evaluation = MonitoringBench(random.scored(8000)).evaluate(random.scored(4000))
        #expect(evaluation.verdict(of: .calibration) == .ok)
    }

    @Test("scores that were as dishonest in the reference are not news")
    func asBadAsBefore() {
        var random = Seeded(36)
        let evaluation = MonitoringBench(random.scored(8000, honesty: 0.4)).evaluate(random.scored(4000, honesty: 0.4))
        #expect(evaluation.verdict(of: .calibration) == .negligible)
    }

    @Test("one score outside 0…1 means that there are no probabilities to judge")
    func outside() throws {
        var random = Seeded(37)
        var rows = random.scored(500)
        rows.scores[7] = 1.5
        let evaluation = MonitoringBench(random.scored(1000)).evaluate(rows)
        let ece = try #require(evaluation.finding("ece"))
        #expect(ece.value == nil && ece.verdict == .insufficient)
        #expect(ece.why == "1 scores lie outside 0…1, so they are no probabilities")
        #expect(evaluation.finding("brier")?.value == nil && evaluation.finding("log_loss")?.value == nil)
        #expect(evaluation.finding("roc_auc")?.value != nil)
    }
}
