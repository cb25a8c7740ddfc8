import Alerting
import Foundation
import Vocabulary

/// CPU time to decide that 1,000 alerts fire at once, and to write their messages to 10 destinations.
enum Burst {
    private static let alerts = 1000
    private static let destinations = 10
    private static let findings = 40

    static func run() {
        let policy = AlertPolicy(name: "default", destinations: (0..<destinations).map { "destination\($0)" })
        let lifecycle = AlertLifecycle(policy: policy)
        var open: [[Alert]] = (0..<alerts).map { lifecycle.observe(evaluation($0, hour: 0), open: [], silences: []).map(\.alert) }
        for i in open.indices { for j in open[i].indices { open[i][j].id = Int64(i + 1) } }
        let evaluations = (0..<alerts).map { evaluation($0, hour: 1) }
        var best = (decided: Double.infinity, all: Double.infinity)
        var fired = 0
        var messages = 0
        for _ in 0..<5 {
            var start = clock()
            let changes = (0..<alerts).map { lifecycle.observe(evaluations[$0], open: open[$0], silences: []).map(\.alert) }
            let decided = Double(clock() - start) / Double(CLOCKS_PER_SEC)
            fired = changes.joined().count { $0.state == .firing }
            start = clock()
            messages = changes.reduce(0) { $0 + Messages.messages(for: $1, policy: policy, newID: Messages.randomID).count }
            best = (min(best.decided, decided), min(best.all, decided + Double(clock() - start) / Double(CLOCKS_PER_SEC)))
        }
        print("\n\(fired) of \(alerts) alerts fire at once, \(messages) messages to \(destinations) destinations\n")
        claim("1,000 alerts that change state at once, ms of CPU to decide", fired, best.decided * 1e3, 0, 100)
        claim("the same with 10,000 messages written, ms of CPU", messages, best.all * 1e3, 0, 100)
    }

    /// An hour in which two of 40 features of a model drifted.
    private static func evaluation(_ model: Int, hour: Int64) -> Evaluation {
        let start = Timestamp(seconds: 1_780_272_000).adding(seconds: hour * 3600)
        let window = Window(kind: .hour, start: start, end: start.adding(seconds: 3600))
        return Evaluation(
            version: ModelVersion(model: "model\(model)", version: "1"), window: window, evaluatedAt: window.end.adding(seconds: 60),
            rows: 1000,
            labelled: 0,
            findings: (0..<findings).map { feature in
                let isDrifted = feature < 2
                return Finding(
                    monitor: .featureDrift, subject: "feature\(feature)", statistic: "psi", value: isDrifted ? 0.5 : 0.01,
                    pValue: isDrifted ? 1e-12 : 0.5, adjustedP: isDrifted ? 1e-10 : 0.7, referenceCount: 5000, currentCount: 1000,
                    verdict: isDrifted ? .drifted : .ok, why: isDrifted ? "above 60 rose from 10 % to 30 %" : "")
            })
    }
}
