internal import Profiles
internal import Statistics
internal import Vocabulary

/// Watches how predictions are served: the share that failed against the objective, and latency, cost and every other measure.
struct ServiceLevelMonitor {
    let settings: MonitorSettings

    func findings(_ current: Profile) -> [Draft] {
        [errors(current)] + current.measures.sorted { $0.key < $1.key }.flatMap { measure($0.key, $0.value) }
    }

    private func errors(_ current: Profile) -> Draft {
        var finding = Finding(
            monitor: .serviceLevel, subject: "", statistic: "error_ratio", value: nil, referenceCount: 0, currentCount: current.rows)
        guard current.rows > 0 else {
            finding.verdict = .noData
            finding.why = "no predictions in the window"
            return .shown(finding)
        }
        let share = Double(current.errors) / Double(current.rows)
        finding.value = share
        let interval = wilsonInterval(count: current.errors, of: current.rows, confidence: settings.confidence)
        finding.lower = interval?.lower
        finding.upper = interval?.upper
        // Exactly: the chance of so many errors or more where the objective is just met.
        let allowed = 1 - settings.successObjective
        finding.pValue =
            current.errors == 0
            ? 1 : (try? Distributions.binomial(Double(current.errors) - 1, n: Double(current.rows), p: allowed))?.tail ?? 1
        finding.why = "\(current.errors) of \(current.rows) predictions failed, the objective allows \(format(allowed * 100)) %"
        return Draft(finding: finding, effect: share, floor: allowed.nextUp)
    }

    /// Numbers without a verdict: what latency is too long, only its owner knows. Alerting on them is Prometheus's business.
    private func measure(_ name: String, _ cells: MeasureCells) -> [Draft] {
        guard let mean = cells.mean else { return [] }
        func shown(_ statistic: String, _ value: Double) -> Draft {
            .shown(
                Finding(
                    monitor: .serviceLevel, subject: name, statistic: statistic, value: value, referenceCount: 0,
                    currentCount: cells.present))
        }
        return [shown("mean", mean)] + [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].map { shown($0.0, cells.quantile($0.1)) }
    }
}
