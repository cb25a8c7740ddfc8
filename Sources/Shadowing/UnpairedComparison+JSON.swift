internal import Statistics
public import Vocabulary

extension UnpairedComparison {
    /// The comparison as JSON; differences and sequential as in the result of `shadow`.
    ///
    /// - Parameter names: what the arms are called.
    public func json(names: (String, String)) -> JSON {
        var out = JSONObject([("command", .string("shadow")), ("kind", .string("unpaired"))])
        out["arms"] = .array([json(of: 0, names.0) { $0.champion }, json(of: 1, names.1) { $0.candidate }])
        if let ratio {
            out["sample_ratio"] = .object([
                "shares": .array(ratio.shares.map(JSON.number)), "chi_squared": .number(ratio.chiSquared), "p_value": .number(ratio.pValue),
                "mismatch": .bool(ratio.isMismatch),
            ])
        }
        out["primary"] = JSON(differences.first?.metric)
        out["differences"] = Self.json(differences)
        out["serving"] = Self.json(serving)
        out["psi"] = .statistic(populationStability)
        out["sequential"] = .object(JSONObject(sequential.map { ($0.metric, $0.json) }))
        out["groups"] = .array(
            groups.filter { !$0.attribute.isEmpty }.map { group in
                Self.json(group, [("attribute", .string(group.attribute)), ("group", .string(group.name))])
            })
        let segments = groups.filter(\.attribute.isEmpty)
        if !segments.isEmpty { out["segments"] = .array(segments.map { Self.json($0, [("segment", .string($0.name))]) }) }
        if !disparities.isEmpty {
            out["disparities"] = .object(JSONObject(disparities.map { ($0.attribute, $0.all.json) }))
        }
        out["guardrails"] = .array(decision.guardrails.map(\.json))
        out["verdict"] = .string(verdict.rawValue)
        out["reasons"] = .array(reasons.map(JSON.string))
        out["broken"] = .array(decision.broken.map(JSON.string))
        return JSON.object(out).explained("not known of these rows")
    }

    private static func json(_ group: Group, _ head: [(String, JSON)]) -> JSON {
        .object(
            JSONObject(
                head + [
                    ("rows", .array(group.rows.map(JSON.number))), ("labelled", .array(group.labelled.map(JSON.number))),
                    ("p_adjusted", .statistic(group.adjustedP)), ("differences", json(group.differences)),
                ]))
    }

    private func json(of place: Int, _ name: String, _ value: (PairedDifference) -> Double?) -> JSON {
        let arm = arms[place]
        var out = JSONObject([
            ("name", .string(name)), ("rows", .number(arm.rows)), ("failed", .number(arm.failed)), ("labelled", .number(arm.labelled)),
        ])
        for difference in differences + serving { out[difference.metric] = .statistic(value(difference)) }
        // Of each arm by itself, since the difference has but one interval.
        out["latency"] = .object(
            JSONObject(
                quantiles[place].map { quantile in
                    var one = JSONObject([
                        ("value", .statistic(quantile.value)),
                        ("interval", quantile.interval.map { .array([.number($0.lower), .number($0.upper)]) } ?? .null),
                        ("n", .number(quantile.count)),
                    ])
                    if !quantile.why.isEmpty { one["why"] = .string(quantile.why) }
                    return (quantile.name, .object(one))
                }))
        return .object(out)
    }

    private static func json(_ differences: [PairedDifference]) -> JSON {
        .object(
            JSONObject(
                differences.map { difference in
                    guard case .object(var object) = difference.json else { return (difference.metric, .null) }
                    object["champion"] = .statistic(difference.champion)
                    object["candidate"] = .statistic(difference.candidate)
                    return (difference.metric, .object(object))
                }))
    }
}
