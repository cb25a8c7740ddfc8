/// An error that passes by itself: the caller may try the same again later.
public protocol RetryableError: Error {
    var isRetryable: Bool { get }
}

/// Predictions of one version to be stored, with the key that makes a repeated request harmless.
public struct PredictionWrite: Sendable {
    public var version: RegisteredVersion
    public var batch: PredictionBatch
    public var key: String
    public init(version: RegisteredVersion, batch: PredictionBatch, key: String) {
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
    /// The whole request was stored before: nothing was stored now.
    public var isRepeated: Bool
    public init(accepted: Int64, duplicates: Int64, isRepeated: Bool = false) {
        self.accepted = accepted
        self.duplicates = duplicates
        self.isRepeated = isRepeated
    }
    /// Rows stored by this call.
    public var stored: Int64 { isRepeated ? 0 : accepted - duplicates }
}

public struct LabelWrite: Sendable {
    public var model: String
    public var batch: LabelBatch
    public var key: String
    public init(model: String, batch: LabelBatch, key: String) {
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
}

/// Where evaluations are kept and asked for.
public protocol EvaluationStore: Sendable {
    func save(_ evaluation: Evaluation, of version: RegisteredVersion) async throws
    /// The newest evaluation of the newest window of this kind that ended by `time`.
    func latest(_ kind: WindowKind, of version: RegisteredVersion, by time: Timestamp) async throws -> Evaluation?
}

/// The alerts and the outbox.
public protocol AlertLedger: Sendable {
    /// Hands a version's newest alert of each policy and monitor, and the silences, to `decide`, alone among all schedulers, and stores what it
    /// returns together with the messages that `render` makes of it, in one transaction.
    func update(
        _ key: ModelVersion, at now: Timestamp, decide: @escaping @Sendable ([Alert], [Silence]) -> [AlertChange],
        render: @escaping @Sendable (Alert) -> [OutgoingMessage]
    ) async throws -> [Alert]

    /// Takes messages that are due, for `leaseSeconds`; if they are not settled by then, they are due again.
    func claim(at now: Timestamp, leaseSeconds: Int64, limit: Int) async throws -> [Delivery]
    func settle(_ delivery: Delivery, _ outcome: DeliveryOutcome, at now: Timestamp) async throws
}
