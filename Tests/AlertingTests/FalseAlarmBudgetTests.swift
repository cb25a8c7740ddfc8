import Alerting
import Testing
import Vocabulary

@Suite("A budget of false alarms")
struct FalseAlarmBudgetTests {
    @Test(
        "is read from words",
        arguments: [
            ("1 per 30d", 1, 2_592_000), ("0.5 per 2w", 0.5, 1_209_600), ("2 per 12h", 2, 43_200),
        ] as [(String, Double, Int64)])
    func words(text: String, alarms: Double, seconds: Int64) {
        #expect(FalseAlarmBudget(text) == FalseAlarmBudget(alarms: alarms, seconds: seconds))
    }

    @Test(
        "anything else is none",
        arguments: ["", "1", "1 per", "0 per 1d", "-1 per 1d", "1 per 0d", "1 per 1y", "one per 1d", "1  30d", "nan per 1d"])
    func refused(text: String) { #expect(FalseAlarmBudget(text) == nil) }

    @Test("shares itself out over the windows of its time") func level() throws {
        #expect(FalseAlarmBudget.standard == FalseAlarmBudget("1 per 30d"))
        let start = Timestamp(seconds: 0)
        func window(_ kind: String, hours: Int64) throws -> Window {
            Window(kind: try #require(WindowKind(rawValue: kind)), start: start, end: start.adding(seconds: 3600 * hours))
        }
        #expect(try FalseAlarmBudget.standard.alpha(window: window("hour", hours: 1), findings: 1) == 1.0 / 720)
        #expect(try FalseAlarmBudget.standard.alpha(window: window("day", hours: 24), findings: 2) == 2.0 / 30)
        #expect(try FalseAlarmBudget(alarms: 1000, seconds: 86_400).alpha(window: window("hour", hours: 1), findings: 2) == 1)
        // There are as many sliding windows as steps, and as many by rows as fit in by their own length.
        #expect(try FalseAlarmBudget.standard.alpha(window: window("1d/1h", hours: 24), findings: 1) == 1.0 / 720)
        #expect(try FalseAlarmBudget.standard.alpha(window: window("1000rows", hours: 12), findings: 1) == 1.0 / 60)
    }

    /// 720 hours a month and 2 windows an alert: a window's level is 1/360, that of one of two p-values 1/720.
    @Test("decides when a finding is sure enough to begin an alert", arguments: [(0.0013, true), (0.0015, false)])
    func begins(p: Double, fires: Bool) {
        func evaluation(_ hour: Int) -> Evaluation {
            let findings = [("a", p, Verdict.drifted), ("b", 0.9, Verdict.ok)].map { subject, p, verdict in
                Finding(
                    monitor: .featureDrift, subject: subject, statistic: "ks", value: 0.2, pValue: p, adjustedP: p, referenceCount: 1000,
                    currentCount: 1000, verdict: verdict)
            }
            return Evaluation(
                version: Bench.version, window: Bench.window(hour), evaluatedAt: Bench.window(hour).end, rows: 1000, labelled: 0,
                findings: findings)
        }
        let lifecycle = AlertLifecycle(policy: AlertPolicy(name: "p", monitors: [.featureDrift]))
        var alerts: [Alert] = []
        for hour in 1...2 { alerts = lifecycle.observe(evaluation(hour), open: alerts, silences: []).map(\.alert) }
        #expect(alerts.contains { $0.state == .firing } == fires)
        // One that fires goes on while the verdict does, however sure.
        var unlimited = AlertPolicy(name: "p", monitors: [.featureDrift])
        unlimited.falseAlarms = nil
        var firing = alerts
        for hour in 1...2 { firing = AlertLifecycle(policy: unlimited).observe(evaluation(hour), open: firing, silences: []).map(\.alert) }
        let next = lifecycle.observe(evaluation(3), open: firing, silences: [])
        #expect(next.map(\.alert.state) == [.firing])
    }
}
