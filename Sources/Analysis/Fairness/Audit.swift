internal import Statistics
internal import Tables
public import Vocabulary

/// A fairness audit of a file: rates of every group, how far they are apart, and whether that is more than chance and matters.
public enum Audit {
    public struct Result: Sendable {
        public var report: Report
        /// Of `--mitigate reweigh`: a weight for each row of the file, nil for a row that was left out.
        public var weights: [Double?]?
    }

    /// - Throws: ``AnalysisError`` for options that do not fit, `TableError` for a column or cell that is none.
    public static func run(_ frame: Frame, _ options: AuditOptions) throws -> Result {
        try options.checked()
        let input = try AuditInput(frame, options)
        switch options.task {
        case .binary: return try BinaryAudit(input, options).result()
        case .multiclass: return Result(report: try multiclass(input, options))
        case .regression: return Result(report: try RegressionAudit(input, frame, options).report())
        }
    }

    /// One class against the others, for each class in turn; the correction is over all of them.
    private static func multiclass(_ input: AuditInput, _ options: AuditOptions) throws -> Report {
        let predictions = input.predictionTexts ?? []
        let (classes, codes) = AuditInput.coded(input.labelTexts + predictions)
        guard classes.count <= AuditOptions.groupsMax / 100 else {
            throw AnalysisError("\(options.label): \(classes.count) classes, expected at most \(AuditOptions.groupsMax / 100)")
        }
        let rows = input.rows.count
        var audits: [AttributeAudit] = []
        var overall: [(String, JSON)] = [("n", JSON(rows))]
        let agree = (0..<rows).reduce(0.0) { $0 + (codes[$1] == codes[rows + $1] ? input.weights?[$1] ?? 1 : 0) }
        let weight = input.weights?.reduce(0, +) ?? Double(rows)
        overall.append(("accuracy", .statistic(weight > 0 ? agree / weight : nil)))
        var perClass: [(String, JSON)] = []
        for (place, name) in classes.enumerated() {
            let labels = (0..<rows).map { Int(codes[$0]) == place ? UInt8(1) : 0 }
            let decisions = (0..<rows).map { Int(codes[rows + $0]) == place ? UInt8(1) : 0 }
            for (attribute, table) in zip(input.attributes, try input.tables(decisions: decisions, labels: labels)) {
                var audit = AttributeAudit(attribute, table, options, scores: nil, className: name)
                audit.evaluate()
                audits.append(audit)
            }
            if let audit = audits.last { perClass.append((name, AuditReport.overall(audit))) }
        }
        overall.append(("classes", .object(JSONObject(perClass))))
        var families = audits.map(\.disparities)
        AuditDisparity.settle(&families, alpha: 1 - options.confidence)
        for i in audits.indices { audits[i].disparities = families[i] }
        let entries = audits.map { $0.json(metrics: $0.disparities) }
        return AuditReport.report(
            input, options, audits, overall: .object(JSONObject(overall)), entries: entries,
            extras: [("classes", .array(classes.map(JSON.string)))],
            blocks: [])
    }
}

/// The audit of decisions that are yes or no.
struct BinaryAudit {
    let input: AuditInput
    let options: AuditOptions
    let outcomes: AuditOutcomes
    private var order: [Int32]?

    init(_ input: AuditInput, _ options: AuditOptions) throws {
        self.input = input
        self.options = options
        outcomes = try AuditOutcomes(input, options)
        order = input.scores.map { ScoreParity.ascending($0) }
    }

    func result() throws -> Audit.Result {
        let tables = try input.tables(decisions: outcomes.decisions, labels: outcomes.labels)
        var unweighted = tables
        if input.weights != nil {
            var plain = input
            plain.weights = nil
            unweighted = try plain.tables(decisions: outcomes.decisions, labels: outcomes.labels)
        }
        var audits: [AttributeAudit] = []
        var extras: [[(Int) -> [(String, JSON)]]] = []
        for (place, attribute) in input.attributes.enumerated() {
            let table = tables[place]
            if options.convention == .fairlearn, let group = table.groups.indices.first(where: { table.cells($0).total == 0 }) {
                throw AnalysisError(
                    "\(attribute.name)=\(table.groups[group]) has no weight, expected some in every group with --convention fairlearn")
            }
            var audit = AttributeAudit(attribute, table, options, scores: try scores(attribute))
            let more = try evaluate(&audit, unweighted[place])
            try addConditional(&audit)
            audits.append(audit)
            extras.append(more)
        }
        var families = audits.map(\.disparities)
        AuditDisparity.settle(&families, alpha: 1 - options.confidence)
        for i in audits.indices { audits[i].disparities = families[i] }
        let entries = audits.indices.map { i in
            audits[i].json(metrics: audits[i].disparities) { group in extras[i].flatMap { $0(group) } }
        }
        var (more, blocks) = try mitigation(audits)
        if !options.features.isEmpty {
            let (json, sentence) = try consistency()
            more.append(("consistency", json))
            blocks.append(.text(sentence))
        }
        let overall = AuditReport.overall(audits.last ?? audits[0], scores: try overallScores())
        let report = AuditReport.report(input, options, audits, overall: overall, entries: entries, extras: more, blocks: blocks)
        return Audit.Result(report: report, weights: options.mitigation == .reweigh ? try reweighed(audits) : nil)
    }

