internal import Glibc
internal import Statistics

/// A metric of one arm with its variance. Arms have rows of their own, so that the variance of a difference is the sum of both.
struct ArmEstimate: Equatable {
    var value: Double?
    /// Of the estimate.
    var variance: Double?
    /// Rows that it is of.
    var count = 0.0
    /// Why there is no value.
    var why = ""

    static func none(_ why: String) -> ArmEstimate { ArmEstimate(why: why) }

    init(value: Double? = nil, variance: Double? = nil, count: Double = 0, why: String = "") {
        (self.value, self.variance, self.count, self.why) = (value, variance, count, why)
    }

    /// A mean, with the variance of Welch's test.
    /// > Source: B. L. Welch, "The Generalization of Student's Problem when Several Different Population Variances Are Involved", 1947.
    init(mean sums: MeanSums, _ why: String) {
        self.init(value: sums.mean, variance: sums.squaredError, count: sums.count, why: sums.count > 0 ? "" : why)
    }

    /// A share, p̂ = x/n, with the variance p̃(1 − p̃)/n of p̃ = (x + 1)/(n + 2), so that none of n is not taken for never.
    /// > Source: A. Agresti, B. Caffo, "Simple and Effective Confidence Intervals for Proportions and Differences of Proportions Result from
    /// > Adding Two Successes and Two Failures", 2000.
    init(share x: Double, of n: Double, _ why: String) {
        guard n > 0 else {
            self.init(why: why)
            return
        }
        let p = (x + 1) / (n + 2)
        self.init(value: x / n, variance: p * (1 - p) / n, count: n)
    }
}

/// What is measured of an arm.
struct ArmMetric: Sendable {
    var name: String
    var isBetterBelow: Bool
    var estimate: @Sendable (ArmSums) -> ArmEstimate

    init(_ name: String, below isBetterBelow: Bool, _ estimate: @escaping @Sendable (ArmSums) -> ArmEstimate) {
        (self.name, self.isBetterBelow, self.estimate) = (name, isBetterBelow, estimate)
    }

    private static func mean(_ name: String, _ place: Int, _ why: String = "no labelled rows with a score") -> ArmMetric {
        ArmMetric(name, below: true) { ArmEstimate(mean: $0.losses[place], why) }
    }

    /// How well an arm answers: what labels are needed for. The first one decides unless the policy says another.
    static func performance(_ task: PairedPredictions.Task, classes: Int) -> [ArmMetric] {
        switch task {
        case .binary:
            return [
                mean("log_loss", 0), mean("brier", 1), accuracy, ArmMetric("roc_auc", below: false, area),
                ArmMetric("ece", below: true, calibration),
                rate("recall", below: false, "no positive labels", (1, 1), beside: (1, 0)),
                rate("fpr", below: true, "no negative labels", (0, 1), beside: (0, 0)),
                rate("precision", below: false, "no positive decisions with a label", (1, 1), beside: (0, 1)),
                ArmMetric("f1", below: false, f1),
            ]
        case .multiclass:
            return [
                mean("log_loss", 0, "no labelled rows with the scores of all classes"), accuracy,
                macro("precision_macro", classes, precision), macro("recall_macro", classes, recall), macro("f1_macro", classes, f1),
            ]
        case .regression:
            return [mean("mse", 0), mean("mae", 1), ArmMetric("rmse", below: true, root)]
        }
    }

    private static let accuracy = ArmMetric("accuracy", below: false) { arm in
        let right = arm.outcomes.reduce(0) { $1.key.label >= 0 && $1.key.label == $1.key.decision ? $0 + $1.value : $0 }
        let all = arm.outcomes.reduce(0) { $1.key.label >= 0 && $1.key.decision >= 0 ? $0 + $1.value : $0 }
        return ArmEstimate(share: right, of: all, "no labelled rows with a decision")
    }

    /// The share of rows with this label and decision among those and the others.
    private static func rate(
        _ name: String, below: Bool, _ why: String, _ hit: (Int, Int), beside miss: (Int, Int)
    ) -> ArmMetric {
        ArmMetric(name, below: below) { arm in
            let hits = arm.count(label: hit.0, decision: hit.1)
            return ArmEstimate(share: hits, of: hits + arm.count(label: miss.0, decision: miss.1), why)
        }
    }

    /// 2tp / (2tp + fp + fn) with the variance 4 tp (fp + fn) (tp + fp + fn) / (2tp + fp + fn)⁴ of the delta method on multinomial counts.
    private static func f1(_ arm: ArmSums) -> ArmEstimate {
        let (hits, wrong) = (
            arm.count(label: 1, decision: 1), arm.count(label: 0, decision: 1) + arm.count(label: 1, decision: 0)
        )
        let d = 2 * hits + wrong
        guard d > 0 else { return .none("neither positive labels nor positive decisions") }
        return ArmEstimate(
            value: 2 * hits / d, variance: 4 * hits * wrong * (hits + wrong) / (d * d * d * d),
            count: hits + wrong + arm.count(label: 0, decision: 0))
    }

    /// √mse with the variance of the mse over 4 mse (delta method).
    private static func root(_ arm: ArmSums) -> ArmEstimate {
        guard let square = arm.losses[0].mean else { return .none("no labelled rows with a score") }
        let variance = square > 0 ? arm.losses[0].squaredError.map { $0 / (4 * square) } : nil
        return ArmEstimate(value: square.squareRoot(), variance: variance, count: arm.losses[0].count)
    }

