internal import Statistics
internal import Vocabulary

extension MonitorSettings {
    /// A share of a window's rows, judged by its drop below the reference's: the chi-squared test of both, and Wilson's interval.
    ///
    /// - Returns: nil when the window has no rows for it.
    func drop(_ finding: Finding, from was: Rate?, to now: Rate, name: String) -> Draft? {
        guard let value = now.value else { return nil }
        var finding = finding
        finding.value = value
        finding.currentCount = now.total
        let interval = now.interval(confidence: confidence)
        (finding.lower, finding.upper) = (interval?.lower, interval?.upper)
        guard let was, let before = was.value else { return .shown(finding) }
        finding.referenceCount = was.total
        finding.why = "\(name) \(format(value)), \(format(before)) in the reference"
        let chi = try? ChiSquared(
            reference: [was.count, was.total - was.count], current: [now.count, now.total - now.count])
        finding.pValue = chi?.pValue ?? 1
        let pooled = Double(was.count + now.count) / Double(was.total + now.total)
        return Draft(
            finding: finding, effect: before - value, floor: performanceFloor,
            detectable: Distributions.normalQuantile(1 - alpha / 2)
                * (max(pooled * (1 - pooled), 1e-3) * (1 / Double(was.total) + 1 / Double(now.total))).squareRoot(), kind: .directed)
    }
    /// A share of a window's rows, judged by its change in either direction: the chi-squared test of both, and Wilson's interval.
    func change(_ finding: Finding, from was: Rate, to now: Rate, floor: Double, name: String) -> Draft {
        guard let before = was.value, let value = now.value else { return .noData(finding) }
        var finding = finding
        finding.value = value
        finding.why = "\(name) \(percent(before)) in the reference, \(percent(value)) now"
        let interval = now.interval(confidence: confidence)
        (finding.lower, finding.upper) = (interval?.lower, interval?.upper)
        // All or nothing on both sides: there is nothing to test.
        let chi = try? ChiSquared(
            reference: [was.count, was.total - was.count], current: [now.count, now.total - now.count])
        finding.pValue = chi?.pValue ?? 1
        let pooled = Double(was.count + now.count) / Double(was.total + now.total)
        let deviation = (max(pooled * (1 - pooled), 0.05 * 0.95) * (1 / Double(was.total) + 1 / Double(now.total))).squareRoot()
        return Draft(
            finding: finding, effect: abs(value - before), floor: floor,
            detectable: Distributions.normalQuantile(1 - alpha / 2) * deviation)
    }
}
