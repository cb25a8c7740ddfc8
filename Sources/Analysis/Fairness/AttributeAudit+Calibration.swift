internal import Statistics
internal import Vocabulary

extension AttributeAudit {
    /// Whether scores are as well calibrated, and as good, in every group. Of scores that are no probabilities nothing is asked.
    func calibrationDisparities(_ scores: ScoreParity) -> [AuditDisparity] {
        guard scores.groups.contains(where: { $0.brier != nil }),
            let parity = CalibrationParity(
                scores.cells, isJudged: isLarge, confidence: options.confidence, seed: options.seed, draws: options.replicates)
        else {
            return ["ece_difference", "brier_difference"].map { name in
                var out = AuditDisparity(name: name)
                out.why = "a score outside 0…1 is no probability"
                return out
            }
        }
        let brier = spreadOfMeans("brier_difference", scores.groups.map(\.brier), scores.groups.map(\.brierVariance), hasVerdict: true)
        return [errors(parity, scores.groups.map(\.ece)), brier]
    }

    private func errors(_ parity: CalibrationParity, _ errors: [Double?]) -> AuditDisparity {
        var out = AuditDisparity(name: "ece_difference")
        out.hypothesis = key + "|ece"
        out.floor = options.differenceFloor
        let used = errors.indices.filter { errors[$0] != nil }
        guard used.count >= 2, let low = used.min(by: { (errors[$0] ?? 0) < (errors[$1] ?? 0) }),
            let high = used.max(by: { (errors[$0] ?? 0) < (errors[$1] ?? 0) }), let least = errors[low], let most = errors[high]
        else {
            out.why = "fewer than two groups have a value"
            return out
        }
        out.value = most - least
        out.worst = [names[low], names[high]]
        // Chance makes errors larger, those of small groups most: the interval is of the debiased ones.
        func interval(_ isUsed: (Int) -> Bool, around value: Double) -> Interval? {
            let spread = MeanSpread(
                means: parity.groups.enumerated().map { isUsed($0) ? $1?.debiased : nil }, variances: parity.groups.map { $0?.variance },
                confidence: options.confidence, seed: options.seed)
            return spread?.interval.map { Interval(lower: min($0.lower, value), upper: min(1, max($0.upper, value))) }
        }
        out.interval = interval({ _ in true }, around: most - least)
        guard let excess = parity.excess else {
            out.why = "fewer than two groups have \(options.minRows) rows"
            return out
        }
        out.pValue = parity.pValue
        out.effect = excess.value
        out.detectable = excess.detectable
        out.judged = AuditDisparity.Judged(
            value: excess.value, interval: interval(isLarge, around: excess.value), worst: [names[excess.lowest], names[excess.highest]])
        out.extra.append(
            (
                "expected",
                .object(JSONObject(names.indices.compactMap { g in parity.groups[g]?.expected.map { (names[g], .statistic($0)) } }))
            ))
        return out
    }
}
