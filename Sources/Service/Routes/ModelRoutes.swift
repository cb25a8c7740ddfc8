internal import Collecting
internal import HTTPTypes
internal import Hummingbird
internal import Storage
internal import Tables
internal import Vocabulary

/// The registry and the results.
struct ModelRoutes {
    let engine: Engine
    /// A reference file sent over HTTP.
    static let referenceBytesMax = 256 << 20
    /// Versions in one answer.
    static let modelsMax = 1000
    /// Results of one version that can be reached by going on.
    static let resultsReached = 1_000_000

    func add(to router: Router<ServiceContext>) {
        router.get("v1/models") { request, context in try await list(request, context.caller) }
        router.get("v1/models/:model/versions/:version") { request, context in
            request.tagged(RegistryAnswer.detail(try await version(context)))
        }
        router.post("v1/models/:model/versions/:version") { request, context in try await register(request, context) }
        router.get("v1/models/:model/results") { request, context in try await results(request, context) }
    }

    private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var versions = try await engine.registry.versions().filter { caller.sees($0.key.model) }
        if let after = try request.after() {
            // In the order of the list, which new versions do not change.
            guard let place = versions.firstIndex(where: { [$0.key.model, $0.key.version] == after.parts }) else {
                throw HTTPError(.badRequest, message: "after: expected the `next` of an answer")
            }
            versions.removeFirst(place + 1)
        }
        let page = versions.prefix(try request.limit(standard: Self.modelsMax, max: Self.modelsMax))
        let next = page.count < versions.count ? page.last.map { Cursor([$0.key.model, $0.key.version]).text } : nil
        return try request.list(
            JSONObject([("models", .array(page.map(RegistryAnswer.summary))), ("next", JSON(next))]), of: "models", columns: ListCSV.models)
    }

    private func version(_ context: ServiceContext) async throws -> RegisteredVersion {
        let key = ModelVersion(model: try context.name("model"), version: try context.name("version"))
        guard let version = try await engine.registry.version(key) else { throw HTTPError(.notFound, message: "\(key) is not registered") }
        return version
    }

    private func register(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let key = ModelVersion(model: try context.name("model"), version: try context.name("version"))
        func list(_ name: String) throws -> [String] { (try request.query(name) ?? "").split(separator: ",").map(String.init) }
        var registration = Registration(
            key: key,
            mapping: TableMapping(
                id: try request.query("id"), timestamp: try request.query("timestamp"), label: try request.query("label"),
                score: try request.query("score"),
                prediction: try request.query("prediction"), sensitive: try list("sensitive")))
        registration.privacyKey = engine.configuration.limits.privacyKey
        if let spec = try request.query("spec") {
            try registration.apply(try ModelSpecFile(spec, file: "spec"), destinations: engine.configuration.destinations)
        }
        if let positive = try request.query("positive") { registration.base.positiveLabel = positive }
        if let text = try request.query("threshold") {
            guard let threshold = Double(text) else { throw HTTPError(.badRequest, message: "threshold: expected a number") }
            registration.base.threshold = threshold
        }
        if let text = try request.query("task") {
            guard let task = ModelTask(rawValue: text) else { throw HTTPError(.badRequest, message: "task: expected \(ModelTask.words)") }
            registration.base.task = task
        }
        if case let classes = try list("classes"), !classes.isEmpty { registration.base.classes = classes }
        registration.ignored.formUnion(try list("ignore"))
        let table = try CSVTable(try await request.bytes(upTo: Self.referenceBytesMax), file: "body")
        let outcome = try await registration.run(
            table, registry: engine.registry, actor: context.caller.actor(nil), at: Engine.systemClock())
        // So that its first records can be checked if the database goes away before they come.
        _ = try? await engine.knownVersions.version(key)
        return answer(RegistryAnswer.detail(outcome.version), status: .created)
    }

    private func results(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let model = try context.name("model")
        let wanted = try request.query("version")
        let versions = try await engine.registry.versions().filter { $0.key.model == model && (wanted == nil || $0.key.version == wanted) }
        guard !versions.isEmpty else { throw HTTPError(.notFound, message: "\(model)\(wanted.map { " " + $0 } ?? "") is not registered") }
        let asked = try asked(try request.query("segment"), of: versions, context.caller)
        // What is evaluated while the client goes from answer to answer must not move what it has not seen yet.
        let after = try request.after()
        var offset = 0
        var knownBy = Engine.systemClock()
        if let after {
            guard after.parts.count == 2, let place = Int(after.parts[0]), (1...Self.resultsReached).contains(place),
                let time = Timestamp(rfc3339: after.parts[1])
            else { throw HTTPError(.badRequest, message: "after: expected the `next` of an answer") }
            (offset, knownBy) = (place, time)
        }
        let filter = ResultStore.Filter(
            statistic: try request.query("metric"), subject: try request.query("feature") ?? request.query("attribute"),
            from: try request.time("from"), to: try request.time("to"),
            window: try request.query("window").map { word in
                guard let kind = WindowKind(rawValue: word) else {
                    throw HTTPError(.badRequest, message: "window: expected custom, \(WindowKind.words)")
                }
                return kind
            }, asOf: try request.time("as_of"), withGroups: context.caller.seesGroups, knownBy: after == nil ? nil : knownBy,
            offset: offset,
            limit: try request.limit(standard: 1000, max: ResultStore.resultsMax))
        var out: [JSON] = []
        var isMore = false
        for version in asked {
            let found = try await engine.results.results(filter, of: version)
            isMore = isMore || found.count == filter.limit
            for var stored in found {
                if !context.caller.seesGroups {
                    guard let shown = ProtectedValues.redacted(stored.finding, sensitive: Set(version.schema.sensitive)) else { continue }
                    stored.finding = shown
                }
                out.append(Self.json(stored, version.key))
            }
        }
        isMore = isMore && offset + filter.limit <= Self.resultsReached
        let next = isMore ? Cursor([String(offset + filter.limit), knownBy.rfc3339]).text : nil
        var object = JSONObject([("results", .array(out)), ("next", JSON(next))])
        if !context.caller.seesGroups { object["left_out"] = .string(ProtectedValues.note) }
        return try request.list(object, of: "results", columns: ListCSV.results)
    }

    /// The versions themselves, or the segment of those that have one of this name.
    private func asked(_ segment: String?, of versions: [RegisteredVersion], _ caller: Caller) throws -> [RegisteredVersion] {
        guard let segment else { return versions }
        let parts = versions.flatMap(\.parts).filter { $0.segment?.name == segment }
        guard let first = parts.first else {
            throw HTTPError(.notFound, message: "segment: \(versions[0].key.model) has no segment \(segment)")
        }
        guard caller.seesGroups || !parts.contains(where: { $0.segment?.isOfGroups($0.schema) == true }) else {
            throw HTTPError(
                .forbidden, message: "segment: \(segment) of \(first.key) is a group of a sensitive attribute: it needs the role audit")
        }
        return parts
    }

    static func json(_ stored: ResultStore.StoredFinding, _ key: ModelVersion) -> JSON {
        var object = JSONObject([
            ("model", .string(key.model)), ("version", .string(key.version)), ("window", .string(stored.window.kind.rawValue)),
            ("from", .string(stored.window.start.rfc3339)), ("to", .string(stored.window.end.rfc3339)),
            ("evaluated_at", .string(stored.evaluatedAt.rfc3339)),
        ])
        for member in stored.finding.json.objectValue?.members ?? [] { object[member.key] = member.value }
        return .object(object)
    }
}
