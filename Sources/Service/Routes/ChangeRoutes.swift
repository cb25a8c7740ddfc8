internal import HTTPTypes
internal import Hummingbird
internal import Storage
internal import Vocabulary

/// `GET /v1/models/{model}/changes`: what detectors saw in the errors of a model.
struct ChangeRoutes {
    let engine: Engine

    func add(to router: Router<ServiceContext>) {
        router.get("v1/models/:model/changes") { request, context in
            let model = try context.name("model")
            let wanted = try request.query("version")
            // What is seen while the client goes from answer to answer must not move what it has not seen yet.
            var offset = 0
            var knownBy = engine.clock()
            if let after = try request.after() {
                guard after.parts.count == 2, let place = Int(after.parts[0]), (1...ErrorChanges.reached).contains(place),
                    let time = Timestamp(rfc3339: after.parts[1])
                else { throw HTTPError(.badRequest, message: "after: expected the `next` of an answer") }
                (offset, knownBy) = (place, time)
            }
            let limit = try request.limit(standard: 1000, max: ErrorStore.changesMax)
            guard
                let found = try await ErrorChanges.page(
                    engine, model: model, version: wanted, from: try request.time("from"), to: try request.time("to"), knownBy: knownBy,
                    offset: offset, limit: limit)
            else { throw HTTPError(.notFound, message: "\(model)\(wanted.map { " " + $0 } ?? "") is not registered") }
            let isMore = found.count == limit && offset + limit <= ErrorChanges.reached
            return try request.list(
                JSONObject([
                    ("changes", .array(found.map { $0.change.json(of: $0.version) })),
                    ("next", JSON(isMore ? Cursor([String(offset + limit), knownBy.rfc3339]).text : nil)),
                ]), of: "changes", columns: ListCSV.changes)
        }
    }
}
