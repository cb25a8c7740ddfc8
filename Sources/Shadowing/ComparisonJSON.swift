internal import Statistics
public import Vocabulary

extension PairedComparison {
    /// The members of CONTRACTS.md that tell a comparison: agreement, champion, candidate, differences, sequential, fairness.
    ///
    /// - Parameters:
    ///   - champion: what it is called. - candidate: likewise.
    public func members(champion: String, candidate: String) -> [(String, JSON)] {
        func model(_ source: String, _ value: (PairedDifference) -> Double?) -> JSON {
            .object(JSONObject([("source", .string(source))] + differences.map { ($0.metric, .statistic(value($0))) }))
        }
        return [
            ("agreement", agreement.json), ("champion", model(champion) { $0.champion }), ("candidate", model(candidate) { $0.candidate }),
            ("differences", .object(JSONObject(differences.map { ($0.metric, $0.json) }))),
            ("sequential", .object(JSONObject(sequential.map { ($0.metric, $0.json) }))),
            ("fairness", .object(JSONObject(fairness.map { ($0.attribute, $0.json) }))),
        ] + (segments.isEmpty ? [] : [("segments", .array(segments.map(\.json)))])
    }
}

extension RolloutDecision {
    /// Of each guardrail what is known of it now.
    public var guardrailsJSON: JSON { .array(guardrails.map(\.json)) }
}

extension PairedComparison.Agreement {
    fileprivate var json: JSON {
        var out = JSONObject([
            ("decisions", .statistic(decisions)), ("mean_absolute_difference", .number(meanAbsoluteDifference)),
            ("largest_difference", .number(largestDifference)), ("correlation", .statistic(correlation)),
        ])
        if let populationStability { out["psi"] = .number(populationStability) }
        return .object(out)
    }
}

extension PairedDifference {
    public var json: JSON {
        var out = JSONObject([
            ("value", .statistic(value)), ("interval", interval.map(list) ?? .null), ("p_value", .statistic(pValue)), ("n", JSON(count)),
        ])
        if !why.isEmpty { out["why"] = .string(why) }
        return .object(out)
    }
}

extension SequentialDifference {
    var json: JSON {
        var out = JSONObject([
            ("interval", interval.map(list) ?? .null), ("decided", .bool(isDecided)), ("decided_at", decidedAt.map { JSON($0) } ?? .null),
        ])
        if interval == nil { out["why"] = .string("fewer than 100 rows, or all differences are alike") }
        return .object(out)
    }
}

extension GroupComparison {
    fileprivate var json: JSON {
        .object([
            "groups": .array(groups.map(\.json)),
            "disparities": disparities.json,
        ])
    }
}

extension [DisparityChange] {
    var json: JSON {
        .object(
            JSONObject(
                map { one in
                    var out = JSONObject([
                        ("champion", .number(one.champion)), ("candidate", .number(one.candidate)), ("change", .number(one.change)),
                        ("interval", one.interval.map(list) ?? .null), ("p_value", .statistic(one.pValue)),
                    ])
                    if !one.why.isEmpty { out["why"] = .string(one.why) }
                    return (one.metric, .object(out))
                }))
    }
}

extension GroupComparison.Group {
    fileprivate var json: JSON {
        var out = JSONObject([
            ("group", .string(name)), ("n", JSON(count)), ("labelled", JSON(labelled)), ("p_adjusted", .statistic(adjustedP)),
        ])
        if let agreement { out["agreement"] = .number(agreement) }
        out["differences"] = .object(
            JSONObject(
                differences.map { difference in
                    guard case .object(var object) = difference.json else { return (difference.metric, .null) }
                    object["champion"] = .statistic(difference.champion)
                    object["candidate"] = .statistic(difference.candidate)
                    return (difference.metric, .object(object))
                }))
        return .object(out)
    }
}

private func list(_ interval: Interval) -> JSON { .array([.statistic(interval.lower), .statistic(interval.upper)]) }
