internal import Profiles
internal import Statistics
internal import Vocabulary

/// Compares numbers together: the numeric features of a version, or the projections of a vector feature. What moves here need not show in
/// any single one.
struct JointMonitor {
    let settings: MonitorSettings
    /// The vector feature, or empty for all numeric features.
    private let subject: String
    private let names: [String]
    private let reference: JointSums
    private let current: JointSums
    private let drift: JointDrift

    private init(
        settings: MonitorSettings, subject: String, names: [String], _ grid: JointGrid, _ reference: JointSums, _ current: JointSums
    ) {
        self.settings = settings
        self.subject = subject
        self.names = names
        self.reference = reference
        self.current = current
        drift = JointDrift(reference: reference, current: current, grid: grid)
    }

    /// The findings of a version's numeric features together, and of each of its vectors; none where they say nothing together.
    static func findings(
        settings: MonitorSettings, _ version: RegisteredVersion, _ reference: ReferenceProfile, _ current: Profile
    ) -> [Draft] {
        var drafts: [Draft] = []
        if let grid = reference.grid.joint, let r = reference.profile.joint, let a = current.joint {
            let names = grid.features.map { version.schema.features[$0].name }
            let monitor = JointMonitor(settings: settings, subject: "", names: names, grid, r, a)
            drafts += [monitor.correlation(), monitor.reconstruction(), monitor.discrepancy()]
        }
        for (place, feature) in version.schema.features.enumerated() {
            guard case .vector(let grid) = reference.grid.features[place], case .vector(let r) = reference.profile.features[place],
                case .vector(let a) = current.features[place], let joint = grid.joint, let before = r.joint, let after = a.joint
            else { continue }
            let monitor = JointMonitor(settings: settings, subject: feature.name, names: [], joint, before, after)
            drafts += [monitor.meanShift(), monitor.reconstruction(), monitor.discrepancy()]
        }
        return drafts
    }

    private func blank(_ statistic: String) -> Finding {
        Finding(
            monitor: .jointDrift, subject: subject, statistic: statistic, value: nil, referenceCount: Int64(reference.count),
            currentCount: Int64(current.count))
    }

    /// Without a value: nothing came, or too little for any law.
    private func empty(_ finding: Finding) -> Draft {
        var finding = finding
        let rows = subject.isEmpty ? "rows without a missing number" : "vectors"
        finding.verdict = current.count == 0 ? .noData : .insufficient
        finding.why =
            current.count == 0 ? "no \(rows) in the window" : "\(current.count) \(rows) are too few, or do not vary"
        return .shown(finding)
    }

    private func correlation() -> Draft {
        var finding = blank("correlation")
        guard let correlation = drift.correlation else { return empty(finding) }
        // Of the pairs that moved for sure the one that moved most, else the one that comes nearest to it.
        let sure = correlation.pairs.filter { $0.adjustedP <= settings.alpha }
        let pair = sure.first ?? correlation.pairs.min { $0.adjustedP < $1.adjustedP } ?? correlation.pairs[0]
        finding.value = abs(pair.difference)
        finding.pValue = pair.adjustedP
        finding.drivers = sure.prefix(Driver.max).map {
            Driver("\(names[$0.first]) and \(names[$0.second])", before: $0.reference, after: $0.current)
        }
        let moved = sure.count { abs($0.difference) >= settings.correlationFloor }
        finding.why =
            "the correlation of \(names[pair.first]) and \(names[pair.second]) went from \(format(pair.reference)) to \(format(pair.current))"
            + (moved > 1 ? ", and those of \(moved - 1) more pairs moved" : "")
        let spread = 1 / Double(max(1, reference.count - 3)) + 1 / Double(max(1, current.count - 3))
        return Draft(
            finding: finding, effect: abs(pair.difference), floor: settings.correlationFloor,
            detectable: Distributions.normalQuantile(1 - settings.alpha / 2) * spread.squareRoot())
    }

    /// The projection whose mean moved most, in standard deviations of the reference. Its p-value pays for all of them, by Simes' method.
    private func meanShift() -> Draft {
        var finding = blank("mean_shift")
        let (n, m, k) = (Double(reference.count), Double(current.count), reference.means.count)
        guard n >= 2, m >= 2 else { return empty(finding) }
        var worst = 0.0
        var pValues: [Double?] = []
        for i in 0..<k {
            let variances = (reference.moments[i * k + i] / (n - 1), current.moments[i * k + i] / (m - 1))
            let change = current.means[i] - reference.means[i]
            guard variances.0 > 0 else { continue }
            worst = max(worst, abs(change) / variances.0.squareRoot())
            pValues.append(Distributions.normalTwoSided(change / (variances.0 / n + variances.1 / m).squareRoot()))
        }
        finding.value = worst
        finding.pValue = benjaminiHochberg(pValues).compactMap { $0 }.min()
        finding.why = "of \(k) directions one moved by \(format(worst)) standard deviations"
        let level = settings.alpha / Double(max(1, k))
        return Draft(
            finding: finding, effect: worst, floor: settings.meanShiftFloor,
            detectable: Distributions.normalQuantile(1 - level / 2) * (1 / n + 1 / m).squareRoot())
    }

    private func reconstruction() -> Draft {
        var finding = blank("reconstruction_error")
        guard let error = drift.reconstruction else { return empty(finding) }
        finding.value = error.ratio
        finding.pValue = error.pValue
        finding.why =
            "rows are rebuilt from \(error.components) components with \(format(error.ratio)) times the reference's squared error"
        return Draft(
            finding: finding, effect: abs(error.ratio - 1), floor: settings.reconstructionFloor,
            detectable: Distributions.normalQuantile(1 - settings.alpha / 2) * error.standardError / error.reference)
    }

    /// A squared distance in the kernel's space: nobody knows its scale, so it is shown and gives no verdict of its own.
    private func discrepancy() -> Draft {
        var finding = blank("mmd")
        guard let discrepancy = drift.discrepancy else { return empty(finding) }
        finding.value = discrepancy.unbiased
        finding.pValue = discrepancy.pValue
        finding.why = "a squared distance in the kernel's space; it has no effect floor, so it carries no verdict"
        return .shown(finding)
    }
}
