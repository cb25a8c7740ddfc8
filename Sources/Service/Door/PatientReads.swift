internal import HTTPTypes
internal import Hummingbird
internal import Storage

/// Who reads waits for the database so long, and is told then: nobody looks at an empty page at three in the morning.
struct PatientReads: RouterMiddleware {
    static let seconds = 15.0

    func handle(_ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response) async throws
        -> Response
    {
        // What writes may still be done later, and has to say what came of it.
        guard request.method == .get || request.method == .head else { return try await next(request, context) }
        return try await Database.$answerSeconds.withValue(Self.seconds) { try await next(request, context) }
    }
}
