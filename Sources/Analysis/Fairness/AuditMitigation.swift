internal import Statistics
internal import Vocabulary

/// What a mitigation found, for machines and for people.
enum AuditMitigation {
    static func reweighing(_ audit: AttributeAudit, _ found: Reweighing) -> ([(String, JSON)], [Report.Block]) {
        let groups = zip(audit.names, found.groups).map { name, weights in
            JSON.object(
                JSONObject([
                    ("group", .string(name)), ("positive", .statistic(weights.positive)), ("negative", .statistic(weights.negative)),
                ]).explained { "no \($0) labels in the group" })
        }
        let json: JSON = .object(["method": "reweigh", "attribute": .string(audit.attribute.name), "groups": .array(groups)])
        let rows = zip(audit.names, found.groups).map { [$0, auditNumber($1.positive), auditNumber($1.negative)] }
        return (
            [("mitigation", json)],
            [
                .heading("Mitigation: weights"),
                .text("With these weights, label and \(audit.attribute.name) are independent (Kamiran and Calders). Train on them."),
                .table(Report.Table(["group", "positive label", "negative label"], rows)),
            ]
        )
    }

    static func thresholds(
        _ audit: AttributeAudit, _ found: ThresholdMitigation, _ criterion: ThresholdMitigation.Criterion
    ) -> ([(String, JSON)], [Report.Block]) {
        func point(_ p: ThresholdMitigation.Point) -> JSON {
            let thresholds = zip(audit.names, p.thresholds).map { ($0, JSON.statistic($1)) }
            let members: [(String, JSON)] = [
                ("accuracy", .statistic(p.accuracy)), ("selection_rate", .statistic(p.selectionRate)),
                ("disparity", .statistic(p.disparity)), ("thresholds", .object(JSONObject(thresholds))),
            ]
            // The decisions as they were aim at nothing.
            let target = p.target.map { [("target", JSON.statistic($0))] } ?? []
            return .object(JSONObject(target + members).explained { _ in "fewer than two groups have the rate" })
        }
        let json: JSON = .object([
            "method": "thresholds", "criterion": .string(criterion.rawValue), "attribute": .string(audit.attribute.name),
            "thresholds": .object(JSONObject(zip(audit.names, found.after.thresholds).map { ($0, JSON.statistic($1)) })),
            "before": point(found.before), "after": point(found.after), "curve": .array(found.curve.map(point)),
        ])
        let rows = audit.names.indices.map { g in
            [
                audit.names[g], auditNumber(found.after.thresholds[g]), auditNumber(GroupRate.selectionRate.value(found.before.cells[g])),
                auditNumber(GroupRate.selectionRate.value(found.after.cells[g])),
                auditNumber(GroupRate.accuracy.value(found.after.cells[g])),
            ]
        }
        let sentence =
            "\(criterion.rawValue) disparity \(auditNumber(found.before.disparity)) → \(auditNumber(found.after.disparity)), accuracy \(auditNumber(found.before.accuracy)) → \(auditNumber(found.after.accuracy)). "
            + "Chosen and judged on the same rows: check on others before use. A threshold that depends on a protected group may be unlawful."
        let curve = Report.Chart(
            "Trade-off", summary: "Accuracy against disparity, one point for each target rate.", shape: .lines,
            series: [
                Report.Chart.Series(
                    "thresholds", x: found.curve.map { $0.disparity ?? .nan }, y: found.curve.map(\.accuracy))
            ], xLabel: "disparity", yLabel: "accuracy")
        return (
            [("mitigation", json)],
            [
                .heading("Mitigation: a threshold for each group"), .text(sentence),
                .table(Report.Table(["group", "threshold", "selected before", "selected after", "accuracy after"], rows)), .chart(curve),
            ]
        )
    }
}

extension BinaryAudit {
    /// Thresholds are for the last attribute: the only one, or the intersection of all.
    func mitigation(_ audits: [AttributeAudit]) throws -> ([(String, JSON)], [Report.Block]) {
        guard let audit = audits.last, let mitigation = options.mitigation else { return ([], []) }
        switch mitigation {
        case .reweigh:
            let weights = try Reweighing(audit.cells)
            return AuditMitigation.reweighing(audit, weights)
        case .thresholds:
            guard let scores = input.scores, let order else { return ([], []) }
            do throws(StatisticsError) {
                let found = try ThresholdMitigation(
                    options.criterion, groupCount: audit.names.count, codes: audit.attribute.codes, scores: scores, labels: outcomes.labels,
                    weights: input.weights, order: order, threshold: options.threshold, floor: options.differenceFloor)
                return AuditMitigation.thresholds(audit, found, options.criterion)
            } catch {
                return (
                    [("mitigation", .object(["method": "thresholds", "why": .string(error.description)]))],
                    [.text("Thresholds: \(error.description).")]
                )
            }
        }
    }

    /// A weight for each row of the file.
    func reweighed(_ audits: [AttributeAudit]) throws -> [Double?] {
        guard let audit = audits.last else { return [] }
        let groups = try Reweighing(audit.cells).groups
        var out = [Double?](repeating: nil, count: input.rowsRead)
        for (place, row) in input.rows.enumerated() {
            let weights = groups[Int(audit.attribute.codes[place])]
            let factor = outcomes.labels[place] == 1 ? weights.positive : weights.negative
            out[row] = factor.map { $0 * (input.weights?[place] ?? 1) }
        }
        return out
    }
}
