internal import Statistics
internal import Vocabulary

/// `evenkeel calibration --scores`: top-label and class-wise.
enum MulticlassCalibrationReport {
    static func make(_ frame: Frame, _ options: CalibrationOptions) throws -> Report {
        let classes = options.classes ?? options.scores.map(\.name)
        let columns = try classes.map { name -> [Double] in
            guard let score = options.scores.first(where: { $0.name == name }) else {
                throw AnalysisError("--scores has no column for the class \(name), expected one for each of --classes")
            }
            return try frame.probabilities(score.column)
        }
        guard classes.count == options.scores.count else { throw AnalysisError("--scores names a class that is not in --classes") }
        guard classes.count >= 2 else { throw AnalysisError("--scores names \(classes.count) class, expected at least 2") }
        let labels = try frame.cells(options.label).places(classes)
        let weights = try options.weights.map { try frame.weights($0) }
        let complete = labels.indices.filter { row in
            labels[row] >= 0 && columns.allSatisfy { !$0[row].isNaN } && !(weights?[row].isNaN ?? false)
        }
        try frame.requireRows(
            complete, in: [options.label] + options.scores.map(\.column) + [options.weights].compactMap { $0 },
            weights: options.weights.flatMap { name in weights.map { (name: name, values: $0) } })
        let rows = weights.map { weights in complete.filter { weights[$0] > 0 } } ?? complete
        let result = try MulticlassCalibration(
            scores: columns.map { column in rows.map { column[$0] } }, labels: rows.map { labels[$0] },
            weights: weights.map { all in rows.map { all[$0] } }, bins: options.bins, by: options.binningKind(),
            confidence: options.confidence,
            seed: options.seed)
        return Report(
            title: "Calibration of \(classes.joined(separator: ", ")) in \(frame.file)",
            json: .object(json(result, classes, rows: frame.rows, used: rows.count)),
            blocks: blocks(result, classes, options, frame.rows, rows.count))
    }

    private static func json(_ result: MulticlassCalibration, _ classes: [String], rows: Int, used: Int) -> JSONObject {
        let mean = result.classwise.reduce(0) { $0 + $1.expected } / Double(classes.count)
        var out = JSONObject([
            ("command", .string("calibration")), ("rows", JSON(rows)), ("left_out", JSON(rows - used)), ("n", JSON(used)),
            ("classes", .array(classes.map(JSON.string))), ("accuracy", .number(result.accuracy)),
            ("brier", .object(["value": .number(result.brierScore)])), ("log_loss", .statistic(result.logLoss)),
            (
                "top_label",
                .object([
                    "ece": .number(result.topLabel.expected), "mce": .number(result.topLabel.maximum),
                    "debiased": .number(result.topLabelDebiased.value), "interval": result.topLabelDebiased.interval.json,
                    "curve": .array(
                        result.topLabelBins.map { bin in
                            .object([
                                "bin": JSON(bin.index), "lower": .number(bin.lower), "upper": .number(bin.upper),
                                "mean_score": .number(bin.meanScore), "observed": .number(bin.observed), "n": JSON(bin.count),
                            ])
                        }),
                ])
            ),
            (
                "classwise",
                .object([
                    "ece": .statistics(result.classwise.map(\.expected)), "mce": .statistics(result.classwise.map(\.maximum)),
                    "mean": .number(mean),
                ])
            ),
        ])
        if result.logLoss == nil { out["why"] = "log_loss: a row's scores sum to 0" }
        return out
    }

    private static func blocks(
        _ result: MulticlassCalibration, _ classes: [String], _ options: CalibrationOptions, _ rows: Int, _ used: Int
    ) -> [Report.Block] {
        let facts = [
            ["Top-label ECE", tableNumber(result.topLabel.expected), ""],
            ["Top-label ECE, debiased", tableNumber(result.topLabelDebiased.value), result.topLabelDebiased.interval.text],
            ["Top-label MCE", tableNumber(result.topLabel.maximum), ""], ["Accuracy", tableNumber(result.accuracy), ""],
            ["Brier score (0 to 2)", tableNumber(result.brierScore), ""], ["Log loss", tableNumber(result.logLoss), ""],
        ]
        let widest = result.topLabelBins.max { $0.gap < $1.gap }
        return [
            .text("\(used) rows; \(rows - used) left out for a missing cell or no weight."),
            .table(.init(["statistic", "value", "interval"], facts)), .heading("Class by class"),
            .table(
                .init(
                    ["class", "ECE", "MCE"],
                    zip(classes, result.classwise).map { [$0, tableNumber($1.expected), tableNumber($1.maximum)] })),
            .chart(
                .init(
                    "Top-label reliability diagram",
                    summary:
                        "the largest gap is \(tableNumber(widest?.gap)): mean score \(tableNumber(widest?.meanScore)), "
                        + "right \(tableNumber(widest?.observed))",
                    shape: .lines,
                    series: [.init("top label", x: result.topLabelBins.map(\.meanScore), y: result.topLabelBins.map(\.observed))],
                    xLabel: "mean score", yLabel: "share that is right", hasDiagonal: true)),
        ]
    }
}
