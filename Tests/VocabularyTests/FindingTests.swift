import Testing
import Vocabulary

@Suite("The worst finding speaks for a monitor")
struct FindingTests {
    static func evaluation(_ verdicts: [(Monitor, Verdict?)]) -> Evaluation {
        let window = Window(kind: .hour, start: Timestamp(seconds: 0), end: Timestamp(seconds: 3600))
        let findings = verdicts.map {
            Finding(monitor: $0, subject: "age", statistic: "psi", value: 0.1, referenceCount: 1, currentCount: 1, verdict: $1)
        }
        return Evaluation(
            version: ModelVersion(model: "credit", version: "3"), window: window, evaluatedAt: window.end, rows: 1, labelled: 0,
            findings: findings)
    }

    @Test("a finding outweighs everything else")
    func severity() {
        let order: [[Verdict]] = [[.ok, .fair], [.negligible], [.noData], [.insufficient], [.drifted, .unfair]]
        for (milder, worse) in zip(order, order.dropFirst()) {
            for a in milder { for b in worse { #expect(a.severity < b.severity) } }
        }
        #expect(Verdict.allCases.filter(\.isFinding) == [.drifted, .unfair])
    }

    @Test(
        "the verdict of a monitor is the worst of the findings that could judge",
        arguments: [
            ([.ok, .negligible], .negligible), ([.drifted, .insufficient], .drifted), ([.ok, .insufficient, .ok], .ok),
            ([.noData, .insufficient], .insufficient), ([.ok], .ok),
            ([nil], .noData), ([], .noData), ([nil, .ok], .ok),
        ] as [([Verdict?], Verdict)])
    func worst(verdicts: [Verdict?], worst: Verdict) {
        let noise: [(Monitor, Verdict?)] = [(.fairness, .unfair)]
        #expect(Self.evaluation(noise + verdicts.map { (.featureDrift, $0) }).verdict(of: .featureDrift) == worst)
    }

    @Test("monitors are listed in their own order, once, when they have a verdict")
    func monitors() {
        let evaluation = Self.evaluation([(.fairness, .fair), (.calibration, nil), (.featureDrift, .ok), (.featureDrift, .drifted)])
        #expect(evaluation.monitors == [.featureDrift, .fairness])
    }
}
