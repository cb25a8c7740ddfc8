internal import Statistics
internal import Vocabulary

/// The page of an audit: the verdict in words, then tables and bars.
enum AuditReport {
    static func overall(_ audit: AttributeAudit, scores: GroupScores? = nil) -> JSON {
        let rows = audit.names.indices.reduce(0) { $0 + audit.table.rowCount($1) }
        let effective = audit.names.indices.reduce(into: ConfusionCells()) { $0.add(audit.table.effectiveCells($1)) }
        let members = audit.cellMembers(
            audit.overall, rows: rows, effective: audit.table.isWeighted ? effective : audit.overall, scores: scores)
        return .object(JSONObject(members).explained { audit.undefinedReason($0, audit.overall, scores, "in any row") })
    }

    static func report(
        _ input: AuditInput, _ options: AuditOptions, _ audits: [AttributeAudit], overall: JSON, entries: [JSON],
        extras: [(String, JSON)], blocks: [Report.Block]
    ) -> Report {
        let all = audits.flatMap(\.disparities)
        let isUnfair = all.contains { $0.verdict == .unfair }
        let judged = Verdict.combined(all.compactMap(\.verdict))
        var members: [(String, JSON)] = [
            ("command", "audit"), ("rows", JSON(input.rows.count)), ("rows_read", JSON(input.rowsRead)),
            ("rows_left_out", JSON(input.rowsRead - input.rows.count)), ("verdict", .string(judged.rawValue)),
            ("convention", .string(options.convention.rawValue)), ("task", .string(options.task.rawValue)),
            ("positive", .string(options.positiveValue ?? "1")), ("confidence", .number(options.confidence)),
            ("seed", .integer(Int64(bitPattern: options.seed))),
            (
                "floors",
                .object(["difference": .number(options.differenceFloor), "ratio": .number(options.tau), "rows": JSON(options.minRows)])
            ),
            ("overall", overall), ("attributes", .array(entries)),
        ]
        members += extras
        var page: [Report.Block] = [.text(verdictSentence(judged, audits))]
        let leftOut = input.rowsRead - input.rows.count
        page.append(
            .text(
                "\(input.rows.count) rows\(leftOut > 0 ? ", \(leftOut) left out for a missing cell" : ""). Convention \(options.convention.rawValue), "
                    + "positive value \(options.positiveValue ?? "1"), intervals of \(auditNumber(options.confidence * 100)) %, seed \(options.seed), "
                    + "floors \(auditNumber(options.differenceFloor)) (difference) and \(auditNumber(options.tau)) (ratio), p-values corrected over all questions."
            ))
        for audit in audits { page += self.blocks(audit, options) }
        return Report(title: "Fairness audit", json: .object(JSONObject(members)), blocks: page + blocks, hasFinding: isUnfair)
    }

    /// One sentence for a hurried reader; the next ones say what is worst.
    private static func verdictSentence(_ verdict: Verdict, _ audits: [AttributeAudit]) -> String {
        let unfair = audits.flatMap { audit in audit.disparities.filter { $0.verdict == .unfair }.map { (audit, $0) } }
        switch verdict {
        case .unfair:
            let worst = unfair.prefix(3).map { audit, found in
                "\(audit.key): \(words(found.name)) \(auditNumber(found.judged?.value ?? found.value))"
                    + ((found.judged?.worst ?? found.worst).isEmpty
                        ? "" : " (\((found.judged?.worst ?? found.worst).joined(separator: " against ")))")
            }
            let rest = unfair.count > 3 ? "; and \(unfair.count - 3) more" : ""
            return "Unfair. Larger than chance and than the floor: \(worst.joined(separator: "; "))\(rest)."
        case .insufficient: return "Not enough rows to say whether it is fair. No disparity is both certain and large, but some could hide."
        case .negligible: return "Fair in effect. Some disparities are certain, all of them smaller than the floor."
        case .fair: return "Fair, as far as these rows show: no disparity beyond chance, and one as large as the floor would have shown."
        default: return "No verdict: there is no disparity with a question that could be tested."
        }
    }

    private static func words(_ name: String) -> String { name.split(separator: "_").joined(separator: " ") }

