internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTPTypes

/// Ends connections whose requests do not come, or whose answers are not taken: who opens many and sends or reads a byte now and then would
/// hold them all.
final class RequestPace: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// A body may take `bodySeconds`, and longer while it comes at least this fast.
    static let bodyBytesPerSecondMin = 262_144.0

    /// What waits to be taken may take `answerSeconds`, and longer while it goes at least this fast.
    static let answerBytesPerSecondMin = 16_384.0

    private let limits: HTTPLimits
    private var timer: Scheduled<Void>?
    private var isFirst = true
    private var isBodyComing = false
    private var bodyBytes = 0
    private var bodyStart = NIODeadline.now()
    /// Since when the other side has not taken what waits, and how much that is at most.
    private var stall: Scheduled<Void>?
    private var waitingBytes = 0
    /// Requests that were begun and whose answer has not ended.
    private var answersDue = 0

    init(_ limits: HTTPLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { look(context) } }

    func channelActive(context: ChannelHandlerContext) {
        look(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        forget()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { forget() }

    private func forget() {
        timer?.cancel()
        stall?.cancel()
    }

    /// More waits for the other side than the channel holds, or it has taken most of that.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable { waitUntilTaken(context, since: .now(), for: limits.answerSeconds) }
        context.fireChannelWritabilityChanged()
    }

    private func waitUntilTaken(_ context: ChannelHandlerContext, since start: NIODeadline, for seconds: Double) {
        stall = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(max(0.001, seconds) * 1e9))) {
            let spent = Double((NIODeadline.now() - start).nanoseconds) / 1e9
            let allowed = self.limits.answerSeconds + Double(self.waitingBytes) / Self.answerBytesPerSecondMin
            if spent < allowed { return self.waitUntilTaken(context, since: start, for: allowed - spent) }
            context.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Who asks first (curl does for a large body) waits for this; what is wrong with the request is said after the body as before.
            if head.headerFields[.expect]?.lowercased() == "100-continue" {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
            isFirst = false
            isBodyComing = true
            bodyBytes = 0
            bodyStart = .now()
            answersDue += 1
            look(context)
        case .body(let part): bodyBytes += part.readableBytes
        case .end:
            isBodyComing = false
            look(context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: break
        case .body(let part): waitingBytes = (context.channel.isWritable ? 0 : waitingBytes) + part.readableBytes
        case .end:
            answersDue -= 1
            look(context)
        }
        context.write(data, promise: promise)
    }

    /// Sets the timer that suits what is waited for.
    private func look(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        if isBodyComing {
            // Of a request that waits behind another one the body is not read: that is our doing.
            if answersDue <= 1 { wait(limits.bodySeconds, context) }
        } else if answersDue == 0 {
            wait(isFirst ? limits.headSeconds : limits.idleSeconds, context)
        }
    }

    private func wait(_ seconds: Double, _ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(max(0.001, seconds) * 1e9))) {
            let spent = Double((NIODeadline.now() - self.bodyStart).nanoseconds) / 1e9
            let allowed = self.limits.bodySeconds + Double(self.bodyBytes) / Self.bodyBytesPerSecondMin
            if self.isBodyComing, spent < allowed { return self.wait(allowed - spent, context) }
            context.close(promise: nil)
        }
    }
}
