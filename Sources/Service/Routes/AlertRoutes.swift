internal import Alerting
internal import HTTPTypes
internal import Hummingbird
internal import Storage
internal import Vocabulary

/// Alerts, acknowledgement and silences.
struct AlertRoutes {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>) {
        router.get("v1/alerts") { _, _ in
            answer(
                .object([
                    "alerts": .array(try await engine.alerts.alerts().map(Messages.data)),
                    "budgets": .array(try await engine.alertBudgets(at: Engine.systemClock()).map(\.json)),
                ]))
        }
        router.post("v1/alerts/:id/acknowledge") { request, context in
            guard let id = Int64(try context.parameters.require("id")) else {
                throw HTTPError(.badRequest, message: "id: expected a number")
            }
            let actor = try request.query("by") ?? "http"
            guard try await engine.alerts.acknowledge(id, by: actor, at: Engine.systemClock()) else {
                throw HTTPError(.notFound, message: "no alert \(id) is firing")
            }
            return answer(.object(["acknowledged": .integer(id)]))
        }
        router.post("v1/silences") { request, _ in
            let body = try await request.bytes(upTo: 64 << 10)
            let json: JSON
            do { json = try JSON.parse(body[...]) } catch { throw HTTPError(.badRequest, message: "the body is not JSON: \(error)") }
            guard let model = json["model"]?.stringValue, let until = json["until"]?.stringValue.flatMap(Timestamp.init(rfc3339:)) else {
                throw HTTPError(
                    .badRequest,
                    message:
                        "expected {\"model\": name, \"until\": RFC 3339, \"monitor\": optional, \"reason\": optional, \"by\": optional}")
            }
            var monitor: Vocabulary.Monitor?
            if let word = json["monitor"]?.stringValue {
                guard let known = Vocabulary.Monitor(rawValue: word) else {
                    throw HTTPError(
                        .badRequest,
                        message: "monitor: expected one of \(Vocabulary.Monitor.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                monitor = known
            }
            let silence = Silence(model: model, monitor: monitor, until: until, reason: json["reason"]?.stringValue ?? "")
            let actor = json["by"]?.stringValue ?? "http"
            guard let id = try await engine.alerts.silence(silence, actor: actor, at: Engine.systemClock()) else {
                throw HTTPError(.notFound, message: "model: \(model) is not registered")
            }
            return answer(.object(["silence": .integer(id)]), status: .created)
        }
    }
}
