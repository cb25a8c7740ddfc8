internal import Statistics

extension UnpairedComparison {
    /// The guardrails of two arms, and what they and the deciding metric amount to.
    func decide(_ policy: RolloutPolicy) -> RolloutDecision {
        var subject = RolloutDecision.Subject(guardrails: guardrails(policy))
        let labelled = Int(min(arms[0].labelled, arms[1].labelled))
        subject.labelled = labelled
        if let ratio, ratio.isMismatch {
            // What is measured is of other people, broken or not.
            var out = RolloutDecision(
                verdict: .hold,
                reasons: [
                    "sample ratio mismatch: \(Int(arms[0].rows)) rows and \(Int(arms[1].rows)), meant were \(short(ratio.shares[0])) and \(short(ratio.shares[1])) of them (p \(short(ratio.pValue))): nothing else can be believed"
                ], broken: [])
            out.guardrails = subject.guardrails
            return out
        }
        if labelled < policy.rowsMin { subject.obstacle = "\(labelled) labelled rows in the smaller arm, \(policy.rowsMin) are needed" }
        subject.primary = differences.first
        subject.sequence = sequential.first { $0.metric == differences.first?.metric }?.interval
        if subject.obstacle == nil, subject.sequence == nil, let first = differences.first {
            subject.obstacle = "\(first.metric) has no interval\(first.why.isEmpty ? "" : ": " + first.why)"
        }
        return RolloutDecision(subject, policy)
    }

    private func guardrails(_ policy: RolloutPolicy) -> [Guardrail] {
        let lack =
            Guardrail.lackOfLabels(labelled: Int(min(arms[0].labelled, arms[1].labelled)), policy).map { $0 + " in the smaller arm" }
        var out = [
            errors(policy),
            ratio("latency", "latency_mean_seconds", "takes", "time", policy.latencyRatioMax, policy) { $0.latencies.count },
            ratio("cost", "cost", "costs", "cost", policy.costRatioMax, policy) { $0.costs.count },
            Guardrail.stability(populationStability, policy),
        ]
        let isSegment = { (group: Group) in group.attribute.isEmpty }
        for (name, some) in [("groups", groups.filter { !isSegment($0) }), ("segments", groups.filter(isSegment))] where !some.isEmpty {
            out.append(performance(name, some, lack, policy))
        }
        for (attribute, all) in disparities {
            let own = groups.filter { $0.attribute == attribute }
            out += Guardrail.disparities(attribute, all, lack ?? lackOfLabels(own), policy)
        }
        if let difference = differences.first(where: { $0.metric == "ece" }) {
            out.append(Guardrail.calibration(difference, sequential.first { $0.metric == "ece" }?.interval, policy, lack))
        }
        return out
    }

    private func lackOfLabels(_ groups: [Group]) -> String? {
        Guardrail.lackOfLabels(groups.map { ($0.name, Int($0.rows.min() ?? 0), Int($0.labelled.min() ?? 0)) })
    }

    /// The p-value that is right at every look of a difference that is there.
    private func sure(_ difference: PairedDifference) -> Double? {
        guard let value = difference.value, let error = difference.error, error > 0 else { return nil }
        return ConfidenceSequence.pValue(count: Double(difference.count), z: value / error)
    }

    private func tooFew(_ name: String, _ rows: Double) -> Guardrail {
        Guardrail(
            name, .insufficient,
            "\(Int(rows)) such predictions in the smaller arm, \(Int(ConfidenceSequence.firstLook)) are needed")
    }

    private func errors(_ policy: RolloutPolicy) -> Guardrail {
        let rows = min(arms[0].rows, arms[1].rows)
        guard rows >= ConfidenceSequence.firstLook, let difference = serving.first(where: { $0.metric == "error_rate" }),
            let grown = difference.value
        else { return tooFew("error_rate", rows) }
        let words = "\(short(difference.champion)) to \(short(difference.candidate))"
        if grown > policy.errorFloor, (sure(difference) ?? 1) <= policy.alpha {
            return Guardrail("error_rate", .broken, "the share of predictions that fail grows from \(words)")
        }
        return Guardrail("error_rate", .ok, "predictions that fail: \(words)")
    }

    private func ratio(
        _ name: String, _ metric: String, _ verb: String, _ noun: String, _ most: Double, _ policy: RolloutPolicy,
        _ count: (ArmSums) -> Double
    ) -> Guardrail {
        let counts = arms.map(count)
        let rows = min(arms[0].rows, arms[1].rows)
        let least = counts.min() ?? 0
        if least == 0, counts[0] == 0 || rows >= ConfidenceSequence.firstLook {
            return Guardrail(name, .notCompared, "\(counts[0] == 0 ? "the champion" : "the candidate") logs no \(name)")
        }
        guard least >= ConfidenceSequence.firstLook, let difference = serving.first(where: { $0.metric == metric }),
            let was = difference.champion, let now = difference.candidate
        else { return tooFew(name, least) }
        if now > most * was, (sure(difference) ?? 1) <= policy.alpha {
            let times = was > 0 ? "\(short(now / was)) times the champion's \(noun)" : "\(short(now)) where the champion's \(noun) is 0"
            return Guardrail(name, .broken, "it \(verb) \(times) for a prediction, \(short(most)) times is allowed")
        }
        return Guardrail(name, .ok, "\(noun) \(short(was)) to \(short(now))")
    }

    private func performance(_ name: String, _ groups: [Group], _ lack: String?, _ policy: RolloutPolicy) -> Guardrail {
        let worse = groups.compactMap { group -> String? in
            guard let p = group.adjustedP, p <= policy.alpha, let own = group.differences.first, let was = own.champion,
                let gain = own.gain,
                gain < -policy.groupFloor * abs(was)
            else { return nil }
            return "worse for \(group.title): \(own.metric) \(short(was)) to \(short(own.candidate))"
        }
        return Guardrail.performance(name, worse: worse, lack: lack ?? lackOfLabels(groups), of: groups.count)
    }
}
