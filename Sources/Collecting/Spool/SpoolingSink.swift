internal import Synchronization
public import Vocabulary

/// The database's sink, with a spool for when it is away or slow: what is acknowledged is committed there, or synced to the disk here.
///
/// While the spool is empty, writes go to the database. One that it refuses for now, or does not answer in time, is spooled and
/// acknowledged. While the spool holds anything, writes go to its end, so that a label never overtakes its prediction.
///
/// A write that was spooled because the database was slow may be committed all the same, before or after it is replayed. Both find each
/// other, since the database takes the writes of a stream one after the other: predictions by their ids (the replayed record has the same
/// event time), label events by being the very same event, and either by the request's key if it has one.
public final class SpoolingSink: RecordSink {
    private struct State {
        var spool: Spool?
        var isDatabaseReady = true
    }
    private let live: any RecordSink
    let metrics: MetricRegistry
    private let afterSeconds: Double
    private let report: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - afterSeconds: a write that the database has not answered by then is spooled.
    ///   - report: told when the spool begins to be used.
    public init(
        live: any RecordSink, metrics: MetricRegistry, afterSeconds: Double = 5, report: @escaping @Sendable (String) -> Void
    ) {
        self.live = live
        self.metrics = metrics
        self.afterSeconds = afterSeconds
        self.report = report
    }

    /// The spool in use: none until one is given, and then a database that is away is the caller's error.
    public var spool: Spool? { state.withLock { $0.spool } }

    public func use(_ spool: Spool?) { state.withLock { $0.spool = spool } }

    /// Whether the database has our schema. While it has not, everything is spooled.
    public func setDatabaseReady(_ isReady: Bool) { state.withLock { $0.isDatabaseReady = isReady } }

    /// Whether writes go to the spool now.
    public var isSpooling: Bool { state.withLock { $0.spool.map { !$0.isEmpty } ?? false || !$0.isDatabaseReady } }

    public func store(predictions writes: [PredictionWrite]) async throws -> [PredictionReceipt] {
        let (live, metrics) = (live, metrics)
        return try await store(
            writes, { try await live.store(predictions: $0) }, late: { metrics.countStored($0, $1) },
            spooling: { write in
                var receipt = PredictionReceipt(accepted: Int64(write.batch.count), duplicates: 0, stored: [])
                receipt.isSpooled = true
                return (.predictions(SpooledPredictions(write)), receipt)
            })
    }

    public func store(labels writes: [LabelWrite]) async throws -> [LabelReceipt] {
        let (live, metrics) = (live, metrics)
        return try await store(
            writes, { try await live.store(labels: $0) }, late: { metrics.countStored($0, $1) },
            spooling: { write in
                var receipt = LabelReceipt()
                receipt.accepted = Int64(write.batch.count)
                receipt.isSpooled = true
                return (.labels(write), receipt)
            })
    }

    /// - Parameters:
    ///   - body: stores in the database.
    ///   - late: told of each write that the database stored after it was spooled.
    ///   - spooling: a write as the spool holds it, and what is answered for it.
    func store<Write: Sendable, Receipt: Sendable>(
        _ writes: [Write], _ body: @escaping @Sendable ([Write]) async throws -> [Receipt],
        late: @escaping @Sendable (Write, Receipt) -> Void, spooling: (Write) -> (SpooledWrite, Receipt)
    ) async throws -> [Receipt] {
        let receipts = try await throughDatabase {
            try await body(writes)
        } late: { receipts in
            for (write, receipt) in zip(writes, receipts) { late(write, receipt) }
        }
        if let receipts { return receipts }
        let spooled = writes.map(spooling)
        try await append(spooled.map(\.0))
        return spooled.map(\.1)
    }

    /// nil when the write is to be spooled.
    private func throughDatabase<Receipts: Sendable>(
        _ body: @escaping @Sendable () async throws -> Receipts, late: @escaping @Sendable (Receipts) -> Void
    ) async throws -> Receipts? {
        guard let spool else { return try await body() }
        if isSpooling { return nil }
        do {
            if let receipts = try await within(seconds: afterSeconds, body, late: late) { return receipts }
            if spool.isEmpty { report("the database has not answered in \(afterSeconds) s: records go to the spool") }
        } catch let error as any RetryableError where error.isRetryable {
            if spool.isEmpty { report("the database is away or busy, records go to the spool: \(error)") }
        }
        return nil
    }

    private func append(_ writes: [SpooledWrite]) async throws {
        guard let spool else { throw SpoolError(code: .closed, description: "there is no spool") }
        try await spool.append(writes)
        metrics.add(Double(writes.reduce(0) { $0 + $1.count }), to: .spoolRecords, ["spooled"])
    }
}
