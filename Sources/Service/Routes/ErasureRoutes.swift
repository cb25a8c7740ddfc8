internal import HTTPTypes
internal import Hummingbird
internal import Storage
internal import Vocabulary

/// `DELETE /v1/models/{m}/records/{id}`: forgets one record.
struct ErasureRoutes {
    let engine: Engine

    func add(to router: Router<ServiceContext>) {
        router.delete("v1/models/:model/records/:id") { request, context in
            let model = try context.name("model")
            let actor = context.caller.actor(try request.query("by"))
            let receipt = try await engine.records.erase(
                model: model, ids: [try context.name("id")], actor: actor, at: Engine.systemClock())
            guard let receipt else { throw HTTPError(.notFound, message: "model: \(model) is not registered") }
            return answer(.object(["erased": receipt.json]))
        }
    }
}
