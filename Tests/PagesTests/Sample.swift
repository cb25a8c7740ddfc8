import Vocabulary

@testable import Pages

/// Pages full of data, with one text in every place that a caller can name.
struct Sample {
    var name = "loan"
    var version = "1"
    var feature = "income"
    var level = "car"
    var attribute = "sex"
    var group = "F"
    var windows = 6
    var features = 3
    var verdict: Verdict? = .drifted

    static let hostile = Sample(
        name: attack, version: attack, feature: attack, level: attack, attribute: attack, group: attack)
    static let attack = "\"><script>alert('x')</script>&<b onload=\"y\">"

    static let now = Timestamp(rfc3339: "2026-11-21T12:00:30Z")!
    let frame = PageFrame(query: PageQuery(), now: now, build: "0.1.0")
    var key: ModelVersion { ModelVersion(model: name, version: version) }

    func window(_ place: Int) -> Window {
        let start = Sample.now.floored(toSeconds: 3600).adding(seconds: Int64(place - windows) * 3600)
        return Window(kind: .hour, start: start, end: start.adding(seconds: 3600))
    }
    var heads: [EvaluationHead] {
        (0..<windows).map {
            EvaluationHead(streamID: 1, window: window($0), evaluatedAt: window($0).end.adding(seconds: 20), rows: 600, labelled: 300)
        }
    }
    func featureName(_ place: Int) -> String { place == 0 ? feature : "\(feature) \(place)" }

    func finding(_ monitor: Monitor, _ subject: String, _ statistic: String, _ value: Double, group: String = "", _ verdict: Verdict? = nil)
        -> Finding
    {
        var finding = Finding(
            monitor: monitor, subject: subject, group: group, statistic: statistic, value: value, lower: value / 2, upper: value * 1.5,
            pValue: 0.001, adjustedP: 0.002, referenceCount: 1000, currentCount: 600, verdict: verdict,
            why: "\(level) rose from 1 % to 20 %")
        finding.drivers = [Driver(level, before: 0.01, after: 0.2, count: 120), Driver(group, before: nil, after: 0.5, count: 300)]
        return finding
    }

    var fleet: FleetPage {
        FleetPage(models: [
            FleetPage.Model(
                version: FleetVersion(key: key, stage: .champion, streamID: 1, features: Int64(features), registeredAt: Sample.now),
                head: StreamHead(newest: window(windows - 1).start, evaluations: [heads[windows - 1]]),
                verdicts: [.featureDrift: .drifted, .fairness: .fair, .calibration: .insufficient],
                worst: finding(.featureDrift, feature, "psi", 0.25, .drifted),
                trail: heads.map { WindowValue(start: $0.window.start, value: 0.1, isFinding: true) }, firing: 2, otherVersions: 1)
        ])
    }

    var segment: Segment { Segment(name: level, conditions: [.init(column: attribute, test: .levels([group, nil]))]) }

    var modelFrame: ModelFrame {
        var schema = FeatureSchema(
            features: (0..<features).map { Feature(name: featureName($0), kind: .numeric) }, sensitive: [attribute])
        schema.segments = [segment]
        var registered = RegisteredVersion(
            key: key, versionID: 1, streamID: 1, stage: .champion, schema: schema, referenceRows: 5000, registeredAt: Sample.now)
        registered.segmentStreams = [2]
        return ModelFrame(
            version: registered, versions: [registered], head: StreamHead(newest: Sample.now, evaluations: heads.suffix(1)), kind: .hour,
            from: window(0).start, to: Sample.now, windows: heads, shown: heads.last)
    }

    var marks: [VerdictMark] {
        (0..<windows).flatMap { place in
            (0..<features).map { VerdictMark(place: place, monitor: .featureDrift, subject: featureName($0), verdict: verdict ?? .ok) }
                + [VerdictMark(place: place, monitor: .fairness, subject: attribute, verdict: .unfair)]
        }
    }