    private static func blocks(_ audit: AttributeAudit, _ options: AuditOptions) -> [Report.Block] {
        var out: [Report.Block] = [.heading(audit.className.map { "\(audit.attribute.name), class \($0)" } ?? audit.attribute.name)]
        var header = ["group", "n", "base rate", "selected", "TPR", "FPR", "PPV", "accuracy"]
        if audit.scores != nil { header += ["AUC", "ECE"] }
        var rows: [[String]] = []
        var tones: [Report.Tone] = []
        for group in audit.names.indices.prefix(Self.groupsShown) {
            let c = audit.cells[group]
            let rates: [GroupRate] = [.baseRate, .selectionRate, .tpr, .fpr, .ppv, .accuracy]
            var row = [audit.names[group], "\(audit.table.rowCount(group))"] + rates.map { auditNumber($0.value(c)) }
            if let scores = audit.scores?.groups[group] { row += [auditNumber(scores.auc), auditNumber(scores.ece)] }
            rows.append(row)
            tones.append(audit.isLarge(group) ? .plain : .faint)
        }
        out.append(.table(Report.Table(header, rows, tones: tones)))
        if audit.names.count > Self.groupsShown {
            out.append(.text("\(audit.names.count - Self.groupsShown) more groups are in the JSON result."))
        }
        out.append(bars(audit, options))
        let small = audit.names.indices.filter { !audit.isLarge($0) }
        if !small.isEmpty {
            let named = small.prefix(8).map { "\(audit.names[$0]) (\(audit.table.rowCount($0)))" }.joined(separator: ", ")
            out.append(
                .text(
                    "Insufficient, with no part in verdicts: \(named)\(small.count > 8 ? " and \(small.count - 8) more" : ""). "
                        + "About \(audit.rowsNeeded) rows each would show a difference of \(auditNumber(options.differenceFloor))."))
        }
        var metrics: [[String]] = []
        var metricTones: [Report.Tone] = []
        for d in audit.disparities {
            metrics.append(row(d))
            switch d.verdict {
            case .unfair: metricTones.append(.bad)
            case .fair, .negligible: metricTones.append(.good)
            case .insufficient: metricTones.append(.faint)
            default: metricTones.append(.plain)
            }
        }
        if metrics.isEmpty {
            out.append(
                .text(
                    "No metrics: \(options.convention.rawValue) compares with a reference group, and none is named for \(audit.attribute.name)."
                ))
        } else {
            out.append(.table(Report.Table(["disparity", "value", "interval", "p", "verdict", "worst pair"], metrics, tones: metricTones)))
        }
        return out
    }

    static func row(_ d: AuditDisparity) -> [String] {
        let interval = d.interval.map { "\(auditNumber($0.lower)) … \(auditNumber($0.upper))" } ?? ""
        // The verdict is on the groups that are large enough.
        let judged = d.judged.map { "; judged \(auditNumber($0.value)) (\($0.worst.joined(separator: " / ")))" } ?? ""
        return [
            words(d.name), auditNumber(d.value), interval, probability(d.adjustedP ?? d.pValue), d.verdict?.rawValue ?? "",
            d.worst.joined(separator: " / ") + judged,
        ]
    }

    private static let groupsShown = 50
    private static func probability(_ p: Double?) -> String { p.map { $0 < 1e-4 ? "<0.0001" : auditNumber($0) } ?? "–" }

    private static func bars(_ audit: AttributeAudit, _ options: AuditOptions) -> Report.Block {
        let shown = Array(audit.names.indices.prefix(Self.groupsShown))
        let series = [("selection rate", GroupRate.selectionRate), ("true positive rate", .tpr), ("false positive rate", .fpr)].map {
            name, rate in
            let intervals = shown.map { rate.interval(audit.table.effectiveCells($0), confidence: options.confidence) }
            return Report.Chart.Series(
                name, y: shown.map { rate.value(audit.cells[$0]) ?? .nan }, lower: intervals.map { $0?.lower ?? .nan },
                upper: intervals.map { $0?.upper ?? .nan })
        }
        return .chart(
            Report.Chart(
                "Rates by \(audit.attribute.name)",
                summary: "Selection, true positive and false positive rate of each group, with intervals.",
                shape: .bars(labels: shown.map { audit.names[$0] }), series: series, xLabel: "rate"))
    }
}
