public import Profiles
internal import Statistics
public import Vocabulary

/// Turns the profile of a window into findings with verdicts: every statistic is a function of sums.
///
/// P-values are corrected within each monitor by Benjamini-Hochberg: the family is what one page of the on-call shows.
public struct WindowEvaluator: Sendable {
    public var settings: MonitorSettings
    public init(settings: MonitorSettings = MonitorSettings()) { self.settings = settings }

    /// - Parameters:
    ///   - baseline: what `reference` is, if it is not the frozen one.
    ///   - earlier: how many records came in comparable windows.
    ///   - changes: what detectors saw in the window; nil where none follow.
    public func evaluate(
        _ version: RegisteredVersion, _ window: Window, reference: ReferenceProfile, baseline: Baseline = .frozen, current: Profile,
        earlier: EarlierRows? = nil, changes: [ErrorChange]? = nil, at now: Timestamp
    ) -> Evaluation {
        var evaluation = judged(
            version, window, reference: reference, baseline: baseline, current: current, earlier: earlier, changes: changes, at: now)
        evaluation.findings = explained(evaluation.findings)
        return evaluation
    }

    /// The same, before findings are told what explains them.
    func judged(
        _ version: RegisteredVersion, _ window: Window, reference: ReferenceProfile, baseline: Baseline, current: Profile,
        earlier: EarlierRows?, changes: [ErrorChange]?, at now: Timestamp
    ) -> Evaluation {
        let variation = reference.variation(for: window)
        let families = families(version, reference: reference, current: current).map { family in
            family.map { $0.widened(by: variation, settings: settings) }
        }
        let volume = VolumeMonitor(settings: settings).findings(rows: current.rows, earlier: earlier)
        let events = changes.map { ConceptDriftMonitor(settings: settings).findings(version, $0, labelled: current.labelled) } ?? []
        return Evaluation(
            version: version.key, window: window, evaluatedAt: now, rows: current.rows, labelled: current.labelled, baseline: baseline,
            findings: (families + [volume]).flatMap(settle) + events)
    }

    /// Of a window in which nothing came only that is said.
    func evaluateEmpty(_ version: RegisteredVersion, _ window: Window, earlier: EarlierRows, at now: Timestamp) -> Evaluation {
        Evaluation(
            version: version.key, window: window, evaluatedAt: now, rows: 0, labelled: 0,
            findings: settle(VolumeMonitor(settings: settings).findings(rows: 0, earlier: earlier)))
    }

    /// The numbers of each monitor, not yet judged.
    func families(_ version: RegisteredVersion, reference: ReferenceProfile, current: Profile) -> [[Draft]] {
        let drift = DriftMonitor(settings: settings)
        var families = [drift.features(version, reference, current), drift.prediction(reference, current)]
        families += [
            DataQualityMonitor(settings: settings).findings(version, reference, current),
            ServiceLevelMonitor(settings: settings).findings(current),
        ]
        families.append(JointMonitor.findings(settings: settings, version, reference, current))
        switch reference.grid.outcome {
        case .binary:
            let outcome = OutcomeMonitor(settings: settings, reference, current)
            families += [
                outcome.calibration(), outcome.performance(),
                EstimatedPerformanceMonitor(settings: settings, reference, current).findings(),
                LabelMonitor(settings: settings).binary(reference, current),
            ]
            if !version.schema.sensitive.isEmpty {
                families.append(FairnessMonitor(settings: settings, version, reference, current).findings())
            }
        case .classes:
            let classes = MulticlassMonitor(settings: settings, version, reference, current)
            families[1] += classes.predictionDrift()
            families += [
                OutcomeMonitor(settings: settings, reference, current).calibration(), classes.performance(), classes.fairness(),
                EstimatedPerformanceMonitor(settings: settings, reference, current).findings(),
                LabelMonitor(settings: settings).classes(version.schema.classes, reference, current),
            ]
        case .numeric:
            let regression = RegressionMonitor(settings: settings, version, reference, current)
            families += [regression.performance(), regression.fairness()]
        }
        return families
    }

    private func settle(_ family: [Draft]) -> [Finding] {
        // A number that is only shown has no verdict to protect, so it is outside the family.
        let adjusted = benjaminiHochberg(family.map { $0.effect == nil || !$0.isLargeEnough(settings) ? nil : $0.finding.pValue })
        return zip(family, adjusted).map { $0.settled(adjustedP: $1, settings: settings) }
    }
}

extension ReferenceProfile {
    /// That of windows as long as this one; for a window of any length that of the next shorter kind.
    fileprivate func variation(for window: Window) -> NaturalVariation? {
        if let own = variations[window.kind] { return own }
        let shorter = variations.filter { $0.key.seconds.map { $0 <= window.seconds } ?? false }
        return shorter.max { ($0.key.seconds ?? 0, $0.key.rawValue) < ($1.key.seconds ?? 0, $1.key.rawValue) }?.value
    }
}
