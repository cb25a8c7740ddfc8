internal import Statistics
internal import Vocabulary

/// An explanation as JSON, and as a page.
enum ExplanationReport {
    static func make(_ frame: Frame, _ options: ExplainOptions, _ result: Explanation.Result) -> Report {
        let words = words(options, result)
        let sum = result.parts.reduce(0) { $0 + abs($1.value) }
        var json = JSONObject([
            ("command", .string("explain")), ("question", .string(words.question)), ("method", .string(result.method.rawValue)),
            ("unit", .string(result.unit)), ("rows", JSON(frame.rows)), ("n", JSON(result.rows)), ("left_out", JSON(result.leftOut)),
        ])
        if let reference = result.referenceRows { json["reference_n"] = JSON(reference) }
        if let answer = result.answer { json["answer"] = JSON(answer) }
        if let means = result.means {
            json["before"] = .number(means.before)
            json["after"] = .number(means.after)
        }
        if case .shift = options.question { json["change"] = .number(result.parts.reduce(0) { $0 + $1.value }) }
        json["features"] = .array(
            result.parts.map { part in
                .object([
                    "feature": .string(part.feature), "value": .number(part.value),
                    "interval": .statistics([part.interval.lower, part.interval.upper]),
                    "share": sum > 0 ? .number(abs(part.value) / sum) : .null,
                ])
            })
        json["why"] = .string(words.why)
        let shown = result.parts.prefix(shownMax)
        var blocks: [Report.Block] = [
            .text(
                "\(words.why). \(result.rows) rows\(result.referenceRows.map { " beside \($0)" } ?? "")\(result.leftOut > 0 ? "; \(result.leftOut) have no answer or label" : "")."
            ),
            .table(
                Report.Table(
                    ["feature", words.column, "interval", "share"],
                    shown.map { part in
                        [
                            part.feature, fourDigits(part.value),
                            "[\(fourDigits(part.interval.lower)), \(fourDigits(part.interval.upper))]",
                            sum > 0 ? "\(fourDigits(100 * abs(part.value) / sum)) %" : "–",
                        ]
                    })),
        ]
        if !shown.isEmpty {
            blocks.append(
                .chart(
                    Report.Chart(
                        words.title, summary: words.why, shape: .bars(labels: shown.map(\.feature)),
                        series: [.init("size", y: shown.map { words.isSigned ? abs($0.value) : max(0, $0.value) })],
                        xLabel: "size of the \(words.column)")))
        }
        if result.parts.count > shown.count {
            blocks.append(.footnote("\(result.parts.count - shown.count) features with less are not shown."))
        }
        blocks.append(.footnote(footnote(result.method, options.question) + " The intervals of all features hold together."))
        return Report(
            title: "\(words.title): \(options.model.path) over \(frame.file)", json: .object(json), blocks: blocks, hasFinding: false)
    }

    /// Features in a table and a chart.
    static let shownMax = 30

    private static func words(
        _ options: ExplainOptions, _ result: Explanation.Result
    ) -> (question: String, title: String, column: String, why: String, isSigned: Bool) {
        let top = result.parts.prefix(3)
        let which = result.answer.map { " of answer \($0)" } ?? ""
        /// Those that surely count.
        func names(_ most: String, _ none: String) -> String {
            let sure = top.filter { $0.value > 0 && $0.interval.lower > 0 }
            return sure.isEmpty ? none : most + sure.map { "\($0.feature) (\(fourDigits($0.value)))" }.joined(separator: ", ")
        }
        switch options.question {
        case .importance:
            return (
                "importance", "What answers depend on", "mean change of the \(result.unit)\(which)",
                names("answers\(which) depend most on ", "answers\(which) surely depend on no feature over these rows"), true
            )
        case .loss:
            return (
                "loss", "What the loss depends on", "\(result.unit) added",
                names("the loss grows most without the values of ", "the loss surely grows without the values of no feature"), false
            )
        case .shift:
            let change = result.parts.reduce(0) { $0 + $1.value }
            let moved = result.means.map { "from \(fourDigits($0.before)) to \(fourDigits($0.after))" } ?? "by \(fourDigits(change))"
            let surely = top.filter { $0.interval.lower > 0 || $0.interval.upper < 0 }
            let why =
                surely.isEmpty ? "no feature surely moved it" : surely.map { "\($0.feature) \(signed($0.value))" }.joined(separator: ", ")
            return (
                "shift", "What moved the answers", "change of the mean \(result.unit)\(which)",
                "the mean \(result.unit)\(which) went \(moved): \(why)", true
            )
        case .difference(let other):
            return (
                "difference", "Where two models differ", "mean difference of the \(result.unit)\(which)",
                names(
                    "its answers\(which) differ from those of \(other.path) most by ",
                    "its answers\(which) surely differ from those of \(other.path) by no feature over these rows"), true
            )
        }
    }

    private static func signed(_ value: Double) -> String { value > 0 ? "+\(fourDigits(value))" : fourDigits(value) }

    private static func footnote(_ method: ExplainOptions.Method, _ question: ExplainOptions.Question) -> String {
        switch (method, question) {
        case (.treeSHAP, .shift): "Differences of mean contributions (TreeSHAP), which add up to the change of the mean margin."
        case (.treeSHAP, _): "Mean sizes of contributions (TreeSHAP), in the units of the margin."
        case (.mixing, .shift): "Shapley values over rows that are mixed of both files; they add up to the change."
        case (.mixing, _): "Each feature's values were dealt out anew among the rows."
        }
    }
}
