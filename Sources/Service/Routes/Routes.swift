internal import Hummingbird
internal import Storage
internal import Vocabulary

/// Every route. Each group of them is a file beside this one.
struct Routes {
    let engine: Engine

    /// nil where nobody is asked for a token.
    private var checker: TokenChecker? {
        guard engine.configuration.asksForTokens else { return nil }
        let tokens = engine.tokens
        return TokenChecker(
            find: { try await tokens.find($0) }, all: { try await tokens.list() }, clock: engine.clock, limits: engine.configuration.http)
    }

    /// Every route of this process, as `METHOD /path/{parameter}`; HEAD goes where GET does.
    var names: [String] { router().routes.filter { $0.method != .head }.map(\.description) }

    func router() -> Router<ServiceContext> {
        let router = Router(context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
        if engine.configuration.tls != nil { router.add(middleware: TransportSecurity()) }
        router.add(middleware: ErrorPages())
        router.add(middleware: ErrorAnswers(logger: engine.logger))
        let configuration = engine.configuration
        if checker == nil, configuration.isLoopback { router.add(middleware: OwnNamesOnly(configuration.hostNames)) }
        router.add(middleware: SameSiteOnly())
        router.add(middleware: Doorkeeper(checker: checker))
        router.add(middleware: PatientReads())
        router.get("openapi.json") { request, _ in request.tagged(APIDescription.text) }
        let roles = engine.configuration.roles
        HealthRoutes(engine: engine).add(to: router)
        if roles.contains(.collect) { IngestRoutes(engine: engine).add(to: router) }
        let snapshot = Snapshot(engine: engine)
        MetricRoutes(engine: engine, snapshot: snapshot).add(to: router)
        if roles.contains(.web) {
            ModelRoutes(engine: engine).add(to: router)
            ChangeRoutes(engine: engine).add(to: router)
            ErasureRoutes(engine: engine).add(to: router)
            ShadowRoutes(engine: engine).add(to: router)
            AlertRoutes(engine: engine).add(to: router)
            RetrainingRoutes(engine: engine).add(to: router)
            PageRoutes(engine: engine).add(to: router)
        }
        return router
    }
}
