internal import Alerting
internal import HTTPTypes
internal import Hummingbird
internal import Storage
internal import Vocabulary

/// Alerts, acknowledgement and silences.
struct AlertRoutes {
    let engine: Engine

    func add(to router: Router<ServiceContext>) {
        router.get("v1/alerts") { request, context in try await list(request, context.caller) }
        router.post("v1/alerts/:id/acknowledge") { request, context in
            guard let id = Int64(try context.parameters.require("id")) else {
                throw HTTPError(.badRequest, message: "id: expected a number")
            }
            if let model = try await engine.alerts.model(of: id) { try context.caller.require(model) }
            let actor = context.caller.actor(try request.query("by"))
            guard try await engine.alerts.acknowledge(id, by: actor, at: Engine.systemClock()) else {
                throw HTTPError(.notFound, message: "no alert \(id) is firing")
            }
            return answer(.object(["acknowledged": .integer(id)]))
        }
        router.post("v1/silences") { request, context in
            let body = try await request.bytes(upTo: 64 << 10)
            let json: JSON
            do { json = try JSON.parse(body[...]) } catch { throw HTTPError(.badRequest, message: "the body is not JSON: \(error)") }
            guard let model = json["model"]?.stringValue, let until = json["until"]?.stringValue.flatMap(Timestamp.init(rfc3339:)) else {
                throw HTTPError(
                    .badRequest,
                    message:
                        "expected {\"model\": name, \"until\": RFC 3339, \"monitor\": optional, \"reason\": optional, \"by\": optional}")
            }
            try context.caller.require(model)
            var monitor: Vocabulary.Monitor?
            if let word = json["monitor"], word != .null {
                guard let known = word.stringValue.flatMap(Vocabulary.Monitor.init) else {
                    throw HTTPError(
                        .badRequest,
                        message: "monitor: expected one of \(Vocabulary.Monitor.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                monitor = known
            }
            var silence = Silence(model: model, monitor: monitor, until: until, reason: json["reason"]?.stringValue ?? "")
            let reader = SettingsReader()
            if silence.reason.count > Self.reasonMax { reader.problem("reason", "expected at most \(Self.reasonMax) characters") }
            silence.matchers = AlertMatcher.read(json["matchers"], at: "matchers", reader)
            if silence.matchers.count > AlertMatcher.countMax { reader.problem("matchers", "expected at most \(AlertMatcher.countMax)") }
            if let start = json["starts_at"], start != .null {
                silence.startsAt = start.stringValue.flatMap(Timestamp.init(rfc3339:))
                if silence.startsAt == nil { reader.problem("starts_at", "expected RFC 3339") }
            }
            let now = Engine.systemClock()
            if until <= max(now, silence.startsAt ?? now) { reader.problem("until", "expected a time to come, after starts_at") }
            if let problem = reader.problems.first { throw HTTPError(.badRequest, message: problem) }
            let actor = context.caller.actor(json["by"]?.stringValue)
            guard let id = try await engine.alerts.silence(silence, actor: actor, at: now) else {
                throw HTTPError(.notFound, message: "model: \(model) is not registered")
            }
            return answer(.object(["silence": .integer(id)]), status: .created)
        }
        router.get("v1/silences") { request, context in
            let silences = try await engine.alerts.silences(at: Engine.systemClock())
            let seen = silences.filter { $0.model == Silence.allModels || context.caller.sees($0.model) }
            return try request.list(JSONObject([("silences", .array(seen.map(\.json)))]), of: "silences", columns: ListCSV.silences)
        }
        router.delete("v1/silences/:id") { request, context in
            guard let id = Int64(try context.parameters.require("id")) else {
                throw HTTPError(.badRequest, message: "id: expected a number")
            }
            let actor = context.caller.actor(try request.query("by"))
            guard try await engine.alerts.expireSilence(id, models: context.caller.models, actor: actor, at: Engine.systemClock()) else {
                throw HTTPError(.notFound, message: "no silence \(id) lasts")
            }
            return answer(.object(["expired": .integer(id)]))
        }
    }

    static let reasonMax = 1000
    /// Alerts in one answer.
    static let alertsMax = 1000

    private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let after = try request.after()
        if let after, after.parts.count != 1 || Int64(after.parts[0]) == nil {
            throw HTTPError(.badRequest, message: "after: expected the `next` of an answer")
        }
        let limit = try request.limit(standard: 200, max: Self.alertsMax)
        var alerts = try await engine.alerts.alerts(limit: limit, before: after.flatMap { Int64($0.parts[0]) }, models: caller.models)
        let next = alerts.count == limit ? alerts.last?.id.map { Cursor([String($0)]).text } : nil
        if !caller.seesGroups { alerts = try await engine.redacted(alerts) }
        let budgets = try await engine.alertBudgets(at: Engine.systemClock()).filter { caller.sees($0.model) }
        var object = JSONObject([
            ("alerts", .array(alerts.map(Messages.data))), ("budgets", .array(budgets.map(\.json))), ("next", JSON(next)),
        ])
        if !caller.seesGroups { object["left_out"] = .string(ProtectedValues.note) }
        return try request.list(object, of: "alerts", columns: ListCSV.alerts)
    }
}

extension Engine {
    /// Alerts for those who may not see groups.
    func redacted(_ alerts: [Alert]) async throws -> [Alert] {
        if alerts.isEmpty { return [] }
        let versions = try await registry.versions()
        let schemas = Dictionary(versions.map { ($0.key, $0.schema) }, uniquingKeysWith: { first, _ in first })
        return alerts.map { ProtectedValues.redacted($0, schemas[$0.version] ?? FeatureSchema(features: [])) }
    }
}
