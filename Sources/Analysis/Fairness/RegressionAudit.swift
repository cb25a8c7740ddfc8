internal import Statistics
internal import Vocabulary

/// The audit of a regression: are predictions, and errors, alike in every group?
struct RegressionAudit {
    let input: AuditInput
    let options: AuditOptions
    private let labels: [Double]
    private let predictions: [Double]

    init(_ input: AuditInput, _ frame: Frame, _ options: AuditOptions) throws {
        self.input = input
        self.options = options
        let all = try frame.finiteNumbers(options.label)
        let predicted = try frame.finiteNumbers(options.prediction ?? "")
        labels = input.rows.map { all[$0] }
        predictions = input.rows.map { predicted[$0] }
    }

    func report() throws -> Report {
        let order = ScoreParity.ascending(predictions)
        let zeros = [UInt8](repeating: 0, count: labels.count)
        let whole = try GroupErrors.byGroup(
            1, codes: [Int32](repeating: 0, count: labels.count), labels: labels, predictions: predictions, weights: input.weights)[0]
        var families: [[AuditDisparity]] = []
        var groups: [[GroupErrors]] = []
        for attribute in input.attributes {
            let errors = try GroupErrors.byGroup(
                attribute.groups.count, codes: attribute.codes, labels: labels, predictions: predictions, weights: input.weights)
            let cells = try GroupScoreCells(
                groupCount: attribute.groups.count, codes: attribute.codes, scores: predictions, labels: zeros, weights: input.weights)
            let parity = try ScoreParity(
                cells, codes: attribute.codes, scores: predictions, labels: zeros, weights: input.weights, order: order,
                rowsMin: Int64(options.minRows))
            families.append(disparities(attribute, errors, parity, whole))
            groups.append(errors)
        }
        AuditDisparity.settle(&families, alpha: 1 - options.confidence)
        return page(families, groups, whole)
    }

    private func isLarge(_ errors: GroupErrors) -> Bool { errors.rows >= Int64(options.minRows) }

    /// Differences of means count in units of the spread of predictions, or of the overall mean absolute error.
    private func disparities(
        _ attribute: AuditInput.Attribute, _ groups: [GroupErrors], _ parity: ScoreParity, _ whole: GroupErrors
    ) -> [AuditDisparity] {
        let spread = whole.predictionVariance.map { ($0 * max(0, whole.effectiveRows - 1)).squareRoot() }
        var out = [
            disparity(attribute, "mean_prediction_difference", groups, scale: spread, { $0.meanPrediction }, { $0.predictionVariance }),
            disparity(attribute, "bias_difference", groups, scale: spread, { $0.bias }, { $0.biasVariance }),
            disparity(attribute, "mae_difference", groups, scale: whole.mae, { $0.mae }, { $0.maeVariance }),
        ]
        out.append(
            .distance(
                "prediction_ks", parity, attribute.groups, groups.map(\.effectiveRows), attribute.name + "|prediction_ks", options))
        return out
    }

    private func disparity(
        _ attribute: AuditInput.Attribute, _ name: String, _ groups: [GroupErrors], scale: Double?, _ mean: (GroupErrors) -> Double?,
        _ variance: (GroupErrors) -> Double?
    ) -> AuditDisparity {
        var out = AuditDisparity(name: name)
        out.hypothesis = attribute.name + "|" + name
        out.floor = options.differenceFloor
        let variances = groups.map(variance)
        guard
            let all = MeanSpread(means: groups.map(mean), variances: variances, confidence: options.confidence, seed: options.seed)
        else {
            out.why = "fewer than two groups have rows"
            return out
        }
        out.value = all.difference
        out.interval = all.interval
        out.worst = [attribute.groups[all.lowest], attribute.groups[all.highest]]
        let judged = MeanSpread(
            means: groups.map { isLarge($0) ? mean($0) : nil }, variances: variances, confidence: options.confidence, seed: options.seed)
        out.pValue = judged?.pValue
        if let judged, judged.difference != all.difference {
            out.judged = AuditDisparity.Judged(
                value: judged.difference, interval: judged.interval,
                worst: [attribute.groups[judged.lowest], attribute.groups[judged.highest]])
        }
        guard let judged, judged.pValue != nil, let scale, scale > 0 else {
            out.why = "fewer than two groups have \(options.minRows) rows, or all values are equal"
            return out
        }
        out.effect = judged.difference / scale
        out.extra.append(("standardized", .statistic(judged.difference / scale)))
        let known = groups.filter(isLarge).compactMap(variance)
        out.detectable = Distributions.normalQuantile(0.5 + options.confidence / 2) * (2 * (known.max() ?? 0)).squareRoot() / scale
        return out
    }

