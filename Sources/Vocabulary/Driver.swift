/// What made a finding: a bin, a level, a group or a feature, and what it was before and is now.
public struct Driver: Sendable, Equatable {
    public var what: String
    /// A share, or the number that `what` names; nil where there is nothing to compare with.
    public var before: Double?
    public var after: Double?
    /// Rows behind `after`.
    public var count: Int64?

    /// In one finding.
    public static let max = 5

    public init(_ what: String, before: Double? = nil, after: Double? = nil, count: Int64? = nil) {
        (self.what, self.before, self.after, self.count) = (what, before, after, count)
    }

    public var json: JSON {
        .object(["what": .string(what), "before": JSON(before), "after": JSON(after), "n": count.map { .integer($0) } ?? .null])
    }

    public init?(json: JSON) {
        guard let what = json["what"]?.stringValue else { return nil }
        self.init(what, before: json["before"]?.doubleValue, after: json["after"]?.doubleValue, count: json["n"]?.intValue)
    }
}
