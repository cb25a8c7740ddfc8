internal import Profiles
internal import Statistics
internal import Vocabulary

/// Rates of every group, and how far they are apart, for each sensitive attribute and their intersection.
struct FairnessMonitor {
    let settings: MonitorSettings
    private let current: OutcomeSums
    private let attributes: [String]

    init(settings: MonitorSettings, _ version: RegisteredVersion, _ reference: ReferenceProfile, _ current: Profile) {
        self.settings = settings
        self.current = OutcomeSums(current, reference)
        attributes = version.schema.sensitive
    }

    func findings() -> [Draft] {
        GroupViews.of(attributes).flatMap { evaluate($0.subject, $0.name) }
    }

    private func evaluate(_ attribute: String, _ name: ([String?]) -> String?) -> [Draft] {
        let groups = current.groups(name)
        var drafts = groups.flatMap { rates($0, attribute) }
        drafts += disparity(
            attribute, "demographic_parity", groups, rate: \.selectionRate, whole: { $0.predictions })
        return drafts + oddsFindings(attribute, groups)
    }

    private func rates(_ group: GroupCounts, _ attribute: String) -> [Draft] {
        [("selection_rate", group.selectionRate), ("tpr", group.truePositiveRate), ("fpr", group.falsePositiveRate)].map {
            statistic, rate in
            let interval = rate.interval(confidence: settings.confidence)
            return .shown(
                Finding(
                    monitor: .fairness, subject: attribute, group: group.group, statistic: statistic, value: rate.value,
                    lower: interval?.lower,
                    upper: interval?.upper, referenceCount: 0, currentCount: rate.total,
                    why: rate.value == nil ? "no rows with this label in the group" : ""))
        }
    }

    /// The value is over all groups; the p-value and the verdict only over groups large enough to judge.
    private func disparity(
        _ attribute: String, _ name: String, _ groups: [GroupCounts], rate: (GroupCounts) -> Rate, whole: (GroupCounts) -> Int64
    ) -> [Draft] {
        let all = try? Disparity(groups.map { ($0.group, rate($0)) }, confidence: settings.confidence)
        let large = groups.filter { whole($0) >= settings.groupRowsMin }
        let judged = try? Disparity(large.map { ($0.group, rate($0)) }, confidence: settings.confidence)
        return pair(attribute, name, groups, all: all, worstRatio: all, judged: judged, judgedRatio: judged, pValue: judged?.pValue)
    }

    private func oddsFindings(_ attribute: String, _ groups: [GroupCounts]) -> [Draft] {
        let all = try? EqualizedOdds(groups, confidence: settings.confidence)
        let judged = try? EqualizedOdds(groups, rowsMin: settings.groupRowsMin, confidence: settings.confidence)
        return pair(
            attribute, "equalized_odds", groups, all: all?.worse, worstRatio: all?.worseByRatio, judged: judged?.worse,
            judgedRatio: judged?.worseByRatio, pValue: judged?.pValue)
    }

    private func pair(
        _ attribute: String, _ name: String, _ groups: [GroupCounts], all: Disparity?, worstRatio: Disparity?, judged: Disparity?,
        judgedRatio: Disparity?, pValue: Double?
    ) -> [Draft] {
        let rows = groups.reduce(0) { $0 + $1.predictions }
        func blank(_ suffix: String) -> Finding {
            Finding(
                monitor: .fairness, subject: attribute, statistic: name + suffix, value: nil, pValue: pValue, referenceCount: 0,
                currentCount: rows)
        }
        var difference = blank("_difference")
        difference.value = all?.difference
        difference.lower = all?.differenceInterval?.lower
        difference.upper = all?.differenceInterval?.upper
        var ratio = blank("_ratio")
        ratio.value = worstRatio?.ratio
        ratio.lower = worstRatio?.ratioInterval?.lower
        ratio.upper = worstRatio?.ratioInterval?.upper
        guard let judged else {
            let verdict: Verdict = rows == 0 ? .noData : .insufficient
            let why = "fewer than two groups have \(settings.groupRowsMin) rows with what the rate needs"
            (difference.verdict, difference.why, ratio.verdict, ratio.why) = (verdict, why, verdict, why)
            return [.shown(difference), .shown(ratio)]
        }
        difference.drivers = pair(judged)
        difference.why = "lowest for \(judged.lowest), highest for \(judged.highest), \(format(judged.difference)) apart"
        let detectable = Distributions.normalQuantile(1 - settings.alpha / 2) * (0.5 / Double(max(1, judged.smallestGroup))).squareRoot()
        var drafts = [
            Draft(
                finding: difference, effect: judged.difference, floor: settings.fairnessDifferenceFloor, detectable: detectable,
                isFairness: true)
        ]
        if let value = judgedRatio?.ratio, let worst = judgedRatio {
            ratio.drivers = pair(worst)
            ratio.why = "\(worst.lowest) has \(format(value)) of the rate of \(worst.highest)"
            // A ratio of exactly the floor still passes: four fifths is enough. Of a low rate even a small difference is a low ratio.
            drafts.append(
                Draft(
                    finding: ratio, effect: 1 - value, floor: (1 - settings.fairnessRatioFloor).nextUp,
                    detectable: detectable / (worst.highestRate.value ?? 1), isFairness: true))
        } else {
            ratio.why = "the rate is 0 in every group, so the ratio is undefined"
            drafts.append(.shown(ratio))
        }
        return drafts
    }

    /// The two groups that are farthest apart, each with its rate and the rows of it.
    private func pair(_ worst: Disparity) -> [Driver] {
        [(worst.lowest, worst.lowestRate), (worst.highest, worst.highestRate)].map { Driver($0, after: $1.value, count: $1.total) }
    }
}
