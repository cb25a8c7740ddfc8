internal import Reporting
public import Vocabulary

/// What is known of a model's candidates as a report for people: the same numbers as the page and HTTP have.
public enum LiveReport {
    /// - Parameter answer: as ``Engine/shadowAnswer(of:)`` gives it.
    public static func make(_ answer: JSON) -> Report {
        let model = answer["model"]?.stringValue ?? ""
        let candidates = answer["candidates"]?.arrayValue ?? []
        var blocks: [Report.Block] = []
        if candidates.isEmpty {
            blocks.append(
                .text(
                    "No candidate is scored: evenkeel model candidate --name \(model) --version VERSION --file MODEL gives a version its file."
                ))
        }
        for candidate in candidates { blocks += section(candidate) }
        return Report(
            title: "Candidates of \(model) beside version \(answer["champion"]?.stringValue ?? "")",
            json: .object(JSONObject([("command", .string("shadow"))] + (answer.objectValue?.members ?? []).map { ($0.key, $0.value) })),
            blocks: blocks, hasFinding: candidates.contains { $0["verdict"]?.stringValue != "promote" })
    }

    private static func section(_ candidate: JSON) -> [Report.Block] {
        var blocks: [Report.Block] = [
            .heading("Version \(candidate["candidate"]?.stringValue ?? ""): \(candidate["verdict"]?.stringValue ?? "not compared yet")")
        ]
        if let why = candidate["breaker"]?["why"]?.stringValue { blocks.append(.text("Its circuit breaker is open: \(why).")) }
        let reasons = (candidate["reasons"]?.arrayValue ?? []).compactMap(\.stringValue)
        if !reasons.isEmpty { blocks.append(.text(reasons.map { $0 + "." }.joined(separator: " "))) }
        guard let report = candidate["report"], report != .null else { return blocks }
        func number(_ json: JSON?) -> String { json?.doubleValue.map { shortNumber($0) } ?? "–" }
        func between(_ json: JSON?) -> String {
            guard let list = json?.arrayValue, list.count == 2 else { return "–" }
            return "\(number(list[0])) to \(number(list[1]))"
        }
        let same = report["agreement"]?["decisions"]?.doubleValue.map { "; the same decision in \(shortNumber(100 * $0)) %" } ?? ""
        blocks.append(.text("\(number(report["rows"])) rows, \(number(report["n"])) labelled\(same)."))
        let differences = report["differences"]?.objectValue?.members ?? []
        if !differences.isEmpty {
            blocks.append(
                .table(
                    Report.Table(
                        ["metric", "champion", "candidate", "difference", "interval", "right at every look"],
                        differences.map { metric, difference in
                            [
                                metric, number(report["champion"]?[metric]), number(report["candidate"]?[metric]),
                                number(difference["value"]),
                                between(difference["interval"]), between(report["sequential"]?[metric]?["interval"]),
                            ]
                        })))
        }
        let guardrails = report["guardrails"]?.arrayValue ?? []
        if !guardrails.isEmpty {
            blocks.append(
                .table(
                    Report.Table(
                        ["guardrail", "state", "what is known"],
                        guardrails.map { one in ["name", "state", "why"].map { one[$0]?.stringValue ?? "" } })))
        }
        let primary = report["primary"]?.stringValue ?? ""
        func table(_ noun: String, _ groups: [JSON]) -> Report.Block {
            .table(
                Report.Table(
                    [noun, "labelled", "champion", "candidate", "difference", "interval"],
                    groups.map { group in
                        let difference = group["differences"]?[primary]
                        return [
                            group["group"]?.stringValue ?? "", number(group["labelled"]), number(difference?["champion"]),
                            number(difference?["candidate"]), number(difference?["value"]), between(difference?["interval"]),
                        ]
                    }))
        }
        if let segments = report["segments"]?.arrayValue, !segments.isEmpty {
            blocks += [.heading("By segment: \(primary)"), table("segment", segments)]
        }
        for (attribute, value) in report["fairness"]?.objectValue?.members ?? [] {
            blocks += [.heading("By \(attribute): \(primary)"), table("group", value["groups"]?.arrayValue ?? [])]
            let disparities = value["disparities"]?.objectValue?.members ?? []
            if disparities.isEmpty { continue }
            blocks.append(
                .table(
                    Report.Table(
                        ["disparity", "champion", "candidate", "change", "interval", "p at every look"],
                        disparities.map { metric, one in
                            [
                                metric, number(one["champion"]), number(one["candidate"]), number(one["change"]), between(one["interval"]),
                                number(one["p_value"]),
                            ]
                        })))
        }
        return blocks
    }
}
