internal import Shadowing
internal import Statistics
internal import Vocabulary

/// A comparison as JSON of CONTRACTS.md, and as a page.
enum ShadowReport {
    static func make(
        _ frame: Frame, _ options: ShadowOptions, task: PairedPredictions.Task, classes: [String], _ comparison: PairedComparison,
        _ decision: RolloutDecision, seconds: [(model: String, perRow: Double)]
    ) -> Report {
        var json = JSONObject([
            ("command", .string("shadow")), ("task", .string(task.rawValue)), ("rows", JSON(frame.rows)), ("n", JSON(comparison.labelled)),
        ])
        if !classes.isEmpty { json["classes"] = .array(classes.map(JSON.string)) }
        for (name, value) in comparison.members(champion: options.champion.name, candidate: options.candidate.name) { json[name] = value }
        json["latency"] = .object(JSONObject(seconds.map { ($0.model + "_seconds_per_row", .number($0.perRow)) }))
        json["verdict"] = .string(decision.verdict.rawValue)
        json["guardrails"] = decision.guardrailsJSON
        json["reasons"] = .array(decision.reasons.map(JSON.string))
        return Report(
            title: "\(options.candidate.name) beside \(options.champion.name) over \(frame.file)", json: .object(json),
            blocks: blocks(comparison, decision, seconds), hasFinding: decision.verdict != .promote)
    }

    private static func blocks(
        _ comparison: PairedComparison, _ decision: RolloutDecision, _ seconds: [(model: String, perRow: Double)]
    ) -> [Report.Block] {
        let agreement = comparison.agreement
        let decisions = agreement.decisions.map { "The same decision in \(tableNumber(100 * $0)) % of rows; scores" } ?? "Values"
        var blocks: [Report.Block] = [
            .heading("Verdict: \(decision.verdict.rawValue)"), .text(decision.reasons.map { $0 + "." }.joined(separator: " ")),
            .text(
                "\(comparison.count) rows, \(comparison.labelled) labelled. \(decisions) differ by \(tableNumber(agreement.meanAbsoluteDifference)) "
                    + "on average, by \(tableNumber(agreement.largestDifference)) at most."),
        ]
        if !comparison.differences.isEmpty {
            let always = Dictionary(comparison.sequential.map { ($0.metric, $0) }, uniquingKeysWith: { first, _ in first })
            blocks.append(
                .table(
                    Report.Table(
                        ["metric", "champion", "candidate", "difference", "interval", "p", "right at every look", "decided at row"],
                        comparison.differences.map { row in
                            [
                                row.metric, tableNumber(row.champion), tableNumber(row.candidate), tableNumber(row.value),
                                row.interval?.text ?? row.why, tableNumber(row.pValue), always[row.metric]?.interval?.text ?? "–",
                                always[row.metric]?.decidedAt.map(String.init) ?? "–",
                            ]
                        }, tones: comparison.differences.map(tone))))
        }
        blocks.append(
            .table(
                Report.Table(
                    ["guardrail", "state", "what is known"], decision.guardrails.map { [$0.name, $0.state.rawValue, $0.why] },
                    tones: decision.guardrails.map { $0.state == .broken ? .bad : $0.state == .ok ? .good : .faint })))
        for attribute in comparison.fairness {
            blocks.append(.heading("By \(attribute.attribute)"))
            blocks.append(
                .table(
                    Report.Table(
                        ["group", "rows", "metric", "champion", "candidate", "difference", "interval"],
                        attribute.groups.flatMap { group in
                            group.differences.map {
                                [
                                    group.name, String(group.labelled), $0.metric, tableNumber($0.champion), tableNumber($0.candidate),
                                    tableNumber($0.value), $0.interval?.text ?? $0.why,
                                ]
                            }
                        }, tones: attribute.groups.flatMap { $0.differences.map(tone) })))
            if attribute.disparities.isEmpty { continue }
            blocks.append(
                .table(
                    Report.Table(
                        ["disparity", "champion", "candidate", "change", "interval", "p"],
                        attribute.disparities.map {
                            [
                                $0.metric, tableNumber($0.champion), tableNumber($0.candidate), tableNumber($0.change),
                                $0.interval?.text ?? "–", tableNumber($0.pValue),
                            ]
                        })))
        }
        for (model, perRow) in seconds { blocks.append(.footnote("The \(model) took \(tableNumber(perRow * 1e6)) µs a row.")) }
        return blocks
    }

    private static func tone(_ difference: PairedDifference) -> Report.Tone {
        guard let gain = difference.gainInterval else { return .faint }
        return gain.lower > 0 ? .good : gain.upper < 0 ? .bad : .plain
    }
}
