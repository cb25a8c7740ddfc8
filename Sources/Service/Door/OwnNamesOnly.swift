internal import HTTPTypes
internal import Hummingbird
internal import Vocabulary

/// Refuses requests for another name than ours, where nobody is asked for a token.
///
/// A page of any site can have its own name point to 127.0.0.1 once it is loaded (DNS rebinding). For the browser its requests are then of one
/// site with us; only the name gives them away.
struct OwnNamesOnly: RouterMiddleware {
    let names: Set<String>

    /// - Parameter names: beside those of this machine to itself.
    init(_ names: [String]) { self.names = Set(names.map { $0.lowercased() }) }

    func handle(_ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response) async throws
        -> Response
    {
        guard let host = request.head.authority, !isOurs(host) else { return try await next(request, context) }
        return problem(
            .misdirectedRequest,
            "\(host.shown()) is not a name of this service: expected localhost or 127.0.0.1, or one of host_names in its configuration")
    }

    /// - Parameter authority: a name or address, with or without a port.
    func isOurs(_ authority: String) -> Bool {
        var name = authority.lowercased()
        if name.hasPrefix("[") {
            name = String(name.dropFirst().prefix { $0 != "]" })
        } else if let colon = name.lastIndex(of: ":") {
            name = String(name[..<colon])
        }
        if name.hasSuffix(".") { name.removeLast() }
        return name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || Self.isLoopback(name)
            || names.contains(name)
    }

    /// 127.x.x.x, by hand: this is asked with every request.
    private static func isLoopback(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0].elementsEqual("127".utf8)
            && parts.allSatisfy { (1...3).contains($0.count) && $0.allSatisfy { 48...57 ~= $0 } }
    }
}
