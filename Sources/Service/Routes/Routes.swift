internal import Hummingbird
internal import Vocabulary

/// Every route. Each group of them is a file beside this one.
struct Routes {
    let engine: Engine

    func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: ErrorPages())
        router.add(middleware: ErrorAnswers(logger: engine.logger))
        let roles = engine.configuration.roles
        HealthRoutes(engine: engine).add(to: router)
        if roles.contains(.collect) { IngestRoutes(collector: engine.collector, cloudEvents: engine.cloudEvents).add(to: router) }
        let snapshot = Snapshot(engine: engine)
        MetricRoutes(engine: engine, snapshot: snapshot).add(to: router)
        if roles.contains(.web) {
            ModelRoutes(engine: engine).add(to: router)
            ErasureRoutes(engine: engine).add(to: router)
            AlertRoutes(engine: engine).add(to: router)
            PageRoutes(engine: engine).add(to: router)
        }
        return router
    }
}
