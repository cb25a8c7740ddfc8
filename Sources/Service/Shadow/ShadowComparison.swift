internal import Shadowing
internal import Statistics
internal import Storage
internal import Vocabulary

/// A look at a run: the comparison that its sums amount to, the verdict, and both as JSON.
struct ShadowComparison {
    let pair: ShadowPair
    let run: ShadowRun
    let comparison: PairedComparison
    let decision: RolloutDecision
    let at: Timestamp
    private let task: PairedPredictions.Task
    private let cost: (champion: Double?, candidate: Double?)

    init(_ pair: ShadowPair, _ run: ShadowRun, _ sums: PairedSums, _ settings: ShadowSettings, at now: Timestamp) {
        self.pair = pair
        self.run = run
        at = now
        task = sums.task
        comparison = PairedComparison(sums, primary: settings.policy.primary)
        // The champion's time is that of a whole request: a candidate whose scoring alone takes more than its multiple is slow for sure.
        let isTimed = run.taken >= Self.timedRowsMin && run.latencyRows >= Self.timedRowsMin && run.latencySeconds > 0
        let ratio = isTimed ? run.seconds / Double(run.taken) / (run.latencySeconds / Double(run.latencyRows)) : nil
        // Likewise the champion's cost is of all that it takes to answer.
        let own = settings.secondCost.flatMap { run.taken >= Self.timedRowsMin ? $0 * run.seconds / Double(run.taken) : nil }
        let was = sums.costs.count >= Double(Self.timedRowsMin) ? sums.costs.mean : nil
        cost = (sums.costs.mean, own)
        let costRatio = own.flatMap { own in was.flatMap { $0 > 0 ? own / $0 : nil } }
        decision = RolloutDecision(
            comparison, settings.policy, latencyRatio: ratio, costRatio: costRatio, days: now.seconds(since: run.startedAt) / 86_400)
    }

    static let timedRowsMin: Int64 = 1000

    /// One line for people.
    var summary: String {
        "\(pair.candidate.key) beside \(pair.champion.key.version): \(decision.verdict.rawValue): \(decision.reasons.joined(separator: "; "))"
    }

    /// As CONTRACTS.md has the result of `shadow`, with what is known of the run.
    var json: JSON {
        var latency = JSONObject()
        if run.taken > 0 { latency["candidate_seconds_per_row"] = .number(run.seconds / Double(run.taken)) }
        if run.latencyRows > 0 { latency["champion_seconds_per_row"] = .number(run.latencySeconds / Double(run.latencyRows)) }
        var out = JSONObject([
            ("command", .string("shadow")), ("task", .string(task.rawValue)), ("rows", JSON(comparison.count)),
            ("n", JSON(comparison.labelled)), ("skipped", .integer(run.skipped)),
        ])
        for (name, value) in comparison.members(champion: "\(pair.champion.key)", candidate: "\(pair.candidate.key)") { out[name] = value }
        out["latency"] = .object(latency)
        if cost.champion != nil {
            out["cost"] = .object([
                "champion_per_prediction": .statistic(cost.champion), "candidate_per_prediction": .statistic(cost.candidate),
            ])
        }
        out["primary"] = comparison.differences.first.map { .string($0.metric) } ?? .null
        out["verdict"] = .string(decision.verdict.rawValue)
        out["reasons"] = .array(decision.reasons.map(JSON.string))
        out["guardrails"] = decision.guardrailsJSON
        out["broken"] = .array(decision.broken.map(JSON.string))
        out["started_at"] = .string(run.startedAt.rfc3339)
        out["as_of"] = .string(at.rfc3339)
        return JSON.object(out).explained("not known of these rows")
    }

    /// What is kept of many looks: the primary metric and the reasons.
    var short: JSON {
        guard let primary = comparison.differences.first?.metric else { return .object(JSONObject()) }
        return .object([
            "differences": .object([primary: json["differences"]?[primary] ?? .null]),
            "sequential": .object([primary: json["sequential"]?[primary] ?? .null]), "reasons": .array(decision.reasons.map(JSON.string)),
        ])
    }

    /// What the webhook says of a new verdict.
    func message(former: String?) -> JSON {
        .object([
            "model": .string(pair.champion.key.model), "champion": .string(pair.champion.key.version),
            "candidate": .string(pair.candidate.key.version), "verdict": .string(decision.verdict.rawValue), "former": JSON(former),
            "reasons": .array(decision.reasons.map(JSON.string)), "rows": JSON(comparison.count), "n": JSON(comparison.labelled),
            "summary": .string(summary),
        ])
    }
}
