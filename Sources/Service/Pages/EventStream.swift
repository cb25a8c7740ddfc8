internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Pages
internal import ServiceLifecycle
internal import Synchronization
internal import Vocabulary

/// `GET /events`: server-sent events that say when a page should be read anew: after an evaluation, and when an alert begins or ends.
final class EventStreams: Sendable {
    private let open = Mutex(0)
    private let fleet: Kept<FleetPage>

    /// Readers at a time; one more is told to come back.
    static let streamsMax = 100
    static let everySeconds = 3
    /// A stream ends after so many rounds; the browser opens another one by itself.
    static let roundsMax = 200
    /// Rounds after which something is sent in any case, so that proxies keep the connection.
    static let heartbeatRounds = 5

    init(fleet: Kept<FleetPage>) { self.fleet = fleet }

    func response() -> Response {
        var response = Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .xContentTypeOptions: "nosniff"],
            body: .init { writer in
                let isFull = self.open.withLock { count in
                    guard count < Self.streamsMax else { return true }
                    count += 1
                    return false
                }
                if isFull {
                    try await writer.write(ByteBuffer(string: "retry: 60000\n\n"))
                } else {
                    defer { self.open.withLock { $0 -= 1 } }
                    try await self.tell(&writer)
                }
                try await writer.finish(nil)
            })
        response.headers[HTTPField.Name("X-Accel-Buffering")!] = "no"
        return response
    }

    private func tell(_ writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: "retry: 5000\n\n"))
        var told = ""
        for round in 0..<Self.roundsMax {
            // The database may be away for a while: the reader waits.
            let marker = (try? await fleet.current())?.marker ?? told
            if marker != told {
                try await writer.write(ByteBuffer(string: "event: state\ndata: \(marker)\n\n"))
                told = marker
            } else if round % Self.heartbeatRounds == 0 {
                try await writer.write(ByteBuffer(string: ": here\n\n"))
            }
            for _ in 0..<Self.everySeconds {
                if Task.isShuttingDownGracefully { return }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}

extension FleetPage {
    /// Changes with every evaluation and every alert.
    var marker: String {
        let text = models.map { model in
            let times = model.head.evaluations.map { "\($0.window.start.microseconds)-\($0.evaluatedAt.microseconds)" }.joined(
                separator: ",")
            return "\(model.version.streamID):\(times):\(model.firing)"
        }.joined(separator: ";")
        return Digest.hex(Digest.sha256(Array(text.utf8)).prefix(8))
    }

    var newestEvaluation: Timestamp? { models.flatMap(\.head.evaluations).map(\.evaluatedAt).max() }
}
