internal import Glibc

/// Every metric of a prediction of one of several classes, and of a score for each.
///
/// Where scores are given, a row's are divided by their sum first. `roc_auc_ovr` is the mean over classes of the AUC of that class's
/// score against all other rows; `roc_auc_ovo` the mean over pairs of classes of the AUC among the rows of these two, each class's score
/// in turn; `_weighted` weights classes, or pairs, by their number of labels. Both are undefined when a class that has weight has no label
/// or all labels. `top_2_accuracy` counts a row when at most one class ranks above the label; of equal scores the later class ranks first.
/// > Source: D. J. Hand, R. J. Till, "A Simple Generalisation of the Area Under the ROC Curve for Multiple Class Classification Problems",
/// > 2001; F. Provost, P. Domingos, "Tree Induction for Probability-Based Ranking", 2003; conventions of scikit-learn.
public struct MulticlassPerformance: Sendable {
    public var confusion: MulticlassConfusion
    public var metrics: [PerformanceMetric]

    /// - Parameters:
    ///   - labels: numbers of classes. - predictions: likewise.
    ///   - scores: one column a class.
    /// - Throws: ``StatisticsError`` `.unequalLengths`.
    public init(
        classes: Int, labels: [Int], predictions: [Int], scores: [[Double]]?, weights: [Double]? = nil, plan: IntervalPlan?
    ) throws(StatisticsError) {
        guard labels.count == predictions.count, scores?.allSatisfy({ $0.count == labels.count }) ?? true else {
            throw StatisticsError(.unequalLengths, "as many predictions and scores as labels expected")
        }
        confusion = MulticlassConfusion(classes: classes)
        for row in labels.indices { confusion.add(label: labels[row], prediction: predictions[row], weight: weights?[row] ?? 1) }
        metrics = confusion.metrics(plan)
        guard let scores else {
            metrics += Self.scoreNames.map { PerformanceMetric($0, nil, why: "no scores were given") }
            return
        }
        metrics += Self.ofScores(scores, labels, weights, plan)
    }

    static let scoreNames = [
        "log_loss", "top_2_accuracy", "roc_auc_ovr_macro", "roc_auc_ovr_weighted", "roc_auc_ovo_macro", "roc_auc_ovo_weighted",
    ]

    private static func ofScores(_ scores: [[Double]], _ labels: [Int], _ weights: [Double]?, _ plan: IntervalPlan?) -> [PerformanceMetric]
    {
        let top = topTwo(scores, labels, weights, plan)
        let sums = labels.indices.map { row in scores.reduce(0) { $0 + $1[row] } }
        guard !labels.isEmpty,
            zip(sums, labels.indices).allSatisfy({ sum, row in sum > 0 && sum.isFinite && scores.allSatisfy { $0[row] >= 0 } })
        else {
            let why = labels.isEmpty ? "no rows" : "a row's scores sum to 0, or one is negative or infinite, so they are no shares"
            return scoreNames.map { $0 == top.name ? top : PerformanceMetric($0, nil, why: why) }
        }
        let shares = scores.map { column in column.indices.map { column[$0] / sums[$0] } }
        func loss(_ row: Int) -> Double { logarithmicLoss(shares[labels[row]][row], 1) }
        let total = weights?.reduce(0, +) ?? Double(labels.count)
        let value = labels.indices.reduce(0) { $0 + (weights?[$1] ?? 1) * loss($1) } / total
        let interval = plan.flatMap { plan in
            let draws = SumBootstrap(rows: labels.count, width: 2) { row, sums in
                sums[0] += (weights?[row] ?? 1) * loss(row)
                sums[1] += weights?[row] ?? 1
            }.resample(plan, stream: 6)
            return plan.percentile(
                draws.map { $0[0] / $0[1] }, value: value, center: value, within: PerformanceMetric.range(of: "log_loss"))
        }
        let areas = MulticlassAreas(shares, labels, weights)
        return [PerformanceMetric("log_loss", value, why: "no rows", interval: interval, method: .bootstrap), top]
            + ["roc_auc_ovr_macro", "roc_auc_ovr_weighted", "roc_auc_ovo_macro", "roc_auc_ovo_weighted"].map { areas.metric($0, plan) }
    }

    private static func topTwo(_ scores: [[Double]], _ labels: [Int], _ weights: [Double]?, _ plan: IntervalPlan?) -> PerformanceMetric {
        var (hits, total, squares) = (0.0, 0.0, 0.0)
        for row in labels.indices {
            let own = scores[labels[row]][row]
            var ahead = 0
            for (number, column) in scores.enumerated() where column[row] > own || (column[row] == own && number > labels[row]) {
                ahead += 1
            }
            let w = weights?[row] ?? 1
            if ahead < 2 { hits += w }
            total += w
            squares += w * w
        }
        let interval = plan.flatMap { plan in
            total > 0
                ? wilsonInterval(rate: min(hits / total, 1), effectiveCount: total * total / squares, confidence: plan.confidence) : nil
        }
        return PerformanceMetric("top_2_accuracy", hits / total, why: "no rows", interval: interval, method: .wilson)
    }
}

