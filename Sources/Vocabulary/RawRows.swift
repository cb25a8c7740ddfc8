/// Which records of a version are stored whole.
///
/// Of every other record a narrow row stays, without features and measures: it is what finds repeated ids and joins labels. The
/// profiles count every record in any case.
public enum RawRows: Sendable, Equatable {
    case all
    /// A share of the records, from 0 to 1, chosen by their ids.
    case sample(Double)
    case none

    /// Whether this record's row is whole. The same ids are on every machine and in every run: the first eight bytes of the id's SHA-256,
    /// read as a fraction of 1, are compared with the share, so a larger share only adds records.
    public func keeps(_ id: String) -> Bool {
        switch self {
        case .all: true
        case .none: false
        case .sample(let share): Double(Digest.fingerprint(Array(id.utf8)) >> 11) * 0x1p-53 < share
        }
    }
}

extension RawRows {
    public var word: String {
        switch self {
        case .all: "all"
        case .sample: "sample"
        case .none: "none"
        }
    }

    /// - Parameter share: of `sample`; nil for the default, one record in a hundred.
    public init?(word: String, share: Double?) {
        switch word {
        case "all": self = .all
        case "none": self = .none
        case "sample": self = .sample(share ?? Self.standardShare)
        default: return nil
        }
    }

    public static let words = ["all", "sample", "none"]
    public static let standardShare = 0.01
}
