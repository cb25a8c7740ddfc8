public import Vocabulary

/// Sends what waits in the outbox: at least once, with the same id in every attempt.
///
/// A message is leased while it is sent. If we die in between, the lease ends and it is sent again.
public struct Outbox: Sendable {
    private let ledger: any AlertLedger
    private let destinations: [String: Destination]
    private let schedule: RetrySchedule
    private let metrics: MetricRegistry
    private let clock: @Sendable () -> Timestamp
    private let poster = HTTPPoster()

    /// Messages sent at the same time.
    public static let concurrencyMax = 8
    /// Longer than the longest timeout, so that a slow receiver does not get a message twice.
    public static let leaseSeconds: Int64 = 60

    public init(
        ledger: any AlertLedger, destinations: [Destination], schedule: RetrySchedule = RetrySchedule(), metrics: MetricRegistry,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.ledger = ledger
        self.destinations = Dictionary(destinations.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        self.schedule = schedule
        self.metrics = metrics
        self.clock = clock
    }

    /// Sends what is due now. - Returns: how many messages were tried.
    public func deliverDue() async throws -> Int {
        let due = try await ledger.claim(at: clock(), leaseSeconds: Self.leaseSeconds, limit: Self.concurrencyMax)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for delivery in due {
                group.addTask { try await deliver(delivery) }
            }
            try await group.waitForAll()
        }
        return due.count
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
            outcomes.append(await send(Delivery(id: 0, message: message, attempt: 1, createdAt: now), to: destination))
        }
        return outcomes
    }

    private func deliver(_ delivery: Delivery) async throws {
        let name = delivery.message.destination
        guard let destination = destinations[name] else {
            try await ledger.settle(delivery, .dead(status: nil, error: "there is no destination named \(name)"), at: clock())
            metrics.add(to: .webhookDeliveries, [name, "dead"])
            return
        }
        let outcome = await send(delivery, to: destination)
        try await ledger.settle(delivery, outcome, at: clock())
        let word =
            switch outcome {
            case .sent: "sent"
            case .retry: "retry"
            case .dead: "dead"
            }
        metrics.add(to: .webhookDeliveries, [name, word])
    }

    private func send(_ delivery: Delivery, to destination: Destination) async -> DeliveryOutcome {
        let request: DestinationRequest
        do throws(UnfitMessage) { request = try destination.request(for: delivery.message, at: clock()) } catch {
            return .dead(status: nil, error: "\(error)")
        }
        let result = await poster.post(
            request.url, headers: request.headers, body: request.body, timeoutSeconds: destination.timeoutSeconds)
        if case .success(let status) = result, status == request.knownStatus { return .sent(status: status) }
        return schedule.outcome(attempt: delivery.attempt, result: result, at: clock(), jitter: .random(in: 0...1))
    }
}
