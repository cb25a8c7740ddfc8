import Collecting
import Profiles
import Tables
import Vocabulary

/// The registered models of these tests: `credit` 3 is binary, `price` 1 a regression.
enum Bench {
    static let now = Timestamp(rfc3339: "2026-06-01T12:00:00Z")!

    static let credit = version(
        "credit", "3", 1,
        FeatureSchema(
            features: [Feature(name: "age", kind: .numeric), Feature(name: "purpose", kind: .categorical)], sensitive: ["sex"],
            currency: "EUR"))
    static let price = version(
        "price", "1", 2, FeatureSchema(features: [Feature(name: "km", kind: .numeric)], task: .regression))

    static func version(_ model: String, _ version: String, _ id: Int64, _ schema: FeatureSchema) -> RegisteredVersion {
        RegisteredVersion(
            key: ModelVersion(model: model, version: version), versionID: id, streamID: id, stage: .champion, schema: schema,
            referenceRows: 1000,
            registeredAt: now.adding(seconds: -86_400))
    }

    static func body(_ text: String, isLines: Bool = false, limits: CollectorLimits = CollectorLimits()) throws(RequestError) -> RequestBody
    {
        try RequestBody(Array(text.utf8), isLines: isLines, limits: limits)
    }

    static func decode(_ text: String, isLines: Bool = false, limits: CollectorLimits = CollectorLimits()) throws -> (
        batches: [(version: RegisteredVersion, batch: PredictionBatch)], rejections: [Rejection]
    ) {
        let versions = Dictionary(uniqueKeysWithValues: [credit, price].map { ($0.key, $0) })
        return PredictionDecoder(limits: limits, now: now).decode(try body(text, isLines: isLines, limits: limits), versions: versions)
    }

    /// A record of `credit` 3 with these members beside model, version and id.
    static func record(_ members: String, id: String = "r1") -> String {
        #"{"model":"credit","version":"3","id":"\#(id)""# + (members.isEmpty ? "" : "," + members) + "}"
    }
}

/// A sink that keeps what it is given, and knows a repeated key and a repeated id as the real one does.
actor MemorySink: RecordSink {
    struct Failure: Error, Equatable {}
    private(set) var predictions: [PredictionWrite] = []
    private(set) var labels: [LabelWrite] = []
    private(set) var calls = 0
    private var receipts: [String: PredictionReceipt] = [:]
    private var ids: Set<String> = []
    private var isFailing = false
    private var dropped = DroppedWeeks()

    func drop(_ weeks: DroppedWeeks) { dropped = weeks }
    func fail() { isFailing = true }
    func recover() { isFailing = false }

    func store(predictions writes: [PredictionWrite]) async throws -> [PredictionReceipt] {
        calls += 1
        if isFailing { throw Failure() }
        return writes.map { write in
            let key = write.key.map { "\(write.version.key)/\($0.name)" }
            if let key, let done = receipts[key] {
                return PredictionReceipt(accepted: done.accepted, duplicates: done.duplicates, stored: [])
            }
            predictions.append(write)
            let taken = write.batch.ids.indices.filter { !dropped.holds(write.batch.timestamps[$0]) }
            let fresh = taken.filter { ids.insert("\(write.version.key)/\(write.batch.ids[$0])").inserted }
            var receipt = PredictionReceipt(
                accepted: Int64(taken.count), duplicates: Int64(taken.count - fresh.count), stored: fresh)
            receipt.refused = Int64(write.batch.count - taken.count)
            if let key { receipts[key] = receipt }
            return receipt
        }
    }

    func store(labels writes: [LabelWrite]) async throws -> [LabelReceipt] {
        calls += 1
        if isFailing { throw Failure() }
        labels += writes
        return writes.map { write in
            let joined = Int64(write.batch.ids.count { ids.contains("credit 3/\($0)") })
            return LabelReceipt(
                accepted: Int64(write.batch.count), joined: joined, corrected: 0, resent: 0, waiting: Int64(write.batch.count) - joined)
        }
    }
}

actor MemoryDirectory: VersionDirectory {
    private let registered: [RegisteredVersion]
    private(set) var lookups: [ModelVersion] = []
    init(_ registered: [RegisteredVersion] = [Bench.credit, Bench.price]) { self.registered = registered }

    func version(_ key: ModelVersion) async throws -> RegisteredVersion? {
        lookups.append(key)
        return registered.first { $0.key == key }
    }
    func versions() async throws -> [RegisteredVersion] { registered }
}

extension MetricRegistry {
    /// A counter's value; nil while it has no series.
    func number(_ metric: Metric, _ labels: [String]) -> Double? {
        for sample in samples() where sample.metric == metric && sample.labels == labels {
            if case .number(let value) = sample.value { return value }
        }
        return nil
    }
    func histogram(_ metric: Metric, _ labels: [String]) -> (count: Int64, sum: Double)? {
        for sample in samples() where sample.metric == metric && sample.labels == labels {
            if case .histogram(let counts, let sum) = sample.value { return (counts.reduce(0, +), sum) }
        }
        return nil
    }
}

/// A table of this text, called `ref.csv` in messages.
func table(_ text: String) throws(TableError) -> CSVTable { try CSVTable(Array(text.utf8), file: "ref.csv") }

extension PredictionBatch {
    func numbers(_ feature: Int) -> [Double] { if case .numeric(let values) = features[feature] { values } else { [] } }
    func levels(_ feature: Int) -> [String?] {
        guard case .categorical(let column) = features[feature] else { return [] }
        return (0..<column.count).map { column[$0] }
    }
}
