internal import Foundation

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// One attempt to send one body.
struct Transport: Sendable {
    private let url: URL
    private let headers: [String: String]
    private let timeout: Duration

    init(url: URL, headers: [String: String], timeout: Duration) {
        self.url = url
        self.headers = headers
        self.timeout = timeout
    }

    func post(_ path: String, _ body: [UInt8], key: String) async -> Attempt {
        var request = URLRequest(url: url.appendingPathComponent(path))
        request.httpMethod = "POST"
        request.httpBody = Data(body)
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        request.setValue("application/x-ndjson", forHTTPHeaderField: "Content-Type")
        request.setValue(key, forHTTPHeaderField: "Idempotency-Key")
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = timeout / .seconds(1)
        // A session of its own, and so a connection of its own, for each attempt. Where a kept connection is cut, URLSession on Linux
        // spins for ever (swift-corelibs-foundation of 6.3), or answers with an empty body, instead of failing.
        let session = URLSession(configuration: configuration)
        defer { session.finishTasksAndInvalidate() }
        do {
            let (data, response) = try await session.data(for: request)
            guard let response = response as? HTTPURLResponse else { return .failed("no HTTP response") }
            return .answered(
                status: response.statusCode, retryAfter: response.value(forHTTPHeaderField: "Retry-After"), body: data)
        } catch {
            return .failed("\(error.localizedDescription)")
        }
    }
}
