internal import Profiles
internal import Statistics
internal import Vocabulary

/// The errors of a regression's labelled predictions, beside those of the reference and between groups.
struct RegressionMonitor {
    let settings: MonitorSettings
    private let current: GroupTable<ErrorSums>
    private let now: RegressionSums?
    private let was: RegressionSums?
    private let labelled: Int64
    private let attributes: [String]

    init(settings: MonitorSettings, _ version: RegisteredVersion, _ reference: ReferenceProfile, _ current: Profile) {
        self.settings = settings
        self.current = current.residuals
        now = RegressionSums(current.residuals.total)
        was = RegressionSums(reference.profile.residuals.total)
        labelled = current.labelled
        attributes = version.schema.sensitive
    }

    // MARK: Performance

    func performance() -> [Draft] {
        guard let now else {
            var finding = blank("mae")
            finding.verdict = labelled == 0 ? .noData : .insufficient
            finding.why = labelled == 0 ? "no labels in the window yet" : "no label has a predicted value to compare it with"
            return [.shown(finding)]
        }
        let leftOut = now.leftOut > 0 ? "; \(now.leftOut) labels have no predicted value, or one that is too large" : ""
        return [
            compared(
                "mae", now.absoluteErrors, was?.absoluteErrors, { "predictions are off by \($0) on average" }, leftOut,
                floor: settings.errorFloor, kind: .directed, change: { $0 - $1 }),
            compared(
                "mean_error", now.errors, was?.errors, { "predictions less labels are \($0) on average" }, "",
                floor: settings.meanErrorFloor, kind: .distance, change: { abs($0 - $1) }),
            shown("rmse", now.rmse, was?.rmse), shown("r2", now.r2, was?.r2),
        ]
    }

    private func blank(_ statistic: String) -> Finding {
        Finding(
            monitor: .performance, subject: "", statistic: statistic, value: nil, referenceCount: was?.rows ?? 0,
            currentCount: now?.rows ?? 0)
    }

    private func shown(_ statistic: String, _ value: Double?, _ before: Double?) -> Draft {
        var finding = blank(statistic)
        finding.value = value
        finding.why = value == nil ? "one label, expected at least two" : before.map { "\(format($0)) in the reference" } ?? ""
        return .shown(finding)
    }

    /// A mean against the reference's: Welch's test, and the change as a share of the reference's mean absolute error.
    private func compared(
        _ statistic: String, _ after: MeanMoments, _ before: MeanMoments?, _ sentence: (String) -> String, _ tail: String,
        floor: Double, kind: EffectKind, change: (Double, Double) -> Double
    ) -> Draft {
        var finding = blank(statistic)
        finding.value = after.mean
        let interval = after.interval(confidence: settings.confidence)
        (finding.lower, finding.upper) = (interval?.lower, interval?.upper)
        let said = sentence(format(after.mean))
        guard let before, let was else {
            finding.why = said + "; the reference has no labels to compare with" + tail
            return .shown(finding)
        }
        finding.why = "\(said), \(format(before.mean)) in the reference" + tail
        guard let test = try? TTest.welch(before, after) else {
            finding.verdict = .insufficient
            finding.why = "one label on a side, expected at least two" + tail
            return .shown(finding)
        }
        // Errors that are all the same on both sides.
        finding.pValue = test.pValue ?? 1
        let deviation = (before.squaredError + after.squaredError).squareRoot()
        return Draft(
            finding: finding, effect: share(change(after.mean, before.mean), of: was.mae), floor: floor,
            detectable: share(Distributions.normalQuantile(1 - settings.alpha / 2) * deviation, of: was.mae), kind: kind)
    }

    /// Beside a reference without any error every error is large.
    private func share(_ change: Double, of whole: Double) -> Double {
        whole > 0 ? change / whole : change > 0 ? .infinity : 0
    }

    // MARK: Fairness

    /// Differences between groups are judged as shares of the reference's mean absolute error, of the window's where the reference has
    /// none.
    func fairness() -> [Draft] {
        GroupViews.of(attributes).flatMap { view -> [Draft] in
            let groups = current.sums(by: view.name).compactMap { name, sums in RegressionSums(sums).map { (name: name, sums: $0) } }
            return groups.flatMap { group in
                [("mae", group.sums.absoluteErrors), ("mean_error", group.sums.errors)].map { statistic, moments in
                    let interval = moments.interval(confidence: settings.confidence)
                    return .shown(
                        Finding(
                            monitor: .fairness, subject: view.subject, group: group.name, statistic: statistic, value: moments.mean,
                            lower: interval?.lower, upper: interval?.upper, referenceCount: 0, currentCount: group.sums.rows))
                }
            } + [
                difference("mae_difference", view.subject, groups, \.absoluteErrors),
                difference("mean_error_difference", view.subject, groups, \.errors),
            ]
        }
    }

    /// The value is over all groups; the p-value and the verdict only over groups large enough to judge.
    private func difference(
        _ statistic: String, _ subject: String, _ groups: [(name: String, sums: RegressionSums)],
        _ moments: (RegressionSums) -> MeanMoments
    ) -> Draft {
        let rows = groups.reduce(0) { $0 + $1.sums.rows }
        var finding = Finding(
            monitor: .fairness, subject: subject, statistic: statistic, value: nil, referenceCount: 0, currentCount: rows)
        let whole = was?.mae ?? now?.mae ?? 0
        // Errors that are all the same have some spread, so that a test can be made of them.
        let least = whole * whole * 1e-18
        func spread(_ groups: [(name: String, sums: RegressionSums)]) -> MeanSpread? {
            let all = groups.map { moments($0.sums) }
            return MeanSpread(
                means: all.map(\.mean), variances: all.map { max($0.squaredError, least) }, confidence: settings.confidence)
        }
        let all = spread(groups)
        finding.value = all?.difference
        (finding.lower, finding.upper) = (all?.interval?.lower, all?.interval?.upper)
        let large = groups.filter { $0.sums.rows >= max(2, settings.groupRowsMin) }
        guard let judged = spread(large) else {
            finding.verdict = rows == 0 ? .noData : .insufficient
            finding.why = "fewer than two groups have \(settings.groupRowsMin) labelled rows"
            return .shown(finding)
        }
        finding.pValue = judged.pValue
        let (low, high) = (large[judged.lowest], large[judged.highest])
        finding.why =
            "lowest for \(low.name) (\(format(moments(low.sums).mean))), highest for \(high.name) (\(format(moments(high.sums).mean)))"
        let widest = large.map { moments($0.sums).squaredError }.max() ?? 0
        return Draft(
            finding: finding, effect: share(judged.difference, of: whole), floor: settings.fairnessErrorFloor,
            detectable: share(Distributions.normalQuantile(1 - settings.alpha / 2) * (2 * widest).squareRoot(), of: whole),
            isFairness: true)
    }
}
