public import Vocabulary

/// What a receiver answered.
public struct HTTPAnswer: Sendable, Equatable {
    public var status: Int
    /// What it asked for with `Retry-After`, 0 for nothing.
    public var retryAfterSeconds: Int
    public init(status: Int, retryAfterSeconds: Int = 0) {
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds
    }
}

/// Sends POST requests with libcurl: many at a time on one thread, over connections that are kept.
public struct HTTPPoster: Sendable {
    private let loop: CurlLoop

    /// - Parameter targets: where it may connect to.
    public init(targets: TargetRules = TargetRules()) { loop = CurlLoop(targets: targets) }

    /// - Returns: the HTTP status.
    public func post(_ url: Secret, headers: [(name: String, value: String)], body: String, timeoutSeconds: Int) async -> Result<
        Int, HTTPFailure
    > {
        await exchange(url, headers: headers, body: body, timeoutSeconds: timeoutSeconds).map(\.status)
    }

    /// - Parameter authoritiesFile: a PEM file of those who may have signed the receiver's certificate; nil for the system's.
    public func exchange(
        _ url: Secret, headers: [(name: String, value: String)], body: String, timeoutSeconds: Int, authoritiesFile: String? = nil
    ) async -> Result<HTTPAnswer, HTTPFailure> {
        // A line break in a header would start another one.
        if headers.contains(where: { $0.value.contains(where: \.isNewline) }) { return .failure(HTTPFailure("a header with a line break")) }
        let lines = headers.map { "\($0.name): \($0.value)" }
        return await loop.perform(
            CurlRequest(url: url, headers: lines, body: body, timeoutSeconds: timeoutSeconds, authoritiesFile: authoritiesFile))
    }

    /// Connects, with TLS where the URL says so, and sends nothing.
    ///
    /// - Returns: nil when the other side was reached.
    public func reach(_ url: Secret, timeoutSeconds: Int, authoritiesFile: String? = nil) async -> HTTPFailure? {
        switch await loop.perform(
            CurlRequest(url: url, headers: [], body: nil, timeoutSeconds: timeoutSeconds, authoritiesFile: authoritiesFile))
        {
        case .success: nil
        case .failure(let failure): failure
        }
    }
}
