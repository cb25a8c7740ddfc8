internal import Statistics
internal import Vocabulary

/// What functions answer with, besides numbers.
extension JSON {
    /// [lower, upper], or null.
    static func interval(_ interval: Interval?) -> JSON { interval.map { JSON.statistics([$0.lower, $0.upper]) } ?? .null }

    static func booleans(_ values: [Bool?]) -> JSON { .array(values.map { $0.map(JSON.bool) ?? .null }) }

    static func optionals(_ values: [Double?]) -> JSON { .array(values.map { JSON.statistic($0) }) }

    /// The object with one more member.
    func adding(_ key: String, _ value: JSON) -> JSON {
        guard case .object(var object) = self else { return self }
        object[key] = value
        return .object(object)
    }

    /// The object with `"why"` beside what is undefined.
    func because(_ why: String?) -> JSON { why.map { adding("why", .string($0)) } ?? self }

    /// Every key null, for a missing value that propagates.
    static func undefined(_ keys: String..., why: String) -> JSON {
        .object(JSONObject(keys.map { ($0, JSON.null) })).because(why)
    }

    static let propagated = "a missing value, with nan_policy propagate"
}
