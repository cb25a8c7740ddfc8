internal import HTTPTypes
internal import Hummingbird
internal import Storage
internal import Vocabulary

/// Candidates in shadow, and their rollout.
struct ShadowRoutes {
    let engine: Engine

    func add(to router: Router<ServiceContext>) {
        router.post("v1/models/:model/versions/:version/model") { request, context in
            let version = try await version(context)
            let data = try await request.bytes(upTo: ShadowSettings.fileBytesMax)
            let start = try request.query("start") ?? "log"
            guard ["log", "now"].contains(start) else { throw HTTPError(.badRequest, message: "start: expected log or now") }
            let record = try await engine.registerModelFile(
                data, file: "body", of: version, fromNow: start == "now", actor: context.caller.actor(try request.query("by")),
                at: engine.clock())
            return answer(
                .object([
                    "model": .string(version.key.model), "version": .string(version.key.version), "format": .string(record.format),
                    "digest": .string(record.digest), "bytes": .integer(record.size), "stored_at": .string(record.storedAt.rfc3339),
                ]), status: .created)
        }
        router.get("v1/models/:model/shadow") { request, context in
            guard let json = try await engine.shadowAnswer(of: try context.name("model")) else { throw try unknown(context) }
            return request.tagged(json)
        }
        router.post("v1/models/:model/shadow/:version/reset") { request, context in
            let version = try await version(context)
            let actor = context.caller.actor(try request.query("by"))
            guard try await engine.resetShadow(version, actor: actor, at: engine.clock()) else {
                throw HTTPError(.conflict, message: "\(version.key): its circuit breaker is not open")
            }
            return answer(.object(["reset": .string("\(version.key)")]))
        }
        router.get("v1/models/:model/ab") { request, context in try await arms(request, context) }
        router.get("v1/models/:model/rollout") { request, context in
            guard let json = try await engine.rolloutAnswer(of: try context.name("model")) else { throw try unknown(context) }
            return request.tagged(json)
        }
        router.post("v1/models/:model/rollout") { request, context in try await change(request, context) }
    }

    private func unknown(_ context: ServiceContext) throws -> HTTPError {
        HTTPError(.notFound, message: "model: \(try context.name("model")) is not registered")
    }

    private func version(_ context: ServiceContext) async throws -> RegisteredVersion {
        let key = ModelVersion(model: try context.name("model"), version: try context.name("version"))
        guard let version = try await engine.registry.version(key) else { throw HTTPError(.notFound, message: "\(key) is not registered") }
        return version
    }

    private func arms(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let test = try ArmsQuery(arms: try request.query("arms") ?? "", shares: try request.query("shares"))
        guard
            let json = try await engine.abComparison(
                of: try context.name("model"), arms: test.arms, shares: test.shares, from: try request.time("from"),
                to: try request.time("to"))
        else { throw try unknown(context) }
        return answer(json)
    }

    private func change(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let model = try context.name("model")
        let body = try await request.bytes(upTo: 64 << 10)
        let json: JSON
        do { json = try JSON.parse(body[...]) } catch { throw HTTPError(.badRequest, message: "the body is not JSON: \(error)") }
        let actor = context.caller.actor(json["by"]?.stringValue)
        switch json["action"]?.stringValue {
        case "promote":
            guard let name = json["version"]?.stringValue else { throw HTTPError(.badRequest, message: "version: expected a version") }
            let key = ModelVersion(model: model, version: name)
            guard let version = try await engine.registry.version(key) else {
                throw HTTPError(.notFound, message: "\(key) is not registered")
            }
            _ = try await engine.promote(
                version, isGradual: json["gradual"]?.boolValue ?? false, isForced: json["force"]?.boolValue ?? false, actor: actor,
                at: engine.clock())
        case "rollback":
            _ = try await engine.rollBack(
                model, reason: json["reason"]?.stringValue ?? "asked for by \(actor)", actor: actor, at: engine.clock())
        default: throw HTTPError(.badRequest, message: "action: expected promote or rollback")
        }
        guard let state = try await engine.rolloutAnswer(of: model) else { throw try unknown(context) }
        return answer(state)
    }
}
