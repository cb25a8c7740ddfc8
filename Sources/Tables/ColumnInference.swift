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
///
/// - Parameters: distinct: the number of different texts; `text` gives each. - present: rows that are not missing.
func inferKind(distinct: Int, present: Int, text: (Int) -> String) -> InferredKind {
    if present == 0 { return .empty }
    if (0..<distinct).allSatisfy({ parseNumber(text($0)) != nil }) { return .numeric }
    if (0..<distinct).allSatisfy({ isTimestamp(text($0)) }) { return .timestamp }
    return present >= 50 && distinct * 100 >= present * 95 ? .identifier : .categorical
}

private func isTimestamp(_ text: String) -> Bool { text.utf8.count >= 10 && Timestamp(rfc3339: text) != nil }
