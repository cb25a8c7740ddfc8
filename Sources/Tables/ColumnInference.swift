public import Vocabulary

/// What a column of a reference file seems to be.
public enum InferredKind: String, Sendable, Equatable {
    case numeric
    case categorical
    case timestamp
    /// As good as every value differs: a name of the row, not something to watch.
    case identifier
    case empty

    /// The kind as a feature; nil for what is not monitored.
    public var feature: FeatureKind? {
        switch self {
        case .numeric: .numeric
        case .categorical: .categorical
        case .timestamp, .identifier, .empty: nil
        }
    }
}

/// Numbers are numeric, RFC 3339 times are timestamps, texts that are nearly all different are identifiers, and the rest is categorical.
public func inferKind(_ column: [String?]) -> InferredKind {
    var seen: Set<String> = []
    var distinct: [String] = []
    var present = 0
    for case let text? in column {
        present += 1
        if seen.insert(text).inserted { distinct.append(text) }
    }
    return inferKind(distinct: distinct.count, present: present) { distinct[$0] }
}

/// The same of a column by its distinct texts.
func inferKind(distinct: Int, present: Int, text: (Int) -> String) -> InferredKind {
    if present == 0 { return .empty }
    if (0..<distinct).allSatisfy({ parseNumber(text($0)) != nil }) { return .numeric }
    if (0..<distinct).allSatisfy({ isTimestamp(text($0)) }) { return .timestamp }
    return present >= 50 && distinct * 100 >= present * 95 ? .identifier : .categorical
}

private func isTimestamp(_ text: String) -> Bool { text.utf8.count >= 10 && Timestamp(rfc3339: text) != nil }
