internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Pages
internal import Synchronization
internal import Vocabulary

/// Problems as a page, for those who ask for HTML: browsers.
struct ErrorPages<Context: RequestContext>: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let response = try await next(request, context)
        guard response.status.code >= 400, response.headers[.contentType] == "application/problem+json",
            request.headers[.accept]?.contains("text/html") == true
        else { return response }
        let collected = Collected()
        try await response.body.write(Collector(into: collected))
        let problem = (try? JSON.parse(collected.text)) ?? .null
        var page = ErrorPage(
            status: Int(response.status.code), title: problem["title"]?.stringValue ?? response.status.reasonPhrase,
            detail: problem["detail"]?.stringValue ?? "")
        page.isOfForm = request.method == .post
        var answer = htmlPage(page.html(PageFrame(now: Engine.systemClock(), build: Engine.buildVersion)), status: response.status)
        for name in [HTTPField.Name.retryAfter, .wwwAuthenticate, .allow] { answer.headers[name] = response.headers[name] }
        return answer
    }

    private final class Collected: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
        func append(_ buffer: ByteBuffer) { bytes.withLock { $0.append(contentsOf: buffer.readableBytesView) } }
    }

    private struct Collector: ResponseBodyWriter {
        let collected: Collected
        init(into collected: Collected) { self.collected = collected }
        mutating func write(_ buffer: ByteBuffer) async throws { collected.append(buffer) }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}

/// A page with the headers that every page has: it loads nothing from elsewhere, runs no script but ours, and stands in no frame.
func htmlPage(_ html: String, status: HTTPResponse.Status = .ok) -> Response {
    var response = text(html, status: status, type: "text/html; charset=utf-8")
    response.headers[.contentSecurityPolicy] =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    // Not "no-referrer": browsers would then hide the origin of our own forms.
    response.headers[HTTPField.Name("Referrer-Policy")!] = "same-origin"
    response.headers[HTTPField.Name("X-Frame-Options")!] = "DENY"
    response.headers[HTTPField.Name("Cross-Origin-Opener-Policy")!] = "same-origin"
    response.headers[.cacheControl] = "no-cache"
    return response
}
