internal import Migrations
internal import Profiles
public import Vocabulary

extension StoreError: RetryableError {}

/// Predictions and labels: rows, profile deltas, dirty marks and the receipt, all in one transaction.
///
/// Writers of one stream take turns (an advisory lock of the transaction), so that finding repeated ids, giving out level codes
/// and joining labels see a settled state. Streams do not wait for each other.
public struct RecordStore: RecordSink, Sendable {
    let tables: RecordTables
    private let group: GroupCommit<[PredictionWrite], [PredictionReceipt]>

    /// A repeated id is recognised within this distance of event time.
    public static let duplicateHorizonSeconds: Int64 = 7 * 86_400
    /// Records of one transaction, if they are of several requests.
    static let groupRecordsMax = 20_000

    public init(database: Database, clock: @escaping @Sendable () -> Timestamp) {
        let tables = RecordTables(database: database, clock: clock)
        self.tables = tables
        group = GroupCommit(
            weightMax: Self.groupRecordsMax, isWorthSplitting: { !(($0 as? StoreError)?.isRetryable ?? false) },
            run: { try await tables.store(predictions: $0) })
    }

    public func store(predictions writes: [PredictionWrite]) async throws -> [PredictionReceipt] {
        guard let lane = writes.map(\.version.streamID).min() else { return [] }
        return try await group.submit(writes, lane: lane, weight: writes.reduce(0) { $0 + $1.batch.count })
    }

    /// Where halves of predictions wait, in the same tables.
    public func halves(limits: HalfLimits) -> HalfStore { HalfStore(tables: tables, limits: limits) }

    /// The sums of the same database. A reference of many features is a megabyte: both need the same ones.
    public var profiles: ProfileStore { ProfileStore(database: tables.database, references: tables.references) }

    public func store(labels writes: [LabelWrite]) async throws -> [LabelReceipt] { try await tables.store(labels: writes) }

    /// Whether two predictions with one id are of one record, or the id was used again.
    static func isOneRecord(_ a: Timestamp, _ b: Timestamp) -> Bool {
        abs(a.seconds(since: b)) <= Double(duplicateHorizonSeconds)
    }
}

/// What storing records needs.
struct RecordTables: Sendable {
    let database: Database
    let references = ReferenceCache()
    let levels = LevelDictionary()
    let partitions = Partitions()
    let repeating = RepeatingStreams()
    let clock: @Sendable () -> Timestamp

    /// Looking up ids among millions of rows must go by the index, also while the planner has never seen the table.
    static let begin = "begin; set local enable_seqscan = off"
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
