internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Vocabulary

/// Lets in who may: asks for a token, and holds it to what ``RouteTable`` says of the route.
struct Doorkeeper: RouterMiddleware {
    /// nil: the service asks nobody.
    let checker: TokenChecker?

    func handle(_ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response) async throws
        -> Response
    {
        // What the router does not know is nobody's secret: it answers 404 itself, and for a known path of other methods we say which.
        guard let path = context.endpointPath else {
            let methods = RouteTable.methods(of: request.uri.path)
            if methods.isEmpty || methods.contains(request.method) { return try await next(request, context) }
            let allowed = methods.map(\.rawValue).joined(separator: ", ")
            var response = problem(.methodNotAllowed, "\(request.uri.path) has no \(request.method.rawValue), expected \(allowed)")
            response.headers[.allow] = allowed
            return response
        }
        var context = context
        guard let checker else {
            context.caller = .anyone
            return try await next(request, context)
        }
        let entry = RouteTable.entry(request.method, path)
        guard let role = entry.role else { return try await next(request, context) }
        guard let text = Self.token(request) else {
            return Self.unauthorized(request, "expected the header Authorization: Bearer with a token: see evenkeel token create")
        }
        switch try await checker.admit(text, from: context.address) {
        case .known(let caller): context.caller = caller
        case .wrong: return Self.unauthorized(request, "the token is unknown, revoked or expired")
        case .limited(let seconds):
            return tooMany("too many wrong tokens came from \(context.address)", retryAfter: Int(seconds.rounded(.up)))
        case .tooFast(let name, let seconds):
            return tooMany(
                "limits.token_requests_per_second: the token \(name) made too many requests", retryAfter: Int(seconds.rounded(.up)))
        case .busy: return tooMany("too many tokens wait to be checked", retryAfter: 1)
        }
        guard context.caller.may(role) else {
            return problem(.forbidden, "the token \(context.caller.name ?? "") has not the role \(role.rawValue)")
        }
        switch entry.scope {
        case .none, .within: break
        case .path: try context.caller.require(try context.name("model"))
        case .all:
            if let models = context.caller.models {
                return problem(.forbidden, "all models are shown here, and the token is for \(models.sorted().joined(separator: ", "))")
            }
        }
        return try await next(request, context)
    }

    /// Of `Bearer`, and of `Basic` the password: so a browser can ask for it.
    private static func token(_ request: Request) -> String? {
        guard let value = request.headers[.authorization], let blank = value.firstIndex(of: " ") else { return nil }
        let rest = value[value.index(after: blank)...].drop { $0 == " " }
        switch value[..<blank].lowercased() {
        case "bearer": return String(rest)
        case "basic":
            guard let bytes = Digest.fromBase64(String(rest)) else { return String(rest) }
            let text = String(decoding: bytes, as: UTF8.self)
            return text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) } ?? text
        default: return nil
        }
    }

    private static func unauthorized(_ request: Request, _ detail: String) -> Response {
        var response = problem(.unauthorized, detail)
        // Only who shows pages is asked for a password: a program wants the status alone.
        let isBrowser = request.headers[.accept]?.contains("text/html") ?? false
        response.headers[.wwwAuthenticate] = isBrowser ? "Basic realm=\"evenkeel\", charset=\"UTF-8\"" : "Bearer realm=\"evenkeel\""
        return response
    }
}
