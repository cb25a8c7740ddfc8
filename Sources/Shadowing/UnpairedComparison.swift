internal import Statistics
public import Vocabulary

/// Two versions that both serve, each with rows of its own: a live A/B test.
///
/// The comparison is that of ``PairedComparison`` without the pairs: differences of means, with Welch's standard error, and the interval that is
/// right at every look. It may be believed only where the rows were given out as they should have been: the sample ratio says so.
public struct UnpairedComparison: Sendable, Equatable {
    /// Sums of one arm, or of one group of it.
    public struct Arm: Sendable, Equatable {
        public var rows = 0.0
        public var labelled = 0.0
        public var positive = 0.0
        /// Of each loss the sum and the sum of squares, in the order of ``metrics(_:)``.
        public var losses: [(sum: Double, squares: Double)]

        public init(losses: Int) { self.losses = .init(repeating: (0, 0), count: losses) }

        public static func == (a: Arm, b: Arm) -> Bool {
            a.rows == b.rows && a.labelled == b.labelled && a.positive == b.positive
                && a.losses.map(\.sum) == b.losses.map(\.sum) && a.losses.map(\.squares) == b.losses.map(\.squares)
        }

        public mutating func add(_ other: Arm) {
            rows += other.rows
            labelled += other.labelled
            positive += other.positive
            for i in losses.indices {
                losses[i].sum += other.losses[i].sum
                losses[i].squares += other.losses[i].squares
            }
        }
    }

    /// Whether rows went to the arms in the shares that were meant.
    public struct SampleRatio: Sendable, Equatable {
        public var shares: [Double]
        public var chiSquared: Double
        public var pValue: Double
        /// Below this it is no chance: R. Kohavi, D. Tang, Y. Xu, "Trustworthy Online Controlled Experiments", 2020, chapter 21.
        public static let level = 0.001
        public var isMismatch: Bool { pValue < Self.level }
    }
    public struct Group: Sendable, Equatable {
        public var attribute: String
        public var name: String
        public var differences: [PairedDifference]
    }

    public var arms: [Arm]
    public var ratio: SampleRatio?
    public var differences: [PairedDifference]
    public var sequential: [SequentialDifference]
    public var groups: [Group]
    public var verdict: RolloutVerdict
    public var reasons: [String]

    /// The names of the losses of a task, as rows are to be summed.
    public static func metrics(_ task: PairedPredictions.Task) -> [String] { PairedLoss.names(task).map(\.name) }

    /// - Parameters:
    ///   - arms: the champion's sums and the candidate's. - shares: what each was meant to get.
    ///   - groups: by attribute and name, of both arms.
    public init(
        _ task: PairedPredictions.Task, _ arms: (Arm, Arm), shares: (Double, Double),
        groups: [(attribute: String, name: String, arms: (Arm, Arm))],
        policy: RolloutPolicy = RolloutPolicy(), confidence: Double = 0.95
    ) {
        let names = PairedLoss.names(task)
        self.arms = [arms.0, arms.1]
        let total = arms.0.rows + arms.1.rows
        let all = shares.0 + shares.1
        if total > 0, shares.0 > 0, shares.1 > 0 {
            let (a, b) = (total * shares.0 / all, total * shares.1 / all)
            let statistic = (arms.0.rows - a) * (arms.0.rows - a) / a + (arms.1.rows - b) * (arms.1.rows - b) / b
            ratio = SampleRatio(
                shares: [shares.0 / all, shares.1 / all], chiSquared: statistic,
                pValue: (try? Distributions.chiSquared(statistic, degreesOfFreedom: 1).tail) ?? 1)
        }
        differences = Self.differences(arms, names, confidence)
        let n = arms.0.labelled + arms.1.labelled
        sequential = names.indices.map { i in
            let error = Self.squaredError(arms, i)
            return SequentialDifference(
                metric: names[i].name,
                interval: min(arms.0.labelled, arms.1.labelled) < AlwaysValid.firstLook
                    ? nil
                    : AlwaysValid.interval(
                        count: n, mean: Self.mean(arms.1, i) - Self.mean(arms.0, i), variance: error.map { $0 * n }, confidence: confidence)
            )
        }
        self.groups = groups.map {
            Group(attribute: $0.attribute, name: $0.name, differences: Self.differences($0.arms, names, confidence))
        }
        (verdict, reasons) = (.hold, [])
        decide(policy, primary: policy.primary.flatMap { name in names.firstIndex { $0.name == name } } ?? 0)
    }

