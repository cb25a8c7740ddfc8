internal import Statistics
internal import Vocabulary

/// Demographic disparity within the strata of `--stratum`: is a group rejected more than it should be among its likes?
struct ConditionalAudit {
    private let input: AuditInput
    private let strata: [Int32]
    /// Decisions, or labels.
    private let accepted: [UInt8]
    private let codes: [Int32]
    private let cells: [DemographicDisparity.Counts]
    private let inStratum: [DemographicDisparity.Counts]
    private var strataCount: Int { inStratum.count }

    /// Bounds the cells of group × stratum.
    static let cellsMax = 1_000_000

    init(_ input: AuditInput, _ attribute: AuditInput.Attribute, strata: [Int32], accepted: [UInt8]) throws(AnalysisError) {
        let (groups, count) = (attribute.groups.count, input.strataNames.count)
        guard groups * count <= Self.cellsMax else {
            throw AnalysisError("\(groups) groups in \(count) strata are more than \(Self.cellsMax) cells, expected fewer")
        }
        var cells: [DemographicDisparity.Counts] = Array(repeating: .init(), count: groups * count)
        var inStratum: [DemographicDisparity.Counts] = Array(repeating: .init(), count: count)
        for row in strata.indices {
            let stratum = Int(strata[row])
            let isAccepted = accepted[row] == 1
            let weight = input.weights?[row] ?? 1
            cells[Int(attribute.codes[row]) * count + stratum].add(isInGroup: true, isAccepted: isAccepted, weight: weight)
            inStratum[stratum].add(isInGroup: false, isAccepted: isAccepted, weight: weight)
        }
        (self.input, self.strata, self.accepted, self.codes) = (input, strata, accepted, attribute.codes)
        (self.cells, self.inStratum) = (cells, inStratum)
    }

    /// The counts of a group by stratum, or of everyone else.
    func counts(_ group: Int, isInverted: Bool = false) -> [DemographicDisparity.Counts] {
        inStratum.indices.map { stratum in
            var out = inStratum[stratum]
            let own = cells[group * strataCount + stratum]
            out.acceptedInGroup = isInverted ? out.accepted - own.accepted : own.accepted
            out.rejectedInGroup = isInverted ? out.rejected - own.rejected : own.rejected
            return out
        }
    }

    /// Drawn from the table of stratum × (in the group or not) × decision.
    func interval(_ group: Int, isInverted: Bool = false, _ bootstrap: FairnessBootstrap) throws -> Interval? {
        let sides = strata.indices.map { strata[$0] * 2 + ((Int(codes[$0]) == group) != isInverted ? 1 : 0) }
        let table = try FairnessTable(
            groups: (0..<strataCount * 2).map { "\($0)" }, codes: sides, decisions: accepted,
            labels: [UInt8](repeating: 0, count: sides.count), weights: input.weights)
        return bootstrap.interval(table, within: -1...1) { cells in
            DemographicDisparity.conditional(
                (0..<strataCount).map { stratum in
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

    /// SageMaker Clarify's: of everyone outside the reference group, without a verdict.
    func clarify(_ name: String, reference: Int, _ bootstrap: FairnessBootstrap) throws -> AuditDisparity {
        var out = AuditDisparity(name: name)
        let others = counts(reference, isInverted: true)
        out.value = DemographicDisparity.conditional(others)
        if out.value == nil { out.why = "nobody is accepted, or nobody rejected" }
        out.pValue = DemographicDisparity.pValue(others)
        out.interval = try interval(reference, isInverted: true, bootstrap)
        return out
    }

    /// Of the group with the largest one, with those of all groups beside it.
    func disparity(_ audit: AttributeAudit) throws -> AuditDisparity {
        let options = audit.options
        let values = audit.names.indices.map { DemographicDisparity.conditional(counts($0)) }
        func worst(_ groups: [Int]) -> Int? {
            groups.filter { values[$0] != nil }.max { abs(values[$0] ?? 0) < abs(values[$1] ?? 0) }
        }
        var out = AuditDisparity(name: "conditional_demographic_disparity")
        out.hypothesis = audit.key + "|conditional|" + (options.stratum ?? "")
        out.floor = options.differenceFloor
        guard let most = worst(Array(audit.names.indices)) else {
            out.why = "nobody is accepted, or nobody rejected"
            return out
        }
        out.value = values[most]
        out.worst = [audit.names[most]]
        out.interval = try interval(most, audit.bootstrap)
        if let judged = worst(audit.names.indices.filter(audit.isLarge)), let value = values[judged],
            let pValue = DemographicDisparity.pValue(counts(judged))
        {
            out.effect = abs(value)
            // The largest of several was picked; two groups are one question.
            out.pValue = min(1, pValue * Double(max(1, audit.names.count - 1)))
            let z = Distributions.normalQuantile(0.5 + options.confidence / 2)
            out.detectable = z * (0.5 / max(1, audit.table.effectiveRows(judged))).squareRoot()
            if judged != most {
                out.judged = AuditDisparity.Judged(
                    value: value, interval: try interval(judged, audit.bootstrap), worst: [audit.names[judged]])
            }
        }
        let byGroup = audit.names.indices.map { (audit.names[$0], values[$0]) }
        out.extra.append(("by_group", .statistics(byGroup) { _ in "nobody is accepted, or nobody rejected" }))
        out.extra.append(("stratum", JSON(options.stratum)))
        return out
    }
}

extension BinaryAudit {
    func addConditional(_ audit: inout AttributeAudit) throws {
        guard let strata = input.strata else { return }
        let decisions = try ConditionalAudit(input, audit.attribute, strata: strata, accepted: outcomes.decisions)
        switch options.convention {
        case .evenkeel: audit.disparities.append(try decisions.disparity(audit))
        case .clarify:
            guard let reference = try audit.reference() else { return }
            let labels = try ConditionalAudit(input, audit.attribute, strata: strata, accepted: outcomes.labels)
            audit.disparities.append(try decisions.clarify("CDDPL", reference: reference, audit.bootstrap))
            audit.disparities.append(try labels.clarify("CDDL", reference: reference, audit.bootstrap))
        case .fairlearn, .aif360, .aequitas: break
        }
    }
}
