internal import Profiles
internal import Statistics
internal import Vocabulary

/// What performance will turn out to be once the labels come.
///
/// Every cell of the score grid has the share of positive labels that the reference has there, made rising with the score by isotonic regression.
/// A prediction in a cell of share p is right with chance p or 1 − p. It holds while scores mean what they meant in the reference: moved inputs
/// it sees, a changed concept it does not.
/// > Source: J. Białek, W. Kuberski, N. Perrakis, A. Bifet, "Estimating Model Performance Under Covariate Shift Without Labels", 2024.
struct EstimatedPerformanceMonitor {
    let settings: MonitorSettings
    private let reference: OutcomeSums
    private let current: OutcomeSums
    /// Of several classes the label says whether the predicted one is right, whatever was decided.
    private let isOfClasses: Bool

    init(settings: MonitorSettings, _ reference: ReferenceProfile, _ current: Profile) {
        self.settings = settings
        self.reference = OutcomeSums(reference.profile, reference)
        self.current = OutcomeSums(current, reference)
        isOfClasses = if case .classes = reference.grid.outcome { true } else { false }
    }

    /// None where the reference has no labels to learn the shares from, or the records no scores.
    func findings() -> [Draft] {
        let (positives, negatives) = (reference.cells(.positive), reference.cells(.negative))
        let least = MonitorSettings.labelsOfEachClassMin
        guard min(positives.reduce(0, +), negatives.reduce(0, +)) >= least, let shares = shares(positives, negatives) else { return [] }
        let was = moments(reference, shares)
        guard let was else { return [] }
        guard let now = moments(current, shares) else {
            var finding = blank("estimated_accuracy", was, nil)
            finding.verdict = .noData
            finding.why = "no predictions with a score in the window"
            return [.shown(finding)]
        }
        return [accuracy(was, now)] + (isOfClasses ? [] : [rocAUC(shares, was, now)])
    }

    /// The chance of a positive label in each cell; a cell without labels has its neighbours'.
    private func shares(_ positives: [Int64], _ negatives: [Int64]) -> [Double]? {
        let cells = positives.indices.filter { positives[$0] + negatives[$0] > 0 }
        let rows = cells.map { Double(positives[$0] + negatives[$0]) }
        let fit = try? IsotonicRegression(
            scores: cells.map(Double.init), outcomes: zip(cells, rows).map { Double(positives[$0]) / $1 }, weights: rows)
        return fit.map { fit in positives.indices.map { fit(Double($0)) } }
    }

    /// Of the chance of each prediction to be right.
    private struct Moments {
        var rows: Int64 = 0
        var sum = 0.0
        var squares = 0.0
        var mean: Double { sum / Double(rows) }
        /// Squared standard error of the mean: how it would differ between samples of such predictions.
        var squaredError: Double { max(0, squares / Double(rows) - mean * mean) / Double(max(1, rows - 1)) }
        /// Variance of the accuracy that the labels will show, these predictions given: Σ v (1 − v) / n².
        var labelVariance: Double { max(0, sum - squares) / Double(rows) / Double(rows) }
    }

    private func moments(_ sums: OutcomeSums, _ shares: [Double]) -> Moments? {
        var out = Moments()
        // By stratum and cell in their order, so that equal sums give equal bits.
        for (stratum, scores) in sums.outcomes.strata.sorted(by: { $0.key < $1.key }) where stratum.label == .any {
            guard isOfClasses || stratum.decision != nil else { continue }
            let isPositive = isOfClasses || stratum.decision == true
            for (cell, entry) in scores.cells {
                let right = isPositive ? shares[Int(cell)] : 1 - shares[Int(cell)]
                out.rows += entry.count
                out.sum += Double(entry.count) * right
                out.squares += Double(entry.count) * right * right
            }
        }
        return out.rows > 0 ? out : nil
    }

    private func blank(_ statistic: String, _ was: Moments, _ now: Moments?) -> Finding {
        Finding(
            monitor: .estimatedPerformance, subject: "", statistic: statistic, value: nil, referenceCount: was.rows,
            currentCount: now?.rows ?? 0)
    }

    private func accuracy(_ was: Moments, _ now: Moments) -> Draft {
        var finding = blank("estimated_accuracy", was, now)
        finding.value = now.mean
        let reach = Distributions.normalQuantile(0.5 + settings.confidence / 2) * now.labelVariance.squareRoot()
        (finding.lower, finding.upper) = (max(0, now.mean - reach), min(1, now.mean + reach))
        finding.why = "accuracy of about \(format(now.mean)) expected without labels, \(format(was.mean)) in the reference"
        let deviation = (was.squaredError + now.squaredError).squareRoot()
        let change = now.mean - was.mean
        finding.pValue = deviation > 0 ? Distributions.normalTwoSided(change / deviation) : change == 0 ? 1 : 0
        return Draft(
            finding: finding, effect: -change, floor: settings.performanceFloor,
            detectable: Distributions.normalQuantile(1 - settings.alpha / 2) * deviation, kind: .directed)
    }

    /// The chance that a positive stands above a negative, both of them counted by their chances.
    private func rocAUC(_ shares: [Double], _ was: Moments, _ now: Moments) -> Draft {
        func area(_ sums: OutcomeSums) -> Double? {
            var (below, pairs, positives) = (0.0, 0.0, 0.0)
            for (rows, share) in zip(sums.cells(.any), shares) where rows > 0 {
                let (yes, no) = (Double(rows) * share, Double(rows) * (1 - share))
                pairs += yes * (below + no / 2)
                positives += yes
                below += no
            }
            return positives > 0 && below > 0 ? pairs / (positives * below) : nil
        }
        var finding = blank("estimated_roc_auc", was, now)
        finding.value = area(current)
        finding.why =
            finding.value == nil
            ? "all predictions are expected to be of one class"
            : area(reference).map { "\(format($0)) expected of the reference in the same way" } ?? ""
        return .shown(finding)
    }
}
