internal import HTTPTypes
internal import Vocabulary

/// What is sent to a route and what it answers: ``RouteTable`` says which routes there are and who may use them.
struct APIOperation: Sendable {
    struct Answer: Sendable {
        /// Content type and the name of a schema; none for an answer without a body.
        var bodies: [(type: String, schema: String)]
        static func json(_ schema: String) -> Answer { Answer(bodies: [("application/json", schema)]) }
        /// JSON or CSV, as `Accept` says; whoever takes neither gets 406.
        static func list(_ schema: String) -> Answer { Answer(bodies: [("application/json", schema), ("text/csv", "Table")]) }
        var isList: Bool { bodies.contains { $0.schema == "Table" } }
    }
    var summary: String
    /// Names of `components.parameters`; those of the path come by themselves.
    var parameters: [String] = []
    var bodies: [(type: String, schema: String)] = []
    var answers: [Int: Answer]
    /// Problems beyond those that the kind of route implies.
    var problems: [Int] = []
}

/// `/openapi.json`: an OpenAPI 3.1 description made of the route table.
enum APIDescription {
    static let text: String = json.text

    private static let records = [("application/json", "Predictions"), ("application/x-ndjson", "Lines")]
    private static let labels = [("application/json", "Labels"), ("application/x-ndjson", "Lines")]
    /// 400 also says of each record why it was rejected.
    private static func ingest(_ schema: String) -> [Int: APIOperation.Answer] {
        [202: .json(schema), 400: APIOperation.Answer(bodies: [("application/json", schema), ("application/problem+json", "Problem")])]
    }

    /// By `METHOD path`, as in the table.
    static let operations: [String: APIOperation] = [
        "GET /healthz": APIOperation(summary: "The process answers.", answers: [200: .json("Status")]),
        "GET /readyz": APIOperation(
            summary: "The database answers too, or records are spooled.", answers: [200: .json("Status")], problems: [503]),
        "GET /openapi.json": APIOperation(summary: "This description.", parameters: ["if_none_match"], answers: [200: .json("Any")]),
        "GET /metrics": APIOperation(
            summary: "Metrics for Prometheus.",
            answers: [
                200: .init(bodies: [
                    ("text/plain; version=0.0.4; charset=utf-8", "Text"),
                    ("application/openmetrics-text; version=1.0.0; charset=utf-8", "Text"),
                ])
            ]),
        "POST /v1/predictions": APIOperation(
            summary: "Store predictions.", parameters: ["idempotency_key"], bodies: records, answers: ingest("IngestAnswer"),
            problems: [413, 415, 422]),
        "POST /v1/labels": APIOperation(
            summary: "Store labels.", parameters: ["idempotency_key"], bodies: labels, answers: ingest("LabelAnswer"),
            problems: [413, 415, 422]),
        "POST /v1/cloudevents": APIOperation(
            summary: "Take the requests and responses of inference services.",
            bodies: [
                ("application/json", "Any"), ("application/cloudevents+json", "Any"), ("application/cloudevents-batch+json", "AnyList"),
            ],
            answers: ingest("EventAnswer").merging([
                429: .init(bodies: [("application/json", "EventAnswer"), ("application/problem+json", "Problem")])
            ]) { $1 }, problems: [413, 415]),
        "GET /v1/models": APIOperation(
            summary: "Models and versions.", parameters: ["limit", "after", "if_none_match"], answers: [200: .list("Models")]),
        "GET /v1/models/{model}/versions/{version}": APIOperation(
            summary: "One version with its schema.", parameters: ["if_none_match"], answers: [200: .json("Version")]),
        "POST /v1/models/{model}/versions/{version}": APIOperation(
            summary: "Register a version from its reference.",
            parameters: [
                "id", "timestamp", "label", "score", "prediction", "sensitive", "ignore", "positive", "threshold", "task", "classes",
                "spec",
            ], bodies: [("text/csv", "Text")], answers: [201: .json("Version")], problems: [409, 413, 415]),
        "DELETE /v1/models/{model}/records/{id}": APIOperation(
            summary: "Erase a record from all versions of a model.", parameters: ["by"], answers: [200: .json("Erased")]),
        "GET /v1/models/{model}/results": APIOperation(
            summary: "Findings, the newest windows first.",
            parameters: [
                "of_version", "segment", "metric", "feature", "attribute", "window", "from", "to", "as_of", "limit", "after",
                "if_none_match",
            ], answers: [200: .list("Results")]),
        "GET /v1/models/{model}/changes": APIOperation(
            summary: "Changes of the errors, as detectors saw them, the newest first.",
            parameters: ["of_version", "from", "to", "limit", "after", "if_none_match"], answers: [200: .list("Changes")]),
        "POST /v1/models/{model}/versions/{version}/model": APIOperation(
            summary: "Store the model file of a version, so that it is scored in shadow.", parameters: ["start", "by"],
            bodies: [("application/octet-stream", "Bytes")], answers: [201: .json("ModelFile")], problems: [409, 413]),
        "GET /v1/models/{model}/shadow": APIOperation(
            summary: "Candidates beside the champion: comparison, verdict, circuit breaker.", parameters: ["if_none_match"],
            answers: [200: .json("Shadow")]),
        "GET /v1/models/{model}/ab": APIOperation(
            summary: "Two variants that both serve, compared on rows of their own.", parameters: ["arms", "shares", "from", "to"],
            answers: [200: .json("Any")]),
        "POST /v1/models/{model}/shadow/{version}/reset": APIOperation(
            summary: "Close the circuit breaker of a candidate.", parameters: ["by"], answers: [200: .json("Any")], problems: [409]),
        "GET /v1/models/{model}/rollout": APIOperation(
            summary: "Which version should get which share of the traffic.", parameters: ["if_none_match"], answers: [200: .json("Rollout")]
        ),
        "POST /v1/models/{model}/rollout": APIOperation(
            summary: "Promote a version, at once or by steps, or roll back.", bodies: [("application/json", "RolloutChange")],
            answers: [200: .json("Rollout")], problems: [409, 413]),
        "GET /v1/alerts": APIOperation(
            summary: "Alerts that fire or are resolved, newest first.", parameters: ["limit", "after", "if_none_match"],
            answers: [200: .list("Alerts")]),
        "POST /v1/alerts/{id}/acknowledge": APIOperation(
            summary: "Note that somebody looks after an alert.", parameters: ["by"], answers: [200: .json("Acknowledged")]),
        "POST /v1/silences": APIOperation(
            summary: "Tell nobody of a model's alerts for a while.", bodies: [("application/json", "Silence")],
            answers: [201: .json("Silenced")], problems: [404, 413, 415]),
        "GET /v1/silences": APIOperation(
            summary: "Silences that last.", parameters: ["if_none_match"], answers: [200: .list("Silences")]),
        "GET /v1/retraining": APIOperation(
            summary: "What trainers were asked for, and what came of it.", parameters: ["if_none_match"],
            answers: [200: .list("Retrainings")]),
        "POST /v1/retraining/{id}": APIOperation(
            summary: "A trainer says what became of its job.", bodies: [("application/json", "RetrainingNews")],
            answers: [200: .json("Retraining")], problems: [404, 409, 413, 415]),
        "POST /v1/retraining/{id}/model": APIOperation(
            summary: "A trainer's job succeeded: its model file, which becomes a candidate in shadow.",
            parameters: ["new_version", "note", "by"], bodies: [("application/octet-stream", "Bytes")],
            answers: [200: .json("Retraining")], problems: [404, 409, 413]),
        "DELETE /v1/silences/{id}": APIOperation(
            summary: "End a silence now.", parameters: ["by"], answers: [200: .json("Expired")], problems: [404]),
    ]

