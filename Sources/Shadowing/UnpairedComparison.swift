internal import Statistics

/// Two versions that both serve, each with rows of its own: a live A/B test.
///
/// The comparison is that of ``PairedComparison`` without the pairs: differences of estimates whose errors add up, each with the interval that
/// is right at every look, and how each of them serves. It may be believed only where the rows were given out as they should have been: the
/// sample ratio says so.
public struct UnpairedComparison: Sendable, Equatable {
    /// Whether rows went to the arms in the shares that were meant.
    public struct SampleRatio: Sendable, Equatable {
        public var shares: [Double]
        public var chiSquared: Double
        public var pValue: Double
        /// Below this it is no chance: R. Kohavi, D. Tang, Y. Xu, "Trustworthy Online Controlled Experiments", 2020, chapter 21.
        public static let level = 0.001
        public var isMismatch: Bool { pValue < Self.level }
    }
    /// A group of an attribute, or a segment (then the attribute is empty).
    public struct Group: Sendable, Equatable {
        public var attribute: String
        public var name: String
        /// Rows of both arms.
        public var rows: [Double]
        public var labelled: [Double]
        public var differences: [PairedDifference]
        /// Of the deciding metric, right at every look and corrected over all groups and segments.
        public var adjustedP: Double?
        public var title: String { attribute.isEmpty ? "segment \(name)" : "\(attribute) = \(name)" }
    }
    /// One part of both arms.
    public struct Part: Sendable {
        public var attribute: String
        public var name: String
        public var arms: (ArmSums, ArmSums)
        /// - Parameter attribute: empty for a segment.
        public init(attribute: String, name: String, arms: (ArmSums, ArmSums)) {
            (self.attribute, self.name, self.arms) = (attribute, name, arms)
        }
    }

    public var arms: [ArmSums]
    /// nil where the shares changed meanwhile.
    public var ratio: SampleRatio?
    /// The deciding metric first.
    public var differences: [PairedDifference]
    /// Errors, cost, latency, selection: what needs no labels.
    public var serving: [PairedDifference]
    public var quantiles: [[LatencyQuantile]]
    public var sequential: [SequentialDifference]
    public var groups: [Group]
    /// By attribute.
    public var disparities: [(attribute: String, all: [DisparityChange])]
    /// Of the candidate's scores from the champion's; nil without scores of a binary model.
    public var populationStability: Double?
    public var decision: RolloutDecision
    public var verdict: RolloutVerdict { decision.verdict }
    public var reasons: [String] { decision.reasons }

    public static func == (a: Self, b: Self) -> Bool {
        a.arms == b.arms && a.ratio == b.ratio && a.differences == b.differences && a.serving == b.serving && a.groups == b.groups
            && a.disparities.map(\.attribute) == b.disparities.map(\.attribute) && a.disparities.map(\.all) == b.disparities.map(\.all)
            && a.decision == b.decision
    }

    /// - Parameters:
    ///   - classes: how many, of a multiclass model. - arms: the champion's sums and the candidate's.
    ///   - shares: what each was meant to get; nil where that has changed. - parts: groups and segments of both arms.
    public init(
        _ task: PairedPredictions.Task, classes: Int = 2, _ arms: (ArmSums, ArmSums), shares: (Double, Double)?, parts: [Part] = [],
        policy: RolloutPolicy = RolloutPolicy(), confidence: Double = 0.95
    ) {
        self.arms = [arms.0, arms.1]
        ratio = shares.flatMap { Self.ratio((arms.0.rows, arms.1.rows), $0) }
        var metrics = ArmMetric.performance(task, classes: classes)
        if let place = metrics.firstIndex(where: { $0.name == policy.primary }) { metrics.insert(metrics.remove(at: place), at: 0) }
        let serving = ArmMetric.serving(task)
        differences = metrics.map { PairedDifference($0, arms, confidence: confidence) }
        quantiles = [arms.0, arms.1].map { arm in
            LatencyQuantile.shares.map { LatencyQuantile(arm.paces, $0, confidence: confidence) }
        }
        let means = serving.map { PairedDifference($0, arms, confidence: confidence) }
        self.serving = means + zip(quantiles[0], quantiles[1]).map { LatencyQuantile.difference($0, $1) }
        sequential = zip(metrics + serving, differences + means).map { metric, difference in
            let least = min(metric.estimate(arms.0).count, metric.estimate(arms.1).count)
            return least < ConfidenceSequence.firstLook
                ? SequentialDifference(metric: metric.name, interval: nil) : SequentialDifference(difference, confidence: confidence)
        }
        // Groups have sums of losses and outcomes, no cells of scores.
        let own = metrics.filter { $0.name != "roc_auc" && $0.name != "ece" }
        groups = parts.map { part in
            Group(
                attribute: part.attribute, name: part.name, rows: [part.arms.0.rows, part.arms.1.rows],
                labelled: [part.arms.0.labelled, part.arms.1.labelled],
                differences: own.map { PairedDifference($0, part.arms, confidence: confidence) })
        }
        let tests = groups.map { group -> Double? in
            guard let first = group.differences.first, let value = first.value, let error = first.error, error > 0,
                (group.labelled.min() ?? 0) >= ConfidenceSequence.firstLook
            else { return nil }
            return ConfidenceSequence.pValue(count: Double(first.count), z: value / error)
        }
        for (place, p) in benjaminiHochberg(tests).enumerated() { groups[place].adjustedP = p }
        disparities = task == .binary ? Self.disparities(parts, confidence) : []
        populationStability = Self.stability(arms)
        decision = RolloutDecision(verdict: .hold, reasons: [], broken: [])
        decision = decide(policy)
    }

