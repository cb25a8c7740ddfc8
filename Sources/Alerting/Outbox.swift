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

    private func deliver(_ delivery: Delivery) async throws {
        let name = delivery.message.destination
        guard let destination = destinations[name] else {
            try await ledger.settle(delivery, .dead(status: nil, error: "there is no destination named \(name)"), at: clock())
            metrics.add(to: .webhookDeliveries, [name, "dead"])
            return
        }
        let headers = Messages.headers(delivery.message, secret: destination.secret, at: clock())
        let result = await poster.post(
            destination.url, headers: headers, body: delivery.message.body, timeoutSeconds: destination.timeoutSeconds)
        let outcome = schedule.outcome(attempt: delivery.attempt, result: result, at: clock(), jitter: .random(in: 0...1))
        try await ledger.settle(delivery, outcome, at: clock())
        let word =
            switch outcome {
            case .sent: "sent"
            case .retry: "retry"
            case .dead: "dead"
            }
        metrics.add(to: .webhookDeliveries, [name, word])
    }
}
