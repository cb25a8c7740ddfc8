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
        do {
            switch options.task {
            case .binary: return try BinaryAudit(input, options).result()
            case .multiclass: return Result(report: try multiclass(input, options))
            case .regression: return Result(report: try RegressionAudit(input, frame, options).report())
            }
        } catch let error as StatisticsError {
            throw AnalysisError("\(frame.file): \(error.description)")
        }
    }

    /// One class against the others, for each class in turn; the correction is over all of them.
    private static func multiclass(_ input: AuditInput, _ options: AuditOptions) throws -> Report {
        guard let labels = input.labels, let predictions = input.predictions else {
            throw AnalysisError("--task multiclass needs --prediction")
        }
        // 1 and 1.0 are one class.
        let classes = try input.classes([labels, predictions])
        let codes = try [labels, predictions].flatMap { cells in
            let places = try cells.places(classes)
            return input.rows.map { places[$0] }
        }
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
            let labels = (0..<rows).map { codes[$0] == place ? UInt8(1) : 0 }
            let decisions = (0..<rows).map { codes[rows + $0] == place ? UInt8(1) : 0 }
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
    /// Rows by ascending score.
    let order: [Int32]?

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
        let scores = try scores()
        var audits: [AttributeAudit] = []
        var extras: [[(Int) -> [(String, JSON)]]] = []
        for (place, attribute) in input.attributes.enumerated() {
            let table = tables[place]
            if options.convention == .fairlearn, let group = table.groups.indices.first(where: { table.cells($0).total == 0 }) {
                throw AnalysisError(
                    "\(attribute.name)=\(table.groups[group]) has no weight, expected some in every group with --convention fairlearn")
            }
            var audit = AttributeAudit(
                attribute, table, options, scores: scores?[place], overallScores: scores?.last?.groups.first)
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
        let overall = AuditReport.overall(audits.last ?? audits[0], scores: scores?.last?.groups.first)
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
            audit.disparities = audit.referenceDisparities(Aif360Metrics.all, reference: reference, unweighted: unweighted)
            let cells = unweighted.overall
            for i in audit.disparities.indices where audit.disparities[i].name == "generalized_entropy_index" {
                let values = [("0", 0.0), ("0.5", 0.5), ("1", 1), ("2", 2)].map {
                    ($0.0, Aif360Metrics.generalizedEntropy(cells, alpha: $0.1))
                }
                audit.disparities[i].extra.append(
                    ("by_alpha", .statistics(values) { _ in "the mean benefit is 0: every row is a false negative" }))
            }
        case .clarify:
            guard let reference else { break }
            audit.disparities = audit.referenceDisparities(
                ClarifyMetrics.pretraining + ClarifyMetrics.posttraining, reference: reference, unweighted: unweighted)
        case .aequitas:
            let metrics = AequitasMetrics(audit.cells)
            if let reference { audit.disparities = audit.aequitasDisparities(metrics, reference: reference) }
            let fixed = audit
            return [{ group in fixed.aequitasMembers(metrics, group, reference: reference) }]
        }
        return []
    }

    /// The scores of every attribute, then of all rows; nil without `--score`.
    private func scores() throws -> [ScoreParity]? {
        guard let scores = input.scores, let order, let finest = input.attributes.last else { return nil }
        let cells = try GroupScoreCells(
            groupCount: finest.groups.count, codes: finest.codes, scores: scores, labels: outcomes.labels, weights: input.weights)
        func parity(_ cells: GroupScoreCells, _ codes: [Int32]) throws -> ScoreParity {
            try ScoreParity(
                cells, codes: codes, scores: scores, labels: outcomes.labels, weights: input.weights, order: order,
                rowsMin: Int64(options.minRows))
        }
        var out = try input.attributes.dropLast().enumerated().map { place, attribute in
            try parity(cells.folded(groupCount: attribute.groups.count, finest.parts.map { $0[place] }), attribute.codes)
        }
        out.append(try parity(cells, finest.codes))
        let one = [Int](repeating: 0, count: finest.groups.count)
        out.append(try parity(cells.folded(groupCount: 1, one), [Int32](repeating: 0, count: scores.count)))
        return out
    }

    private func consistency() throws -> (JSON, String) {
        do throws(StatisticsError) {
            let found = try Consistency(
                features: input.features, decisions: outcomes.decisions, neighbours: min(options.neighbours, input.rows.count))
            let sentence =
                "Consistency with the \(options.neighbours) nearest rows: \(auditNumber(found.value))"
                + (found.isExact
                    ? "."
                    : " (asked of every \(auditNumber(Double(input.rows.count) / Double(found.rowsAsked)))th row: over \(Consistency.exactRowsMax) rows).")
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
}
