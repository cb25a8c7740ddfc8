internal import Hummingbird
internal import Storage
internal import Vocabulary

/// `/healthz`: the process answers. `/readyz`: what it is asked for can be done: the database answers too, or records go to the spool.
struct HealthRoutes {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>) {
        router.get("healthz") { _, _ in answer(.object(["status": "ok", "version": .string(Engine.buildVersion)])) }
        router.get("readyz") { _, _ in
            // Sending a collector no records because the database is away would lose them: that is what the spool is for.
            if let waiting = engine.spooledBytes {
                return answer(.object(["status": "spooling", "spool_bytes": .integer(Int64(waiting))]))
            }
            try await engine.database.ping()
            return answer(.object(["status": "ready"]))
        }
    }
}
