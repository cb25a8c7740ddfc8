/// The rule of every result: what cannot be computed is null, and `why` in the same object says the reason.
extension JSONObject {
    /// The object with `why` for its members that are null, or lists that hold null: the reason alone when all have one, else each reason
    /// after the names that it holds for. A `why` that is there stays in front.
    ///
    /// - Parameter reason: by the member's name; nil where the `why` that is there says it.
    public func explained(_ reason: (_ name: String) -> String?) -> JSONObject {
        var reasons: [(text: String, names: [String])] = []
        for (name, value) in members where value.isUndefined {
            guard let text = reason(name) else { continue }
            if let known = reasons.firstIndex(where: { $0.text == text }) {
                reasons[known].names.append(name)
            } else {
                reasons.append((text, [name]))
            }
        }
        guard let first = reasons.first else { return self }
        let said = self["why"]?.stringValue
        let sentence =
            said == nil && reasons.count == 1
            ? first.text : reasons.map { "\($0.names.joined(separator: ", ")): \($0.text)" }.joined(separator: "; ")
        var out = self
        out["why"] = .string(said.map { "\($0); \(sentence)" } ?? sentence)
        return out
    }

    /// The members that are null, or lists that hold null, in an object without `why`: there should be none in a result.
    public var unexplained: [String] {
        if case .string? = self["why"] { return [] }
        return members.filter { $0.value.isUndefined }.map(\.key)
    }
}

extension JSON {
    /// An object of numbers by name, with `why` for those that are undefined.
    public static func statistics(_ values: [(String, Double?)], else reason: (_ name: String) -> String?) -> JSON {
        .object(JSONObject(values.map { ($0.0, .statistic($0.1)) }).explained(reason))
    }

    /// The value in which every object that holds null says why, be it only in general.
    public func explained(_ reason: String) -> JSON {
        switch self {
        case .array(let items): return .array(items.map { $0.explained(reason) })
        case .object(let object):
            let inner = JSONObject(object.members.map { ($0.key, $0.value.explained(reason)) })
            return .object(inner.unexplained.isEmpty ? inner : inner.explained { _ in reason })
        default: return self
        }
    }

    fileprivate var isUndefined: Bool {
        switch self {
        case .null: true
        case .array(let items): items.contains(where: \.isUndefined)
        default: false
        }
    }
}
