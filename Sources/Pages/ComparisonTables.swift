internal import Reporting
internal import Vocabulary

/// What comparisons of two models have in common, of the same rows or of each one's own: verdict, reasons, differences, guardrails, groups.
struct ComparisonTables {
    let schema: FeatureSchema
    let seesGroups: Bool
    let report: JSON

    var primary: String { report["primary"]?.stringValue ?? "" }

    var verdict: String {
        switch report["verdict"]?.stringValue {
        case "promote": badge("✓", "promote", "good")
        case "reject": badge("✗", "reject", "bad")
        default: badge("…", "hold", "unknown")
        }
    }

    var reasons: String {
        // The first one is of all rows; what follows may name groups.
        let all = (report["reasons"]?.arrayValue ?? []).compactMap(\.stringValue)
        let shown = seesGroups ? all : Array(all.prefix(1))
        return "<ul class=\"reasons\">" + shown.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>"
    }

    static func bounds(_ json: JSON?) -> (Double, Double)? {
        guard let list = json?.arrayValue, list.count == 2, let low = list[0].doubleValue, let high = list[1].doubleValue else {
            return nil
        }
        return (low, high)
    }

    private func between(_ json: JSON?) -> String { Self.bounds(json).map { "\(shortNumber($0.0)) to \(shortNumber($0.1))" } ?? "" }

    /// - Parameters:
    ///   - key: where the report has them.
    ///   - side: what a metric is of the champion or the candidate, where the difference does not say it itself.
    func differences(_ key: String, caption: String) -> String {
        let rows = (report[key]?.objectValue?.members ?? []).map { metric, difference in
            func side(_ name: String) -> String { shortNumber((difference[name] ?? report[name]?[metric])?.doubleValue) }
            return [
                escaped(spoken(metric)), side("champion"), side("candidate"), shortNumber(difference["value"]?.doubleValue),
                between(difference["interval"]), between(report["sequential"]?[metric]?["interval"]),
            ]
        }
        if rows.isEmpty { return "" }
        return Pages.table(
            ["metric", "champion", "candidate", "difference", "interval", "right at every look"], rows, numeric: [1, 2, 3, 4, 5],
            caption: caption)
    }

    /// Guardrails whose words name no group, no segment and no attribute.
    private static let plainGuardrails: Set = ["latency", "cost", "error_rate", "score_psi", "calibration"]

    /// What must not become worse, and what is known of it.
    var guardrails: String {
        let rows = (report["guardrails"]?.arrayValue ?? []).map { guardrail in
            let state = guardrail["state"]?.stringValue ?? ""
            let mark =
                switch state {
                case "ok": badge("✓", "ok", "good")
                case "broken": badge("✗", "broken", "bad")
                default: badge("…", spoken(state), "unknown")
                }
            let name = guardrail["name"]?.stringValue ?? ""
            let isPlain = seesGroups || Self.plainGuardrails.contains(name)
            return [escaped(spoken(name)), mark, isPlain ? escaped(guardrail["why"]?.stringValue ?? "") : "needs the role audit"]
        }
        if rows.isEmpty { return "" }
        return Pages.table(["guardrail", "state", "what is known"], rows, caption: "What must not become worse")
    }

    /// - Parameter name: under which key a segment has its own.
    func segments(named name: String) -> String {
        // A segment may be a group; one that the schema does not know is taken for one.
        let open = Set(schema.segments.filter { !$0.isOfGroups(schema) }.map(\.name))
        let all = (report["segments"]?.arrayValue ?? []).filter { seesGroups || open.contains($0[name]?.stringValue ?? "") }
        if all.isEmpty { return "" }
        return "<h3>By segment</h3>"
            + groups(all, "segment", named: name, caption: "\(spoken(primary)) by segment; segments may overlap")
    }

    /// Groups or segments, how each model does there.
    func groups(_ groups: some Sequence<JSON>, _ noun: String, named name: String, caption: String) -> String {
        let rows = groups.map { group in
            let difference = group["differences"]?[primary]
            return [
                escaped(group[name]?.stringValue ?? ""), labelled(group["labelled"]),
                group["agreement"]?.doubleValue.map(percent) ?? "", shortNumber(difference?["champion"]?.doubleValue),
                shortNumber(difference?["candidate"]?.doubleValue), shortNumber(difference?["value"]?.doubleValue),
                between(difference?["interval"]), pValue(group["p_adjusted"]?.doubleValue),
            ]
        }
        // Rows of one's own agree with nothing.
        let isPaired = groups.contains { $0["agreement"] != nil }
        var (names, shown) = (
            [noun, "labelled", "same decision", "champion", "candidate", "difference", "interval", "p at every look"], rows
        )
        if !isPaired {
            names.remove(at: 2)
            for i in shown.indices { shown[i].remove(at: 2) }
        }
        return Pages.table(names, shown, numeric: Set(1..<names.count), caption: caption)
    }

    /// Of both models, or of each.
    private func labelled(_ json: JSON?) -> String {
        guard let each = json?.arrayValue else { return counted(json?.intValue ?? 0) }
        return each.map { counted(Int64($0.doubleValue ?? 0)) }.joined(separator: " and ")
    }

    func disparities(_ json: JSON?, of attribute: String) -> String {
        let rows = (json?.objectValue?.members ?? []).map { metric, value in
            [
                escaped(spoken(metric)), shortNumber(value["champion"]?.doubleValue), shortNumber(value["candidate"]?.doubleValue),
                shortNumber(value["change"]?.doubleValue), between(value["interval"]), pValue(value["p_value"]?.doubleValue),
            ]
        }
        if rows.isEmpty { return "" }
        return Pages.table(
            ["disparity", "champion", "candidate", "change", "interval", "p at every look"], rows, numeric: [1, 2, 3, 4, 5],
            caption: "Disparities between groups of \(attribute)")
    }
}
