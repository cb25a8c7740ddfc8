internal import Kernels

/// Positives and negatives by distinct score, the largest score first: what every ranking metric is made of.
///
/// Rows of weight 0 take no part, as in scikit-learn. Scores may be infinite.
public struct ScoreRanking: Sendable {
    /// Distinct scores, descending.
    public let thresholds: [Double]
    /// Σw of positives and negatives at each of them.
    public let positives: [Double]
    public let negatives: [Double]
    public let positiveTotal: Double
    public let negativeTotal: Double
    /// Σw² likewise; the same as Σw without weights.
    let squaredPositives: [Double]
    let squaredNegatives: [Double]
    let isWeighted: Bool

    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for NaN.
    /// - Complexity: that of ``stableOrder(_:)``.
    public init(scores: [Double], labels: [Bool], weights: [Double]? = nil) throws(StatisticsError) {
        guard scores.count == labels.count, weights.map({ $0.count == scores.count }) ?? true else {
            throw StatisticsError(.unequalLengths, "as many scores and weights as labels expected")
        }
        guard !scores.contains(where: \.isNaN) else { throw StatisticsError(.outOfRange, "NaN among the scores") }
        if let weights { self.init(weighted: scores, labels, weights) } else { self.init(counted: scores, labels) }
    }

    private init(weighted scores: [Double], _ labels: [Bool], _ weights: [Double]) {
        var thresholds: [Double] = []
        var positives: [Double] = []
        var negatives: [Double] = []
        var squaredPositives: [Double] = []
        var squaredNegatives: [Double] = []
        for row in stableOrder(scores).reversed() where weights[row] != 0 {
            if thresholds.last != scores[row] {
                thresholds.append(scores[row])
                positives.append(0)
                negatives.append(0)
                squaredPositives.append(0)
                squaredNegatives.append(0)
            }
            let at = thresholds.count - 1
            let w = weights[row]
            if labels[row] {
                positives[at] += w
                squaredPositives[at] += w * w
            } else {
                negatives[at] += w
                squaredNegatives[at] += w * w
            }
        }
        self.thresholds = thresholds
        self.positives = positives
        self.negatives = negatives
        self.squaredPositives = squaredPositives
        self.squaredNegatives = squaredNegatives
        isWeighted = true
        positiveTotal = positives.reduce(0, +)
        negativeTotal = negatives.reduce(0, +)
    }

    /// Without weights only the scores and their labels need be put in order, not the rows: a score and its label make one integer.
    private init(counted scores: [Double], _ labels: [Bool]) {
        var thresholds: [Double] = []
        var positives: [Double] = []
        var negatives: [Double] = []
        func add(_ score: Double, _ isPositive: Bool) {
            if thresholds.last != score {
                thresholds.append(score)
                positives.append(0)
                negatives.append(0)
            }
            let at = thresholds.count - 1
            if isPositive { positives[at] += 1 } else { negatives[at] += 1 }
        }
        if let keys = scoreKeys(scores, labels) {
            for key in SortedKeys(keys).keys.reversed() { add(Double(bitPattern: key >> 1), key & 1 == 1) }
        } else {
            for row in stableOrder(scores).reversed() { add(scores[row], labels[row]) }
        }
        self.thresholds = thresholds
        self.positives = positives
        self.negatives = negatives
        squaredPositives = positives
        squaredNegatives = negatives
        isWeighted = false
        positiveTotal = positives.reduce(0, +)
        negativeTotal = negatives.reduce(0, +)
    }

    /// The ROC curve: a point for "nothing is positive" at an infinite threshold, then one for each distinct
    /// score. NaN where a class is absent.
    public var roc: (fpr: [Double], tpr: [Double], thresholds: [Double]) {
        (
            running(negatives).map { $0 / negativeTotal }, running(positives).map { $0 / positiveTotal }, [Double.infinity] + thresholds
        )
    }

    /// Precision and recall at each distinct score, ascending, then (1, 0), which has no threshold. Without a positive label recall
    /// is taken as 1, as scikit-learn has it.
    public var precisionRecall: (precision: [Double], recall: [Double], thresholds: [Double]) {
        let tp = running(positives).dropFirst()
        let fp = running(negatives).dropFirst()
        let precision = zip(tp, fp).map { $0 / ($0 + $1) }
        let recall = tp.map { positiveTotal > 0 ? $0 / positiveTotal : 1 }
        return (precision.reversed() + [1], recall.reversed() + [0], thresholds.reversed())
    }

    /// 0, then the running sums.
    private func running(_ terms: [Double]) -> [Double] {
        var sum = 0.0
        return [0]
            + terms.map { term in
                sum += term
                return sum
            }
    }