/// The areas under ROC curves of several classes, with what each row adds to them, so that any mean of areas has DeLong's variance.
private struct MulticlassAreas {
    private struct Area {
        var value: Double
        /// What each row adds to the area, centred; its sum of squares is the variance.
        var influence: [Double]
    }
    private var values: [String: Area] = [:]
    private var why = ""

    init(_ scores: [[Double]], _ labels: [Int], _ weights: [Double]?) {
        let classes = scores.count
        var sizes = [Double](repeating: 0, count: classes)
        for row in labels.indices { sizes[labels[row]] += weights?[row] ?? 1 }
        let absent = sizes.indices.filter { sizes[$0] == 0 }.count
        why = absent == 0 ? "all labels are of one class" : "\(absent) of \(classes) classes have no label"
        let all = Array(labels.indices)
        let rest = (0..<classes).map { k in Self.area(scores[k], all, labels, weights) { $0 == k } }
        mean("roc_auc_ovr_macro", rest, [Double](repeating: 1, count: classes), labels.count)
        mean("roc_auc_ovr_weighted", rest, sizes, labels.count)
        var pairs: [Area?] = []
        var pairSizes: [Double] = []
        for a in 0..<classes {
            for b in a + 1..<classes {
                let rows = all.filter { labels[$0] == a || labels[$0] == b }
                let one = Self.area(scores[a], rows, labels, weights) { $0 == a }
                let other = Self.area(scores[b], rows, labels, weights) { $0 == b }
                pairSizes += [sizes[a] + sizes[b], sizes[a] + sizes[b]]
                pairs += [one, other]
            }
        }
        mean("roc_auc_ovo_macro", pairs, [Double](repeating: 1, count: pairs.count), labels.count)
        mean("roc_auc_ovo_weighted", pairs, pairSizes, labels.count)
    }

    /// Undefined when an area of positive weight is.
    private mutating func mean(_ name: String, _ areas: [Area?], _ weights: [Double], _ rows: Int) {
        let total = weights.reduce(0, +)
        guard total > 0 else { return }
        var out = Area(value: 0, influence: [Double](repeating: 0, count: rows))
        for (area, weight) in zip(areas, weights) where weight > 0 {
            guard let area else { return }
            out.value += weight / total * area.value
            for row in 0..<rows { out.influence[row] += weight / total * area.influence[row] }
        }
        values[name] = out
    }

    func metric(_ name: String, _ plan: IntervalPlan?) -> PerformanceMetric {
        guard let area = values[name] else { return PerformanceMetric(name, nil, why: why) }
        let n = Double(area.influence.count)
        let variance = area.influence.reduce(0) { $0 + $1 * $1 } * (n > 1 ? n / (n - 1) : 1)
        let interval = plan.map { areaInterval(area.value, variance, $0.confidence) }
        return PerformanceMetric(name, area.value, interval: interval, method: .delong)
    }

    private static func area(_ scores: [Double], _ rows: [Int], _ labels: [Int], _ weights: [Double]?, _ isPositive: (Int) -> Bool) -> Area?
    {
        let order = stableOrder(rows.map { scores[$0] }).map { rows[$0] }
        var (p, q) = (0.0, 0.0)
        for row in rows { if isPositive(labels[row]) { p += weights?[row] ?? 1 } else { q += weights?[row] ?? 1 } }
        guard p > 0, q > 0 else { return nil }
        // Of each row, the share of the other class that it beats, ties half.
        var beaten = [Double](repeating: 0, count: scores.count)
        var (positivesBelow, negativesBelow, area) = (0.0, 0.0, 0.0)
        var start = 0
        while start < order.count {
            var end = start
            var (positives, negatives) = (0.0, 0.0)
            while end < order.count, scores[order[end]] == scores[order[start]] {
                let w = weights?[order[end]] ?? 1
                if isPositive(labels[order[end]]) { positives += w } else { negatives += w }
                end += 1
            }
            for row in order[start..<end] {
                beaten[row] = isPositive(labels[row]) ? (negativesBelow + negatives / 2) / q : 1 - (positivesBelow + positives / 2) / p
            }
            area += positives * (negativesBelow + negatives / 2)
            positivesBelow += positives
            negativesBelow += negatives
            start = end
        }
        let value = area / p / q
        var influence = [Double](repeating: 0, count: scores.count)
        for row in rows { influence[row] = (weights?[row] ?? 1) / (isPositive(labels[row]) ? p : q) * (beaten[row] - value) }
        return Area(value: value, influence: influence)
    }
}
