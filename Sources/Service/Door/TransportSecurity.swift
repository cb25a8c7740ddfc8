internal import Hummingbird

/// Tells browsers, where there is TLS, to come without it no more: a token must not travel in the clear because somebody typed `http`.
struct TransportSecurity<Context: RequestContext>: RouterMiddleware {
    /// A year, and of this name only: what else is under it is none of our business.
    static var value: String { "max-age=31536000" }

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        response.set("Strict-Transport-Security", Self.value)
        return response
    }
}