    /// The area of scores that are known by their cell, with DeLong's variance: of two arms there is no covariance.
    private static func area(_ arm: ArmSums) -> ArmEstimate {
        guard arm.cells.count == 3 else { return .none("no scores") }
        do throws(StatisticsError) {
            let area = try RocAUC(positives: arm.cells[1].map { Int64($0) }, negatives: arm.cells[0].map { Int64($0) })
            return ArmEstimate(value: area.value, variance: area.variance, count: Double(area.positives + area.negatives))
        } catch { return .none(error.description) }
    }

    /// Σ w_b (2|g_b| − E|N(g_b, s_b²)|), g_b the gap of bin b and s_b² = ȳ_b(1 − ȳ_b)/n_b: the calibration error less what chance adds to it, so
    /// that a small arm does not look worse than a large one. Its variance is at most (Brier − ece²)/n, that of the signed gaps' sum.
    /// > Source: A. Kumar, P. Liang, T. Ma, "Verified Uncertainty Calibration", 2019, section 4 and appendix (the debiased ℓ₁ error); E|N| is the
    /// > mean of the folded normal law.
    private static func calibration(_ arm: ArmSums) -> ArmEstimate {
        let n = arm.bins.reduce(0) { $0 + $1.rows }
        guard n > 0 else { return .none("no labelled rows with a score") }
        let value = arm.bins.reduce(0) { sum, bin in
            guard bin.rows > 0 else { return sum }
            let (gap, share) = (abs(bin.scores - bin.positives) / bin.rows, bin.positives / bin.rows)
            let spread = (share * (1 - share) / bin.rows).squareRoot()
            var folded = gap
            if spread > 0 {
                let t = gap / spread
                folded = spread * (2 / Double.pi).squareRoot() * exp(-t * t / 2) + gap * (1 - 2 * Distributions.normalCDF(-t))
            }
            return sum + bin.rows / n * (2 * gap - folded)
        }
        let brier = arm.losses[1].mean ?? 0
        return ArmEstimate(value: max(0, value), variance: max(0, brier - value * value) / n, count: n)
    }

    // MARK: Several classes

    /// What a count in row `label`, column `decision` adds to a metric of one class, from its hits, its labels and its decisions.
    private typealias Share =
        @Sendable (_ hits: Double, _ labels: Double, _ decisions: Double) -> (value: Double, hit: Double, label: Double, decision: Double)?

    private static let precision: Share = { hits, _, decisions in
        decisions > 0 ? (hits / decisions, 1 / decisions, 0, -hits / decisions / decisions) : nil
    }
    private static let recall: Share = { hits, labels, _ in labels > 0 ? (hits / labels, 1 / labels, -hits / labels / labels, 0) : nil }
    private static let f1: Share = { hits, labels, decisions in
        let d = labels + decisions
        return d > 0 ? (2 * hits / d, 2 / d, -2 * hits / d / d, -2 * hits / d / d) : nil
    }

    /// The plain mean over the classes, an undefined one as 0, with the delta method's variance on multinomial counts: Σ n g² − (Σ n g)²/N, g the
    /// derivative by a cell of the confusion matrix.
    /// > Source: K. Takahashi, K. Yamamoto, A. Kuchiba, T. Koyama, "Confidence Interval for Micro-Averaged F1 and Macro-Averaged F1 Scores", 2022.
    private static func macro(_ name: String, _ classes: Int, _ share: @escaping Share) -> ArmMetric {
        ArmMetric(name, below: false) { arm in
            let cells = arm.outcomes.filter { (0..<classes).contains($0.key.label) && (0..<classes).contains($0.key.decision) }
                .sorted { ($0.key.label, $0.key.decision) < ($1.key.label, $1.key.decision) }
            let n = cells.reduce(0) { $0 + $1.value }
            guard n > 0 else { return .none("no labelled rows with a decision") }
            var (hits, labels, decisions) = (
                [Double](repeating: 0, count: classes), [Double](repeating: 0, count: classes), [Double](repeating: 0, count: classes)
            )
            for (cell, count) in cells {
                labels[cell.label] += count
                decisions[cell.decision] += count
                if cell.label == cell.decision { hits[cell.label] += count }
            }
            let parts = (0..<classes).map { share(hits[$0], labels[$0], decisions[$0]) }
            var (squares, sum) = (0.0, 0.0)
            for (cell, count) in cells {
                var slope = (parts[cell.label]?.label ?? 0) + (parts[cell.decision]?.decision ?? 0)
                if cell.label == cell.decision { slope += parts[cell.label]?.hit ?? 0 }
                slope /= Double(classes)
                squares += count * slope * slope
                sum += count * slope
            }
            return ArmEstimate(
                value: parts.reduce(0) { $0 + ($1?.value ?? 0) } / Double(classes), variance: max(0, squares - sum * sum / n), count: n)
        }
    }

    // MARK: How it serves

    /// What needs no labels.
    static func serving(_ task: PairedPredictions.Task) -> [ArmMetric] {
        let selection = ArmMetric("selection_rate", below: false) { arm in
            let no = arm.count(decision: 0)
            return ArmEstimate(share: arm.count(decision: 1), of: arm.count(decision: 1) + no, "no decisions")
        }
        return (task == .binary ? [selection] : []) + [
            ArmMetric("error_rate", below: true) { ArmEstimate(share: $0.failed, of: $0.rows, "no rows") },
            ArmMetric("cost", below: true) { ArmEstimate(mean: $0.costs, "no row has a cost") },
            ArmMetric("latency_mean_seconds", below: true) { ArmEstimate(mean: $0.latencies, "no row has a latency") },
        ]
    }
}
