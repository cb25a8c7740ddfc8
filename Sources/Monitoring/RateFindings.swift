internal import Statistics
internal import Vocabulary

extension MonitorSettings {
    /// A share of a window's rows, judged by its drop below the reference's.
    ///
    /// - Returns: nil when the window has no rows for it.
    func drop(_ finding: Finding, from was: Rate?, to now: Rate, name: String) -> Draft? {
        guard let value = now.value else { return nil }
        var finding = finding
        show(now, in: &finding)
        guard let was, let before = was.value else { return .shown(finding) }
        finding.referenceCount = was.total
        finding.why = "\(name) \(format(value)), \(format(before)) in the reference"
        let detectable = test(&finding, from: was, to: now, varianceMin: 1e-3)
        return Draft(finding: finding, effect: before - value, floor: performanceFloor, detectable: detectable, kind: .directed)
    }

    /// A share of a window's rows, judged by its change in either direction.
    func change(_ finding: Finding, from was: Rate, to now: Rate, floor: Double, name: String) -> Draft {
        guard let before = was.value, let value = now.value else { return .noData(finding) }
        var finding = finding
        show(now, in: &finding)
        finding.why = "\(name) \(percent(before)) in the reference, \(percent(value)) now"
        let detectable = test(&finding, from: was, to: now, varianceMin: 0.05 * 0.95)
        return Draft(finding: finding, effect: abs(value - before), floor: floor, detectable: detectable)
    }

    /// The share with Wilson's interval.
    private func show(_ rate: Rate, in finding: inout Finding) {
        finding.value = rate.value
        finding.currentCount = rate.total
        let interval = rate.interval(confidence: confidence)
        (finding.lower, finding.upper) = (interval?.lower, interval?.upper)
    }

    /// Puts in the p-value of the chi-squared test that both are samples of one share; 1 where that share is 0 or 1.
    ///
    /// - Parameter varianceMin: of a row. At shares of hardly any variance any change would seem to show.
    /// - Returns: the smallest change that would have been significant.
    private func test(_ finding: inout Finding, from was: Rate, to now: Rate, varianceMin: Double) -> Double {
        let chi = try? ChiSquared(reference: [was.count, was.total - was.count], current: [now.count, now.total - now.count])
        finding.pValue = chi?.pValue ?? 1
        let pooled = Double(was.count + now.count) / Double(was.total + now.total)
        let variance = max(pooled * (1 - pooled), varianceMin) * (1 / Double(was.total) + 1 / Double(now.total))
        return Distributions.normalQuantile(1 - alpha / 2) * variance.squareRoot()
    }
}
