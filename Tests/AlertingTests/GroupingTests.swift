import Testing
import Vocabulary

@testable import Alerting

@Suite("Alerts of one cause are told in one message")
struct GroupingTests {
    private func alert(_ id: Int64, _ monitor: Monitor, _ severity: AlertSeverity = .warning, _ state: AlertState = .firing) -> Alert {
        var alert = Bench.alert(state)
        (alert.id, alert.monitor, alert.severity, alert.summary) = (id, monitor, severity, "\(monitor.rawValue) moved")
        return alert
    }
    private func messages(_ alerts: [Alert], _ change: (inout AlertPolicy) -> Void = { _ in }) -> [OutgoingMessage] {
        var policy = AlertPolicy(name: "p", destinations: ["ops", "pager"], retraining: "trainer")
        change(&policy)
        return Messages.messages(for: alerts, policy: policy, newID: Messages.randomID)
    }

    @Test("one message a destination, with the gravest's data, all of them, and one request to retrain")
    func one() throws {
        let sent = messages([alert(1, .featureDrift), alert(2, .predictionDrift, .critical)])
        #expect(sent.map(\.destination) == ["ops", "pager", "trainer"])
        #expect(sent[0].alertIDs == [1, 2] && sent[0].type == "alert.firing")
        let data = try #require(try JSON.parse(sent[0].body)["data"])
        #expect(data["id"] == 2 && data["severity"] == "critical")
        #expect(data["alerts"]?.arrayValue?.map { $0["id"] } == [1, 2])
        #expect(
            data["summary"]?.stringValue
                == "credit 3: 2 alerts fire: feature_drift, prediction_drift. feature_drift moved; prediction_drift moved")
    }

    @Test("what fires and what ended are two messages; one alert is told as ever")
    func states() throws {
        let sent = messages([alert(1, .featureDrift), alert(2, .fairness, .info, .resolved), alert(3, .calibration, .info, .resolved)])
        #expect(sent.map(\.type) == ["alert.firing", "alert.firing", "alert.resolved", "alert.resolved", "retraining.requested"])
        #expect(sent[0].body == Messages.body(alert(1, .featureDrift)).text)
        #expect(sent[2].alertIDs == [2, 3])
    }

    @Test("a destination of incidents gets one message an alert, and so does everybody without grouping")
    func singles() {
        let alerts = [alert(1, .featureDrift), alert(2, .predictionDrift)]
        #expect(messages(alerts) { $0.singles = ["pager"] }.map(\.alertIDs).prefix(3) == [[1, 2], [1], [2]])
        #expect(messages(alerts) { $0.groups = false }.filter { $0.destination == "ops" }.map(\.alertIDs) == [[1], [2]])
    }

    @Test("Alertmanager gets every alert of the group, Slack the names of all")
    func formats() throws {
        let body = messages([alert(1, .featureDrift), alert(2, .fairness)])[0].body
        func sent(_ format: Destination.Format) throws -> JSON {
            let message = OutgoingMessage(destination: "d", messageID: "m", type: "alert.firing", body: body)
            return try JSON.parse(
                try Destination(name: "d", url: Secret("https://x.example"), format: format).request(for: message, at: Bench.midnight).body)
        }
        let names = try sent(.alertmanager).arrayValue?.map { $0["labels"]?["alertname"]?.stringValue }
        #expect(names == ["EvenkeelFeatureDrift", "EvenkeelFairness"])
        #expect(try sent(.slack)["blocks"]?.arrayValue?.first?["text"]?["text"]?.stringValue == "Firing: credit 3: feature_drift, fairness")
    }

    @Test(
        "a pattern with stars fits as a whole",
        arguments: [
            ("model=credit", true), ("model=cred*", true), ("model=*", true), ("model=*dit", true), ("model=c*d*t", true),
            ("model=dit", false),
            ("model!=dit", true), ("model=c*x", false), ("severity=critical", true), ("monitor!=feature_drift", false), ("version=3", true),
            ("policy=def*ult*", true),
        ])
    func matchers(text: String, fits: Bool) throws {
        let matcher = try #require(AlertMatcher(text))
        #expect(matcher.fits(Bench.alert()) == fits && matcher.description == text)
    }

    @Test("what is no matcher is none", arguments: ["", "model", "model=", "=x", "colour=red", "model~x"])
    func noMatcher(text: String) { #expect(AlertMatcher(text) == nil) }

    @Test("a pattern of many stars takes no time")
    func stars() throws {
        let matcher = try #require(AlertMatcher("model=" + String(repeating: "a*", count: 99) + "b"))
        var alert = Bench.alert()
        alert.version.model = String(repeating: "a", count: 20_000)
        #expect(!matcher.fits(alert))
    }

    @Test(
        "maintenance comes again on its days, over midnight too",
        arguments: [
            // 2026-06-01 was a Monday.
            ("2026-06-01T02:00:00Z", true), ("2026-06-01T03:59:59Z", true), ("2026-06-01T04:00:00Z", false),
            ("2026-06-01T01:59:59Z", false),
            ("2026-06-02T02:30:00Z", false), ("2026-06-06T22:59:59Z", false),
            ("2026-06-08T02:00:00Z", true), ("1969-12-29T02:00:00Z", true), ("1969-12-28T02:00:00Z", false),
        ])
    func maintenance(time: String, isOpen: Bool) throws {
        let now = try #require(Timestamp(rfc3339: time))
        #expect(MaintenanceWindow(name: "m", weekdays: [1], startMinute: 120, minutes: 120).isOpen(at: now) == isOpen)
        // From Sunday evening over midnight to the same hours of Monday.
        let long = MaintenanceWindow(name: "m", weekdays: [0], startMinute: 23 * 60, minutes: 5 * 60)
        #expect(long.isOpen(at: now) == (isOpen || time.hasPrefix("2026-06-01T01")))
    }
}
