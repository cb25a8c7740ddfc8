internal import Foundation
internal import Statistics
internal import Vocabulary

/// The parts of the answer of `evenkeel performance`.
enum PerformanceReport {
    static func add(
        _ outcome: PerformanceData.Outcome, classes: [String], isWeighted: Bool, hasCurves: Bool, to json: inout JSONObject
    ) {
        func count(_ value: Double) -> JSON { isWeighted ? .number(value) : JSON(Int(value)) }
        if let table = outcome.confusion {
            json["confusion"] = .object([
                "tp": count(table.truePositive), "fp": count(table.falsePositive), "fn": count(table.falseNegative),
                "tn": count(table.trueNegative),
            ])
        }
        if let table = outcome.classConfusion {
            json["confusion_matrix"] = .array(table.cells.map { .array($0.map(count)) })
            json["per_class"] = .array(
                zip(classes, table.perClass).map { name, rates in
                    var out = JSONObject([
                        ("class", .string(name)), ("precision", .statistic(rates.precision)), ("recall", .statistic(rates.recall)),
                        ("f1", .statistic(rates.f1)),
                    ])
                    if rates.precision.isNaN || rates.recall.isNaN {
                        let absent = rates.f1.isNaN ? "neither a label nor a prediction" : rates.recall.isNaN ? "no label" : "no prediction"
                        out["why"] = .string("\(absent) of this class")
                    }
                    return .object(out)
                })
        }
        json["metrics"] = .object(
            JSONObject(
                outcome.metrics.map { metric in
                    var out = JSONObject([("value", .statistic(metric.value)), ("interval", metric.interval?.json ?? .null)])
                    if let method = metric.method { out["method"] = .string(method.rawValue) }
                    if let why = metric.why { out["why"] = .string(why) }
                    if metric.value != nil, metric.interval == nil {
                        out["why"] = .string(
                            metric.value?.isInfinite == true
                                ? "no interval: the value is infinite"
                                : metric.name == "max_error"
                                    ? "no interval: a maximum has no such law" : "no interval: too few rows, or they do not vary")
                    }
                    return (metric.name, .object(out))
                }))
        if hasCurves, let ranking = outcome.ranking {
            let roc = ranking.roc
            let pr = ranking.precisionRecall
            func curve(_ members: [(String, [Double])]) -> JSON {
                .object(
                    JSONObject(members.map { ($0.0, .statistics($0.1)) }).explained { "no \($0 == "fpr" ? "negative" : "positive") labels" }
                )
            }
            json["curves"] = .object([
                "roc": curve([("fpr", roc.fpr), ("tpr", roc.tpr), ("thresholds", roc.thresholds)]),
                "precision_recall": curve([("precision", pr.precision), ("recall", pr.recall), ("thresholds", pr.thresholds)]),
            ])
        } else if hasCurves {
            json["curves"] = .null
            json["why"] = "curves need a binary --score"
        }
    }

    /// The few metrics that a table of chunks shows.
    static func mainNames(_ metrics: [PerformanceMetric]) -> [String] {
        let wanted = [
            "roc_auc", "accuracy", "precision", "recall", "f1", "f1_macro", "roc_auc_ovr_macro", "log_loss", "mae", "rmse", "r2", "bias",
        ]
        return wanted.filter { name in metrics.contains { $0.name == name && $0.value != nil } }
    }

    static func blocks(_ outcome: PerformanceData.Outcome, classes: [String], confidence: Double) -> [Report.Block] {
        let rows = outcome.metrics.map { metric in
            [metric.name, tableNumber(metric.value), metric.interval?.text ?? "", metric.why ?? metric.method?.rawValue ?? ""]
        }
        let tones = outcome.metrics.map { $0.value == nil ? Report.Tone.faint : .plain }
        var out: [Report.Block] = [
            .table(.init(["metric", "value", "\(tableNumber(confidence * 100)) % interval", "method"], rows, tones: tones))
        ]
        if let table = outcome.confusion {
            out += [
                .heading("Confusion"),
                .table(
                    .init(
                        ["label", "predicted positive", "predicted negative"],
                        [
                            ["positive", tableCount(table.truePositive), tableCount(table.falseNegative)],
                            ["negative", tableCount(table.falsePositive), tableCount(table.trueNegative)],
                        ])),
            ]
        }
        if let table = outcome.classConfusion {
            let counts = zip(classes, table.cells).map { [$0] + $1.map(tableCount) }
            let rates = zip(classes, table.perClass).map { name, rates -> [String] in
                [name, tableNumber(rates.precision), tableNumber(rates.recall), tableNumber(rates.f1)]
            }
            out.append(.heading("Confusion"))
            out.append(.table(.init(["label"] + classes, counts)))
            out.append(.heading("Class by class"))
            out.append(.table(.init(["class", "precision", "recall", "f1"], rates)))
        }
        if let ranking = outcome.ranking, ranking.positiveTotal > 0, ranking.negativeTotal > 0 { out += curves(ranking, outcome.metrics) }
        return out
    }

    private static func tableCount(_ value: Double) -> String {
        value == value.rounded() && value < 1e15 ? "\(Int(value))" : tableNumber(value)
    }

    private static let pointCountMax = 200

    /// ROC and precision-recall, thinned to what a picture shows.
    private static func curves(_ ranking: ScoreRanking, _ metrics: [PerformanceMetric]) -> [Report.Block] {
        func value(_ name: String) -> String { tableNumber(metrics.first { $0.name == name }?.value) }
        func thin(_ points: [Double]) -> [Double] {
            guard points.count > pointCountMax else { return points }
            return (0..<pointCountMax).map { points[$0 * (points.count - 1) / (pointCountMax - 1)] }
        }
        let base = tableNumber(ranking.positiveTotal / (ranking.positiveTotal + ranking.negativeTotal))
        let roc = ranking.roc
        let pr = ranking.precisionRecall
        return [
            .chart(
                .init(
                    "ROC curve", summary: "area \(value("roc_auc")), largest distance from the diagonal \(value("ks"))", shape: .lines,
                    series: [.init("scores", x: thin(roc.fpr), y: thin(roc.tpr))], xLabel: "false positive rate",
                    yLabel: "true positive rate",
                    hasDiagonal: true)),
            .chart(
                .init(
                    "Precision-recall curve",
                    summary:
                        "average precision \(value("average_precision")), base rate \(base)",
                    shape: .lines, series: [.init("scores", x: thin(pr.recall), y: thin(pr.precision))], xLabel: "recall",
                    yLabel: "precision")),
        ]
    }
}
