internal import Collecting
internal import Hummingbird
internal import Storage
internal import Vocabulary

/// `/healthz`: the process answers. `/readyz`: what it is asked for can be done: the database answers too, or records go to the spool.
struct HealthRoutes {
    let engine: Engine
    /// A probe must get its answer while the database hangs.
    static let answerSeconds = 3.0

    func add(to router: Router<ServiceContext>) {
        router.get("healthz") { _, _ in answer(.object(["status": "ok", "version": .string(Engine.buildVersion)])) }
        router.get("readyz") { _, _ in
            // Sending a collector no records because the database is away would lose them: that is what the spool is for.
            if let waiting = engine.spooledBytes {
                return answer(.object(["status": "spooling", "spool_bytes": .integer(Int64(waiting))]))
            }
            let database = engine.database
            guard try await within(seconds: Self.answerSeconds, { try await database.ping() }) != nil else {
                return problem(.serviceUnavailable, "the database does not answer within \(Int(Self.answerSeconds)) s")
            }
            return answer(.object(["status": "ready"]))
        }
    }
}
