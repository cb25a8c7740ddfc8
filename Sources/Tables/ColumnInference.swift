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
    let present = column.compactMap { $0 }
    if present.isEmpty { return .empty }
    if present.allSatisfy({ parseNumber($0) != nil }) { return .numeric }
    if present.allSatisfy({ $0.utf8.count >= 10 && Timestamp(rfc3339: $0) != nil }) { return .timestamp }
    if present.count >= 50, Set(present).count * 100 >= present.count * 95 { return .identifier }
    return .categorical
}
