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
public func withoutSecrets(_ url: String) -> String {
    guard let scheme = url.firstRange(of: "://") else {
        return url.split(separator: " ").map { $0.hasPrefix("password=") ? "password=•••" : String($0) }.joined(separator: " ")
    }
    var rest = url[scheme.upperBound...]
    if let query = rest.firstIndex(of: "?") { rest = rest[..<query] }
    let authorityEnd = rest.firstIndex(of: "/") ?? rest.endIndex
    if let at = rest[..<authorityEnd].lastIndex(of: "@") {
        let user = rest[..<at].prefix { $0 != ":" }
        return url[..<scheme.upperBound] + user + (user.endIndex < at ? ":•••" : "") + rest[at...]
    }
    return String(url[..<scheme.upperBound] + rest)
}
