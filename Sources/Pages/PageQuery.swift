public import Vocabulary

/// What the URL says besides its path: the stretch of time, the version, its segment and the window that is looked at. Every link keeps it.
public struct PageQuery: Sendable, Equatable {
    public var from: Timestamp?
    public var to: Timestamp?
    public var version: String?
    /// The length of the windows side by side; nil for the one that suits the stretch.
    public var window: WindowKind?
    /// The start of the window whose distributions are shown; nil for the newest.
    public var at: Timestamp?
    /// A segment of the version; nil for all records.
    public var segment: String?

    public init(
        from: Timestamp? = nil, to: Timestamp? = nil, version: String? = nil, window: WindowKind? = nil, at: Timestamp? = nil,
        segment: String? = nil
    ) {
        self.from = from
        self.to = to
        self.version = version
        self.window = window
        self.at = at
        self.segment = segment
    }

    /// A link as it stands in an attribute.
    ///
    /// - Parameter path: names, encoded here.
    func href(_ path: [String], extra: [(String, String)] = []) -> String {
        var pairs = extra
        if let from { pairs.append(("from", from.rfc3339)) }
        if let to { pairs.append(("to", to.rfc3339)) }
        if let version { pairs.append(("version", version)) }
        if let segment { pairs.append(("segment", segment)) }
        if let window { pairs.append(("window", window.rawValue)) }
        if let at { pairs.append(("at", at.rfc3339)) }
        let query = pairs.map { "\($0)=\(percentEncoded($1))" }.joined(separator: "&amp;")
        return "/" + path.map(percentEncoded).joined(separator: "/") + (query.isEmpty ? "" : "?" + query)
    }

    /// The same without what belongs to one model.
    var common: PageQuery { PageQuery(from: from, to: to, window: window) }

    func showing(_ start: Timestamp?) -> PageQuery {
        var out = self
        out.at = start
        return out
    }
}

/// Everything but the unreserved characters of RFC 3986, and colons, which times are full of.
func percentEncoded(_ text: String) -> String {
    var out = ""
    for byte in text.utf8 {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: out.unicodeScalars.append(Unicode.Scalar(byte))
        default: out += "%" + Digest.hex([byte]).uppercased()
        }
    }
    return out
}
