internal import Profiles
internal import Statistics
internal import Vocabulary

/// Calibration and performance of a window's labelled predictions, beside those of the reference.
struct OutcomeMonitor {
    let settings: MonitorSettings
    private let reference: OutcomeSums
    private let current: OutcomeSums
    private let grid: NumericGrid

    init(settings: MonitorSettings, _ reference: ReferenceProfile, _ current: Profile) {
        self.settings = settings
        grid = reference.grid.score
        self.reference = OutcomeSums(reference.profile, reference)
        self.current = OutcomeSums(current, reference)
    }

    private func blank(_ monitor: Vocabulary.Monitor, _ statistic: String) -> Finding {
        Finding(
            monitor: monitor, subject: "", statistic: statistic, value: nil, referenceCount: reference.scoredLabelled,
            currentCount: current.scoredLabelled)
    }

    private func undefined(_ monitor: Vocabulary.Monitor, _ statistic: String, _ why: String) -> Draft {
        var finding = blank(monitor, statistic)
        finding.verdict = current.scoredLabelled == 0 ? .noData : .insufficient
        finding.why = why
        return .shown(finding)
    }

    func calibration() -> [Draft] {
        if let problem = current.probabilityProblem { return [undefined(.calibration, "ece", problem)] }
        guard let now = try? ExpectedCalibrationError(bins: current.reliability()) else { return [] }
        let was = reference.probabilityProblem == nil ? try? ExpectedCalibrationError(bins: reference.reliability()) : nil
        var ece = blank(.calibration, "ece")
        ece.value = now.value
        ece.pValue = now.pValue
        ece.why =
            "scores are off by \(format(now.value)) on average" + (was.map { ", \(format($0.value)) in the reference" } ?? "")
            + "; chance alone would show \(format(now.expectedByChance))"
        var mce = blank(.calibration, "mce")
        mce.value = now.maximum
        return [
            Draft(
                finding: ece, effect: now.debiased - (was?.debiased ?? 0), floor: settings.calibrationFloor,
                detectable: 2 * now.expectedByChance, kind: .directed),
            .shown(mce),
        ]
    }

    func performance() -> [Draft] {
        guard current.scoredLabelled > 0 || current.overall.map({ $0.labelled > 0 }) == true else {
            return [undefined(.performance, "roc_auc", "no labels in the window yet")]
        }
        return [rocAUC(), brier(), logLoss(), accuracy()]
    }

    private func rocAUC() -> Draft {
        func area(_ sums: OutcomeSums) throws(StatisticsError) -> RocAUC {
            try RocAUC(positives: sums.cells(.positive), negatives: sums.cells(.negative), isTied: { $0 % 2 == 1 })
        }
        if current.scoredLabelled == 0 { return undefined(.performance, "roc_auc", "no labelled rows with a score") }
        let now: RocAUC
        do throws(StatisticsError) { now = try area(current) } catch { return undefined(.performance, "roc_auc", error.description) }
        var finding = blank(.performance, "roc_auc")
        finding.value = now.value
        let interval = now.interval(confidence: settings.confidence)
        finding.lower = interval?.lower ?? now.lowerBound
        finding.upper = interval?.upper ?? now.upperBound
        guard let was = try? area(reference), let before = was.variance else {
            finding.why = "ROC AUC \(format(now.value)); the reference has too few labels to compare with"
            return .shown(finding)
        }
        // DeLong's variance of a handful of labels is itself a guess, and can be 0.
        guard let after = now.variance, min(now.positives, now.negatives) >= MonitorSettings.labelsOfEachClassMin else {
            finding.verdict = .insufficient
            finding.why =
                "ROC AUC \(format(now.value)) of \(now.positives) positive and \(now.negatives) negative labels: too few to judge, \(MonitorSettings.labelsOfEachClassMin) of each are needed"
            return .shown(finding)
        }
        let deviation = (before + after).squareRoot()
        finding.pValue = deviation > 0 ? Distributions.normalTwoSided((now.value - was.value) / deviation) : now.value == was.value ? 1 : 0
        finding.why = "ROC AUC \(format(now.value)), \(format(was.value)) in the reference"
        return Draft(
            finding: finding, effect: was.value - now.value, floor: settings.performanceFloor,
            detectable: Distributions.normalQuantile(1 - settings.alpha / 2) * deviation, kind: .directed)
    }

    private func brier() -> Draft { probability("brier") { $0.brier } }
    private func logLoss() -> Draft { probability("log_loss") { $0.logLoss } }

    private func probability(_ statistic: String, _ value: (OutcomeSums) -> Double) -> Draft {
        var finding = blank(.performance, statistic)
        if let problem = current.probabilityProblem {
            finding.why = problem
            return .shown(finding)
        }
        finding.value = value(current)
        finding.why = reference.probabilityProblem == nil ? "\(format(value(reference))) in the reference" : ""
        return .shown(finding)
    }

    private func accuracy() -> Draft {
        var finding = blank(.performance, "accuracy")
        if let now = current.overall,
            let draft = settings.drop(finding, from: reference.overall?.accuracy, to: now.accuracy, name: "accuracy")
        {
            return draft
        }
        finding.why = "no labelled decisions"
        return .shown(finding)
    }
}
