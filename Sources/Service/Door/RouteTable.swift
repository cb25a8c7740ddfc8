internal import HTTPTypes
internal import Vocabulary

/// One route: who may use it.
struct RouteEntry: Sendable {
    /// How a token of single models is held to them.
    enum Scope: Sendable {
        /// The route is of no model.
        case none
        /// The model stands in the path.
        case path
        /// The route itself looks at the models that the request names, or leaves out those of others.
        case within
        /// It shows all models, as pages do: a token of single ones is refused.
        case all
    }
    var method: HTTPRequest.Method
    /// With `{name}` for a parameter.
    var path: String
    /// nil: anybody.
    var role: AccessRole?
    var scope: Scope

    init(_ method: HTTPRequest.Method, _ path: String, _ role: AccessRole?, _ scope: Scope) {
        self.method = method
        self.path = path
        self.role = role
        self.scope = scope
    }
}

/// Every route and the role that it needs: the one place. What is not here needs the role admin and a token of all models.
enum RouteTable {
    static let entries: [RouteEntry] = api + pages

    static let api: [RouteEntry] = [
        RouteEntry(.get, "/healthz", nil, .none),
        RouteEntry(.get, "/readyz", nil, .none),
        RouteEntry(.get, "/openapi.json", .read, .none),
        RouteEntry(.get, "/metrics", .read, .within),
        RouteEntry(.post, "/v1/predictions", .ingest, .within),
        RouteEntry(.post, "/v1/labels", .ingest, .within),
        RouteEntry(.post, "/v1/cloudevents", .ingest, .within),
        RouteEntry(.get, "/v1/models", .read, .within),
        RouteEntry(.get, "/v1/models/{model}/versions/{version}", .read, .path),
        RouteEntry(.post, "/v1/models/{model}/versions/{version}", .admin, .path),
        RouteEntry(.delete, "/v1/models/{model}/records/{id}", .admin, .path),
        RouteEntry(.get, "/v1/models/{model}/results", .read, .path),
        RouteEntry(.get, "/v1/models/{model}/changes", .read, .path),
        RouteEntry(.post, "/v1/models/{model}/versions/{version}/model", .admin, .path),
        RouteEntry(.get, "/v1/models/{model}/shadow", .audit, .path),
        RouteEntry(.get, "/v1/models/{model}/ab", .audit, .path),
        RouteEntry(.post, "/v1/models/{model}/shadow/{version}/reset", .operate, .path),
        RouteEntry(.get, "/v1/models/{model}/rollout", .read, .path),
        RouteEntry(.post, "/v1/models/{model}/rollout", .admin, .path),
        RouteEntry(.get, "/v1/alerts", .read, .within),
        RouteEntry(.post, "/v1/alerts/{id}/acknowledge", .operate, .within),
        RouteEntry(.get, "/v1/silences", .read, .within),
        RouteEntry(.post, "/v1/silences", .operate, .within),
        RouteEntry(.delete, "/v1/silences/{id}", .operate, .within),
        RouteEntry(.get, "/v1/retraining", .read, .within),
        RouteEntry(.post, "/v1/retraining/{id}", .operate, .within),
        RouteEntry(.post, "/v1/retraining/{id}/model", .operate, .within),
    ]

    /// For people: no part of the API's description. Groups are left out for those without the role audit. What pages load is the binary's own,
    /// holds no data, and is for whoever has no token yet too.
    static let pages: [RouteEntry] = [
        RouteEntry(.get, "/", .read, .all),
        RouteEntry(.get, "/models/{model}", .read, .path),
        RouteEntry(.get, "/models/{model}/features/{feature}", .read, .path),
        RouteEntry(.get, "/models/{model}/fairness", .read, .path),
        RouteEntry(.get, "/models/{model}/report", .read, .path),
        RouteEntry(.get, "/models/{model}/shadow", .read, .path),
        RouteEntry(.get, "/alerts", .read, .all),
        RouteEntry(.post, "/alerts/acknowledge", .operate, .all),
        RouteEntry(.post, "/alerts/silence", .operate, .all),
        RouteEntry(.post, "/alerts/end", .operate, .all),
        RouteEntry(.get, "/health", .read, .all),
        RouteEntry(.get, "/events", .read, .all),
        RouteEntry(.get, "/assets/{name}", nil, .none),
    ]

    /// The methods that a path is known with, as it is asked for; empty for a path that there is not.
    static func methods(of path: String) -> [HTTPRequest.Method] {
        let asked = path.split(separator: "/")
        return entries.filter { entry in
            let parts = entry.path.split(separator: "/")
            return parts.count == asked.count && zip(parts, asked).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }.flatMap { $0.method == .get ? [.get, .head] : [$0.method] }
    }

    private static let byRoute = Dictionary(entries.map { ("\($0.method) \($0.path)", $0) }, uniquingKeysWith: { first, _ in first })

    /// - Parameter path: as the router has it, with `{name}` for a parameter.
    static func entry(_ method: HTTPRequest.Method, _ path: String) -> RouteEntry {
        byRoute["\(method == .head ? .get : method) \(path)"] ?? RouteEntry(method, path, .admin, .all)
    }
}