    /// Fills the disparities by the convention; what it adds to each group.
    private func evaluate(_ audit: inout AttributeAudit, _ unweighted: FairnessTable) throws -> [(Int) -> [(String, JSON)]] {
        let reference = try audit.reference()
        switch options.convention {
        case .evenkeel, .fairlearn: audit.evaluate()
        case .aif360:
            guard let reference else { break }
            audit.disparities = try audit.referenceDisparities(Aif360Metrics.all, reference: reference, unweighted: unweighted)
            let cells = unweighted.overall
            for i in audit.disparities.indices where audit.disparities[i].name == "generalized_entropy_index" {
                let members = [("0", 0.0), ("0.5", 0.5), ("1", 1), ("2", 2)].map {
                    ($0.0, JSON.statistic(Aif360Metrics.generalizedEntropy(cells, alpha: $0.1)))
                }
                audit.disparities[i].extra.append(("by_alpha", .object(JSONObject(members))))
            }
        case .clarify:
            guard let reference else { break }
            audit.disparities = try audit.referenceDisparities(
                ClarifyMetrics.pretraining + ClarifyMetrics.posttraining, reference: reference, unweighted: unweighted)
        case .aequitas:
            let metrics = AequitasMetrics(audit.cells)
            if let reference { audit.disparities = audit.aequitasDisparities(metrics, reference: reference) }
            let fixed = audit
            return [{ group in fixed.aequitasMembers(metrics, group, reference: reference) }]
        }
        return []
    }

    private func scores(_ attribute: AuditInput.Attribute) throws -> ScoreParity? {
        guard let scores = input.scores, let order else { return nil }
        return try ScoreParity(
            groupCount: attribute.groups.count, codes: attribute.codes, scores: scores, labels: outcomes.labels, weights: input.weights,
            order: order)
    }

    private func overallScores() throws -> GroupScores? {
        guard let scores = input.scores, let order else { return nil }
        return try ScoreParity(
            groupCount: 1, codes: [Int32](repeating: 0, count: scores.count), scores: scores, labels: outcomes.labels,
            weights: input.weights, order: order
        ).groups.first
    }

    private func consistency() throws -> (JSON, String) {
        do throws(StatisticsError) {
            let found = try Consistency(
                features: input.features, decisions: outcomes.decisions, neighbours: min(options.neighbours, input.rows.count))
            let sentence =
                "Consistency with the \(options.neighbours) nearest rows: \(short(found.value))"
                + (found.isExact
                    ? "."
                    : " (asked of every \(short(Double(input.rows.count) / Double(found.rowsAsked)))th row: over \(Consistency.exactRowsMax) rows).")
            return (
                .object([
                    "value": .statistic(found.value), "neighbours": JSON(options.neighbours), "rows_asked": JSON(found.rowsAsked),
                    "exact": .bool(found.isExact),
                ]), sentence
            )
        } catch {
            return (.object(["value": .null, "why": .string(error.description)]), "Consistency: \(error.description).")
        }
    }

