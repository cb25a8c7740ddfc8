/// An error that passes by itself: the caller may try the same again later.
public protocol RetryableError: Error {
    var isRetryable: Bool { get }
}

/// What a client calls a request, so that it is stored once however often it is sent.
public struct BatchKey: Sendable, Equatable {
    public var name: String
    /// The hash of the request: the same name for another request is a mistake of the client, and must not lose records.
    public var fingerprint: String
    public init(_ name: String, fingerprint: String) {
        self.name = name
        self.fingerprint = fingerprint
    }
}

/// A key came with another request than before.
public struct BatchKeyConflict: Error, Equatable, CustomStringConvertible {
    public var name: String
    public init(_ name: String) { self.name = name }
    public var description: String { "Idempotency-Key \(name) came with another body before: send every request under a key of its own" }
}

/// Predictions of one version to be stored. Without a key, records are told apart by their ids alone.
public struct PredictionWrite: Sendable {
    public var version: RegisteredVersion
    public var batch: PredictionBatch
    public var key: BatchKey?
    public init(version: RegisteredVersion, batch: PredictionBatch, key: BatchKey?) {
        self.version = version
        self.batch = batch
        self.key = key
    }
}

public struct PredictionReceipt: Sendable, Equatable {
    /// Rows that are durable now: new ones and repeated ones.
    public var accepted: Int64
    /// Of these, rows whose id was stored before; they are not counted twice.
    public var duplicates: Int64
    /// The places in the batch of the rows that this call stored: none when the whole request was stored before.
    public var stored: [Int]
    /// Whether the rows are in the spool and not yet in the tables; which of them repeat others is not known then.
    public var isSpooled = false
    /// Rows that were not taken, since the raw rows of their week were dropped meanwhile.
    public var refused: Int64 = 0
    /// What the stored rows cost by the version's prices, beside the costs that they came with.
    public var priced = 0.0
    public init(accepted: Int64, duplicates: Int64, stored: [Int]) {
        self.accepted = accepted
        self.duplicates = duplicates
        self.stored = stored
    }
}

public struct LabelWrite: Sendable {
    public var model: String
    public var batch: LabelBatch
    public var key: BatchKey?
    public init(model: String, batch: LabelBatch, key: BatchKey?) {
        self.model = model
        self.batch = batch
        self.key = key
    }
}

public struct LabelReceipt: Sendable, Equatable {
    public var accepted: Int64 = 0
    /// Events that gave a prediction its first label.
    public var joined: Int64 = 0
    /// Events that changed a label.
    public var corrected: Int64 = 0
    /// Events that said again what was known, or were older than what is known.
    public var resent: Int64 = 0
    /// Events whose prediction is not here yet.
    public var waiting: Int64 = 0
    /// Whether the events are in the spool and not yet in the tables.
    public var isSpooled = false
    public init() {}
    public init(accepted: Int64, joined: Int64, corrected: Int64, resent: Int64, waiting: Int64) {
        self.accepted = accepted
        self.joined = joined
        self.corrected = corrected
        self.resent = resent
        self.waiting = waiting
    }
}

/// Where collectors put what came in. All writes of a call are stored in one transaction, or none.
public protocol RecordSink: Sendable {
    func store(predictions: [PredictionWrite]) async throws -> [PredictionReceipt]
    func store(labels: [LabelWrite]) async throws -> [LabelReceipt]
}

/// Who is registered.
public protocol VersionDirectory: Sendable {
    func version(_ key: ModelVersion) async throws -> RegisteredVersion?
    /// All versions, by model and then by time of registration.
    func versions() async throws -> [RegisteredVersion]
    /// Whether the last answer of ``versions()`` surely named all: not while the database is away.
    var isComplete: Bool { get }
}

extension VersionDirectory {
    public var isComplete: Bool { true }
}

/// Where evaluations are kept and asked for.
public protocol EvaluationStore: Sendable {
    func save(_ evaluation: Evaluation, of version: RegisteredVersion) async throws
    /// The end of the newest window of this kind that was evaluated.
    func lastEvaluated(_ kind: WindowKind, of version: RegisteredVersion) async throws -> Timestamp?
    /// The newest evaluation of the newest window of this kind that ended by `time`.
    func latest(_ kind: WindowKind, of version: RegisteredVersion, by time: Timestamp) async throws -> Evaluation?
}

/// The alerts and the outbox.
public protocol AlertLedger: Sendable {
    /// Hands a version's newest alert of each policy and monitor, and the silences, to `decide`, alone among all schedulers, and stores what it
    /// returns together with the messages that `render` makes of those that are announced, in one transaction.
    func update(
        _ key: ModelVersion, at now: Timestamp, decide: @escaping @Sendable ([Alert], [Silence]) -> [AlertChange],
        render: @escaping @Sendable ([Alert]) -> [OutgoingMessage]
    ) async throws -> [Alert]

    /// Where messages wait that are due.
    func dueDestinations(at now: Timestamp) async throws -> [DueDestination]
    /// Takes messages that are due, of one destination or all, for `leaseSeconds`; if they are not settled by then, they are due again.
    func claim(at now: Timestamp, for destination: String?, leaseSeconds: Int64, limit: Int) async throws -> [Delivery]
    func settle(_ ended: [Settlement], at now: Timestamp) async throws
    /// Nothing is sent to the destination any more, until somebody enables it.
    func disable(_ destination: String, reason: String, at now: Timestamp) async throws
}
