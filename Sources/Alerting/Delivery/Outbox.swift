internal import Synchronization
public import Vocabulary

/// Sends what waits in the outbox: at least once, with the same id in every attempt.
///
/// A message is leased while it is sent. If we die in between, the lease ends and it is sent again. Each destination has a lane of its own: one that
/// hangs holds up no other.
public struct Outbox: Sendable {
    private let ledger: any AlertLedger
    private let destinations: [String: Destination]
    private let schedule: RetrySchedule
    private let metrics: MetricRegistry
    private let clock: @Sendable () -> Timestamp
    private let poster: HTTPPoster
    private let lanes = Lanes()

    /// Messages on their way to one destination at the same time.
    public static let concurrencyMax = 16
    /// What a lease has beyond the destination's timeout, so that a slow receiver does not get a message twice.
    public static let leaseMarginSeconds: Int64 = 10

    public init(
        ledger: any AlertLedger, destinations: [Destination], targets: TargetRules = TargetRules(),
        schedule: RetrySchedule = RetrySchedule(),
        metrics: MetricRegistry, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.ledger = ledger
        self.destinations = Dictionary(destinations.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        self.schedule = schedule
        self.metrics = metrics
        self.clock = clock
        poster = HTTPPoster(targets: targets)
        for destination in destinations {
            for outcome in ["sent", "retry", "dead"] { metrics.add(0, to: .webhookDeliveries, [destination.name, outcome]) }
            metrics.set(0, in: .breakerOpen, [destination.name])
        }
    }

    /// The destinations with messages that are due and whose lanes are idle. Each must be handed to ``drain(_:)``.
    public func takeDue() async throws -> [DueDestination] {
        let now = clock()
        return try await ledger.dueDestinations(at: now).filter { lanes.take($0.name, at: now) }
    }

    /// Sends all that is due to a destination, and frees its lane.
    ///
    /// - Parameter goesOn: asked between two batches.
    public func drain(_ due: DueDestination, while goesOn: @Sendable () -> Bool = { true }) async throws {
        defer { lanes.free(due.name) }
        while try await sendSome(due) > 0, !Task.isCancelled, goesOn() {}
    }

    /// Sends what is due now, to each destination at most ``concurrencyMax`` messages. - Returns: how many messages were tried.
    public func deliverDue() async throws -> Int {
        let due = try await takeDue()
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for destination in due {
                group.addTask {
                    defer { lanes.free(destination.name) }
                    return try await sendSome(destination)
                }
            }
            return try await group.reduce(0, +)
        }
    }

    /// Sends a made-up alert and its end to a destination now, once, past the outbox: whether it is reached and understands us.
    ///
    /// - Returns: what became of the two; nil when there is no destination of that name.
    public func test(_ name: String) async -> [DeliveryOutcome]? {
        guard let destination = destinations[name] else { return nil }
        let now = clock()
        var outcomes: [DeliveryOutcome] = []
        let messages = destination.format.takesAlerts ? Messages.test(at: now, to: name) : [Messages.testRetraining(at: now, to: name)]
        for message in messages {
            outcomes.append(await send(Delivery(id: 0, message: message, attempt: 1, createdAt: now), to: destination).settlement.outcome)
        }
        return outcomes
    }

