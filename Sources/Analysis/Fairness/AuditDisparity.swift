internal import Foundation
internal import Statistics
internal import Vocabulary

/// One disparity of an attribute on its way to a verdict.
struct AuditDisparity {
    var name: String
    var value: Double?
    var interval: Interval?
    var pValue: Double?
    var adjustedP: Double?
    /// The two groups that are farthest apart, lowest first.
    var worst: [String] = []
    var why: String?
    /// Metrics of one hypothesis share a p-value and count once in the family of the correction; nil for an index without one.
    var hypothesis: String?
    /// The metric over the groups that are large enough, where that differs from the metric over all.
    var judged: Judged?
    struct Judged {
        var value: Double
        var interval: Interval?
        var worst: [String]
        var json: JSON {
            let object = JSONObject([
                ("value", .statistic(value)), ("interval", interval.map { .statistics([$0.lower, $0.upper]) } ?? .null),
                ("worst_pair", .array(worst.map(JSON.string))),
            ])
            return .object(object.explained { _ in AuditDisparity.withoutInterval })
        }
    }
    /// What is compared with the floor, over the groups that are large enough; nil when there are fewer than two.
    var effect: Double?
    var floor = 0.0
    /// The smallest effect that this many rows could have shown.
    var detectable = 0.0
    /// Further keys of the result.
    var extra: [(String, JSON)] = []
    var verdict: Verdict?

    /// The rules of `FairnessMonitor`: a finding is significant and at or above the floor; without significance, rows too few to show
    /// an effect of the floor's size are insufficient, not fair.
    mutating func settle(adjustedP: Double?, alpha: Double) {
        self.adjustedP = adjustedP
        guard hypothesis != nil else { return }
        guard let effect, let adjustedP else {
            verdict = .insufficient
            return
        }
        if adjustedP <= alpha {
            verdict = effect >= floor ? .unfair : .negligible
        } else if detectable > floor {
            verdict = .insufficient
            if why == nil { why = "too few rows to see an effect of \(auditNumber(floor)): only \(auditNumber(detectable)) would show" }
        } else {
            verdict = .fair
        }
    }

    var json: JSON {
        var members: [(String, JSON)] = [("value", .statistic(value))]
        members.append(("interval", interval.map { .statistics([$0.lower, $0.upper]) } ?? .null))
        // An index that asks no question has no answer to it either.
        if hypothesis != nil || pValue != nil { members.append(("p_value", .statistic(pValue))) }
        if hypothesis != nil {
            members.append(("p_adjusted", .statistic(adjustedP)))
            members.append(("verdict", verdict.map { .string($0.rawValue) } ?? .null))
        }
        if hypothesis != nil || !worst.isEmpty { members.append(("worst_pair", worst.isEmpty ? .null : .array(worst.map(JSON.string)))) }
        if let judged { members.append(("judged", judged.json)) }
        members += extra
        if let why { members.append(("why", .string(why))) }
        return .object(
            JSONObject(members).explained { name in
                switch name {
                case "interval" where value != nil: value?.isInfinite == true ? "an infinite value has none" : Self.withoutInterval
                case _ where why != nil: nil
                default: "fewer than two groups have enough rows with what it needs"
                }
            })
    }

    static let withoutInterval = "undefined in too many of the resamples, or too few rows"
}

extension AuditDisparity {
    /// How far the distributions of a score (or of predictions) are apart, with the p-value of the farthest of all pairs.
    ///
    /// - Parameter sizes: effective rows of each group.
    static func distance(
        _ name: String, _ scores: ScoreParity, _ groups: [String], _ sizes: [Double], _ hypothesis: String, _ options: AuditOptions
    ) -> AuditDisparity {
        var out = AuditDisparity(name: name)
        out.hypothesis = hypothesis
        out.floor = options.differenceFloor
        guard let all = scores.distance else {
            out.why = "fewer than two groups have rows"
            return out
        }
        let tail = (1 - options.confidence) / 2
        func interval(_ d: ScoreParity.Distance) -> Interval {
            // The inequality of Dvoretzky, Kiefer, Wolfowitz and Massart bounds how far each distribution is from its sample's.
            let spread = (log(2 / tail) / 2).squareRoot() * ((1 / sizes[d.lower]).squareRoot() + (1 / sizes[d.higher]).squareRoot())
            return Interval(lower: max(0, d.value - spread), upper: min(1, d.value + spread))
        }
        out.value = all.value
        out.worst = [groups[all.lower], groups[all.higher]]
        out.interval = interval(all)
        guard let judged = scores.distanceOfLarge, sizes[judged.lower] > 0, sizes[judged.higher] > 0 else {
            out.why = "fewer than two groups have \(options.minRows) rows"
            return out
        }
        if judged != all {
            out.judged = Judged(
                value: judged.value, interval: interval(judged), worst: [groups[judged.lower], groups[judged.higher]])
        }
        let size = sizes[judged.lower] * sizes[judged.higher] / (sizes[judged.lower] + sizes[judged.higher])
        let large = Double(sizes.count { $0 >= Double(options.minRows) })
        out.pValue = min(1, max(1, large * (large - 1) / 2) * Distributions.kolmogorovTail(size.squareRoot() * judged.value))
        out.effect = judged.value
        out.detectable = Distributions.kolmogorovCritical(1 - options.confidence) / size.squareRoot()
        return out
    }

    /// Benjamini-Hochberg over the hypotheses, then the verdicts. A hypothesis looked at by several metrics counts once.
    static func settle(_ families: inout [[AuditDisparity]], alpha: Double) {
        var names: [String] = []
        var pValues: [Double?] = []
        var place: [String: Int] = [:]
        for family in families {
            for disparity in family {
                guard let hypothesis = disparity.hypothesis, place[hypothesis] == nil, disparity.effect != nil else { continue }
                place[hypothesis] = names.count
                names.append(hypothesis)
                pValues.append(disparity.pValue)
            }
        }
        let adjusted = benjaminiHochberg(pValues)
        for f in families.indices {
            for d in families[f].indices {
                let at = families[f][d].hypothesis.flatMap { place[$0] }
                families[f][d].settle(adjustedP: families[f][d].effect == nil ? nil : at.flatMap { adjusted[$0] }, alpha: alpha)
            }
        }
    }
}

/// Four significant digits, for sentences and tables.
func auditNumber(_ x: Double?) -> String {
    guard let x, !x.isNaN else { return "–" }
    if x.isInfinite { return x < 0 ? "-∞" : "∞" }
    if x == 0 { return "0" }
    var scale = 1.0
    while abs(x) * scale < 1000, scale < 1e12 { scale *= 10 }
    let rounded = (x * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : "\(rounded)"
}
