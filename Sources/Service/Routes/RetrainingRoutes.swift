internal import HTTPTypes
internal import Hummingbird
internal import Storage
internal import Vocabulary

/// What trainers were asked for, and where they say what became of it.
struct RetrainingRoutes {
    let engine: Engine

    static let noteLengthMax = 2000
    private static let states: [RetrainingState] = [.started, .succeeded, .failed]

    /// The reason is an alert's summary, which may name groups.
    private func shown(_ retraining: Retraining, to caller: Caller) -> JSON {
        var retraining = retraining
        if !caller.seesGroups { retraining.reason = ProtectedValues.note }
        return retraining.json
    }

    func add(to router: Router<ServiceContext>) {
        router.get("v1/retraining") { request, context in
            let found = try await engine.retrainings.list(models: context.caller.models)
            return request.tagged(.object(["retrainings": .array(found.map { shown($0, to: context.caller) })]))
        }
        router.post("v1/retraining/:id") { request, context in
            let id = try context.parameters.require("id")
            let body = try await request.bytes(upTo: 64 << 10)
            let json: JSON
            do { json = try JSON.parse(body[...]) } catch { throw HTTPError(.badRequest, message: "the body is not JSON: \(error)") }
            guard let state = json["state"]?.stringValue.flatMap(RetrainingState.init), Self.states.contains(state) else {
                throw HTTPError(.badRequest, message: "state: expected started, succeeded or failed")
            }
            let version = json["version"]?.stringValue
            if state == .succeeded, version?.isEmpty ?? true {
                throw HTTPError(.badRequest, message: "version: expected the name of the new version")
            }
            if let version, version.utf8.count > FeatureSchema.nameLengthMax || version.utf8.contains(0) {
                throw HTTPError(.badRequest, message: "version: expected at most \(FeatureSchema.nameLengthMax) bytes")
            }
            let note = json["note"]?.stringValue
            if let note, note.utf8.count > Self.noteLengthMax || note.utf8.contains(0) {
                throw HTTPError(.badRequest, message: "note: expected at most \(Self.noteLengthMax) bytes")
            }
            let unknown = HTTPError(.notFound, message: "there is no retraining \(id)")
            // A retraining of a model that is not the caller's is none of its business.
            guard let known = try await engine.retrainings.find(id), context.caller.sees(known.version.model) else { throw unknown }
            do {
                let actor = context.caller.actor(json["by"]?.stringValue)
                guard let now = try await engine.advance(id, to: state, newVersion: version, note: note, actor: actor) else {
                    throw unknown
                }
                return answer(shown(now, to: context.caller))
            } catch let error as RetrainingConflict { throw HTTPError(.conflict, message: error.description) }
        }
    }
}