    /// - Returns: how many messages were tried.
    private func sendSome(_ due: DueDestination) async throws -> Int {
        let name = due.name
        let destination = destinations[name]
        let isSent = destination != nil && due.disabled == nil
        let limit = isSent ? lanes.admitted(name, of: Self.concurrencyMax, at: clock()) : Self.concurrencyMax
        guard limit > 0 else { return 0 }
        let lease = Int64(destination?.timeoutSeconds ?? 0) + Self.leaseMarginSeconds
        let claimed = try await ledger.claim(at: clock(), for: name, leaseSeconds: lease, limit: limit)
        if claimed.isEmpty { return 0 }
        var attempts: [Attempt] = []
        if let destination, isSent {
            attempts = await withTaskGroup(of: Attempt.self) { group in
                for delivery in claimed { group.addTask { await send(delivery, to: destination) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
        } else {
            let error = due.disabled.map { "the destination is disabled: \($0)" } ?? "there is no destination named \(name)"
            attempts = claimed.map {
                Attempt(settlement: Settlement(delivery: $0, outcome: .dead(status: nil, error: error), milliseconds: 0), wasAsked: false)
            }
        }
        let ended = attempts.map(\.settlement)
        try await ledger.settle(ended, at: clock())
        for one in ended {
            // By this id it is found again, here and at the receiver.
            let exemplar = MetricSample.Exemplar("message_id", one.delivery.message.messageID, at: clock())
            metrics.add(to: .webhookDeliveries, [name, one.word], exemplar: exemplar)
        }
        if isSent {
            let gone = ended.first { $0.outcome.isGone }
            if let gone { try await disable(name, because: gone.outcome) }
            // A message that the destination cannot take says nothing of the destination.
            let asked = attempts.filter(\.wasAsked).map(\.settlement.outcome.isWell)
            let isOpen = lanes.note(name, asked, at: clock())
            metrics.set(isOpen || gone != nil ? 1 : 0, in: .breakerOpen, [name])
            // It was taken as one that works; the next look knows better.
            if gone != nil { return 0 }
        } else if destination != nil {
            metrics.set(1, in: .breakerOpen, [name])
        }
        return ended.count
    }

    private func disable(_ name: String, because outcome: DeliveryOutcome) async throws {
        guard case .dead(_, let error) = outcome else { return }
        try await ledger.disable(name, reason: error, at: clock())
    }

    private struct Attempt: Sendable {
        var settlement: Settlement
        var wasAsked = true
    }

    private func send(_ delivery: Delivery, to destination: Destination) async -> Attempt {
        let started = ContinuousClock.now
        func ended(_ outcome: DeliveryOutcome, wasAsked: Bool = true) -> Attempt {
            let milliseconds = Int64(started.duration(to: .now) / .milliseconds(1))
            return Attempt(settlement: Settlement(delivery: delivery, outcome: outcome, milliseconds: milliseconds), wasAsked: wasAsked)
        }
        let request: DestinationRequest
        do throws(UnfitMessage) { request = try destination.request(for: delivery.message, at: clock()) } catch {
            return ended(.dead(status: nil, error: "\(error)"), wasAsked: false)
        }
        let result = await poster.exchange(
            request.url, headers: request.headers, body: request.body, timeoutSeconds: destination.timeoutSeconds,
            authoritiesFile: destination.authoritiesFile)
        if case .success(let answer) = result, answer.status == request.knownStatus { return ended(.sent(status: answer.status)) }
        let retryAfter = try? result.get().retryAfterSeconds
        return ended(
            schedule.outcome(
                attempt: delivery.attempt, result: result.map(\.status), retryAfterSeconds: retryAfter, at: clock(),
                jitter: .random(in: 0...1)))
    }
}

extension DeliveryOutcome {
    /// Whether the destination works, be it that it refused the message.
    fileprivate var isWell: Bool {
        switch self {
        case .sent: true
        case .retry(_, let status, _), .dead(let status, _): status.map { $0 < 500 && $0 != 429 && $0 != 408 } ?? false
        }
    }
    fileprivate var isGone: Bool { if case .dead(410, _) = self { true } else { false } }
}

/// Which destinations are being served, and whether each is worth asking.
private final class Lanes: Sendable {
    private struct Lane {
        var isBusy = false
        var breaker = CircuitBreaker()
    }
    private let lanes = Mutex<[String: Lane]>([:])

    /// - Returns: false while the lane is busy, or its destination is left alone.
    func take(_ name: String, at now: Timestamp) -> Bool {
        lanes.withLock { lanes in
            var lane = lanes[name] ?? Lane()
            guard !lane.isBusy, lane.breaker.admitted(of: 1, at: now) > 0 else { return false }
            lane.isBusy = true
            lanes[name] = lane
            return true
        }
    }
    func free(_ name: String) { lanes.withLock { $0[name]?.isBusy = false } }
    func admitted(_ name: String, of count: Int, at now: Timestamp) -> Int {
        lanes.withLock { $0[name]?.breaker.admitted(of: count, at: now) ?? count }
    }
    /// - Returns: whether the destination is left alone now.
    func note(_ name: String, _ outcomes: [Bool], at now: Timestamp) -> Bool {
        lanes.withLock { lanes in
            for isWell in outcomes { lanes[name]?.breaker.note(isWell: isWell, at: now) }
            return lanes[name]?.breaker.isOpen ?? false
        }
    }
}
