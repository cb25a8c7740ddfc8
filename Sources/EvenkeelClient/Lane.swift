internal import Synchronization

/// A queue and the one sender that empties it, batch after batch. Predictions and labels have one each.
final class Lane: Sendable {
    private struct State {
        var queue: BatchQueue
        /// The sender, while nothing is due.
        var sleeper: CheckedContinuation<Void, Never>?
        /// Something happened while the sender was awake.
        var isWoken = false
        var roomWaiters: [CheckedContinuation<Void, Never>] = []
        /// Callers of `settled`, and how many records must have left the queue.
        var settleWaiters: [Int: (target: Int, continuation: CheckedContinuation<Bool, Never>)] = [:]
        var nextWaiter = 0

        mutating func wake() {
            isWoken = true
            sleeper?.resume()
            sleeper = nil
        }

        mutating func tell() {
            for waiter in roomWaiters { waiter.resume() }
            roomWaiters = []
            for (id, waiter) in settleWaiters where queue.settled >= waiter.target {
                waiter.continuation.resume(returning: true)
                settleWaiters[id] = nil
            }
        }
    }

    private let path: String
    private let limits: ClientLimits
    private let transport: Transport
    private let timing: Timing
    private let onUndelivered: @Sendable ([EvenkeelClient.Undelivered]) -> Void
    private let state: Mutex<State>

    init(
        path: String, limits: ClientLimits, transport: Transport, timing: Timing,
        onUndelivered: @escaping @Sendable ([EvenkeelClient.Undelivered]) -> Void
    ) {
        self.path = path
        self.limits = limits
        self.transport = transport
        self.timing = timing
        self.onUndelivered = onUndelivered
        state = Mutex(State(queue: BatchQueue(limits: limits)))
    }

    var counts: EvenkeelClient.Counts { state.withLock { $0.queue.counts } }

    func append(id: String, line: [UInt8]) -> Bool {
        state.withLock { state in
            guard state.queue.hasRoom(for: line) else {
                state.queue.drop()
                return false
            }
            take(id, line, &state)
            return true
        }
    }

    func appendWaiting(id: String, line: [UInt8]) async -> Bool {
        while true {
            let isTaken: Bool? = state.withLock { state in
                if state.queue.hasRoom(for: line) {
                    take(id, line, &state)
                    return true
                }
                if state.queue.fits(line) { return nil }
                state.queue.drop()
                return false
            }
            if let isTaken { return isTaken }
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    // Room may have come in between.
                    if state.queue.hasRoom(for: line) || !state.queue.fits(line) {
                        continuation.resume()
                    } else {
                        state.roomWaiters.append(continuation)
                    }
                }
            }
        }
    }

    private func take(_ id: String, _ line: [UInt8], _ state: inout State) {
        state.queue.append(id: id, line: line, at: timing.now())
        if state.queue.isNews { state.wake() }
    }

    func close() {
        state.withLock { state in
            state.queue.close()
            state.wake()
            state.tell()
        }
    }

    /// Sends what is queued now without delay. True when all of it has left the queue, false when the time is over.
    func settled(within limit: Duration) async -> Bool {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        var timer: Task<Void, any Error>?
        defer { timer?.cancel() }
        return await withCheckedContinuation { continuation in
            state.withLock { state in
                guard state.queue.counts.waiting > 0 else { return continuation.resume(returning: true) }
                state.queue.flush()
                state.settleWaiters[id] = (state.queue.counts.queued, continuation)
                state.wake()
            }
            // A limit of the caller's real time, whatever the clock of a test says.
            timer = Task {
                try await Task.sleep(for: limit)
                state.withLock { $0.settleWaiters.removeValue(forKey: id)?.continuation.resume(returning: false) }
            }
        }
    }

    /// Ends when the lane is closed and empty, or the task cancelled; then what is left is given up.
    func run() async {
        loop: while !Task.isCancelled {
            switch state.withLock({ $0.queue.next(at: timing.now()) }) {
            case .send(let batch): await deliver(batch)
            case .wait(let duration): await sleep(for: duration)
            case .stop: break loop
            }
        }
        close()
        while let batch = state.withLock({ $0.queue.batches.first }) {
            giveUp(batch, status: nil, "the client was closed before it was acknowledged")
        }
    }

    /// Until something happens, at most this long.
    private func sleep(for duration: Duration?) async {
        let timer = duration.map { duration in
            Task {
                try await timing.sleep(duration)
                state.withLock { $0.wake() }
            }
        }
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if state.isWoken { continuation.resume() } else { state.sleeper = continuation }
            }
        }
        state.withLock { $0.isWoken = false }
        timer?.cancel()
    }

    private func deliver(_ batch: Batch) async {
        var attempt = 0
        while !Task.isCancelled {
            switch Verdict(await transport.post(path, batch.body, key: batch.key)) {
            case .taken(let status, let rejections):
                let bad = rejections.filter { batch.ids.indices.contains($0.index) }
                hand(
                    bad.map {
                        EvenkeelClient.Undelivered(id: batch.ids[$0.index], json: batch.json($0.index), status: status, reason: $0.error)
                    })
                return settle(rejected: bad.count)
            case .refused(let status, let words):
                hand(all(of: batch, status: status, words))
                return settle(rejected: batch.ids.count)
            case .retry(let status, let after, let words):
                guard attempt + 1 < limits.attemptsMax else {
                    return giveUp(batch, status: status, "given up after \(limits.attemptsMax) attempts: \(words)")
                }
                // The only error is cancellation, which ends the loop.
                try? await timing.sleep(limits.retryDelay(after: attempt, retryAfter: after, random: timing.random()))
                if Task.isCancelled { return }
                attempt += 1
                state.withLock { $0.queue.retried() }
            }
        }
    }

    private func giveUp(_ batch: Batch, status: Int?, _ words: String) {
        hand(all(of: batch, status: status, words))
        settle(failed: batch.ids.count)
    }

    private func all(of batch: Batch, status: Int?, _ words: String) -> [EvenkeelClient.Undelivered] {
        batch.ids.indices.map { EvenkeelClient.Undelivered(id: batch.ids[$0], json: batch.json($0), status: status, reason: words) }
    }

    private func settle(rejected: Int = 0, failed: Int = 0) {
        state.withLock { state in
            state.queue.settle(rejected: rejected, failed: failed)
            state.tell()
        }
    }

    private func hand(_ records: [EvenkeelClient.Undelivered]) {
        if !records.isEmpty { onUndelivered(records) }
    }
}
