internal import Collecting
internal import Hummingbird
internal import Vocabulary

extension IngestRoutes {
    /// `POST /v1/cloudevents`.
    func cloudEvents(_ request: Request, _ cloudEvents: CloudEventCollector) async throws -> Response {
        let body = try await request.bytes(upTo: limits.bodyBytesMax)
        let result = try await cloudEvents.collect(
            body, contentType: request.headers[.contentType] ?? "",
            headers: request.headers.map { (name: $0.name.canonicalName, value: $0.value) })
        let done = result.accepted + result.waiting + result.repeated
        var response = answer(
            .object([
                "accepted": .integer(result.accepted), "duplicates": .integer(result.duplicates), "waiting": .integer(result.waiting),
                "repeated": .integer(result.repeated), "rejected": Self.json(result.rejections),
            ]),
            // Nothing of it is durable, and it may be later.
            status: done == 0 && result.full > 0 ? .tooManyRequests : Self.status(accepted: done, result.rejections))
        if response.status == .tooManyRequests { response.headers[.retryAfter] = "60" }
        return response
    }
}
