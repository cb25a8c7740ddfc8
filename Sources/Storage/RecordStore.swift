internal import Migrations
internal import Profiles
public import Vocabulary

extension StoreError: RetryableError {}

/// Predictions and labels: rows, profile deltas, dirty marks and the receipt, all in one transaction.
///
/// Writers of one stream take turns (an advisory lock of the transaction), so that finding repeated ids, giving out level codes
/// and joining labels see a settled state. Streams do not wait for each other.
public struct RecordStore: RecordSink, Sendable {
    let database: Database
    let references = ReferenceCache()
    let levels = LevelDictionary()
    let partitions = Partitions()
    let clock: @Sendable () -> Timestamp

    /// A repeated id is recognised within this distance of event time.
    public static let duplicateHorizonSeconds: Int64 = 7 * 86_400

    public init(database: Database, clock: @escaping @Sendable () -> Timestamp) {
        self.database = database
        self.clock = clock
    }

    public func store(predictions writes: [PredictionWrite]) async throws -> [PredictionReceipt] {
        let now = clock()
        // Always in the order of streams, so that two requests never wait for each other in a circle.
        let order = writes.indices.sorted { writes[$0].version.streamID < writes[$1].version.streamID }
        return try await database.run { connection in
            try partitions.ensure(writes.flatMap(\.batch.timestamps), on: connection)
            var receipts = [PredictionReceipt](repeating: PredictionReceipt(accepted: 0, duplicates: 0, stored: []), count: writes.count)
            var codes: [Int64: LevelDictionary.Codes] = [:]
            try connection.transaction {
                for i in order { receipts[i] = try store(writes[i], at: now, codes: &codes, on: connection) }
            }
            for (stream, codes) in codes { levels.remember(codes, of: stream) }
            return receipts
        }
    }

    private func store(
        _ write: PredictionWrite, at now: Timestamp, codes: inout [Int64: LevelDictionary.Codes], on connection: Connection
    ) throws -> PredictionReceipt {
        let stream = write.version.streamID
        try connection.query(Queries["lock_stream"], [.int(stream)])
        let receiptBook = ReceiptBook(stream: stream, kind: "predictions", key: write.key)
        if let done = try receiptBook.find(records: write.batch.count, on: connection) {
            return PredictionReceipt(accepted: done.accepted, duplicates: done.duplicates, stored: [])
        }
        guard let batchID = try connection.query(Queries["next_batch_id"]).int(0, 0) else { throw StoreError(.failed, "no batch number") }

        let fresh = try freshRows(of: write.batch, stream: stream, on: connection)
        let duplicates = write.batch.count - fresh.count
        let batch = duplicates == 0 ? write.batch : write.batch.rows(at: fresh)
        if batch.count > 0 {
            let reference = try references.reference(of: write.version.versionID, on: connection)
            let known = try levels.codes(for: batch, stream: stream, on: connection)
            codes[stream] = known
            try connection.copy(
                PredictionRows.copy, PredictionRows.encode(batch, stream: stream, batchID: batchID, codes: known))
            var deltas = ProfileDeltas()
            deltas.fold(batch, stream: stream, grid: reference.grid)
            try joinEarlierLabels(to: batch, version: write.version, deltas: &deltas, grid: reference.grid, at: now, on: connection)
            try deltas.store(batchID: batchID, versions: [stream: write.version.versionID], at: now, on: connection)
        }
        let receipt = PredictionReceipt(accepted: Int64(write.batch.count), duplicates: Int64(duplicates), stored: fresh)
        try receiptBook.keep((receipt.accepted, receipt.duplicates), batchID: batchID, at: now, on: connection)
        return receipt
    }

    /// The rows whose id is neither stored nor earlier in the batch, within the horizon.
    private func freshRows(of batch: PredictionBatch, stream: Int64, on connection: Connection) throws -> [Int] {
        guard let first = batch.timestamps.min(), let last = batch.timestamps.max() else { return [] }
        let rows = try connection.query(
            Queries["existing_records"],
            [
                .int(stream), .texts(batch.ids), .time(first.adding(seconds: -Self.duplicateHorizonSeconds)),
                .time(last.adding(seconds: Self.duplicateHorizonSeconds)),
            ])
        var seen: [String: [Timestamp]] = [:]
        for row in 0..<rows.count {
            if let id = rows.text(row, 0), let time = rows.time(row, 1) { seen[id, default: []].append(time) }
        }
        return batch.ids.indices.filter { row in
            let (id, time) = (batch.ids[row], batch.timestamps[row])
            if seen[id]?.contains(where: { Self.isOneRecord($0, time) }) == true { return false }
            seen[id, default: []].append(time)
            return true
        }
    }

    /// Whether two predictions with one id are of one record, or the id was used again.
    static func isOneRecord(_ a: Timestamp, _ b: Timestamp) -> Bool {
        abs(a.seconds(since: b)) <= Double(duplicateHorizonSeconds)
    }
}

/// What was answered to requests with a key: the same request again gets the same answer and stores nothing.
struct ReceiptBook {
    let stream: Int64
    let kind: String
    let key: BatchKey?

    /// - Parameter records: how many of the request's records are at hand now. More than before means that some were refused then
    ///   and would be taken now: they are stored, and the others are known by their ids.
    /// - Throws: ``BatchKeyConflict`` when the key came with another request.
    func find(records: Int, on connection: Connection) throws -> (accepted: Int64, duplicates: Int64)? {
        guard let key else { return nil }
        let done = try connection.query(Queries["find_batch"], [.int(stream), .text("\(kind) \(key.name)")])
        guard done.count > 0, let accepted = done.int(0, 0), let duplicates = done.int(0, 1) else { return nil }
        guard done.text(0, 2) == key.fingerprint else { throw BatchKeyConflict(key.name) }
        return accepted == Int64(records) ? (accepted, duplicates) : nil
    }

    func keep(_ counts: (accepted: Int64, duplicates: Int64), batchID: Int64, at now: Timestamp, on connection: Connection) throws {
        guard let key else { return }
        try connection.query(
            Queries["keep_batch"],
            [
                .int(stream), .text("\(kind) \(key.name)"), .text(key.fingerprint), .int(batchID), .time(now), .int(counts.accepted),
                .int(counts.duplicates),
            ])
    }
}
