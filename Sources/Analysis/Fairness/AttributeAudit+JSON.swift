internal import Statistics
internal import Vocabulary

extension AttributeAudit {
    /// The entry of `attributes`.
    func json(metrics: [AuditDisparity], groupExtras: (Int) -> [(String, JSON)] = { _ in [] }) -> JSON {
        var members: [(String, JSON)] = [("attribute", .string(attribute.name))]
        if let className { members.append(("class", .string(className))) }
        members.append(
            (
                "groups",
                .array(
                    names.indices.map { group in
                        .object(JSONObject([("group", .string(names[group]))] + groupMembers(group) + groupExtras(group)))
                    })
            ))
        members.append(("rates", ratesJSON))
        members.append(("four_fifths", fourFifths))
        members.append(("metrics", .object(JSONObject(metrics.map { ($0.name, $0.json) }))))
        let small = names.indices.filter { !isLarge($0) }
        members.append(("insufficient_groups", .array(small.map { .string(names[$0]) })))
        members.append(
            (
                "rows_needed",
                .array(
                    small.map {
                        .object(["group": .string(names[$0]), "n": .integer(table.rowCount($0)), "needed": JSON(rowsNeeded)])
                    })
            ))
        return .object(JSONObject(members))
    }

    private func groupMembers(_ group: Int) -> [(String, JSON)] {
        cellMembers(
            cells[group], rows: table.rowCount(group), effective: table.effectiveCells(group), scores: scores?.groups[group])
    }

    /// What stands for a group, and for all rows.
    func cellMembers(_ cells: ConfusionCells, rows: Int64, effective: ConfusionCells, scores: GroupScores?) -> [(String, JSON)] {
        var members: [(String, JSON)] = [("n", .integer(rows)), ("weight", .number(cells.total))]
        var missing: [(String, JSON)] = []
        for rate in GroupRate.shown {
            let fallback: Double? = options.zeroForUndefined && rate != .treatmentRatio ? 0 : nil
            let value = rate.value(cells) ?? fallback
            members.append((rate.rawValue, .statistic(value)))
            if value == nil { missing.append((rate.rawValue, .string("no \(Self.denominator(rate)) in the group"))) }
        }
        members.append(("auc", .statistic(scores?.auc)))
        members.append(("brier", .statistic(scores?.brier)))
        members.append(("ece", .statistic(scores?.ece)))
        if let scores { members.append(("mean_score", .statistic(scores.mean))) }
        members += [("tp", .number(cells.tp)), ("fp", .number(cells.fp)), ("fn", .number(cells.fn)), ("tn", .number(cells.tn))]
        var intervals: [(String, JSON)] = []
        for rate in GroupRate.shown {
            guard let interval = rate.interval(effective, confidence: options.confidence) else { continue }
            intervals.append((rate.rawValue, .statistics([interval.lower, interval.upper])))
        }
        if let auc = scores?.auc, let variance = scores?.aucVariance {
            let spread = Distributions.normalQuantile(0.5 + options.confidence / 2) * variance.squareRoot()
            intervals.append(("auc", .statistics([max(0, auc - spread), min(1, auc + spread)])))
        }
        members.append(("intervals", .object(JSONObject(intervals))))
        if let scores, scores.auc == nil { missing.append(("auc", "only one label in the group")) }
        if let scores, scores.brier == nil { missing.append(("brier", "a score outside 0…1 is no probability")) }
        if !missing.isEmpty { members.append(("why", .object(JSONObject(missing)))) }
        return members
    }

    private static func denominator(_ rate: GroupRate) -> String {
        switch rate {
        case .tpr, .fnr: "positive labels"
        case .fpr, .tnr: "negative labels"
        case .ppv, .fdr: "positive decisions"
        case .npv, .falseOmission: "negative decisions"
        case .treatmentRatio: "false positives"
        case .baseRate, .selectionRate, .accuracy, .averageOdds: "weight"
        }
    }

    private var ratesJSON: JSON {
        var members = GroupRate.shown.map { rate -> (String, JSON) in
            let s = spread(rate)
            return (
                rate.rawValue,
                Self.spreadJSON(
                    min: s.minimum, max: s.maximum, difference: s.difference, ratio: s.ratio, toOverall: s.farthest?.difference,
                    lowest: s.lowest.map { names[$0] }, highest: s.highest.map { names[$0] }, used: s.groupsUsed)
            )
        }
        if let scores {
            for (name, values) in [
                ("auc", scores.groups.map(\.auc)), ("brier", scores.groups.map(\.brier)), ("ece", scores.groups.map(\.ece)),
                ("mean_score", scores.groups.map(\.mean)),
            ] {
                let used = values.indices.filter { values[$0] != nil }
                let low = used.min { (values[$0] ?? 0) < (values[$1] ?? 0) }
                let high = used.max { (values[$0] ?? 0) < (values[$1] ?? 0) }
                let (least, most) = (low.flatMap { values[$0] }, high.flatMap { values[$0] })
                var difference: Double?
                var ratio: Double?
                if let least, let most, used.count >= 2 {
                    difference = most - least
                    ratio = most > 0 && least >= 0 ? least / most : nil
                }
                members.append(
                    (
                        name,
                        Self.spreadJSON(
                            min: least, max: most, difference: difference, ratio: ratio, toOverall: nil, lowest: low.map { names[$0] },
                            highest: high.map { names[$0] }, used: used.count)
                    ))
            }
        }
        return .object(JSONObject(members))
    }

    private static func spreadJSON(
        min: Double?, max: Double?, difference: Double?, ratio: Double?, toOverall: Double?, lowest: String?, highest: String?, used: Int
    ) -> JSON {
        var members: [(String, JSON)] = [
            ("min", .statistic(min)), ("max", .statistic(max)), ("difference", .statistic(difference)), ("ratio", .statistic(ratio)),
            ("difference_to_overall", .statistic(toOverall)), ("groups_used", JSON(used)), ("lowest", JSON(lowest)),
            ("highest", JSON(highest)),
        ]
        if used < 2, difference == nil { members.append(("why", "fewer than two groups have this rate")) }
        if difference != nil, ratio == nil { members.append(("why", "the largest rate is 0, so the ratio is 0/0")) }
        return .object(JSONObject(members))
    }

    /// The four-fifths rule over the groups that are large enough: the lowest selection rate is at least tau of the highest.
    private var fourFifths: JSON {
        let large = names.indices.filter(isLarge)
        let spread = RateSpread(
            .selectionRate, groups: large.map { cells[$0] }, overall: overall, zeroForUndefined: options.zeroForUndefined)
        var members: [(String, JSON)] = [("groups", .array(large.map { .string(names[$0]) })), ("ratio", .statistic(spread.ratio))]
        // A ratio of exactly tau passes, whatever the last bit of the division.
        members.append(("pass", spread.ratio.map { .bool($0 >= options.tau * (1 - 1e-12)) } ?? .null))
        if spread.ratio == nil {
            members.append(
                ("why", spread.difference == nil ? "fewer than two groups are large enough" : "nobody is selected in any group"))
        }
        return .object(JSONObject(members))
    }
}
