internal import Statistics
internal import Vocabulary

/// Something that must not become worse, whatever the primary metric gains: what is known of it now.
public struct Guardrail: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable {
        case ok
        case broken
        /// It needs labels, or rows, that are not there yet: nobody is promoted before it is decided.
        case insufficient
        /// There is nothing to compare, and nothing will come: it keeps nobody back.
        case notCompared = "not_compared"
    }
    public var name: String
    public var state: State
    public var needsLabels: Bool
    public var why: String

    init(_ name: String, _ state: State, needsLabels: Bool = false, _ why: String) {
        (self.name, self.state, self.needsLabels, self.why) = (name, state, needsLabels, why)
    }

    var json: JSON {
        .object([
            "name": .string(name), "state": .string(state.rawValue), "needs_labels": .bool(needsLabels), "why": .string(why),
        ])
    }

    // MARK: Of the same rows

    static func all(_ comparison: PairedComparison, _ policy: RolloutPolicy, latencyRatio: Double?, costRatio: Double?) -> [Guardrail] {
        var out = [
            ratio("latency", "takes", "time for a row", latencyRatio, most: policy.latencyRatioMax),
            ratio("cost", "costs", "cost of a prediction", costRatio, most: policy.costRatioMax),
            stability(comparison.agreement.populationStability, policy),
        ]
        let lack = lackOfLabels(labelled: comparison.labelled, policy)
        let parts = comparison.fairness.flatMap { attribute in attribute.groups.map { ("\(attribute.attribute) = \($0.name)", $0) } }
        if !parts.isEmpty { out.append(performance("groups", parts, comparison, policy, lack)) }
        let segments = comparison.segments.map { ("segment \($0.name)", $0) }
        if !segments.isEmpty { out.append(performance("segments", segments, comparison, policy, lack)) }
        for attribute in comparison.fairness {
            out += disparities(
                attribute.attribute, attribute.disparities, lack ?? lackOfLabels(attribute.groups.map { ($0.name, $0.count, $0.labelled) }),
                policy)
        }
        if let difference = comparison.differences.first(where: { $0.metric == "ece" }) {
            out.append(calibration(difference, comparison.sequential.first { $0.metric == "ece" }?.interval, policy, lack))
        } else if comparison.labelled == 0, comparison.agreement.populationStability != nil {
            out.append(Guardrail("calibration", .insufficient, needsLabels: true, lack ?? "no labels"))
        }
        return out
    }

    private static func ratio(_ name: String, _ verb: String, _ noun: String, _ ratio: Double?, most: Double) -> Guardrail {
        guard let ratio else { return Guardrail(name, .notCompared, "the \(noun) is not known of both, or of too few rows") }
        if ratio > most {
            return Guardrail(name, .broken, "it \(verb) \(short(ratio)) times the champion's \(noun), \(short(most)) is allowed")
        }
        return Guardrail(name, .ok, "\(short(ratio)) times the champion's \(noun)")
    }

    static func stability(_ psi: Double?, _ policy: RolloutPolicy) -> Guardrail {
        guard let psi else { return Guardrail("score_psi", .notCompared, "only scores of binary models are compared") }
        guard let most = policy.stabilityMax else { return Guardrail("score_psi", .notCompared, "no limit is set (psi_max)") }
        if psi > most {
            return Guardrail(
                "score_psi", .broken, "its scores are spread otherwise than the champion's: PSI \(short(psi)), \(short(most)) is allowed")
        }
        return Guardrail("score_psi", .ok, "PSI \(short(psi))")
    }

    /// Why what needs labels is not decided; nil where there are enough.
    static func lackOfLabels(labelled: Int, _ policy: RolloutPolicy) -> String? {
        labelled >= policy.rowsMin ? nil : "\(labelled) labelled rows, \(policy.rowsMin) are needed"
    }

    /// Groups that are large enough to be judged and whose labels do not come: without them nothing speaks for these people.
    static func lackOfLabels(_ groups: [(name: String, count: Int, labelled: Int)]) -> String? {
        let least = Int(DisparityChange.judgedRows)
        let unknown = groups.filter { $0.count >= least && $0.labelled < least }
        guard let first = unknown.first else { return nil }
        let more = unknown.count > 1 ? ", and so \(unknown.count - 1) more" : ""
        return "\(first.name) has \(first.labelled) labelled rows of \(first.count), \(least) are needed\(more)"
    }

    /// Groups, or segments, for which the candidate is surely worse, whatever it is for all.
    private static func performance(
        _ name: String, _ parts: [(String, GroupComparison.Group)], _ comparison: PairedComparison, _ policy: RolloutPolicy, _ lack: String?
    ) -> Guardrail {
        let lack = lack ?? lackOfLabels(parts.map { ($0, $1.count, $1.labelled) })
        // The test is of the primary metric; of a metric that groups do not have, of their first.
        let primary = comparison.differences.first?.metric
        let worse = parts.compactMap { title, group -> String? in
            guard let p = group.adjustedP, p <= policy.alpha,
                let difference = group.differences.first(where: { $0.metric == primary }) ?? group.differences.first,
                let gain = difference.gain, let was = difference.champion, gain < -policy.groupFloor * abs(was)
            else { return nil }
            return
                "worse for \(title): \(difference.metric) \(short(was)) to \(short(difference.candidate)) over \(group.labelled) labelled rows"
        }
        return performance(name, worse: worse, lack: lack, of: parts.count)
    }

    /// - Parameters:
    ///   - worse: what is said of each that is surely worse off. - lack: why the others are not decided.
    static func performance(_ name: String, worse: [String], lack: String?, of count: Int) -> Guardrail {
        if !worse.isEmpty { return Guardrail(name, .broken, needsLabels: true, worse.joined(separator: "; ")) }
        if let lack { return Guardrail(name, .insufficient, needsLabels: true, lack) }
        return Guardrail(name, .ok, needsLabels: true, "none of \(count) is surely worse off")
    }

    /// Groups for which the candidate looks worse by more than is allowed, with a p-value of its own below 0.2.
    static func openGroups(_ comparison: PairedComparison, _ policy: RolloutPolicy) -> [String] {
        guard let primary = comparison.differences.first?.metric else { return [] }
        let parts =
            comparison.fairness.flatMap { attribute in attribute.groups.map { ("\(attribute.attribute) = \($0.name)", $0) } }
            + comparison.segments.map { ("segment \($0.name)", $0) }
        return parts.compactMap { title, group -> String? in
            guard let difference = group.differences.first(where: { $0.metric == primary }), let gain = difference.gain,
                let was = difference.champion, gain < -policy.groupFloor * abs(was), (difference.pValue ?? 1) <= 0.2
            else { return nil }
            return "may be worse for \(title), not surely yet: \(primary) \(short(was)) to "
                + "\(short(difference.candidate)) over \(group.labelled) labelled rows"
        }
    }

    // MARK: Of pairs and of arms

    /// Of selection, which needs no labels, and of errors, which does.
    static func disparities(_ attribute: String, _ all: [DisparityChange], _ lack: String?, _ policy: RolloutPolicy) -> [Guardrail] {
        func guardrail(_ name: String, _ some: [DisparityChange], needsLabels: Bool) -> Guardrail? {
            let grown = some.filter { $0.change > policy.disparityFloor && ($0.pValue ?? 1) <= policy.alpha }
            if !grown.isEmpty {
                let words = grown.map { "\($0.metric) of \(attribute) grows from \(short($0.champion)) to \(short($0.candidate))" }
                return Guardrail(name, .broken, needsLabels: needsLabels, words.joined(separator: "; "))
            }
            if needsLabels, let lack { return Guardrail(name, .insufficient, needsLabels: true, "\(attribute): \(lack)") }
            guard let first = some.first else { return nil }
            if let untested = some.first(where: { $0.pValue == nil && $0.change > 0 }) {
                return Guardrail(name, .notCompared, needsLabels: needsLabels, "\(attribute): \(untested.why)")
            }
            return Guardrail(
                name, .ok, needsLabels: needsLabels, "\(first.metric) of \(attribute) \(short(first.champion)) to \(short(first.candidate))"
            )
        }
        let isSelection = { (one: DisparityChange) in one.metric == "demographic_parity_difference" }
        return [
            guardrail("selection_disparity", all.filter(isSelection), needsLabels: false),
            guardrail("error_disparity", all.filter { !isSelection($0) }, needsLabels: true),
        ].compactMap { $0 }
    }

    /// - Parameter sequence: of the difference, right at every look, where it has one.
    static func calibration(
        _ difference: PairedDifference, _ sequence: Interval?, _ policy: RolloutPolicy, _ lack: String?
    ) -> Guardrail {
        if let lack { return Guardrail("calibration", .insufficient, needsLabels: true, lack) }
        guard let grown = difference.value, let interval = sequence ?? difference.interval else {
            return Guardrail("calibration", .insufficient, needsLabels: true, difference.why)
        }
        let words = "its calibration error grows from \(short(difference.champion)) to \(short(difference.candidate))"
        if grown > policy.calibrationFloor, interval.lower > 0 { return Guardrail("calibration", .broken, needsLabels: true, words) }
        return Guardrail(
            "calibration", .ok, needsLabels: true, "calibration error \(short(difference.champion)) to \(short(difference.candidate))")
    }
}
