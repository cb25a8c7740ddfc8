internal import Statistics

/// When a candidate may take the champion's place.
public struct RolloutPolicy: Sendable, Equatable {
    /// What must not become worse; nil for the task's own first metric.
    public var primary: String?
    /// The candidate may be worse than the champion by less than this; 0 asks that it be better.
    public var margin = 0.0
    /// Labelled rows below which nothing is decided.
    public var rowsMin = 500
    /// The level of the groups' corrected tests.
    public var alpha = 0.05
    /// A group may lose this share of the champion's primary metric there before that holds the candidate.
    public var groupFloor = 0.02
    /// A disparity may grow by this much, if that is sure.
    public var disparityFloor = 0.02
    /// The calibration error of all may grow by this much, if that is sure.
    public var calibrationFloor = 0.02
    /// A candidate may take this many times the champion's time for a row.
    public var latencyRatioMax = 2.0
    /// A candidate that may not be promoted after so many days is rejected; nil for any time.
    public var daysMax: Double?
    /// Whether a group that may be worse off, though that is not sure yet, keeps a candidate from being promoted; for who looks on while
    /// rows come, and can wait.
    public var waitsForGroups = false
    public init() {}
}

public enum RolloutVerdict: String, Sendable, CaseIterable { case promote, hold, reject }

/// What a comparison means for the candidate, and why, in sentences.
public struct RolloutDecision: Sendable, Equatable {
    public var verdict: RolloutVerdict
    public var reasons: [String]
    /// Those of the reasons that are broken guardrails: of a group, a disparity, calibration, the time for a row.
    public var broken: [String] = []

    /// One that was made before.
    public init(verdict: RolloutVerdict, reasons: [String], broken: [String]) {
        self.verdict = verdict
        self.reasons = reasons
        self.broken = broken
    }

    /// As ``init(_:_:latencyRatio:)``, and with an end: who may not be promoted by then is rejected.
    ///
    /// - Parameter days: since the comparison began.
    public init(_ comparison: PairedComparison, _ policy: RolloutPolicy, latencyRatio: Double?, days: Double) {
        self.init(comparison, policy, latencyRatio: latencyRatio)
        if verdict == .hold, let most = policy.daysMax, days > most {
            verdict = .reject
            reasons.append("\(short(most)) days were allowed, and they are over")
        }
    }

    /// The primary metric decides by the interval that is right at every look where it has one, so that looking every minute is safe.
    ///
    /// - Parameter latencyRatio: the candidate's time for a row over the champion's; nil where it was not measured.
    public init(_ comparison: PairedComparison, _ policy: RolloutPolicy, latencyRatio: Double? = nil) {
        guard let primary = comparison.differences.first else {
            self.init(.hold, ["no labels: who is better is not known, only how far they agree"])
            return
        }
        guard comparison.labelled >= policy.rowsMin else {
            self.init(.hold, ["\(comparison.labelled) labelled rows, \(policy.rowsMin) are needed"])
            return
        }
        guard comparison.agreement.largestDifference > 0 else {
            self.init(.hold, ["the two score every row alike"])
            return
        }
        var interval = primary.gainInterval
        let sequence = comparison.sequential.first { $0.metric == primary.metric }?.interval
        var words = "by its interval"
        if let sequence {
            interval = primary.isBetterBelow ? .init(lower: -sequence.upper, upper: -sequence.lower) : sequence
            words = "by the interval that is right at every look"
        }
        guard let interval, let gain = primary.gain else {
            self.init(.hold, ["\(primary.metric) has no interval: \(primary.why)"])
            return
        }
        let values = "\(primary.metric) \(short(primary.champion)) to \(short(primary.candidate))"
        if interval.upper < -policy.margin {
            self.init(.reject, ["\(values): worse \(words), at least \(short(-interval.upper)) is lost"])
            return
        }
        var broken =
            Self.groups(comparison, policy) + Self.disparities(comparison, policy) + Self.calibration(comparison, policy)
        if let latencyRatio, latencyRatio > policy.latencyRatioMax {
            broken.append(
                "it takes \(short(latencyRatio)) times the champion's time for a row, \(short(policy.latencyRatioMax)) is allowed")
        }
        self.init(.hold, [])
        self.broken = broken
        guard interval.lower > -policy.margin else {
            let word = gain >= 0 ? "better" : "worse"
            reasons =
                ["\(values): \(word), but not surely: the gain lies in \(short(interval.lower)) to \(short(interval.upper))"] + broken
            return
        }
        let open = policy.waitsForGroups && broken.isEmpty ? Self.openGroups(comparison, policy) : []
        let good = policy.margin > 0 ? "not worse by more than \(short(policy.margin))" : "better"
        verdict = broken.isEmpty && open.isEmpty ? .promote : .hold
        reasons = ["\(values): \(good) \(words)"] + broken + open
    }

    private init(_ verdict: RolloutVerdict, _ reasons: [String]) { (self.verdict, self.reasons) = (verdict, reasons) }

    /// Groups for which the candidate is surely worse, whatever it is for all.
    private static func groups(_ comparison: PairedComparison, _ policy: RolloutPolicy) -> [String] {
        comparison.fairness.flatMap { attribute in
            attribute.groups.compactMap { group -> String? in
                // The test is of the primary metric; of a metric that groups do not have, of their first.
                let primary = comparison.differences.first?.metric
                guard let p = group.adjustedP, p <= policy.alpha,
                    let difference = group.differences.first(where: { $0.metric == primary }) ?? group.differences.first,
                    let gain = difference.gain, let was = difference.champion, gain < -policy.groupFloor * abs(was)
                else { return nil }
                return "worse for \(attribute.attribute) = \(group.name): \(difference.metric) \(short(was)) to "
                    + "\(short(difference.candidate)) over \(group.labelled) labelled rows"
            }
        }
    }

    /// Groups for which the candidate looks worse by more than is allowed, with a p-value of its own below 0.2.
    private static func openGroups(_ comparison: PairedComparison, _ policy: RolloutPolicy) -> [String] {
        guard let primary = comparison.differences.first?.metric else { return [] }
        return comparison.fairness.flatMap { attribute in
            attribute.groups.compactMap { group -> String? in
                guard let difference = group.differences.first(where: { $0.metric == primary }), let gain = difference.gain,
                    let was = difference.champion, gain < -policy.groupFloor * abs(was), (difference.pValue ?? 1) <= 0.2
                else { return nil }
                return "may be worse for \(attribute.attribute) = \(group.name), not surely yet: \(primary) \(short(was)) to "
                    + "\(short(difference.candidate)) over \(group.labelled) labelled rows"
            }
        }
    }

    private static func calibration(_ comparison: PairedComparison, _ policy: RolloutPolicy) -> [String] {
        comparison.differences.filter { difference in
            guard difference.metric == "ece", let grown = difference.value, let interval = difference.interval else { return false }
            return grown > policy.calibrationFloor && interval.lower > 0
        }.map { "its calibration error grows from \(short($0.champion)) to \(short($0.candidate))" }
    }

    private static func disparities(_ comparison: PairedComparison, _ policy: RolloutPolicy) -> [String] {
        comparison.fairness.flatMap { attribute in
            attribute.disparities.filter { $0.change > policy.disparityFloor && ($0.pValue ?? 1) <= policy.alpha }.map {
                "\($0.metric) of \(attribute.attribute) grows from \(short($0.champion)) to \(short($0.candidate))"
            }
        }
    }
}

func short(_ x: Double?) -> String { x.map(fourDigits) ?? "unknown" }
