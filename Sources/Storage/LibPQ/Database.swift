internal import Dispatch
internal import Synchronization
public import Vocabulary

/// A few connections, each with its own queue. libpq blocks, so it never runs on Swift's cooperative pool: with two cores, two
/// blocked calls would stop the whole service.
///
/// A broken connection is made anew the next time it is needed; the caller gets the error and decides whether to try again.
public final class Database: Sendable {
    /// One connection and the queue that alone touches it.
    // Sound because `connection` is only read and written on `queue`.
    private final class Lane: @unchecked Sendable {
        let queue: DispatchQueue
        var connection: Connection?
        init(_ number: Int) { queue = DispatchQueue(label: "evenkeel.database.\(number)") }
    }
    private struct State {
        var idle: [Lane]
        var waiting: [CheckedContinuation<Lane, Never>] = []
    }
    private let state: Mutex<State>
    private let conninfo: Secret
    public let connectionCount: Int

    /// Callers that may wait for a connection; more are refused as `busy`.
    public static let waitersMax = 256

    /// - Parameter url: a libpq connection string or `postgresql://` URL.
    public init(url: Secret, connections: Int = 4) {
        conninfo = url
        connectionCount = connections
        state = Mutex(State(idle: (0..<connections).map(Lane.init)))
    }

    /// How long a task waits for an answer; nil for as long as it takes. A server that hangs ends no connection.
    @TaskLocal public static var answerSeconds: Double?

    /// Runs `body` on a connection's own thread.
    ///
    /// - Throws: ``StoreError`` `.unavailable` after ``answerSeconds``; the statement goes on and its answer is dropped.
    func run<R: Sendable>(_ body: @escaping @Sendable (Connection) throws -> R) async throws -> R {
        guard let seconds = Self.answerSeconds else { return try await wait(body) }
        guard let value = try await within(seconds: seconds, { try await self.wait(body) }) else {
            throw StoreError(.unavailable, "the database did not answer within \(Int(seconds)) s")
        }
        return value
    }

    private func wait<R: Sendable>(_ body: @escaping @Sendable (Connection) throws -> R) async throws -> R {
        let lane = try await checkOut()
        defer { checkIn(lane) }
        return try await withCheckedThrowingContinuation { continuation in
            lane.queue.async {
                continuation.resume(
                    with: Result {
                        if lane.connection == nil || lane.connection?.isBroken == true || lane.connection?.isHungUp == true {
                            lane.connection = nil
                            lane.connection = try Connection(conninfo: self.conninfo.reveal())
                        }
                        guard let connection = lane.connection else { throw StoreError(.unavailable, "no connection") }
                        do { return try body(connection) } catch {
                            if connection.isBroken || connection.isInTransaction { lane.connection = nil }
                            throw error
                        }
                    })
            }
        }
    }

    func transaction<R: Sendable>(_ body: @escaping @Sendable (Connection) throws -> R) async throws -> R {
        try await run { connection in try connection.transaction { try body(connection) } }
    }

    func snapshot<R: Sendable>(_ body: @escaping @Sendable (Connection) throws -> R) async throws -> R {
        try await run { connection in try connection.snapshot { try body(connection) } }
    }

    /// Whether the server answers now.
    public func ping() async throws { try await run { try $0.run("select 1") } }

    private func checkOut() async throws -> Lane {
        let lane = try state.withLock { state -> Lane? in
            if let lane = state.idle.popLast() { return lane }
            if state.waiting.count >= Database.waitersMax { throw StoreError(.busy, "every database connection is taken") }
            return nil
        }
        if let lane { return lane }
        return await withCheckedContinuation { continuation in
            let lane = state.withLock { state -> Lane? in
                if let lane = state.idle.popLast() { return lane }
                state.waiting.append(continuation)
                return nil
            }
            if let lane { continuation.resume(returning: lane) }
        }
    }

    private func checkIn(_ lane: Lane) {
        let next = state.withLock { state -> CheckedContinuation<Lane, Never>? in
            if state.waiting.isEmpty {
                state.idle.append(lane)
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume(returning: lane)
    }
}
