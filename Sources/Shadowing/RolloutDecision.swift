internal import Statistics

/// What a comparison means for the candidate, and why, in sentences.
public struct RolloutDecision: Sendable, Equatable {
    public var verdict: RolloutVerdict
    public var reasons: [String]
    /// Those of the reasons that are broken guardrails: of a group, a disparity, calibration, the time for a row, the cost.
    public var broken: [String] = []
    public var guardrails: [Guardrail] = []

    /// One that was made before.
    public init(verdict: RolloutVerdict, reasons: [String], broken: [String]) {
        self.verdict = verdict
        self.reasons = reasons
        self.broken = broken
    }

    /// As ``init(_:_:latencyRatio:costRatio:)``, and with an end: who may not be promoted by then is rejected.
    ///
    /// - Parameter days: since the comparison began.
    public init(_ comparison: PairedComparison, _ policy: RolloutPolicy, latencyRatio: Double?, costRatio: Double? = nil, days: Double) {
        self.init(comparison, policy, latencyRatio: latencyRatio, costRatio: costRatio)
        if verdict == .hold, let most = policy.daysMax, days > most {
            verdict = .reject
            reasons.append("\(short(most)) days were allowed, and they are over")
        }
    }

    /// The primary metric decides by the interval that is right at every look where it has one, so that looking every minute is safe.
    ///
    /// Guardrails that need no labels hold without any; those that need them must be decided before anybody is promoted.
    ///
    /// - Parameters:
    ///   - latencyRatio: the candidate's time for a row over the champion's; nil where it was not measured.
    ///   - costRatio: of the cost of a prediction, likewise.
    public init(_ comparison: PairedComparison, _ policy: RolloutPolicy, latencyRatio: Double? = nil, costRatio: Double? = nil) {
        let guardrails = Guardrail.all(comparison, policy, latencyRatio: latencyRatio, costRatio: costRatio)
        var subject = Subject(guardrails: guardrails)
        subject.labelled = comparison.labelled
        if comparison.labelled == 0 { subject.obstacle = "no labels: who is better is not known, only how far they agree" }
        if comparison.labelled > 0, comparison.labelled < policy.rowsMin {
            subject.obstacle = "\(comparison.labelled) labelled rows, \(policy.rowsMin) are needed"
        } else if comparison.labelled > 0, comparison.agreement.largestDifference == 0 {
            subject.obstacle = "the two score every row alike"
        }
        subject.primary = comparison.differences.first
        subject.sequence = comparison.sequential.first { $0.metric == subject.primary?.metric }?.interval
        let isSure = guardrails.allSatisfy { $0.state != .broken }
        subject.open = policy.waitsForGroups && isSure ? Guardrail.openGroups(comparison, policy) : []
        self.init(subject, policy)
    }

    /// What a verdict is made of, of pairs or of two arms.
    struct Subject {
        var guardrails: [Guardrail]
        var labelled = 0
        /// Why nothing can be said of who is better.
        var obstacle: String?
        var primary: PairedDifference?
        /// Of the primary metric, right at every look.
        var sequence: Interval?
        /// What keeps it from being promoted, though nothing is broken.
        var open: [String] = []
    }

    init(_ subject: Subject, _ policy: RolloutPolicy) {
        self.init(verdict: .hold, reasons: [], broken: subject.guardrails.filter { $0.state == .broken }.map(\.why))
        guardrails = subject.guardrails
        guard subject.obstacle == nil, let primary = subject.primary else {
            reasons = [subject.obstacle ?? "no metric to decide by"] + broken
            return
        }
        var interval = primary.gainInterval
        var words = "by its interval"
        if let sequence = subject.sequence {
            interval = primary.isBetterBelow ? .init(lower: -sequence.upper, upper: -sequence.lower) : sequence
            words = "by the interval that is right at every look"
        }
        guard let interval, let gain = primary.gain else {
            reasons = ["\(primary.metric) has no interval: \(primary.why)"] + broken
            return
        }
        let values = "\(primary.metric) \(short(primary.champion)) to \(short(primary.candidate))"
        if interval.upper < -policy.margin {
            (verdict, broken) = (.reject, [])
            reasons = ["\(values): worse \(words), at least \(short(-interval.upper)) is lost"]
            return
        }
        guard interval.lower > -policy.margin else {
            let word = gain >= 0 ? "better" : "worse"
            reasons =
                ["\(values): \(word), but not surely: the gain lies in \(short(interval.lower)) to \(short(interval.upper))"] + broken
            return
        }
        let undecided = guardrails.filter { $0.state == .insufficient }.map { "\($0.name) is not decided: \($0.why)" }
        let good = policy.margin > 0 ? "not worse by more than \(short(policy.margin))" : "better"
        verdict = broken.isEmpty && subject.open.isEmpty && undecided.isEmpty ? .promote : .hold
        reasons = ["\(values): \(good) \(words)"] + broken + subject.open + undecided
    }

    /// Why the guardrails do not stand, whoever is better; nil where they do.
    public var fall: String? {
        if !broken.isEmpty { return broken.joined(separator: "; ") }
        let undecided = guardrails.filter { $0.state == .insufficient }
        return undecided.isEmpty ? nil : undecided.map { "\($0.name): \($0.why)" }.joined(separator: "; ")
    }
}
