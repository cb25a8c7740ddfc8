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
            return try request.list(
                JSONObject([("retrainings", .array(found.map { shown($0, to: context.caller) }))]), of: "retrainings",
                columns: ListCSV.retrainings)
        }
        router.post("v1/retraining/:id") { request, context in
            let body = try await request.bytes(upTo: 64 << 10)
            let json: JSON
            do { json = try JSON.parse(body[...]) } catch { throw HTTPError(.badRequest, message: "the body is not JSON: \(error)") }
            guard let state = json["state"]?.stringValue.flatMap(RetrainingState.init), Self.states.contains(state) else {
                throw HTTPError(.badRequest, message: "state: expected started, succeeded or failed")
            }
            let news = try News(state, version: json["version"]?.stringValue, note: json["note"]?.stringValue, by: json["by"]?.stringValue)
            return try await advance(try await known(context), news, context.caller)
        }
        router.post("v1/retraining/:id/model") { request, context in
            let news = try News(
                .succeeded, version: try request.query("version"), note: try request.query("note"), by: try request.query("by"))
            let retraining = try await known(context)
            // Before it is read: of a job that is over nothing more can be said.
            guard retraining.state.mayBecome(.succeeded), retraining.mayBe(news.version) else {
                throw HTTPError(.conflict, message: RetrainingConflict(retraining).description)
            }
            let data = try await request.bytes(upTo: ShadowSettings.fileBytesMax)
            if data.isEmpty { throw HTTPError(.badRequest, message: "the body is empty, expected the model file") }
            try await engine.registerCandidate(
                news.version ?? "", of: retraining, file: data, actor: context.caller.actor(news.by))
            return try await advance(retraining, news, context.caller)
        }
    }

    /// What a trainer says.
    private struct News {
        var state: RetrainingState
        var version: String?
        var note: String?
        var by: String?

        init(_ state: RetrainingState, version: String?, note: String?, by: String?) throws {
            if state == .succeeded, version?.isEmpty ?? true {
                throw HTTPError(.badRequest, message: "version: expected the name of the new version")
            }
            if let version, let problem = FeatureSchema.problem(ofName: version) {
                throw HTTPError(.badRequest, message: "version: \(problem)")
            }
            if let note, note.utf8.count > noteLengthMax || note.utf8.contains(0) {
                throw HTTPError(.badRequest, message: "note: expected at most \(noteLengthMax) bytes")
            }
            (self.state, self.version, self.note, self.by) = (state, version, note, by)
        }
    }

    /// A retraining of a model that is not the caller's is none of its business.
    private func known(_ context: ServiceContext) async throws -> Retraining {
        let id = try context.parameters.require("id")
        guard let known = try await engine.retrainings.find(id), context.caller.sees(known.version.model) else { throw unknown(id) }
        return known
    }

    private func unknown(_ id: String) -> HTTPError { HTTPError(.notFound, message: "there is no retraining \(id)") }

    private func advance(_ retraining: Retraining, _ news: News, _ caller: Caller) async throws -> Response {
        do {
            guard
                let now = try await engine.advance(
                    retraining.id, to: news.state, newVersion: news.version, note: news.note, actor: caller.actor(news.by))
            else { throw unknown(retraining.id) }
            return answer(shown(now, to: caller))
        } catch let error as RetrainingConflict { throw HTTPError(.conflict, message: error.description) }
    }
}