    /// Conditional demographic disparity of every group, given `--stratum`.
    private func addConditional(_ audit: inout AttributeAudit) throws {
        guard let strata = input.strata else { return }
        let groups = audit.names.count
        let count = input.strataNames.count
        guard groups * count <= 1_000_000 else {
            throw AnalysisError("\(groups) groups in \(count) strata are more than 1000000 cells, expected fewer")
        }
        var cells: [DemographicDisparity.Counts] = Array(repeating: .init(), count: groups * count)
        var inStratum: [DemographicDisparity.Counts] = Array(repeating: .init(), count: count)
        for row in strata.indices {
            let stratum = Int(strata[row])
            let isAccepted = outcomes.decisions[row] == 1
            let weight = input.weights?[row] ?? 1
            cells[Int(audit.attribute.codes[row]) * count + stratum].add(isInGroup: true, isAccepted: isAccepted, weight: weight)
            inStratum[stratum].add(isInGroup: false, isAccepted: isAccepted, weight: weight)
        }
        func counts(_ group: Int) -> [DemographicDisparity.Counts] {
            (0..<count).map { stratum in
                var out = inStratum[stratum]
                out.acceptedInGroup = cells[group * count + stratum].accepted
                out.rejectedInGroup = cells[group * count + stratum].rejected
                return out
            }
        }
        let values = audit.names.indices.map { DemographicDisparity.conditional(counts($0)) }
        if options.convention == .clarify {
            guard let reference = try audit.reference() else { return }
            // The disadvantaged facet is everyone outside the reference group.
            let others = counts(reference).map { c -> DemographicDisparity.Counts in
                var out = c
                out.acceptedInGroup = c.accepted - c.acceptedInGroup
                out.rejectedInGroup = c.rejected - c.rejectedInGroup
                return out
            }
            var out = AuditDisparity(name: "CDDPL")
            out.value = DemographicDisparity.conditional(others)
            out.pValue = DemographicDisparity.pValue(others)
            if out.value == nil { out.why = "nobody is accepted, or nobody rejected" }
            audit.disparities.append(out)
            return
        }
        guard options.convention == .evenkeel else { return }
        var out = AuditDisparity(name: "conditional_demographic_disparity")
        out.hypothesis = audit.key + "|conditional|" + (options.stratum ?? "")
        out.floor = options.differenceFloor
        let worst = values.indices.filter { values[$0] != nil }.max { abs(values[$0] ?? 0) < abs(values[$1] ?? 0) }
        if let worst {
            out.value = values[worst]
            out.worst = [audit.names[worst]]
            out.interval = try conditionalInterval(audit, worst, strata)
        } else {
            out.why = "nobody is accepted, or nobody rejected"
        }
        let judged = values.indices.filter { audit.isLarge($0) && values[$0] != nil }.max { abs(values[$0] ?? 0) < abs(values[$1] ?? 0) }
        if let judged, let value = values[judged] {
            out.effect = abs(value)
            // Looked at in every group: two groups are one question.
            out.pValue = DemographicDisparity.pValue(counts(judged)).map { min(1, $0 * Double(max(1, groups - 1))) }
            if out.pValue == nil { out.effect = nil }
            let z = Distributions.normalQuantile(0.5 + options.confidence / 2)
            out.detectable = z * (0.5 / max(1, audit.table.effectiveRows(judged))).squareRoot()
        }
        let byGroup = audit.names.indices.map { (audit.names[$0], JSON.statistic(values[$0])) }
        out.extra.append(("by_group", .object(JSONObject(byGroup))))
        out.extra.append(("stratum", JSON(options.stratum)))
        audit.disparities.append(out)
    }

    /// Drawn from the table of stratum × (in the group or not) × decision.
    private func conditionalInterval(_ audit: AttributeAudit, _ group: Int, _ strata: [Int32]) throws -> Interval? {
        let count = input.strataNames.count
        let codes = strata.indices.map { strata[$0] * 2 + (Int(audit.attribute.codes[$0]) == group ? 1 : 0) }
        let table = try FairnessTable(
            groups: (0..<count * 2).map { "\($0)" }, codes: codes, decisions: outcomes.decisions,
            labels: [UInt8](repeating: 0, count: codes.count), weights: input.weights)
        return audit.bootstrap.interval(table, within: -1...1) { cells in
            DemographicDisparity.conditional(
                (0..<count).map { stratum in
                    let (rest, members) = (cells[stratum * 2], cells[stratum * 2 + 1])
                    var out = DemographicDisparity.Counts()
                    out.acceptedInGroup = members.fp + members.tp
                    out.rejectedInGroup = members.tn + members.fn
                    out.accepted = out.acceptedInGroup + rest.fp + rest.tp
                    out.rejected = out.rejectedInGroup + rest.tn + rest.fn
                    return out
                })
        }
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

    private func reweighed(_ audits: [AttributeAudit]) throws -> [Double?] {
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
