import Alerting
import TestSupport
import Vocabulary

/// Open alerts as the ledger would keep them, and a letter for every change.
struct Story {
    let lifecycle: AlertLifecycle
    var open: [Alert] = []
    var silences: [Silence] = []

    init(_ policy: AlertPolicy) { lifecycle = AlertLifecycle(policy: policy) }

    /// Windows one after the other: `F` a finding, `.` calm, `?` too little data, `0` no data. The answer has a letter each:
    /// `-` nothing, `P` pending, `D` dropped, `A` fires (announced), `+` still firing, `R` resolved (announced).
    static func tell(_ findings: Int, of: Int, resolveAfter: Int, _ windows: String) -> String {
        var story = Story(AlertPolicy(name: "p", monitors: [.featureDrift], findings: findings, of: of, resolveAfter: resolveAfter))
        return windows.enumerated().map { hour, letter in story.see(hour, letter) }.joined()
    }

    static func verdict(_ letter: Character) -> Verdict {
        switch letter {
        case "F": .drifted
        case "?": .insufficient
        case "0": .noData
        case "n": .negligible
        default: .ok
        }
    }

    mutating func see(_ hour: Int, _ letter: Character) -> String { apply(Bench.evaluation(hour, [(.featureDrift, Self.verdict(letter))])) }

    mutating func apply(_ evaluation: Evaluation) -> String {
        let changes = lifecycle.observe(evaluation, open: open, silences: silences)
        for change in changes {
            open.removeAll { $0.policy == change.alert.policy && $0.monitor == change.alert.monitor }
            if change.alert.state != .resolved, !change.isDropped { open.append(change.alert) }
        }
        return changes.isEmpty ? "-" : changes.map(Self.letter).joined()
    }

    static func letter(_ change: AlertChange) -> String {
        switch (change.alert.state, change.isAnnounced, change.isDropped) {
        case (.pending, false, false): "P"
        case (.pending, false, true): "D"
        case (.firing, true, false): "A"
        case (.firing, false, false): "+"
        case (.resolved, true, false): "R"
        case (.resolved, false, false): "r"  // resolved in silence
        default: "!"
        }
    }
}
