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
    func referenceDisparities(_ metrics: [ReferenceMetric], reference: Int, unweighted: FairnessTable) throws -> [AuditDisparity] {
        let sides = names.indices.map { $0 == reference ? 0 : 1 }
        let pair = table.folded(into: ["reference", "others"], sides)
        let rows = unweighted.folded(into: ["reference", "others"], sides)
        return metrics.map { metric in
            let source = metric.ignoresWeights ? rows : pair
            func value(_ cells: [ConfusionCells]) -> Double? {
                metric.value(ReferencePair(reference: cells[0], others: cells[1]))
            }
            var out = AuditDisparity(name: metric.name)
            out.value = value([source.cells(0), source.cells(1)])
            out.worst = [names[reference], names.count == 2 ? names[1 - reference] : "everyone else"]
            if out.value == nil { out.why = "a rate that it needs has no rows, or is 0/0" }
            out.interval = bootstrap.interval(source, within: metric.range, statistic: value)
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
            var farthest = 0.0
            for group in names.indices where group != reference {
                guard let ratio = metrics.disparity(metric, of: group, to: reference) else { continue }
                let distance = ratio.isInfinite || ratio == 0 ? 1 : 1 - min(ratio, 1 / ratio)
                if out.value == nil || distance > farthest {
                    out.value = ratio
                    out.worst = [names[group], names[reference]]
                    farthest = distance
                }
            }
            if out.value == nil { out.why = "undefined in the reference group or in every other" }
            guard let rate = metric.rate else { return out }
            out.hypothesis = key + "|aequitas|" + metric.rawValue
            if let group = out.worst.first.flatMap({ names.firstIndex(of: $0) }), let value = out.value {
                let sides = table.folded(
                    into: ["reference", "others", "rest"], names.indices.map { $0 == reference ? 0 : $0 == group ? 1 : 2 })
                if value.isFinite {
                    out.interval = bootstrap.interval(sides, within: 0...Double.infinity) { cells in
                        guard let a = rate.value(cells[1]), let b = rate.value(cells[0]), b > 0 else { return nil }
                        return a / b
                    }
                }
            }
            let cells = judged(rate)
            out.pValue = HomogeneityTest.pValue(rate, cells, seed: options.seed)
            let rates = names.indices.compactMap { g in rate.value(cells[g]).map { (group: g, value: $0) } }
            guard out.pValue != nil, let base = rates.first(where: { $0.group == reference })?.value else {
                if out.why == nil { out.why = "too few groups have \(options.minRows) rows with what the rate needs" }
                return out
            }
            out.effect = rates.filter { $0.group != reference }.map { rate in
                rate.value == base ? 0 : rate.value == 0 || base == 0 ? 1 : 1 - min(rate.value / base, base / rate.value)
            }.max()
            let least = names.indices.map { rate.rowsUsed(cells[$0]) }.filter { $0 > 0 }.min() ?? 1
            let z = Distributions.normalQuantile(0.5 + options.confidence / 2)
            out.detectable = z * (0.5 / max(1, least)).squareRoot() / max(rates.map(\.value).max() ?? 1, 1e-12)
            return out
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
        let disparities = AequitasMetrics.Metric.allCases.map {
            ($0.rawValue, JSON.statistic(metrics.disparity($0, of: group, to: reference)))
        }
        members.append(("disparity", .object(JSONObject(disparities))))
        let parities = metrics.parities(of: group, to: reference, tau: options.tau).map { parity in
            (parity.name, parity.holds.map { JSON.bool($0) } ?? .null)
        }
        members.append(("parity", .object(JSONObject(parities))))
        return members
    }
}
