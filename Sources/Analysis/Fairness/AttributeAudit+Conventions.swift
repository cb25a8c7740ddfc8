internal import Statistics
internal import Vocabulary

extension AttributeAudit {
    /// The reference group of this attribute; nil when none is named.
    ///
    /// Of an intersection it is named itself or follows from those of all parts.
    /// - Throws: ``AnalysisError`` when no row has that value.
    func reference() throws(AnalysisError) -> Int? {
        var name = options.referenceGroups[attribute.name]
        if name == nil, options.sensitive.count > 1, attribute.name == options.sensitive.joined(separator: "*") {
            let parts = options.sensitive.compactMap { options.referenceGroups[$0] }
            if parts.count == options.sensitive.count {
                let joined = parts.joined(separator: "*")
                return names.firstIndex(of: joined)  // an empty cell of the intersection is no mistake of the user's
            }
        }
        guard let wanted = name else { return nil }
        name = nil
        if let group = names.firstIndex(of: wanted) { return group }
        let known = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", ..." : "")
        throw AnalysisError("--reference-group \(attribute.name)=\(wanted): no row has that value, expected one of \(known)")
    }

    /// Metrics between the reference group and everyone else, under a tool's names.
    func referenceDisparities(_ metrics: [ReferenceMetric], reference: Int, unweighted: FairnessTable) -> [AuditDisparity] {
        let sides = names.indices.map { $0 == reference ? 0 : 1 }
        let pair = table.folded(into: ["reference", "others"], sides)
        let rows = unweighted.folded(into: ["reference", "others"], sides)
        func value(_ metric: ReferenceMetric, _ cells: [ConfusionCells]) -> Double? {
            metric.value(ReferencePair(reference: cells[0], others: cells[1]))
        }
        func intervals(_ source: FairnessTable) -> [Interval?] {
            bootstrap.intervals(source, metrics.map { metric in (metric.range, { value(metric, $0) }) })
        }
        let ofWeights = intervals(pair)
        let ofRows = table.isWeighted ? intervals(rows) : ofWeights
        return metrics.indices.map { i in
            let metric = metrics[i]
            let source = metric.ignoresWeights ? rows : pair
            var out = AuditDisparity(name: metric.name)
            out.value = value(metric, [source.cells(0), source.cells(1)])
            out.worst = [names[reference], names.count == 2 ? names[1 - reference] : "everyone else"]
            if out.value == nil { out.why = "a rate that it needs has no rows, or is 0/0" }
            out.interval = metric.ignoresWeights ? ofRows[i] : ofWeights[i]
            if !metric.rates.isEmpty { judge(metric, pair, &out) }
            return out
        }
    }

    private func judge(_ metric: ReferenceMetric, _ pair: FairnessTable, _ out: inout AuditDisparity) {
        out.hypothesis = key + "|reference|" + metric.rates.map(\.rawValue).joined(separator: "+")
        let groups = Dictionary(
            uniqueKeysWithValues: metric.rates.map { rate in
                (
                    rate,
                    [0, 1].map { side -> ConfusionCells in
                        let cells = pair.effectiveCells(side)
                        let isLarge = pair.rowCount(side) >= Int64(options.minRows) && rate.rowsUsed(cells) >= Double(options.minRows)
                        return isLarge ? cells : ConfusionCells()
                    }
                )
            })
        let sizes = metric.rates.flatMap { rate in (groups[rate] ?? []).map { rate.rowsUsed($0) } }
        guard sizes.allSatisfy({ $0 > 0 }), let least = sizes.min() else {
            if out.why == nil { out.why = "a side has fewer than \(options.minRows) rows with what the metric needs" }
            return
        }
        out.pValue = HomogeneityTest.pValue(metric.rates, groups, seed: options.seed)
        guard let value = out.value, out.pValue != nil else { return }
        let z = Distributions.normalQuantile(0.5 + options.confidence / 2)
        out.detectable = z * (0.5 / max(1, least)).squareRoot()
        if metric.kind == .ratio {
            out.effect = value.isInfinite || value == 0 ? 1 : 1 - min(value, 1 / value)
            out.floor = (1 - options.tau).nextUp
            let highest = (groups[metric.rates[0]] ?? []).compactMap { metric.rates[0].value($0) }.max() ?? 1
            if highest > 0 { out.detectable /= highest }
        } else {
            out.effect = abs(value)
            out.floor = options.differenceFloor
        }
    }

    /// Aequitas' disparities: of each metric the group farthest (as a ratio) from the reference group.
    func aequitasDisparities(_ metrics: AequitasMetrics, reference: Int) -> [AuditDisparity] {
        AequitasMetrics.Metric.allCases.map { metric in
            var out = AuditDisparity(name: metric.rawValue + "_disparity")
            out.floor = (1 - options.tau).nextUp
            let farthest = farthest(metrics, metric, from: reference, among: names.indices.map { $0 })
            if let farthest {
                out.value = farthest.ratio
                out.worst = [names[farthest.group], names[reference]]
            } else {
                out.why = "undefined in the reference group or in every other"
            }
            guard let rate = metric.rate else { return out }
            out.hypothesis = key + "|aequitas|" + metric.rawValue
            if let farthest { out.interval = ratioInterval(rate, farthest.group, reference) }
            let cells = judged(rate)
            let large = names.indices.filter { cells[$0].total > 0 }
            out.pValue = HomogeneityTest.pValue(rate, cells, seed: options.seed)
            guard out.pValue != nil, large.contains(reference),
                let judged = self.farthest(metrics, metric, from: reference, among: large)
            else {
                if out.why == nil { out.why = "too few groups have \(options.minRows) rows with what the rate needs" }
                return out
            }
            out.effect = Self.distance(judged.ratio)
            if judged.group != farthest?.group {
                out.judged = AuditDisparity.Judged(
                    value: judged.ratio, interval: ratioInterval(rate, judged.group, reference),
                    worst: [names[judged.group], names[reference]])
            }
            let least = large.map { rate.rowsUsed(cells[$0]) }.min() ?? 1
            let z = Distributions.normalQuantile(0.5 + options.confidence / 2)
            let highest = large.compactMap { rate.value(cells[$0]) }.max() ?? 1
            out.detectable = z * (0.5 / max(1, least)).squareRoot() / max(highest, 1e-12)
            return out
        }
    }

    /// How far a ratio is from 1, either way.
    private static func distance(_ ratio: Double) -> Double { ratio.isInfinite || ratio == 0 ? 1 : 1 - min(ratio, 1 / ratio) }

    private func farthest(
        _ metrics: AequitasMetrics, _ metric: AequitasMetrics.Metric, from reference: Int, among groups: [Int]
    ) -> (group: Int, ratio: Double)? {
        groups.filter { $0 != reference }.compactMap { group in
            metrics.disparity(metric, of: group, to: reference).map { (group: group, ratio: $0) }
        }.max { Self.distance($0.ratio) < Self.distance($1.ratio) }
    }

    private func ratioInterval(_ rate: GroupRate, _ group: Int, _ reference: Int) -> Interval? {
        let sides = table.folded(
            into: ["reference", "group", "rest"], names.indices.map { $0 == reference ? 0 : $0 == group ? 1 : 2 })
        return bootstrap.interval(sides, within: 0...Double.infinity) { cells in
            guard let a = rate.value(cells[1]), let b = rate.value(cells[0]), b > 0 else { return nil }
            return a / b
        }
    }

    /// The keys that Aequitas adds to a group.
    func aequitasMembers(_ metrics: AequitasMetrics, _ group: Int, reference: Int?) -> [(String, JSON)] {
        let c = cells[group]
        let all = names.indices.reduce(0) { $0 + cells[$1].total }
        var members: [(String, JSON)] = [
            ("pp", .number(c.tp + c.fp)), ("pn", .number(c.tn + c.fn)), ("group_size", .number(c.total)),
            ("total_entities", .number(all)), ("precision", .statistic(GroupRate.ppv.value(c))),
            ("ppr", .statistic(metrics.values[.ppr]?[group] ?? nil)), ("pprev", .statistic(GroupRate.selectionRate.value(c))),
            ("prev", .statistic(GroupRate.baseRate.value(c))),
        ]
        guard let reference else { return members }
        let undefined = "0/0, or undefined here or in the reference group"
        let disparities = AequitasMetrics.Metric.allCases.map { ($0.rawValue, metrics.disparity($0, of: group, to: reference)) }
        members.append(("disparity", .statistics(disparities) { _ in undefined }))
        let parities = metrics.parities(of: group, to: reference, tau: options.tau).map { parity in
            (parity.name, parity.holds.map { JSON.bool($0) } ?? .null)
        }
        members.append(("parity", .object(JSONObject(parities).explained { _ in undefined })))
        return members
    }
}
