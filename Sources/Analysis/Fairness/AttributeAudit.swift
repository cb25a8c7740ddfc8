internal import Statistics
internal import Vocabulary

/// The audit of one attribute (or of the intersection of all) over its count table.
struct AttributeAudit {
    let attribute: AuditInput.Attribute
    let table: FairnessTable
    let options: AuditOptions
    var scores: ScoreParity?
    /// Of all rows.
    var overallScores: GroupScores?
    /// The class that counts as positive, when there are more than two.
    var className: String?
    /// By group, in weights.
    let cells: [ConfusionCells]
    let overall: ConfusionCells
    var disparities: [AuditDisparity] = []

    init(
        _ attribute: AuditInput.Attribute, _ table: FairnessTable, _ options: AuditOptions, scores: ScoreParity?,
        overallScores: GroupScores? = nil,
        className: String? = nil
    ) {
        self.attribute = attribute
        self.table = table
        self.options = options
        self.scores = scores
        self.overallScores = overallScores
        self.className = className
        cells = table.groups.indices.map { table.cells($0) }
        overall = table.overall
    }

    var names: [String] { table.groups }
    var key: String { attribute.name + (className.map { "=" + $0 } ?? "") }
    var bootstrap: FairnessBootstrap {
        FairnessBootstrap(replicates: options.replicates, seed: options.seed, confidence: options.confidence)
    }

    /// Whether a group has enough rows to take part in verdicts.
    func isLarge(_ group: Int) -> Bool { table.rowCount(group) >= Int64(options.minRows) }

    /// The effective cells of the groups in which a rate can be judged; the others are empty, so that the rate is undefined there.
    func judged(_ rate: GroupRate) -> [ConfusionCells] {
        names.indices.map { group in
            let cells = table.effectiveCells(group)
            return isLarge(group) && rate.rowsUsed(cells) >= Double(options.minRows) ? cells : ConfusionCells()
        }
    }

    func spread(_ rate: GroupRate) -> RateSpread {
        RateSpread(rate, groups: cells, overall: overall, zeroForUndefined: options.zeroForUndefined)
    }

    /// The metrics of Fairlearn's convention and the entropy indices.
    mutating func evaluate() {
        let intervals = bootstrap.intervals(FairnessMetric.all, table: table, zeroForUndefined: options.zeroForUndefined)
        var pValues: [[GroupRate]: Double?] = [:]
        // Tiny groups make the intervals over all groups wide; those over the groups that are judged are shown beside them.
        let rates = Set(FairnessMetric.all.flatMap(\.rates))
        let judgedCells = Dictionary(uniqueKeysWithValues: rates.map { ($0, judged($0)) })
        let isJudged = { (rate: GroupRate, group: Int) in (judgedCells[rate]?[group].total ?? 0) > 0 }
        let leavesOut = names.indices.contains { group in
            rates.contains { $0.value(cells[group]) != nil && !isJudged($0, group) }
        }
        let judgedIntervals = leavesOut ? bootstrap.intervals(FairnessMetric.all, table: table, isUsed: isJudged) : intervals
        for (place, metric) in FairnessMetric.all.enumerated() {
            if pValues[metric.rates] == nil {
                let groups = Dictionary(uniqueKeysWithValues: metric.rates.map { ($0, judged($0)) })
                pValues[metric.rates] = HomogeneityTest.pValue(metric.rates, groups, seed: options.seed)
            }
            disparities.append(evaluate(metric, intervals[place], judgedIntervals[place], pValues[metric.rates] ?? nil))
        }
        disparities += entropies() + scoreDisparities()
    }

    private func evaluate(_ metric: FairnessMetric, _ interval: Interval?, _ judgedInterval: Interval?, _ pValue: Double?) -> AuditDisparity
    {
        var out = AuditDisparity(name: metric.name)
        out.hypothesis = key + "|" + metric.rates.map(\.rawValue).joined(separator: "+")
        out.interval = interval
        out.pValue = pValue
        let found = metric.value(metric.rates.map { spread($0) })
        out.value = found?.value
        if let found {
            out.worst = found.lowest == found.highest ? [names[found.lowest]] : [names[found.lowest], names[found.highest]]
        } else {
            out.why = undefinedReason(metric)
        }
        out.floor = metric.isRatio ? (1 - options.tau).nextUp : options.differenceFloor
        judge(metric, judgedInterval, &out)
        return out
    }

    private func undefinedReason(_ metric: FairnessMetric) -> String {
        for rate in metric.rates where spread(rate).difference == nil {
            return "fewer than two groups have rows for \(rate.rawValue)"
        }
        return "the rate is 0 in every group, so the ratio is 0/0"
    }

