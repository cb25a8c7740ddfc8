/// The ways in which groups are looked at: by each sensitive attribute, and by all of them together.
enum GroupViews {
    /// The subject of a view's findings, and what a group is called in it; nil for a row that belongs to none.
    typealias View = (subject: String, name: ([String?]) -> String?)

    static func of(_ attributes: [String]) -> [View] {
        let single = attributes.enumerated().map { i, attribute -> View in (attribute, { $0[i] }) }
        guard attributes.count > 1 else { return single }
        // A row with a missing attribute belongs to no intersection.
        return single + [(attributes.joined(separator: "*"), { $0.contains(nil) ? nil : $0.map { $0 ?? "" }.joined(separator: "*") })]
    }
}