    private mutating func decide(_ policy: RolloutPolicy, primary: Int) {
        if let ratio, ratio.isMismatch {
            reasons = [
                "sample ratio mismatch: \(Int(arms[0].rows)) rows and \(Int(arms[1].rows)), meant were \(short(ratio.shares[0])) and \(short(ratio.shares[1])) of them (p \(short(ratio.pValue))): nothing else can be believed"
            ]
            return
        }
        let labelled = Int(min(arms[0].labelled, arms[1].labelled))
        guard labelled >= policy.rowsMin else {
            reasons = ["\(labelled) labelled rows in the smaller arm, \(policy.rowsMin) are needed"]
            return
        }
        let difference = differences[primary]
        guard let interval = sequential[primary].interval else {
            reasons = ["\(difference.metric) has no interval"]
            return
        }
        let gain = difference.isBetterBelow ? Interval(lower: -interval.upper, upper: -interval.lower) : interval
        let values = "\(difference.metric) \(short(difference.champion)) to \(short(difference.candidate))"
        let tests = benjaminiHochberg(groups.map { $0.differences[primary].pValue })
        let worse = zip(groups, tests).compactMap { group, p -> String? in
            let own = group.differences[primary]
            guard let p, p <= policy.alpha, let was = own.champion, let gain = own.gain, gain < -policy.groupFloor * abs(was) else {
                return nil
            }
            return "worse for \(group.attribute) = \(group.name): \(own.metric) \(short(was)) to \(short(own.candidate))"
        }
        if gain.upper < -policy.margin {
            (verdict, reasons) = (.reject, ["\(values): worse by the interval that is right at every look"])
        } else if gain.lower > -policy.margin {
            let good = policy.margin > 0 ? "not worse by more than \(short(policy.margin))" : "better"
            (verdict, reasons) = (
                worse.isEmpty ? .promote : .hold, ["\(values): \(good) by the interval that is right at every look"] + worse
            )
        } else {
            reasons = ["\(values): not sure: the gain lies in \(short(gain.lower)) to \(short(gain.upper))"] + worse
        }
    }

    private static func mean(_ arm: Arm, _ i: Int) -> Double { arm.losses[i].sum / arm.labelled }

    /// Of the difference of the two means.
    private static func squaredError(_ arms: (Arm, Arm), _ i: Int) -> Double? {
        func own(_ arm: Arm) -> Double? {
            guard arm.labelled > 1 else { return nil }
            let mean = mean(arm, i)
            return max(0, arm.losses[i].squares - arm.labelled * mean * mean) / (arm.labelled - 1) / arm.labelled
        }
        return own(arms.0).flatMap { a in own(arms.1).map { a + $0 } }
    }

    private static func differences(
        _ arms: (Arm, Arm), _ names: [(name: String, isBetterBelow: Bool)], _ confidence: Double
    ) -> [PairedDifference] {
        names.enumerated().map { i, name in
            var out = PairedDifference(name.name, isBetterBelow: name.isBetterBelow)
            out.count = Int(arms.0.labelled + arms.1.labelled)
            guard arms.0.labelled > 0, arms.1.labelled > 0 else {
                out.why = "an arm has no labelled rows"
                return out
            }
            (out.champion, out.candidate) = (mean(arms.0, i), mean(arms.1, i))
            out.value = mean(arms.1, i) - mean(arms.0, i)
            guard let error = squaredError(arms, i) else {
                out.why = "an arm has one labelled row"
                return out
            }
            out.put(error: error.squareRoot(), confidence: confidence)
            return out
        }
    }

    /// The comparison as JSON; differences and sequential as in the result of `shadow`.
    public func json(names: (String, String)) -> JSON {
        var out = JSONObject([("command", .string("shadow")), ("kind", .string("unpaired"))])
        out["arms"] = .array([json(of: arms[0], names.0) { $0.champion }, json(of: arms[1], names.1) { $0.candidate }])
        if let ratio {
            out["sample_ratio"] = .object([
                "shares": .array(ratio.shares.map(JSON.number)), "chi_squared": .number(ratio.chiSquared), "p_value": .number(ratio.pValue),
                "mismatch": .bool(ratio.isMismatch),
            ])
        }
        out["differences"] = Self.json(differences)
        var always = JSONObject()
        for sequence in sequential { always[sequence.metric] = sequence.json }
        out["sequential"] = .object(always)
        out["groups"] = .array(
            groups.map { group in
                .object([
                    "attribute": .string(group.attribute), "group": .string(group.name), "differences": Self.json(group.differences),
                ])
            })
        out["verdict"] = .string(verdict.rawValue)
        out["reasons"] = .array(reasons.map(JSON.string))
        return JSON.object(out).explained("not known of these rows")
    }

    private func json(of arm: Arm, _ name: String, _ value: (PairedDifference) -> Double?) -> JSON {
        var out = JSONObject([("name", .string(name)), ("rows", .number(arm.rows)), ("labelled", .number(arm.labelled))])
        out["selection_rate"] = .statistic(arm.rows > 0 ? arm.positive / arm.rows : nil)
        for difference in differences { out[difference.metric] = .statistic(value(difference)) }
        return .object(out)
    }

    private static func json(_ differences: [PairedDifference]) -> JSON {
        var out = JSONObject()
        for difference in differences { out[difference.metric] = difference.json }
        return .object(out)
    }
}
