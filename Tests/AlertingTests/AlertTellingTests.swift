import Alerting
import TestSupport
import Testing
import Vocabulary

@Suite("A silence keeps people from being told")
struct SilenceTests {
    private func fires(_ silence: Silence) -> AlertChange? {
        let lifecycle = AlertLifecycle(policy: AlertPolicy(name: "p", monitors: [.featureDrift], findings: 1, of: 1, resolveAfter: 1))
        return lifecycle.observe(Bench.evaluation(0, [(.featureDrift, .drifted)]), open: [], silences: [silence]).first
    }
    private let evaluated = Bench.window(0).end.adding(seconds: 60)

    @Test("the alert fires all the same, it is only not announced")
    func suppressed() {
        let change = fires(Silence(model: "credit", monitor: nil, until: evaluated.adding(seconds: 1), reason: "deploy"))
        #expect(change?.alert.state == .firing)
        #expect(change?.isAnnounced == false)
    }

    @Test("it covers one monitor or all, of one model, until its end")
    func scope() {
        let later = evaluated.adding(seconds: 3600)
        #expect(fires(Silence(model: "credit", monitor: .featureDrift, until: later, reason: ""))?.isAnnounced == false)
        #expect(fires(Silence(model: "credit", monitor: .fairness, until: later, reason: ""))?.isAnnounced == true)
        #expect(fires(Silence(model: "fraud", monitor: nil, until: later, reason: ""))?.isAnnounced == true)
        #expect(fires(Silence(model: "credit", monitor: nil, until: evaluated, reason: ""))?.isAnnounced == true)
    }

    @Test("the end of an alert is silent too, and the next one after the silence is heard")
    func throughout() {
        var story = Story(AlertPolicy(name: "p", monitors: [.featureDrift], findings: 1, of: 1, resolveAfter: 1))
        story.silences = [Silence(model: "credit", monitor: nil, until: Bench.window(2).end, reason: "")]
        #expect((0..<4).map { story.see($0, $0 % 2 == 0 ? "F" : ".") } == ["+", "r", "A", "R"])
    }

    @Test("an alert that outlasts the silence is told when that is over, once; its end is told even in a new silence")
    func outlasts() {
        var story = Story(AlertPolicy(name: "p", monitors: [.featureDrift], findings: 1, of: 1, resolveAfter: 1))
        story.silences = [Silence(model: "credit", monitor: nil, until: Bench.window(2).end, reason: "")]
        #expect((0..<4).map { story.see($0, "F") } == ["+", "+", "A", "+"])
        story.silences = [Silence(model: "credit", monitor: nil, until: Bench.window(9).end, reason: "")]
        #expect(story.see(4, ".") == "R")
    }
}

@Suite("What an alert says")
struct AlertSummaryTests {
    private func finding(_ subject: String, _ statistic: String, _ value: Double, _ verdict: Verdict?, p: Double = 1e-6, why: String)
        -> Finding
    {
        Finding(
            monitor: .featureDrift, subject: subject, statistic: statistic, value: value, pValue: p, adjustedP: p, referenceCount: 100,
            currentCount: 50, verdict: verdict, why: why)
    }
    private func observed(_ findings: [Finding]) -> Alert? {
        let window = Bench.window(0)
        let evaluation = Evaluation(
            version: Bench.version, window: window, evaluatedAt: window.end, rows: 1000, labelled: 10, findings: findings)
        return AlertLifecycle(policy: AlertPolicy(name: "p", findings: 1, of: 1)).observe(evaluation, open: [], silences: []).first?.alert
    }

    @Test("the summary names the finding that stands out most, and how many more subjects there are")
    func summary() {
        let alert = observed([
            finding("age", "ks", 0.2, .drifted, why: "a"), finding("income", "psi", 0.9, .drifted, why: "above 100 rose"),
            finding("income", "ks", 0.4, .drifted, why: "b"), finding("city", "chi_squared", 80, .drifted, why: "c"),
            finding("calm", "psi", 5, .negligible, why: "not a finding"),
        ])
        #expect(alert?.summary == "credit 3 feature_drift: income: above 100 rose (and 2 more)")
    }

    @Test("a finding of the whole model has no subject to name")
    func wholeModel() {
        let alert = observed([finding("", "psi", 0.9, .drifted, why: "scores rose")])
        #expect(alert?.summary == "credit 3 feature_drift: scores rose")
    }

    @Test("the detail holds the window, the rows and the findings, the strongest first")
    func detail() {
        let alert = observed([
            finding("age", "ks", 0.2, .drifted, why: "a"), finding("x", "psi", 3, .ok, why: ""),
            finding("income", "psi", 0.9, .drifted, why: "b"),
        ])
        #expect(alert?.detail["window"]?.text == #"{"kind":"hour","start":"2026-06-01T00:00:00Z","end":"2026-06-01T01:00:00Z"}"#)
        #expect(alert?.detail["rows"] == 1000 && alert?.detail["labelled"] == 10)
        #expect(alert?.detail["findings"]?.arrayValue?.map { $0["subject"] } == ["income", "age"])
    }

    @Test("the detail is bounded, however many features drift")
    func bounded() {
        let alert = observed((0..<500).map { finding("f\($0)", "psi", Double($0), .drifted, why: "w") })
        #expect(alert?.detail["findings"]?.arrayValue?.count == 20)
        #expect(alert?.summary == "credit 3 feature_drift: f499: w (and 499 more)")
    }

    @Test("a calm window does not overwrite what was found, an older one neither")
    func kept() {
        var story = Story(AlertPolicy(name: "p", monitors: [.featureDrift]))
        _ = story.see(2, "F")
        let said = story.open[0].detail
        _ = story.see(3, ".")
        #expect(story.open[0].detail == said)
        _ = story.see(1, "F")
        #expect(story.open[0].detail == said)
        _ = story.see(4, "F")
        #expect(story.open[0].detail["window"]?["start"] == .string(Bench.window(4).start.rfc3339))
    }
}
