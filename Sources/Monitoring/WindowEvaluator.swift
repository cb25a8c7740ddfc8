public import Profiles
internal import Statistics
public import Vocabulary

/// Turns the profile of a window into findings with verdicts: every statistic is a function of sums.
///
/// P-values are corrected within each monitor by Benjamini-Hochberg: the family is what one page of the on-call shows.
public struct WindowEvaluator: Sendable {
    public var settings: MonitorSettings
    public init(settings: MonitorSettings = MonitorSettings()) { self.settings = settings }

    public func evaluate(
        _ version: RegisteredVersion, _ window: Window, reference: ReferenceProfile, current: Profile, at now: Timestamp
    ) -> Evaluation {
        let drift = DriftMonitor(settings: settings)
        var families = [drift.features(version, reference, current), drift.prediction(reference, current)]
        families.append(JointMonitor.findings(settings: settings, version, reference, current))
        switch reference.grid.outcome {
        case .binary:
            let outcome = OutcomeMonitor(settings: settings, reference, current)
            families += [outcome.calibration(), outcome.performance()]
            if !version.schema.sensitive.isEmpty {
                families.append(FairnessMonitor(settings: settings, version, reference, current).findings())
            }
        case .classes:
            let classes = MulticlassMonitor(settings: settings, version, reference, current)
            families[1] += classes.predictionDrift()
            families += [
                OutcomeMonitor(settings: settings, reference, current).calibration(), classes.performance(), classes.fairness(),
            ]
        case .numeric:
            let regression = RegressionMonitor(settings: settings, version, reference, current)
            families += [regression.performance(), regression.fairness()]
        }
        return Evaluation(
            version: version.key, window: window, evaluatedAt: now, rows: current.rows, labelled: current.labelled,
            findings: families.flatMap(settle))
    }

    private func settle(_ family: [Draft]) -> [Finding] {
        // A number that is only shown has no verdict to protect, so it is outside the family.
        let adjusted = benjaminiHochberg(family.map { $0.effect == nil || !$0.isLargeEnough(settings) ? nil : $0.finding.pValue })
        return zip(family, adjusted).map { $0.settled(adjustedP: $1, settings: settings) }
    }
}