    private static var json: JSON {
        var paths = JSONObject()
        for entry in RouteTable.api {
            guard let operation = operations["\(entry.method) \(entry.path)"] else { continue }
            var path = paths[entry.path]?.objectValue ?? JSONObject()
            path[entry.method.rawValue.lowercased()] = json(entry, operation)
            paths[entry.path] = .object(path)
        }
        return .object([
            "openapi": "3.1.0",
            "info": .object([
                "title": "Evenkeel", "version": .string(Engine.buildVersion),
                "description": "Monitoring of models in production. Times are RFC 3339 text. docs/http.md says the rest.",
                "license": .object(["name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"]),
            ]),
            "servers": .array([.object(["url": "/"])]),
            "paths": .object(paths), "components": APISchemas.components,
        ])
    }

    private static func json(_ entry: RouteEntry, _ operation: APIOperation) -> JSON {
        let inPath = entry.path.matches(of: #/{(\w+)}/#).map { String($0.1) }
        var object = JSONObject([("summary", .string(operation.summary)), ("operationId", .string(name(entry)))])
        if let role = entry.role {
            object["x-role"] = .string(role.rawValue)
            object["security"] = .array([.object(JSONObject([("token", .array([]))]))])
        } else {
            object["security"] = .array([])
        }
        let parameters = inPath.map { "path_" + $0 } + operation.parameters
        object["parameters"] = .array(parameters.map { reference("parameters", $0) })
        if !operation.bodies.isEmpty {
            object["requestBody"] = .object(["required": true, "content": content(operation.bodies)])
        }
        var problems = Set(operation.problems).union([400, 503])
        if entry.role != nil { problems.formUnion([401, 403, 429]) }
        if !inPath.isEmpty { problems.insert(404) }
        if operation.parameters.contains("if_none_match") { problems.insert(304) }
        if operation.answers[200]?.isList == true { problems.insert(406) }
        var answers: [Int: JSON] = [:]
        for status in problems {
            answers[status] =
                status == 304
                ? .object(["description": "As the ETag says."])
                : .object([
                    "description": .string(HTTPResponse.Status(code: status).reasonPhrase),
                    "content": content([("application/problem+json", "Problem")]),
                ])
        }
        for (status, answer) in operation.answers {
            var members = JSONObject([
                ("description", .string(HTTPResponse.Status(code: status).reasonPhrase)), ("content", content(answer.bodies)),
            ])
            if answer.isList {
                members["headers"] = .object(JSONObject(["Next", "Left-Out"].map { ("Evenkeel-\($0)", reference("headers", $0)) }))
            }
            answers[status] = .object(members)
        }
        object["responses"] = .object(JSONObject(answers.sorted { $0.key < $1.key }.map { (String($0.key), $0.value) }))
        return .object(object)
    }

    private static func name(_ entry: RouteEntry) -> String {
        let words = entry.path.split { !$0.isLetter && !$0.isNumber }.filter { $0 != "v1" }
        return ([entry.method.rawValue.lowercased()] + words.map { $0.lowercased() }).joined(separator: "_")
    }

    private static func content(_ bodies: [(type: String, schema: String)]) -> JSON {
        .object(JSONObject(bodies.map { ($0.type, .object(["schema": reference("schemas", $0.schema)])) }))
    }

    private static func reference(_ kind: String, _ name: String) -> JSON { .object(["$ref": .string("#/components/\(kind)/\(name)")]) }
}