    /// The effect over the groups that are large enough, and the smallest that would have shown.
    private func judge(_ metric: FairnessMetric, _ interval: Interval?, _ out: inout AuditDisparity) {
        let spreads = metric.rates.map { rate -> RateSpread in
            let groups = judged(rate)
            return RateSpread(rate, groups: groups, overall: overall)
        }
        guard let found = metric.value(spreads) else {
            if out.why == nil { out.why = "fewer than two groups have \(options.minRows) rows with what the rate needs" }
            return
        }
        let rate = metric.rates[found.part]
        let least = metric.rates.flatMap { rate in judged(rate).map { rate.rowsUsed($0) } }.filter { $0 > 0 }.min() ?? 1
        let z = Distributions.normalQuantile(0.5 + options.confidence / 2)
        out.detectable = z * (0.5 / max(1, least)).squareRoot()
        if metric.isRatio {
            out.effect = 1 - found.value
            let base = metric.form == .ratio ? spreads[found.part].maximum : rate.value(overall)
            if let base, base > 0 { out.detectable /= base }
        } else if rate == .treatmentRatio {
            // fn / fp has no scale; how often an error is a miss has that of a rate.
            let shares = judged(rate).filter { $0.fn + $0.fp > 0 }.map { $0.fn / ($0.fn + $0.fp) }
            out.effect = (shares.max() ?? 0) - (shares.min() ?? 0)
        } else {
            out.effect = found.value
        }
        let worst = found.lowest == found.highest ? [names[found.lowest]] : [names[found.lowest], names[found.highest]]
        if worst != out.worst || found.value != out.value {
            out.judged = AuditDisparity.Judged(value: found.value, interval: interval, worst: worst)
        }
    }

    private func entropies() -> [AuditDisparity] {
        func total(_ groups: [ConfusionCells]) -> ConfusionCells { groups.reduce(into: ConfusionCells()) { $0.add($1) } }
        let alphas: [(String, Double)] = [("0", 0), ("0.5", 0.5), ("1", 1), ("2", 2)]
        func value(_ groups: [ConfusionCells], _ alpha: Double, isBetween: Bool) -> Double? {
            isBetween ? EntropyIndices.betweenGroups(groups, alpha: alpha) : EntropyIndices.generalizedEntropy(total(groups), alpha: alpha)
        }
        let indices: [(name: String, alpha: Double, isBetween: Bool)] = [
            ("theil_index", 1, false), ("generalized_entropy_index", 2, false), ("between_group_theil_index", 1, true),
            ("between_group_generalized_entropy_index", 2, true),
        ]
        let intervals = bootstrap.intervals(
            table, indices.map { index in (0...Double.infinity, { value($0, index.alpha, isBetween: index.isBetween) }) })
        let pValue = EntropyIndices.betweenGroupsPValue(
            names.indices.filter(isLarge).map { table.effectiveCells($0) }, seed: options.seed)
        return zip(indices, intervals).map { index, interval in
            var out = AuditDisparity(name: index.name)
            out.value = value(cells, index.alpha, isBetween: index.isBetween)
            let undefined = overall.total > 0 ? "the mean benefit is 0: every row is a false negative" : "no row has weight"
            if out.value == nil { out.why = undefined }
            out.interval = interval
            if index.isBetween { out.pValue = pValue }
            if index.alpha == 2 {
                let values = alphas.map { ($0.0, value(cells, $0.1, isBetween: index.isBetween)) }
                out.extra.append(("by_alpha", .statistics(values) { _ in undefined }))
            }
            return out
        }
    }

    /// Whether the groups' scores have the same mean and distribution, and rank as well.
    private func scoreDisparities() -> [AuditDisparity] {
        guard let scores else { return [] }
        let means = spreadOfMeans("score_mean_difference", scores.groups.map(\.mean), scores.groups.map(\.meanVariance), hasVerdict: false)
        let areas = spreadOfMeans("auc_difference", scores.groups.map(\.auc), scores.groups.map(\.aucVariance), hasVerdict: true)
        let sizes = names.indices.map { table.effectiveRows($0) }
        return [means, .distance("score_ks", scores, names, sizes, key + "|score_ks", options), areas]
            + calibrationDisparities(scores)
    }

    func spreadOfMeans(_ name: String, _ values: [Double?], _ variances: [Double?], hasVerdict: Bool) -> AuditDisparity {
        var out = AuditDisparity(name: name)
        guard let all = MeanSpread(means: values, variances: variances, confidence: options.confidence, seed: options.seed) else {
            out.why = "fewer than two groups have a value"
            if hasVerdict { out.hypothesis = key + "|" + name }
            return out
        }
        out.value = all.difference
        out.interval = all.interval
        out.worst = [names[all.lowest], names[all.highest]]
        let large = values.indices.map { isLarge($0) ? values[$0] : nil }
        let judged = MeanSpread(means: large, variances: variances, confidence: options.confidence, seed: options.seed)
        out.pValue = judged?.pValue
        if let judged, judged.difference != all.difference {
            out.judged = AuditDisparity.Judged(
                value: judged.difference, interval: judged.interval, worst: [names[judged.lowest], names[judged.highest]])
        }
        guard hasVerdict else { return out }
        out.hypothesis = key + "|" + name
        out.floor = options.differenceFloor
        out.effect = judged?.pValue == nil ? nil : judged?.difference
        let known = large.indices.filter { large[$0] != nil }.compactMap { variances[$0] }
        let z = Distributions.normalQuantile(0.5 + options.confidence / 2)
        out.detectable = z * (2 * (known.max() ?? 0)).squareRoot()
        return out
    }

    /// Rows for which a difference of the floor's size between two groups would show.
    var rowsNeeded: Int {
        let z = Distributions.normalQuantile(0.5 + options.confidence / 2)
        return max(options.minRows, Int((z * z * 0.5 / (options.differenceFloor * options.differenceFloor)).rounded(.up)))
    }
}
