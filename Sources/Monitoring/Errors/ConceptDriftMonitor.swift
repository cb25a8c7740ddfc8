internal import Vocabulary

/// What the detectors saw in a window: a finding for each, which is `drifted` in the window that holds a change.
///
/// A change is a decision already, over as many labels as it took: there is no p-value, no floor and no correction.
struct ConceptDriftMonitor {
    let settings: MonitorSettings

    /// - Parameter changes: of the window, in any order.
    func findings(_ version: RegisteredVersion, _ changes: [ErrorChange], labelled: Int64) -> [Finding] {
        settings.detectors.filter { $0.takes(version.schema.task) }.map { setting in
            let own = changes.filter { $0.detector == setting.name }.sorted { $0.number < $1.number }
            var finding = Finding(
                monitor: .conceptDrift, subject: setting.name, statistic: "error_changes", value: Double(own.count), referenceCount: 0,
                currentCount: labelled, verdict: labelled > 0 ? .ok : .noData)
            if let last = own.last {
                finding.referenceCount = last.beforeCount
                finding.verdict = .drifted
                finding.why = Self.sentence(last) + (own.count > 1 ? "; \(own.count) changes in the window" : "")
            } else if labelled == 0 {
                finding.why = "no labels in the window"
            }
            return finding
        }
    }

    static func sentence(_ change: ErrorChange) -> String {
        let mean = change.before.map { "the mean error was \(format($0)) over \(change.beforeCount) labels" } ?? "there was no label before"
        guard let after = change.after, let beganAt = change.beganAt else { return "the error changed: \(mean)" }
        return "\(mean), and is \(format(after)) over the \(change.afterCount) from \(beganAt.rfc3339) on"
    }
}
