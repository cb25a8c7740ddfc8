internal import HTTPTypes
internal import Hummingbird

/// From whose page a browser says that a request comes.
enum RequestSite: Equatable {
    case ours
    /// Typed or bookmarked: no page at all.
    case user
    case other
    /// Programs say nothing.
    case unsaid

    private static let header = HTTPField.Name("Sec-Fetch-Site")

    init(_ request: Request) {
        self.init(site: Self.header.flatMap { request.headers[$0] }, origin: request.headers[.origin], host: request.head.authority)
    }

    /// - Parameter origin: what older browsers send instead.
    init(site: String?, origin: String?, host: String?) {
        switch site {
        case "same-origin"?: self = .ours
        case "none"?: self = .user
        case .some: self = .other
        case nil:
            guard let origin else {
                self = .unsaid
                return
            }
            let mark = origin.firstRange(of: "://")
            self = mark != nil && mark.map { origin[$0.upperBound...].lowercased() } == host?.lowercased() ? .ours : .other
        }
    }
}

/// Refuses what another site's page makes a browser send: such a request carries whatever the browser knows of us.
struct SameSiteOnly: RouterMiddleware {
    func handle(_ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response) async throws
        -> Response
    {
        if ![.get, .head, .options].contains(request.method), RequestSite(request) == .other {
            return problem(.forbidden, "the request comes from another site's page")
        }
        return try await next(request, context)
    }
}
