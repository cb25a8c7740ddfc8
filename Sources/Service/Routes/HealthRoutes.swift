internal import Hummingbird
internal import Storage
internal import Vocabulary

/// `/healthz`: the process answers. `/readyz`: the database does too, so records can be stored.
struct HealthRoutes {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>) {
        router.get("healthz") { _, _ in answer(.object(["status": "ok", "version": .string(Engine.buildVersion)])) }
        router.get("readyz") { _, _ in
            try await engine.database.ping()
            return answer(.object(["status": "ready"]))
        }
    }
}