    private func page(_ families: [[AuditDisparity]], _ groups: [[GroupErrors]], _ whole: GroupErrors) -> Report {
        let all = families.flatMap { $0 }
        let verdict = Verdict.combined(all.compactMap(\.verdict))
        var blocks: [Report.Block] = [
            .text(
                verdict == .unfair
                    ? "Unfair: predictions or errors differ between groups by more than chance and \(auditNumber(options.differenceFloor)) of their scale."
                    : "Verdict: \(verdict.rawValue)."),
            .text("\(input.rows.count) rows, \(input.rowsRead - input.rows.count) left out for a missing cell."),
        ]
        var entries: [JSON] = []
        for (place, attribute) in input.attributes.enumerated() {
            let small = groups[place].indices.filter { !isLarge(groups[place][$0]) }
            entries.append(
                .object([
                    "attribute": .string(attribute.name),
                    "groups": .array(
                        groups[place].indices.map { g in
                            self.json([("group", .string(attribute.groups[g]))] + members(groups[place][g]))
                        }),
                    "metrics": .object(JSONObject(families[place].map { ($0.name, $0.json) })),
                    "insufficient_groups": .array(small.map { .string(attribute.groups[$0]) }),
                    "rows_needed": .array(
                        small.map { g in
                            .object([
                                "group": .string(attribute.groups[g]), "n": .integer(groups[place][g].rows), "needed": JSON(rowsNeeded),
                            ])
                        }),
                ]))
            blocks.append(.heading(attribute.name))
            blocks.append(
                .table(
                    Report.Table(
                        ["group", "n", "mean label", "mean prediction", "bias", "MAE", "RMSE"],
                        groups[place].indices.map { g in
                            let e = groups[place][g]
                            return [attribute.groups[g], "\(e.rows)"]
                                + [e.meanLabel, e.meanPrediction, e.bias, e.mae, e.rmse].map(auditNumber)
                        })))
            blocks.append(
                .table(
                    Report.Table(
                        ["disparity", "value", "interval", "p", "verdict", "worst pair"], families[place].map(AuditReport.row))))
        }
        let json: JSON = .object([
            "command": "audit", "rows": JSON(input.rows.count), "rows_read": JSON(input.rowsRead),
            "rows_left_out": JSON(input.rowsRead - input.rows.count), "verdict": .string(verdict.rawValue), "task": "regression",
            "confidence": .number(options.confidence), "seed": .integer(Int64(bitPattern: options.seed)),
            "overall": self.json(members(whole)), "attributes": .array(entries),
        ])
        return Report(title: "Fairness audit", json: json, blocks: blocks, hasFinding: verdict == .unfair)
    }

    /// Rows for which a difference of the floor's size, in units of the spread, would show between two groups.
    private var rowsNeeded: Int {
        let z = Distributions.normalQuantile(0.5 + options.confidence / 2)
        return max(options.minRows, Int((2 * z * z / (options.differenceFloor * options.differenceFloor)).rounded(.up)))
    }

    private func json(_ members: [(String, JSON)]) -> JSON {
        .object(JSONObject(members).explained { _ in "no weight, or infinite values" })
    }

    /// Means with the normal interval of their standard error; nothing of fewer than two rows.
    private func members(_ e: GroupErrors) -> [(String, JSON)] {
        let z = Distributions.normalQuantile(0.5 + options.confidence / 2)
        let intervals = [
            ("mean_prediction", e.meanPrediction, e.predictionVariance), ("bias", e.bias, e.biasVariance), ("mae", e.mae, e.maeVariance),
        ].compactMap { name, mean, variance -> (String, JSON)? in
            guard let mean, let variance, variance.isFinite else { return nil }
            let spread = z * variance.squareRoot()
            // An absolute error is not below 0.
            return (name, .statistics([name == "mae" ? max(0, mean - spread) : mean - spread, mean + spread]))
        }
        return [
            ("n", .integer(e.rows)), ("weight", .number(e.weight)), ("mean_label", .statistic(e.meanLabel)),
            ("mean_prediction", .statistic(e.meanPrediction)), ("bias", .statistic(e.bias)), ("mae", .statistic(e.mae)),
            ("rmse", .statistic(e.rmse)), ("intervals", .object(JSONObject(intervals))),
        ]
    }
}
