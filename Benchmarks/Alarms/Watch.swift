import Alerting
import Vocabulary

/// The alerts of one policy over a stretch of windows.
struct Watch: Sendable {
    private let lifecycle: AlertLifecycle
    private var newest: [Alert] = []
    private var seen = 0
    /// Places of the windows at which an alert began to fire, and which monitor's.
    private(set) var starts: [(window: Int, monitor: Vocabulary.Monitor)] = []

    /// The default policy, 2 of 3 windows and one false alarm in 30 days, of windows of this kind; of days every single one.
    init(_ kind: WindowKind) {
        lifecycle = AlertLifecycle(
            policy: kind == .day
                ? AlertPolicy(name: "days", window: .day, findings: 1, of: 1) : AlertPolicy(name: kind.words, window: kind))
    }

    mutating func observe(_ evaluation: Evaluation) {
        for change in lifecycle.observe(evaluation, open: newest, silences: []) {
            let before = newest.first { $0.monitor == change.alert.monitor }
            newest.removeAll { $0.monitor == change.alert.monitor }
            if !change.isDropped { newest.append(change.alert) }
            if change.alert.state == .firing, before?.state != .firing { starts.append((seen, change.alert.monitor)) }
        }
        seen += 1
    }
}
