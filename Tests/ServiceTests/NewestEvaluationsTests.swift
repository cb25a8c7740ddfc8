import TestSupport
import Testing
import Vocabulary

@testable import Service

@Suite("Of a large fleet the last versions are exported without their features") struct NewestEvaluationsTests {
    @Test("every verdict stays as it was", arguments: 1...20 as ClosedRange<UInt64>) func verdicts(seed: UInt64) throws {
        var random = Seeded(seed)
        let words: [Verdict?] = [.ok, .negligible, .drifted, .insufficient, .noData, nil]
        let window = try #require(Window(kind: .hour, holding: Timestamp(seconds: 1_767_571_200)))
        var evaluation = Evaluation(
            version: ModelVersion(model: "m", version: "1"), window: window, evaluatedAt: window.end, rows: 10, labelled: 4, findings: [])
        func add(_ monitor: Monitor, _ subject: String, _ statistic: String) {
            evaluation.findings.append(
                Finding(
                    monitor: monitor, subject: subject, statistic: statistic, value: 0.5, referenceCount: 1, currentCount: 1,
                    verdict: words.randomElement(using: &random) ?? nil))
        }
        for feature in ["a", "b", "c"].prefix(Int.random(in: 0...3, using: &random)) {
            for statistic in ["psi", "ks", "missing_ratio"] { add(.featureDrift, feature, statistic) }
            add(.dataQuality, feature, "out_of_range")
        }
        add(.predictionDrift, "", "psi")
        add(.performance, "", "roc_auc")
        var brief = evaluation
        brief.findings = evaluation.withoutFeatures
        #expect(brief.monitors == evaluation.monitors, "seed \(seed)")
        for monitor in evaluation.monitors {
            #expect(brief.verdict(of: monitor) == evaluation.verdict(of: monitor), "seed \(seed), \(monitor)")
        }
        #expect(brief.findings.filter { $0.value != nil } == evaluation.findings.suffix(2), "seed \(seed)")
    }
}
