import Monitoring
import Statistics
import TestSupport
import Testing
import Vocabulary

/// Rows of three classes: the prediction is right with this chance, a score of 0.8 says so, else it is any of the others.
private func animals(
    _ count: Int, _ random: inout Seeded, right: Double = 0.8, rightForF: Double? = nil, shares: [Double] = [0.5, 0.3, 0.2]
) -> Rows {
    var rows = Rows()
    for _ in 0..<count {
        let draw = random.uniform()
        let label = draw < shares[0] ? 0 : draw < shares[0] + shares[1] ? 1 : 2
        let isF = random.uniform() < 0.5
        let isRight = random.uniform() < (isF ? rightForF ?? right : right)
        rows.labels.append(Double(label))
        rows.predictions.append(Double(isRight ? label : (label + Int.random(in: 1...2, using: &random)) % 3))
        rows.scores.append(0.8)
        rows.groups.append([isF ? "F" : "M"])
    }
    return rows
}

@Suite("Findings about a model of several classes")
struct MulticlassFindingsTests {
    private static let classes = ["cat", "dog", "owl"]
    private let bench: MonitoringBench
    init() {
        var random = Seeded(2026)
        bench = MonitoringBench(animals(4000, &random), sensitive: ["sex"], task: .multiclass, classes: Self.classes)
    }

    @Test("the numbers are those of the raw rows") func values() throws {
        var random = Seeded(1)
        let rows = animals(1500, &random)
        let evaluation = bench.evaluate(rows)
        var confusion = MulticlassConfusion(classes: 3)
        for (label, prediction) in zip(rows.labels, rows.predictions) { confusion.add(label: Int(label), prediction: Int(prediction)) }
        let raw = Dictionary(uniqueKeysWithValues: confusion.metrics(nil).map { ($0.name, $0.value) })
        for (name, theirs) in [("accuracy", "accuracy"), ("f1_macro", "f1_macro"), ("balanced_accuracy", "recall_macro")] {
            let value = try #require(evaluation.finding(name, by: .performance)?.value)
            let expected = try #require(raw[theirs] ?? nil)
            #expect(abs(value - expected) < 1e-12, "\(name): \(value), expected \(expected)")
        }
        let right = zip(rows.labels, rows.predictions).count { $0 == $1 }
        let ece = try #require(evaluation.finding("ece", by: .calibration)?.value)
        #expect(abs(ece - abs(0.8 - Double(right) / 1500)) < 1e-9)
        #expect(evaluation.finding("roc_auc") == nil && evaluation.finding("equalized_odds_difference", of: "sex") == nil)
    }

    @Test("without drift all is well") func calm() {
        var random = Seeded(2)
        let evaluation = bench.evaluate(animals(2000, &random))
        for monitor in [Vocabulary.Monitor.predictionDrift, .calibration, .performance] { #expect(evaluation.verdict(of: monitor) == .ok) }
        #expect(evaluation.verdict(of: .fairness) == .fair)
        #expect(evaluation.finding("class_psi", by: .predictionDrift)?.verdict == .ok)
    }

    @Test("lower accuracy, scores that are too sure, and other classes are found") func drift() throws {
        var random = Seeded(3)
        let worse = bench.evaluate(animals(2000, &random, right: 0.65))
        #expect(worse.finding("accuracy", by: .performance)?.verdict == .drifted)
        #expect(worse.finding("balanced_accuracy")?.verdict == .drifted && worse.finding("ece")?.verdict == .drifted)
        let shifted = bench.evaluate(animals(2000, &random, shares: [0.1, 0.3, 0.6]))
        #expect(shifted.finding("class_psi")?.verdict == .drifted && shifted.finding("class_chi_squared")?.verdict == .drifted)
        #expect(
            shifted.finding("class_psi")?.why.hasPrefix(#"the share of "owl" rose from"#) == true
                || shifted.finding("class_psi")?.why.hasPrefix(#"the share of "cat" fell from"#) == true)
        #expect(shifted.finding("accuracy", by: .performance)?.verdict == .ok)
        // One rare class is lost: the accuracy hardly moves.
        var lost = animals(4000, &random, shares: [0.5, 0.45, 0.05])
        for row in lost.labels.indices where lost.labels[row] == 2 { lost.predictions[row] = 0 }
        let finding = try #require(bench.evaluate(lost).finding("balanced_accuracy"))
        #expect(finding.verdict == .drifted && finding.why.contains("of owl 0.0 % are found"), "\(finding.why)")
    }

    @Test("groups that are judged worse, or given other classes, are unfair") func unfair() throws {
        var random = Seeded(4)
        let accuracy = bench.evaluate(animals(2000, &random, rightForF: 0.5))
        #expect(accuracy.finding("accuracy_difference", of: "sex")?.verdict == .unfair)
        var other = animals(2000, &random)
        for row in other.groups.indices where other.groups[row] == ["F"] && row % 3 == 0 { other.predictions[row] = 2 }
        let finding = try #require(bench.evaluate(other).finding("demographic_parity_difference", of: "sex"))
        #expect(finding.verdict == .unfair && finding.why.hasPrefix("class owl: lowest for M, highest for F"), "\(finding.why)")
    }

    @Test("no labels are no data, few are insufficient, and predictions without a class are said") func edges() {
        var random = Seeded(5)
        var rows = animals(300, &random)
        rows.labels = []
        let unlabelled = bench.evaluate(rows)
        #expect(unlabelled.verdict(of: .performance) == .noData && unlabelled.verdict(of: .predictionDrift) == .ok)
        #expect(unlabelled.finding("accuracy_difference", of: "sex")?.verdict == .noData)
        #expect(bench.evaluate(animals(15, &random)).verdict(of: .performance) == .insufficient)
        for monitor in [Vocabulary.Monitor.predictionDrift, .calibration, .performance, .fairness] {
            #expect(bench.emptyWindow.verdict(of: monitor) == .noData, "\(monitor)")
        }
        var blind = animals(300, &random)
        blind.predictions = blind.predictions.map { _ in .nan }
        #expect(bench.evaluate(blind).finding("accuracy", by: .performance)?.why == "no label has a predicted class to compare it with")
    }

    /// Goal: alarms that can be believed. Method: 300 windows drawn like the reference, without floors and with them. Bounds: 5 % and three
    /// standard deviations; with floors, of four to five standard errors, hardly any.
    @Test("windows like the reference raise no alarm") func falseAlarms() {
        var random = Seeded(6)
        var bare = bench
        (bare.settings.performanceFloor, bare.settings.fairnessDifferenceFloor, bare.settings.calibrationFloor) = (0, 0, 0)
        (bare.settings.psiFloor, bare.settings.cramersVFloor, bare.settings.jensenShannonFloor, bare.settings.ksFloor) = (0, 0, 0, 0)
        var alarms = 0
        var bareAlarms: [Vocabulary.Monitor: Int] = [:]
        for _ in 0..<300 {
            let rows = animals(1500, &random)
            alarms += bench.evaluate(rows).findings.count { $0.verdict?.isFinding == true }
            let evaluation = bare.evaluate(rows)
            for monitor in evaluation.monitors where evaluation.verdict(of: monitor).isFinding { bareAlarms[monitor, default: 0] += 1 }
        }
        #expect(alarms == 0)
        for (monitor, count) in bareAlarms { #expect(count <= 26, "\(monitor): \(count) of 300") }
        #expect(!bareAlarms.isEmpty)
    }
}
