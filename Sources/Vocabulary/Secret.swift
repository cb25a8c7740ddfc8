/// A value that must never be printed. Every description of it is `•••`; only `reveal()` gives it.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String
    public init(_ value: String) { self.value = value }
    public func reveal() -> String { value }
    public var description: String { "•••" }
    public var debugDescription: String { "•••" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A URL or connection string with its password and query hidden, safe for a log.
public func withoutSecrets(_ address: String) -> String {
    guard let mark = address.firstRange(of: "://"),
        address[..<mark.lowerBound].allSatisfy({ $0.isLetter || $0.isNumber || "+-.".contains($0) })
    else { return withoutPasswords(conninfo: address) }
    let scheme = address[..<mark.upperBound]
    var rest = address[mark.upperBound...]
    // libpq takes a '?' as part of the password, everybody else as the start of the query.
    let isPostgres = scheme == "postgres://" || scheme == "postgresql://"
    let authority = rest.prefix { $0 != "/" && $0 != "#" && (isPostgres || $0 != "?") }
    var shown = String(scheme)
    if let at = authority.lastIndex(of: "@") {
        let user = rest[..<at].prefix { $0 != ":" && $0 != "?" }
        shown += user + (user.endIndex < at ? ":•••" : "")
        rest = rest[at...]
    }
    return shown + rest.prefix { $0 != "?" && $0 != "#" }
}

/// `key=value` pairs as libpq reads them: blanks around `=`, quotes and backslashes are allowed.
private func withoutPasswords(conninfo: String) -> String {
    var shown = ""
    var rest = conninfo[...]
    func take(_ isTaken: (Character) -> Bool) -> Substring {
        let taken = rest.prefix(while: isTaken)
        rest = rest[taken.endIndex...]
        return taken
    }
    while true {
        shown += take(\.isWhitespace)
        if rest.isEmpty { return shown }
        let key = take { $0 != "=" && !$0.isWhitespace }
        shown += key
        shown += take { $0 == "=" || $0.isWhitespace }
        let start = rest.startIndex
        let isQuoted = rest.first == "'"
        if isQuoted { rest.removeFirst() }
        while let c = rest.first, isQuoted ? c != "'" : !c.isWhitespace {
            rest.removeFirst()
            if c == "\\", !rest.isEmpty { rest.removeFirst() }
        }
        if isQuoted, !rest.isEmpty { rest.removeFirst() }
        shown += key.hasSuffix("password") ? "•••" : conninfo[start..<rest.startIndex]
    }
}