    /// At most `count` cells of about as many distinct scores each, with sums as in the ranking.
    func cells(_ count: Int) -> (positives: [Double], negatives: [Double], squaredPositives: [Double], squaredNegatives: [Double]) {
        let size = max(1, (thresholds.count + count - 1) / count)
        func merged(_ terms: [Double]) -> [Double] {
            stride(from: 0, to: terms.count, by: size).map { terms[$0..<min($0 + size, terms.count)].reduce(0, +) }
        }
        return (merged(positives), merged(negatives), merged(squaredPositives), merged(squaredNegatives))
    }
}

/// Metrics of a ranking, from positives and negatives by descending score.
///
/// - `roc_auc`: the chance that a random positive ranks above a random negative, ties half. - `average_precision`: Σ (Rₙ − Rₙ₋₁)·Pₙ,
/// a step sum. - `pr_auc_trapezoid`: the trapezoids under the same points. - `ks`: max (tpr − fpr), not below 0. - `gini`: 2·AUC − 1.
/// - `partial_roc_auc`: the area up to `maxFPR`, standardised so that chance is ½ and perfection 1.
/// > Source: J. A. Hanley, B. J. McNeil, "The Meaning and Use of the Area under a ROC Curve", 1982; D. K. McClish, "Analyzing a Portion of
/// > the ROC Curve", 1989; J. Davis, M. Goadrich, "The Relationship between Precision-Recall and ROC Curves", 2006 (against trapezoids).
struct RankingMetrics: Equatable {
    var rocAUC: Double
    var averagePrecision: Double
    var precisionRecallTrapezoid: Double
    var kolmogorovSmirnov: Double
    var partialAUC: Double

    /// NaN where a class that is needed is absent.
    init(positives: [Double], negatives: [Double], maxFPR: Double) {
        let p = positives.reduce(0, +)
        let q = negatives.reduce(0, +)
        var (tp, fp) = (0.0, 0.0)
        var (area, partial, steps, trapezoids, gap) = (0.0, 0.0, 0.0, 0.0, 0.0)
        var (recallBefore, precisionBefore) = (0.0, 1.0)
        for at in positives.indices where positives[at] > 0 || negatives[at] > 0 {
            let (tprBefore, fprBefore) = (tp / p, fp / q)
            tp += positives[at]
            fp += negatives[at]
            let (tpr, fpr) = (tp / p, fp / q)
            area += (fpr - fprBefore) * (tpr + tprBefore) / 2
            if fpr <= maxFPR {
                partial += (fpr - fprBefore) * (tpr + tprBefore) / 2
            } else if fprBefore < maxFPR {
                let cut = tprBefore + (tpr - tprBefore) * (maxFPR - fprBefore) / (fpr - fprBefore)
                partial += (maxFPR - fprBefore) * (tprBefore + cut) / 2
            }
            gap = max(gap, tpr - fpr)
            let precision = tp / (tp + fp)
            steps += (tpr - recallBefore) * precision
            trapezoids += (tpr - recallBefore) * (precision + precisionBefore) / 2
            recallBefore = tpr
            precisionBefore = precision
        }
        let hasBoth = p > 0 && q > 0
        rocAUC = hasBoth ? min(area, 1) : .nan
        averagePrecision = p > 0 ? steps : .nan
        precisionRecallTrapezoid = p > 0 ? trapezoids : .nan
        kolmogorovSmirnov = hasBoth ? gap : .nan
        let least = maxFPR * maxFPR / 2
        partialAUC = !hasBoth ? .nan : maxFPR >= 1 ? rocAUC : (1 + (partial - least) / (maxFPR - least)) / 2
    }
}

extension ScoreRanking {
    /// Every ranking metric, in the order of results; DeLong's interval for what is made of the AUC, a bootstrap by score for the others.
    public func metrics(maxFPR: Double, _ plan: IntervalPlan?) -> [PerformanceMetric] {
        let all = RankingMetrics(positives: positives, negatives: negatives, maxFPR: maxFPR)
        let absent = positiveTotal > 0 ? "no label is negative" : negativeTotal > 0 ? "no label is positive" : "no rows"
        let auc = plan.flatMap { areaInterval($0.confidence, all.rocAUC) }
        let method: PerformanceMetric.IntervalMethod = all.rocAUC > 0 && all.rocAUC < 1 ? .delong : .wilson
        let values: [(name: String, value: KeyPath<RankingMetrics, Double>)] = [
            ("average_precision", \.averagePrecision), ("pr_auc_trapezoid", \.precisionRecallTrapezoid), ("ks", \.kolmogorovSmirnov),
            ("partial_roc_auc", \.partialAUC),
        ]
        var out = [
            PerformanceMetric("roc_auc", all.rocAUC, why: absent, interval: auc, method: method),
            PerformanceMetric(
                "gini", 2 * all.rocAUC - 1, why: absent, interval: auc.map { Interval(lower: 2 * $0.lower - 1, upper: 2 * $0.upper - 1) },
                method: method),
        ]
        let draws = plan.map { resample($0, maxFPR: maxFPR) }
        for (name, path) in values {
            let value = all[keyPath: path]
            let interval = draws.flatMap { draws in
                plan?.percentile(
                    draws.resampled.map { $0[keyPath: path] }, value: value, center: draws.center[keyPath: path],
                    within: PerformanceMetric.range(of: name))
            }
            out.append(PerformanceMetric(name, value, why: absent, interval: interval, method: .bootstrap))
        }
        return out
    }

