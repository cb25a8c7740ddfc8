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
                        let members = [("group", JSON.string(names[group]))] + groupMembers(group) + groupExtras(group)
                        return .object(
                            JSONObject(members).explained { undefinedReason($0, cells[group], scores?.groups[group], "in the group") })
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
        for rate in GroupRate.shown {
            let fallback: Double? = options.zeroForUndefined && rate != .treatmentRatio ? 0 : nil
            members.append((rate.rawValue, .statistic(rate.value(cells) ?? fallback)))
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
        if let interval = scores?.areaInterval(confidence: options.confidence) {
            intervals.append(("auc", .statistics([interval.lower, interval.upper])))
        }
        members.append(("intervals", .object(JSONObject(intervals))))
        return members
    }

    /// Why a member of a group (or of all rows) is null.
    func undefinedReason(_ name: String, _ cells: ConfusionCells, _ scores: GroupScores?, _ place: String) -> String {
        if cells.total == 0 { return "no weight \(place)" }
        switch name {
        case "tpr", "fnr": return "no positive labels \(place)"
        case "fpr", "tnr": return "no negative labels \(place)"
        case "ppv", "fdr", "precision": return "no positive decisions \(place)"
        case "npv", "for": return "no negative decisions \(place)"
        case "treatment_ratio": return "no false positives \(place)"
        case "ppr": return "no positive decisions in any group"
        case _ where scores == nil: return "no --score"
        case "auc": return "only one label \(place)"
        case "mean_score": return "infinite scores \(place)"
        default: return "a score outside 0…1 is no probability"
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
            let parts: [(String, (GroupScores) -> Double?)] = [
                ("auc", { $0.auc }), ("brier", { $0.brier }), ("ece", { $0.ece }), ("mean_score", { $0.mean }),
            ]
            for (name, part) in parts {
                let values = scores.groups.map(part)
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
                let all = overallScores.flatMap(part)
                let toOverall = all.flatMap { all in values.compactMap { $0.map { abs($0 - all) } }.max() }
                members.append(
                    (
                        name,
                        Self.spreadJSON(
                            min: least, max: most, difference: difference, ratio: ratio, toOverall: toOverall,
                            lowest: low.map { names[$0] },
                            highest: high.map { names[$0] }, used: used.count)
                    ))
            }
        }
        return .object(JSONObject(members))
    }

    private static func spreadJSON(
        min: Double?, max: Double?, difference: Double?, ratio: Double?, toOverall: Double?, lowest: String?, highest: String?, used: Int
    ) -> JSON {
        let members: [(String, JSON)] = [
            ("min", .statistic(min)), ("max", .statistic(max)), ("difference", .statistic(difference)), ("ratio", .statistic(ratio)),
            ("difference_to_overall", .statistic(toOverall)), ("groups_used", JSON(used)), ("lowest", JSON(lowest)),
            ("highest", JSON(highest)),
        ]
        return .object(
            JSONObject(members).explained { name in
                switch name {
                case "difference_to_overall" where used > 0: "all rows together have no such rate"
                case _ where used < 2: "fewer than two groups have this rate"
                default: "the largest is not above 0, so there is no ratio"
                }
            })
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
