internal import Collecting
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Storage
internal import Synchronization
internal import Tables
internal import Vocabulary

/// An answer with a JSON body.
func answer(_ json: JSON, status: HTTPResponse.Status = .ok, type: String = "application/json") -> Response {
    text(json.text + "\n", status: status, type: type)
}

func text(_ body: String, status: HTTPResponse.Status = .ok, type: String) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = type
    headers[.xContentTypeOptions] = "nosniff"
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: body)))
}

/// A problem as RFC 9457 tells it. Its type names the kind of failure, and stays when words change.
func problem(_ status: HTTPResponse.Status, _ detail: String) -> Response {
    let kind = status.reasonPhrase.lowercased().replacing(" ", with: "-")
    return answer(
        .object([
            "type": .string("urn:evenkeel:problem:" + kind), "title": .string(status.reasonPhrase),
            "status": .integer(Int64(status.code)), "detail": .string(detail),
        ]), status: status, type: "application/problem+json")
}

func tooMany(_ detail: String, retryAfter seconds: Int) -> Response {
    var response = problem(.tooManyRequests, detail)
    response.headers[.retryAfter] = String(seconds)
    return response
}

private func unavailable(_ detail: String) -> Response {
    var response = problem(.serviceUnavailable, detail)
    response.headers[.retryAfter] = "2"
    return response
}

/// Turns what routes throw into answers: what the caller can mend is said, what is ours is logged.
struct ErrorAnswers<Context: RequestContext>: RouterMiddleware {
    let logger: Logger
    private let retried = SeldomLog()

    init(logger: Logger) { self.logger = logger }

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        do { return try await next(request, context) } catch let error as RequestError {
            return problem(error.code == .tooLarge ? .contentTooLarge : .badRequest, error.description)
        } catch let error as TableError {
            return problem(.badRequest, error.description)
        } catch let error as ConfigurationError {
            return problem(.badRequest, error.description)
        } catch let error as ScopeError {
            return problem(.forbidden, error.description)
        } catch is NIOTooManyBytesError {
            return problem(.contentTooLarge, "the body is too large: send fewer records a request")
        } catch let error as BatchKeyConflict {
            return problem(.unprocessableContent, error.description)
        } catch let error as StoreError where error.code == .conflict {
            return problem(.conflict, error.description)
        } catch let error as PrivacyKeyError {
            // The client did nothing wrong: the same request is taken once the key is there.
            logger.error("\(request.method) \(request.uri.path): \(error)")
            return unavailable(error.description)
        } catch let error as any RetryableError where error.isRetryable {
            retried.warn("\(request.method) \(request.uri.path): \(error)", kind: "\(type(of: error))", logger)
            let spool = (error as? SpoolError).map { $0.code == .full ? "the spool is full (spool.bytes_max), and " : "" } ?? ""
            return unavailable("\(spool)the database is away or busy: send the same request again")
        } catch let error as HTTPError {
            var response = problem(error.status, error.body ?? error.status.reasonPhrase)
            response.headers[.acceptEncoding] = error.headers[.acceptEncoding]
            return response
        } catch {
            logger.error("\(request.method) \(request.uri.path): \(error)")
            return problem(.internalServerError, "an error of ours: see the service's log")
        }
    }
}

/// Lets a log have the first of many warnings of one kind, and then one in ten seconds with how many there were: clients that send again
/// and again must not fill the disk that the spool needs.
final class SeldomLog: Sendable {
    static let pauseSeconds = 10.0
    private let kinds = Mutex<[String: (said: ContinuousClock.Instant, since: Int)]>([:])

    func warn(_ message: String, kind: String, _ logger: Logger, now: ContinuousClock.Instant = .now) {
        let since: Int? = kinds.withLock { kinds in
            if let known = kinds[kind], known.said.duration(to: now) < .seconds(Self.pauseSeconds) {
                kinds[kind] = (known.said, known.since + 1)
                return nil
            }
            defer { kinds[kind] = (now, 0) }
            return kinds[kind]?.since ?? 0
        }
        guard let since else { return }
        logger.warning("\(message)\(since > 0 ? " (and \(since) more since the last line)" : "")")
    }
}

extension Response {
    /// A header that has no constant.
    mutating func set(_ name: String, _ value: String) {
        if let name = HTTPField.Name(name) { headers[name] = value }
    }
}

extension Request {
    /// The whole body, at most `limit` bytes, and as many unpacked.
    func bytes(upTo limit: Int) async throws -> [UInt8] {
        let encoding = headers[.contentEncoding]?.lowercased() ?? "identity"
        guard ["identity", "zstd", "gzip", "x-gzip", "deflate"].contains(encoding) else {
            throw HTTPError(
                .unsupportedMediaType, headers: [.acceptEncoding: "zstd, gzip, deflate"],
                message: "content-encoding \(encoding.prefix(60)), expected zstd, gzip, deflate or none")
        }
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > limit {
            throw HTTPError(.contentTooLarge, message: "\(announced) bytes, expected at most \(limit)")
        }
        var request = self
        let buffer = try await request.collectBody(upTo: limit)
        let bytes = Array(buffer.readableBytesView)
        return Self.withoutMark(try Self.unpacked(bytes, encoding, limit: limit))
    }

    /// A byte order mark, which some editors put before a text, is no part of it.
    private static func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    private static func unpacked(_ bytes: [UInt8], _ encoding: String, limit: Int) throws -> [UInt8] {
        switch encoding {
        case "identity": return bytes
        case "zstd": return try zstdUnpacked(bytes, limit: limit)
        default: return try gunzipped(bytes, limit: limit)
        }
    }

    /// - Throws: 400 for a NUL character, which no stored text holds.
    func query(_ name: String) throws -> String? {
        guard let value = uri.queryParameters[Substring(name)].flatMap({ $0.isEmpty ? nil : String($0) }) else { return nil }
        guard !value.contains("\0") else { throw HTTPError(.badRequest, message: "\(name): holds a NUL character") }
        return value
    }
}

extension RequestContext {
    /// A name in the path, decoded.
    func name(_ parameter: String) throws -> String {
        let raw = try parameters.require(parameter)
        guard let decoded = raw.removingPercentEncoding, !decoded.contains("\0") else {
            throw HTTPError(.badRequest, message: "\(parameter): not percent-encoded UTF-8 without NUL")
        }
        return decoded
    }
}
