internal import Collecting
internal import HTTPTypes
internal import Hummingbird
internal import Vocabulary

/// `POST /v1/predictions`, `POST /v1/labels` and `POST /v1/cloudevents`.
struct IngestRoutes {
    let collectors: ScopedCollectors
    let limits: CollectorLimits
    let gate: BodyGate

    init(engine: Engine) {
        collectors = ScopedCollectors(engine: engine)
        limits = engine.configuration.limits
        gate = BodyGate(bytesMax: limits.bodyBytesInWorkMax)
    }

    func add(to router: Router<ServiceContext>) {
        router.post("v1/predictions") { request, context in
            try await admitted(request) { try await predictions(request, collectors.pair(for: context.caller).collector) }
        }
        router.post("v1/labels") { request, context in
            try await admitted(request) { try await labels(request, collectors.pair(for: context.caller).collector) }
        }
        router.post("v1/cloudevents") { request, context in
            try await admitted(request) { try await cloudEvents(request, collectors.pair(for: context.caller).cloudEvents) }
        }
    }

    private func admitted(_ request: Request, _ handle: () async throws -> Response) async throws -> Response {
        // A body of unannounced length, or a packed one, may become as large as is allowed.
        let announced = request.headers[.contentEncoding] == nil ? request.headers[.contentLength].flatMap { Int($0) } : nil
        let bytes = announced ?? limits.bodyBytesMax
        if let response = try await gate.admit(min(max(0, bytes), limits.bodyBytesMax), handle) { return response }
        return tooMany("limits.body_bytes_in_work_max: \(limits.bodyBytesInWorkMax) bytes are in work, send it again", retryAfter: 1)
    }

    private func predictions(_ request: Request, _ collector: Collector) async throws -> Response {
        let (body, isLines, key) = try await Self.read(request, limits)
        let result = try await collector.predictions(body, isLines: isLines, key: key)
        return answer(
            .object([
                "accepted": .integer(result.accepted), "duplicates": .integer(result.duplicates),
                "rejected": Self.json(result.rejections),
            ]), status: Self.status(accepted: result.accepted, result.rejections))
    }

    private func labels(_ request: Request, _ collector: Collector) async throws -> Response {
        let (body, isLines, key) = try await Self.read(request, limits)
        let result = try await collector.labels(body, isLines: isLines, key: key)
        let receipt = result.receipt
        return answer(
            .object([
                "accepted": .integer(receipt.accepted), "joined": .integer(receipt.joined), "corrected": .integer(receipt.corrected),
                "resent": .integer(receipt.resent), "waiting": .integer(receipt.waiting), "rejected": Self.json(result.rejections),
            ]), status: Self.status(accepted: receipt.accepted, result.rejections))
    }

    private static func read(_ request: Request, _ limits: CollectorLimits) async throws -> (body: [UInt8], isLines: Bool, key: String?) {
        let type = request.headers[.contentType]?.lowercased() ?? ""
        let isLines = type.contains("ndjson") || type.contains("jsonl") || type.contains("json-seq")
        var key: String?
        if let name = HTTPField.Name("Idempotency-Key"), let value = request.headers[name] {
            guard !value.isEmpty, value.utf8.count <= 200 else {
                throw HTTPError(.badRequest, message: "Idempotency-Key: \(value.utf8.count) bytes, expected 1 to 200")
            }
            key = value
        }
        return (try await request.bytes(upTo: limits.bodyBytesMax), isLines, key)
    }

    /// 202 when anything is durable; 400 when every record was at fault.
    static func status(accepted: Int64, _ rejections: [Rejection]) -> HTTPResponse.Status {
        accepted == 0 && !rejections.isEmpty ? .badRequest : .accepted
    }

    static func json(_ rejections: [Rejection]) -> JSON {
        .array(rejections.map { .object(["index": .integer(Int64($0.index)), "error": .string($0.error)]) })
    }
}
