internal import Collecting
internal import HTTPTypes
internal import Hummingbird
internal import Vocabulary

/// `POST /v1/predictions` and `POST /v1/labels`.
struct IngestRoutes {
    let collector: Collector

    func add(to router: Router<BasicRequestContext>) {
        router.post("v1/predictions") { request, _ in
            let (body, isLines, key) = try await Self.read(request, collector.limits)
            let result = try await collector.predictions(body, isLines: isLines, key: key)
            return answer(
                .object([
                    "accepted": .integer(result.accepted), "duplicates": .integer(result.duplicates),
                    "rejected": Self.json(result.rejections),
                ]), status: Self.status(accepted: result.accepted, result.rejections))
        }
        router.post("v1/labels") { request, _ in
            let (body, isLines, key) = try await Self.read(request, collector.limits)
            let result = try await collector.labels(body, isLines: isLines, key: key)
            let receipt = result.receipt
            return answer(
                .object([
                    "accepted": .integer(receipt.accepted), "joined": .integer(receipt.joined), "corrected": .integer(receipt.corrected),
                    "resent": .integer(receipt.resent), "waiting": .integer(receipt.waiting), "rejected": Self.json(result.rejections),
                ]), status: Self.status(accepted: receipt.accepted, result.rejections))
        }
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
    private static func status(accepted: Int64, _ rejections: [Rejection]) -> HTTPResponse.Status {
        accepted == 0 && !rejections.isEmpty ? .badRequest : .accepted
    }

    private static func json(_ rejections: [Rejection]) -> JSON {
        .array(rejections.map { .object(["index": .integer(Int64($0.index)), "error": .string($0.error)]) })
    }
}
