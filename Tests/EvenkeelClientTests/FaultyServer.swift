import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

/// A real HTTP server on a free port that does to each request what its test says.
final class FaultyServer: Sendable {
    struct Request: Sendable {
        var path: String
        var type: String
        var key: String
        var body: String
        var ids: [String] {
            body.split(separator: "\n").compactMap { line in
                (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["id"] as? String
            }
        }
    }

    enum Step: Sendable {
        case answer(Int, String, retryAfter: String? = nil)
        /// The connection ends without an answer.
        case cut

        static func accepted(_ count: Int) -> Step { .answer(202, "{\"accepted\":\(count),\"duplicates\":0,\"rejected\":[]}") }
    }

    private let log: Log
    private let channel: any Channel

    var requests: [Request] { log.requests.withLock { $0 } }
    var url: URL { get throws { try #require(URL(string: "http://127.0.0.1:\(channel.localAddress?.port ?? 0)")) } }

    /// `respond` is also told how many requests came before.
    init(_ respond: @escaping @Sendable (Request, Int) async -> Step) async throws {
        let log = Log()
        self.log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler { request in
                            let before = log.requests.withLock { requests in
                                requests.append(request)
                                return requests.count - 1
                            }
                            return await respond(request, before)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    deinit { channel.close(promise: nil) }

    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private let respond: @Sendable (Request) async -> Step
        private var request = Request(path: "", type: "", key: "", body: "")

        init(_ respond: @escaping @Sendable (Request) async -> Step) { self.respond = respond }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                request = Request(
                    path: head.uri, type: head.headers.first(name: "content-type") ?? "",
                    key: head.headers.first(name: "idempotency-key") ?? "", body: "")
            case .body(let buffer): request.body += String(buffer: buffer)
            case .end:
                let (channel, request, respond) = (context.channel, request, respond)
                Task {
                    switch await respond(request) {
                    case .cut: try await channel.close()
                    case .answer(let status, let text, let retryAfter):
                        var headers = HTTPHeaders([("content-length", "\(text.utf8.count)")])
                        if let retryAfter { headers.add(name: "retry-after", value: retryAfter) }
                        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
                        channel.write(HTTPServerResponsePart.head(head), promise: nil)
                        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text))), promise: nil)
                        try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
                    }
                }
            }
        }
    }
}