    private static func ratio(_ rows: (Double, Double), _ shares: (Double, Double)) -> SampleRatio? {
        let (total, all) = (rows.0 + rows.1, shares.0 + shares.1)
        guard total > 0, shares.0 > 0, shares.1 > 0 else { return nil }
        let (a, b) = (total * shares.0 / all, total * shares.1 / all)
        let statistic = (rows.0 - a) * (rows.0 - a) / a + (rows.1 - b) * (rows.1 - b) / b
        return SampleRatio(
            shares: [shares.0 / all, shares.1 / all], chiSquared: statistic,
            pValue: (try? Distributions.chiSquared(statistic, degreesOfFreedom: 1).tail) ?? 1)
    }

    private static func disparities(_ parts: [Part], _ confidence: Double) -> [(attribute: String, all: [DisparityChange])] {
        var attributes: [String] = []
        for part in parts where !part.attribute.isEmpty && !attributes.contains(part.attribute) { attributes.append(part.attribute) }
        return attributes.map { attribute in
            let rates = parts.filter { $0.attribute == attribute }.map { part in
                [nil, 1, 0].map { label -> DisparityChange.Rates? in
                    func decided(_ arm: ArmSums) -> (yes: Double, all: Double) {
                        let yes = arm.count(label: label, decision: 1)
                        return (yes, yes + arm.count(label: label, decision: 0))
                    }
                    let (a, b) = (decided(part.arms.0), decided(part.arms.1))
                    guard a.all > 0, b.all > 0 else { return nil }
                    let (was, now) = (ArmEstimate(share: a.yes, of: a.all, ""), ArmEstimate(share: b.yes, of: b.all, ""))
                    return DisparityChange.Rates(
                        rows: min(a.all, b.all), was: was.value ?? 0, now: now.value ?? 0, wasVariance: was.variance ?? 0,
                        nowVariance: now.variance ?? 0, covariance: 0)
                }
            }
            return (attribute, DisparityChange.all(rates, confidence: confidence) { ConfidenceSequence.pValue(count: $0, z: $1) })
        }
    }

    /// Less what chance alone gives, (1/n + 1/m)·9 on average of ten cells: a small arm is no other one.
    private static func stability(_ arms: (ArmSums, ArmSums)) -> Double? {
        func scores(_ arm: ArmSums) -> [Double] {
            guard arm.cells.count == 3 else { return [] }
            return arm.cells[0].indices.map { arm.cells[0][$0] + arm.cells[1][$0] + arm.cells[2][$0] }
        }
        let (a, b) = (scores(arms.0), scores(arms.1))
        let (n, m) = (a.reduce(0, +), b.reduce(0, +))
        guard n > 0, m > 0 else { return nil }
        return max(0, ScoreCells.stability(a, b) - 9 * (1 / n + 1 / m))
    }
}

extension PairedDifference {
    /// Of a metric of two arms: the normal interval of a difference whose errors add up.
    init(_ metric: ArmMetric, _ arms: (ArmSums, ArmSums), confidence: Double) {
        let (a, b) = (metric.estimate(arms.0), metric.estimate(arms.1))
        self.init(metric.name, isBetterBelow: metric.isBetterBelow)
        count = Int(a.count + b.count)
        (champion, candidate) = (a.value, b.value)
        guard let was = a.value, let now = b.value else {
            why = "\(a.value == nil ? "the champion" : "the candidate"): \(a.value == nil ? a.why : b.why)"
            return
        }
        value = now - was
        guard let first = a.variance, let second = b.variance else {
            why = "an arm has one row, or is never wrong"
            return
        }
        put(error: (first + second).squareRoot(), confidence: confidence)
    }
}