    var distribution: Distribution {
        Distribution(
            shape: .levels([level, "other"]), reference: [0.5, 0.5], current: [0.2, 0.8], referenceRows: 5000, currentRows: 600,
            notes: ["Not in the reference: \"\(level)\"."])
    }

    var model: ModelPage {
        let statistics = (0..<windows).flatMap { place in
            [
                PlacedFinding(place: place, finding: finding(.performance, "", "roc_auc", 0.8, .ok)),
                PlacedFinding(place: place, finding: finding(.estimatedPerformance, "", "estimated_roc_auc", 0.79, .ok)),
                PlacedFinding(place: place, finding: finding(.serviceLevel, "latency_ms", "p95", 20)),
            ]
        }
        let sums = WindowSums(
            scores: Distribution(
                shape: .bins(edges: [0, 0.5, 1]), reference: [0.5, 0.5], current: [0.4, 0.6], referenceRows: 5000, currentRows: 600,
                notes: []),
            reliability: [ReliabilityPoint(score: 0.25, observed: 0.3, lower: 0.2, upper: 0.4, rows: 300)])
        return ModelPage(
            frame: modelFrame, marks: marks, findings: [finding(.featureDrift, feature, "psi", 0.25, verdict ?? .ok)],
            statistics: statistics,
            sums: sums, firing: 1,
            segments: [.init(segment: segment, rows: 40, verdicts: [.featureDrift: .drifted, .fairness: .insufficient])])
    }

    var featurePage: FeaturePage {
        FeaturePage(
            frame: modelFrame, feature: modelFrame.version.schema.features[0],
            statistics: (0..<windows).map { PlacedFinding(place: $0, finding: finding(.featureDrift, feature, "psi", 0.25, .drifted)) },
            distribution: distribution, problem: nil)
    }

    var fairness: FairnessPage {
        let disparity = finding(.fairness, attribute, "demographic_parity_difference", 0.25, .unfair)
        return FairnessPage(
            frame: modelFrame,
            findings: [
                disparity, finding(.fairness, attribute, "selection_rate", 0.4, group: group),
                finding(.fairness, attribute, "selection_rate", 0.7, group: "M"),
            ], statistics: (0..<windows).map { PlacedFinding(place: $0, finding: disparity) })
    }

    var alerts: AlertsPage {
        let alert = Alert(
            id: 7, version: key, monitor: .featureDrift, policy: level, severity: .critical, state: .firing, memory: AlertMemory(),
            summary: "\(name): \(feature) drifted",
            detail: .object(["findings": .array([finding(.featureDrift, feature, "psi", 0.25, .drifted).json])]),
            startedAt: window(0).start, firedAt: window(1).end)
        let delivery = DeliveryRecord(
            id: 1, destination: level, messageID: "msg_1", type: "alert.firing", model: name, state: .dead, attempts: 9, lastStatus: 500,
            lastError: level, createdAt: Sample.now, nextAttemptAt: nil, sentAt: nil)
        return AlertsPage(
            alerts: [alert], deliveries: [7: [delivery]],
            silences: [Silence(id: 1, model: name, monitor: nil, until: Sample.now.adding(seconds: 3600), reason: level)], model: name,
            models: [name], acknowledgeToken: "12.ab", silenceToken: "12.cd", endToken: "12.ef", notice: .acknowledged)
    }

    var health: HealthPage {
        HealthPage(checks: [.init("database", .wrong, level), .init("spool", .well, "0 bytes wait")], facts: [("version", level)])
    }

    /// Every page, by name.
    var pages: [(name: String, html: String)] {
        [
            ("fleet", fleet.html(frame)), ("model", model.html(frame)), ("feature", featurePage.html(frame)),
            ("fairness", fairness.html(frame)),
            ("alerts", alerts.html(frame)), ("health", health.html(frame)),
            ("error", ErrorPage(status: 404, title: name, detail: feature).html(frame)),
        ]
    }
}
