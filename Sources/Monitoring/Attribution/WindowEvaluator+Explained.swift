internal import Profiles
internal import Vocabulary

extension WindowEvaluator {
    /// Findings on scores or outcomes name what made them: the features that explain it by the model where it was asked and could say, else those
    /// that drifted in the same window, by PSI: mostly they are its cause.
    ///
    /// - Parameter answers: what the model said, by monitor.
    func explained(_ findings: [Finding], by answers: [Vocabulary.Monitor: AttributionAnswer] = [:]) -> [Finding] {
        let moved = findings.filter { $0.monitor == .featureDrift && $0.statistic == "psi" && $0.verdict?.isFinding == true }
            .sorted { ($1.value ?? 0, $0.subject) < ($0.value ?? 0, $1.subject) }.prefix(3)
        let drivers = moved.map { Driver("PSI of \($0.subject)", after: $0.value, count: $0.currentCount) }
        let names = moved.map { "\($0.subject) (PSI \(format($0.value ?? 0)))" }.joined(separator: ", ")
        let effects: Set<Vocabulary.Monitor> = [
            .predictionDrift, .calibration, .performance, .estimatedPerformance, .labelDrift, .fairness, .conceptDrift,
        ]
        return findings.map { finding in
            guard effects.contains(finding.monitor), finding.verdict?.isFinding == true else { return finding }
            var finding = finding
            if case .found(let attribution) = answers[finding.monitor] {
                finding.drivers = Array((attribution.drivers + finding.drivers).prefix(Driver.max))
                finding.why += "; " + attribution.sentence
                return finding
            }
            if !moved.isEmpty {
                finding.drivers = Array((finding.drivers + drivers).prefix(Driver.max))
                finding.why += "; moved in the same window: \(names)"
            }
            if case .impossible(let reason) = answers[finding.monitor] { finding.why += "; not explained by the model: \(reason)" }
            return finding
        }
    }

    /// What the model is to be asked of an evaluation's findings; nothing where none is a finding.
    ///
    /// - Parameter windows: of the baseline; nil for the frozen one.
    func questions(
        _ evaluation: Evaluation, reference: ReferenceProfile, current: Profile, windows: [Window]?, segment: Int?
    ) -> [AttributionQuestion] {
        [Vocabulary.Monitor.predictionDrift, .performance, .estimatedPerformance].compactMap { monitor in
            guard evaluation.findings.contains(where: { $0.monitor == monitor && $0.verdict?.isFinding == true }) else { return nil }
            let subject: AttributionQuestion.Subject
            if monitor == .predictionDrift {
                let grid = reference.grid.score
                let (r, a) = (grid.bins(of: reference.profile.score.counts), grid.bins(of: current.score.counts))
                let (n, m) = (Double(max(1, r.reduce(0, +))), Double(max(1, a.reduce(0, +))))
                subject = .scores(
                    bins: ScoreBins(edges: grid.binEdges, hasMore: zip(r, a).map { Double($1) / m > Double($0) / n }))
            } else {
                subject = .losses(needsLabels: monitor == .performance)
            }
            return AttributionQuestion(
                monitor: monitor, subject: subject, window: evaluation.window, rows: evaluation.rows, baseline: windows, segment: segment)
        }
    }
}
