public import Foundation

/// Sends the predictions and labels of one model version to Evenkeel, without making the application wait.
///
/// ``record(id:features:score:prediction:groups:latency:at:)`` puts a record into a bounded queue and returns. Behind it one request at a
/// time for predictions, and one for labels, carries a batch. What was not acknowledged is sent again, byte for byte under the same
/// `Idempotency-Key`, so nothing is counted twice. The queue is in memory: call ``close(within:)`` before the process ends.
///
///     let client = EvenkeelClient(url: URL(string: "http://127.0.0.1:8080")!, model: "credit", version: "1")
///     client.record(id: "a-1", features: ["income": 38000, "purpose": "car"], score: 0.83, groups: ["sex": "F"])
///     client.label(id: "a-1", 1)
///     await client.close()
public final class EvenkeelClient: Sendable {
    private let model: String
    private let version: String
    private let predictions: Lane
    private let labels: Lane
    private let tasks: [Task<Void, Never>]

    /// - Parameters:
    ///   - url: Where the service or its proxy is; the routes are appended.
    ///   - headers: Sent with each request, for a proxy that asks who you are.
    ///   - onUndelivered: Called with the records that the service rejected and that were given up, on a task of the client's.
    public convenience init(
        url: URL, model: String, version: String, limits: ClientLimits = ClientLimits(), headers: [String: String] = [:],
        onUndelivered: @escaping @Sendable ([Undelivered]) -> Void = { _ in }
    ) {
        self.init(
            url: url, model: model, version: version, limits: limits, headers: headers, timing: .system, onUndelivered: onUndelivered)
    }

    init(
        url: URL, model: String, version: String, limits: ClientLimits, headers: [String: String], timing: Timing,
        onUndelivered: @escaping @Sendable ([Undelivered]) -> Void
    ) {
        self.model = model
        self.version = version
        let transport = Transport(url: url, headers: headers, timeout: limits.requestTimeout)
        predictions = Lane(path: "v1/predictions", limits: limits, transport: transport, timing: timing, onUndelivered: onUndelivered)
        labels = Lane(path: "v1/labels", limits: limits, transport: transport, timing: timing, onUndelivered: onUndelivered)
        tasks = [predictions, labels].map { lane in Task { await lane.run() } }
    }

    deinit {
        for lane in [predictions, labels] { lane.close() }
        for task in tasks { task.cancel() }
    }

    /// Queues a prediction and returns at once. False if it was dropped: the queue is full, or the client closed.
    @discardableResult
    public func record(
        id: String, features: [String: Value], score: Double? = nil, prediction: Value? = nil, groups: [String: Value] = [:],
        latency: Duration? = nil, at time: Date = Date()
    ) -> Bool {
        var record = Prediction(id: id, features: features, at: time)
        record.score = score
        record.prediction = prediction
        record.groups = groups
        record.latency = latency
        return self.record(record)
    }

    /// The same for a prediction with cost, measures, an error or a variant.
    @discardableResult
    public func record(_ prediction: Prediction) -> Bool {
        predictions.append(id: prediction.id, line: prediction.line(model: model, version: version))
    }

    /// Waits while the queue is full. For jobs that would rather be slow than lose a record; never call it on the path of a request.
    /// False if the client is closed, or the record is larger than the queue.
    @discardableResult
    public func recordWaiting(_ prediction: Prediction) async -> Bool {
        await predictions.appendWaiting(id: prediction.id, line: prediction.line(model: model, version: version))
    }

    /// Queues the true outcome of a prediction, as soon as it is known: before the prediction, late, or once more when it was corrected.
    @discardableResult
    public func label(id: String, _ label: Value, at time: Date = Date()) -> Bool {
        labels.append(id: id, line: Self.labelLine(model: model, id: id, label: label, at: time))
    }

    /// Sends what is queued now, without waiting for full batches. True once all of it is settled: acknowledged, rejected or given up.
    @discardableResult
    public func flush(within limit: Duration = .seconds(30)) async -> Bool {
        async let first = predictions.settled(within: limit)
        async let second = labels.settled(within: limit)
        return await (first, second) == (true, true)
    }

    /// Takes no more records, sends what is queued, and ends. What is not settled within the limit is given up, and handed to
    /// `onUndelivered`; then the answer is false.
    @discardableResult
    public func close(within limit: Duration = .seconds(30)) async -> Bool {
        for lane in [predictions, labels] { lane.close() }
        let isSettled = await flush(within: limit)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        return isSettled
    }

    /// What became of the predictions and labels so far.
    public var counts: Counts { predictions.counts + labels.counts }
}

extension EvenkeelClient {
    /// A record that the service does not have, and why.
    public struct Undelivered: Sendable, Equatable {
        public var id: String
        /// The record as it was sent: a JSON object. For predictions and labels alike.
        public var json: String
        /// Of the answer; nil if it was given up without one.
        public var status: Int?
        /// In the words of the service.
        public var reason: String
    }

    /// At every moment `queued = waiting + sent + rejected + failed`.
    public struct Counts: Sendable, Equatable {
        /// Records that were taken into the queue.
        public var queued = 0
        /// Of these, in the queue or on the way.
        public var waiting = 0
        /// Acknowledged by the service: durable there.
        public var sent = 0
        /// Refused by the service; handed to `onUndelivered`.
        public var rejected = 0
        /// Given up after `attemptsMax`, or when the client was closed; handed to `onUndelivered`.
        public var failed = 0
        /// Not taken into the queue, because it was full or the client closed.
        public var dropped = 0
        /// Requests that were sent again.
        public var retried = 0

        static func + (a: Counts, b: Counts) -> Counts {
            Counts(
                queued: a.queued + b.queued, waiting: a.waiting + b.waiting, sent: a.sent + b.sent, rejected: a.rejected + b.rejected,
                failed: a.failed + b.failed, dropped: a.dropped + b.dropped, retried: a.retried + b.retried)
        }
    }
}
