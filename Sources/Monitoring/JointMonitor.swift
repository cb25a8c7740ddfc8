internal import Profiles
internal import Statistics
internal import Vocabulary

/// Compares the numeric features together: what moves here need not show in any single one.
struct JointMonitor {
    let settings: MonitorSettings
    private let names: [String]
    private let drift: JointDrift
    private let referenceRows: Int
    private let currentRows: Int

    /// - Returns: nil for a version whose numeric features say nothing together.
    init?(settings: MonitorSettings, _ version: RegisteredVersion, _ reference: ReferenceProfile, _ current: Profile) {
        guard let grid = reference.grid.joint, let r = reference.profile.joint, let a = current.joint else { return nil }
        self.settings = settings
        names = grid.features.map { version.schema.features[$0].name }
        drift = JointDrift(reference: r, current: a, grid: grid)
        (referenceRows, currentRows) = (r.count, a.count)
    }

    func findings() -> [Draft] { [correlation(), reconstruction(), discrepancy()] }

    private func blank(_ statistic: String) -> Finding {
        Finding(
            monitor: .jointDrift, subject: "", statistic: statistic, value: nil, referenceCount: Int64(referenceRows),
            currentCount: Int64(currentRows))
    }

    /// Without a value: nothing came, or too little for any law.
    private func empty(_ finding: Finding) -> Draft {
        var finding = finding
        finding.verdict = currentRows == 0 ? .noData : .insufficient
        finding.why =
            currentRows == 0
            ? "no rows without a missing number in the window" : "\(currentRows) rows without a missing number are too few, or do not vary"
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
        let spread = 1 / Double(max(1, referenceRows - 3)) + 1 / Double(max(1, currentRows - 3))
        return Draft(
            finding: finding, effect: abs(pair.difference), floor: settings.correlationFloor,
            detectable: Distributions.normalQuantile(1 - settings.alpha / 2) * spread.squareRoot())
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