    /// DeLong's interval. Where the ranking is perfect (or perfectly wrong) DeLong's variance is 0 whatever the number of rows: then it
    /// is Wilson's for a proportion over the rarer class, which cannot be narrower than what so few rows know.
    private func areaInterval(_ confidence: Double, _ area: Double) -> Interval? {
        guard let variance = deLongVariance else { return nil }
        let p = positiveTotal * positiveTotal / squaredPositives.reduce(0, +)
        let q = negativeTotal * negativeTotal / squaredNegatives.reduce(0, +)
        return Statistics.areaInterval(area, variance, rarer: min(p, q), confidence)
    }

    /// DeLong's variance of the AUC; with weights that of its linear part with weights fixed. nil with a single positive or negative.
    /// > Source: E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the Areas under Two or More Correlated ROC Curves", 1988.
    public var deLongVariance: Double? {
        guard positiveTotal > 0, negativeTotal > 0 else { return nil }
        let p = positiveTotal * positiveTotal / squaredPositives.reduce(0, +)  // effective numbers
        let q = negativeTotal * negativeTotal / squaredNegatives.reduce(0, +)
        guard p > 1, q > 1 else { return nil }
        var auc = 0.0
        var below = negativeTotal
        for at in positives.indices {
            below -= negatives[at]
            auc += positives[at] * (below + negatives[at] / 2)
        }
        auc /= positiveTotal * negativeTotal
        var (ofPositives, ofNegatives, above) = (0.0, 0.0, 0.0)
        below = negativeTotal
        for at in positives.indices {
            below -= negatives[at]
            let winning = (below + negatives[at] / 2) / negativeTotal - auc
            let losing = (above + positives[at] / 2) / positiveTotal - auc
            ofPositives += squaredPositives[at] * winning * winning
            ofNegatives += squaredNegatives[at] * losing * losing
            above += positives[at]
        }
        return ofPositives / (positiveTotal * positiveTotal) * (p / (p - 1))
            + ofNegatives / (negativeTotal * negativeTotal) * (q / (q - 1))
    }

    private static let cellCountMax = 500

    /// A bootstrap of the counts by score, scores merged into at most 500 cells: `center` is the value of the merged table, so that only
    /// the spread is taken from it.
    func resample(_ plan: IntervalPlan, maxFPR: Double) -> (center: RankingMetrics, resampled: [RankingMetrics]) {
        let cells = cells(Self.cellCountMax)
        let center = RankingMetrics(positives: cells.positives, negatives: cells.negatives, maxFPR: maxFPR)
        guard !thresholds.isEmpty else { return (center, []) }
        var random = SeededRandom(seed: plan.seed, stream: 2)
        let counts = isWeighted ? [] : (cells.positives + cells.negatives).map { Int64($0) }
        let count = cells.positives.count
        let resampled = (0..<plan.resamples).map { _ -> RankingMetrics in
            if !isWeighted {
                let drawn = random.multinomial(counts: counts).map(Double.init)
                return RankingMetrics(positives: Array(drawn[..<count]), negatives: Array(drawn[count...]), maxFPR: maxFPR)
            }
            // Σw of as many rows as are drawn has mean Σw and variance Σw².
            let positives = zip(cells.positives, cells.squaredPositives).map { max(0, $0 + $1.squareRoot() * random.normal()) }
            let negatives = zip(cells.negatives, cells.squaredNegatives).map { max(0, $0 + $1.squareRoot() * random.normal()) }
            return RankingMetrics(positives: positives, negatives: negatives, maxFPR: maxFPR)
        }
        return (center, resampled)
    }
}

/// DeLong's interval; of a perfect ranking Wilson's for a proportion over the rarer label.
func areaInterval(_ area: Double, _ variance: Double, rarer: Double, _ confidence: Double) -> Interval? {
    guard area <= 0 || area >= 1 else { return areaInterval(area, variance, confidence) }
    return wilsonInterval(rate: area, effectiveCount: rarer, confidence: confidence)
}

/// The normal interval of an area with this variance, kept in 0…1.
func areaInterval(_ area: Double, _ variance: Double, _ confidence: Double) -> Interval {
    let spread = Distributions.normalQuantile(0.5 + confidence / 2) * max(variance, 0).squareRoot()
    return Interval(lower: max(0, area - spread), upper: min(1, area + spread))
}
