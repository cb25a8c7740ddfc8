public import Vocabulary

/// Turns the records of `POST /v1/labels` into batches, one per model.
public struct LabelDecoder: Sendable {
    public typealias Batches = (batches: [(model: String, batch: LabelBatch)], rejections: [Rejection])

    private let limits: CollectorLimits
    private let now: Timestamp

    public init(limits: CollectorLimits, now: Timestamp) {
        self.limits = limits
        self.now = now
    }

    private static let keys: Set<String> = ["model", "version", "id", "label", "ts"]

    /// - Parameter schemas: the schema of each registered model's newest version: it says what a label looks like.
    public func decode(_ body: RequestBody, schemas: [String: FeatureSchema]) -> Batches {
        var rejections: [Rejection] = []
        var batches: [String: LabelBatch] = [:]
        for (index, record) in body.records {
            do {
                let json: JSON
                switch record {
                case .success(let value): json = value
                case .failure(let error): throw RecordError("not JSON: \(error)")
                }
                let reader = try RecordReader(json)
                for member in reader.object.members where !Self.keys.contains(member.key) {
                    throw RecordError(
                        "\(member.key.prefix(60)): unknown key, expected one of \(Self.keys.sorted().joined(separator: ", "))")
                }
                let model = try reader.text("model", bytesMax: FeatureSchema.nameLengthMax)
                guard let schema = schemas[model] else { throw RecordError("model: \(model) is not registered") }
                let id = try reader.text("id", bytesMax: limits.idBytesMax)
                let label = try reader.outcome("label", schema: schema)
                guard !label.isNaN else { throw RecordError("label: missing, expected \(schema.expectedOutcome)") }
                let time = try reader.time("ts", now: now, limits: limits)
                batches[model, default: LabelBatch()].ids.append(id)
                batches[model]?.labels.append(label)
                batches[model]?.timestamps.append(time)
            } catch { rejections.append(Rejection(index: index, error: (error as? RecordError)?.message ?? "\(error)")) }
        }
        return (batches.sorted { $0.key < $1.key }.map { (model: $0.key, batch: $0.value) }, rejections)
    }
}
