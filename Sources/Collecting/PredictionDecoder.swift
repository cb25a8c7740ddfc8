internal import Profiles
public import Vocabulary

/// Turns the records of `POST /v1/predictions` into batches, one per model version. A bad record is rejected alone, with the path and
/// what was expected; the others are kept.
public struct PredictionDecoder: Sendable {
    let limits: CollectorLimits
    let now: Timestamp

    public init(limits: CollectorLimits, now: Timestamp) {
        self.limits = limits
        self.now = now
    }

    /// The version that each record names, so that it can be looked up first.
    public static func versions(_ body: RequestBody) -> Set<ModelVersion> {
        Set(body.records.compactMap { entry in try? Self.version(of: entry.record.get()) })
    }

    /// - Parameter models: models that are registered, beside those of `versions`: an unknown version of one is named as such.
    public func decode(_ body: RequestBody, versions: [ModelVersion: RegisteredVersion], models: Set<String> = []) -> (
        batches: [(version: RegisteredVersion, batch: PredictionBatch)], rejections: [Rejection]
    ) {
        var builders = BatchBuilders(key: limits.privacyKey)
        for (index, record) in body.records { decode(record, index, versions: versions, models: models, into: &builders) }
        return (builders.batches(), builders.rejections)
    }

    /// One record, taken or rejected.
    func decode(
        _ record: Result<JSON, JSONError>, _ index: Int, versions: [ModelVersion: RegisteredVersion], models: Set<String>,
        into builders: inout BatchBuilders
    ) {
        do {
            let json: JSON
            switch record {
            case .success(let value): json = value
            case .failure(let error): throw RecordError("not JSON: \(error)")
            }
            guard let key = try Self.version(of: json) else { throw RecordError("expected an object, got \(json.kind)") }
            guard let version = versions[key] else {
                let isModel = models.contains(key.model) || versions.keys.contains { $0.model == key.model }
                throw RecordError(
                    isModel
                        ? "version: \(key) is not registered"
                        : "model: \(key) is not registered, expected a registered model and version")
            }
            let place = builders.place(of: version)
            let parsed = try parse(json, schema: version.schema, positions: builders.all[place].positions)
            if let name = builders.all[place].measureBeyondLimit(parsed.measures.map(\.name)) {
                throw RecordError("measures.\(name): more than \(Profile.measuresMax) names in one request, expected fewer")
            }
            builders.all[place].append(parsed)
        } catch { builders.rejections.append(Rejection(index: index, error: (error as? RecordError)?.message ?? "\(error)")) }
    }

    static func version(of json: JSON) throws(RecordError) -> ModelVersion? {
        guard case .object = json else { return nil }
        let reader = try RecordReader(json)
        return ModelVersion(
            model: try reader.text("model", bytesMax: FeatureSchema.nameLengthMax),
            version: try reader.text("version", bytesMax: FeatureSchema.nameLengthMax))
    }

    private static let keys: Set<String> = [
        "model", "version", "id", "ts", "features", "score", "prediction", "groups", "latency_ms", "cost", "measures", "error", "variant",
    ]

    private func parse(_ json: JSON, schema: FeatureSchema, positions: [String: Int]) throws(RecordError) -> ParsedPrediction {
        let reader = try RecordReader(json)
        for member in reader.object.members where !Self.keys.contains(member.key) {
            throw RecordError("\(member.key.prefix(60)): unknown key, expected one of \(Self.keys.sorted().joined(separator: ", "))")
        }
        var out = ParsedPrediction(schema: schema)
        out.id = try reader.text("id", bytesMax: limits.idBytesMax)
        out.time = try reader.time("ts", now: now, limits: limits)
        if limits.droppedWeeks.holds(out.time) { throw RecordError(DroppedWeeks.refusal(out.time)) }
        if schema.task == .multiclass {
            let (score, prediction) = (reader.object["score"], reader.object["prediction"])
            out.put(try ClassAnswer(score: score, prediction: prediction, schema: schema, paths: ("score", "prediction")))
        } else {
            out.score = try reader.number("score")
            out.prediction = try reader.outcome("prediction", schema: schema)
        }
        if let features = try members("features", of: reader) {
            for (name, value) in features.members {
                guard let position = positions[name] else {
                    if schema.dropped.contains(name) { continue }
                    throw RecordError("features.\(name.prefix(60)): not a feature of this version (\(list(schema.features.map(\.name))))")
                }
                out.features[position] = try feature(value, schema.features[position])
            }
        }
        if let groups = try members("groups", of: reader) {
            for (name, value) in groups.members {
                guard let position = schema.sensitive.firstIndex(of: name) else {
                    if schema.dropped.contains(name) { continue }
                    throw RecordError("groups.\(name.prefix(60)): not a sensitive attribute of this version (\(list(schema.sensitive)))")
                }
                out.groups[position] = try group(value, name, schema)
            }
        }
        out.latency = try reader.number("latency_ms", atLeast: 0)
        out.cost = try reader.number("cost", atLeast: 0)
        if let measures = try members("measures", of: reader) {
            guard measures.members.count <= limits.measuresMax else {
                throw RecordError("measures: \(measures.members.count), expected at most \(limits.measuresMax)")
            }
            let measureReader = try RecordReader(.object(measures))
            for (name, _) in measures.members {
                guard !name.isEmpty, name.utf8.count <= 100, name != PredictionBatch.latencyMeasure, name != PredictionBatch.costMeasure
                else {
                    throw RecordError("measures.\(name.prefix(60)): expected a name of 1 to 100 bytes, not latency_seconds or cost")
                }
                let value = try prefixed("measures") { () throws(RecordError) in try measureReader.number(name) }
                if !value.isNaN { out.measures.append((name, value)) }
            }
        }
        if let error = reader.object["error"], error != .null {
            let text = error.stringValue ?? error.text
            if !text.isEmpty { out.error = String(text.prefix(500)) }
        }
        if let variant = reader.object["variant"], variant != .null {
            out.variant = try RecordReader.level(variant, path: "variant", limits: limits)
        }
        return out
    }

    func feature(_ value: JSON, _ feature: Feature) throws(RecordError) -> ParsedPrediction.Value {
        switch feature.sentKind {
        case .categorical: return .level(try RecordReader.level(value, path: "features.\(feature.name)", limits: limits))
        case .vector: return .vector(try feature.vector(value, path: "features.\(feature.name)"))
        case .numeric:
            switch value {
            case .null: return .number(.nan)
            case .bool(let b): return .number(b ? 1 : 0)
            default:
                guard let number = value.doubleValue else {
                    throw RecordError("features.\(feature.name): expected a number or null, got \(value.kind)")
                }
                return .number(number)
            }
        }
    }

    func group(_ value: JSON, _ name: String, _ schema: FeatureSchema) throws(RecordError) -> String? {
        let level = try RecordReader.level(value, path: "groups.\(name)", limits: limits)
        if let level, case .bucket? = schema.sensitivePrivacy[name], Privacy.number(level) == nil {
            throw RecordError("groups.\(name): expected a number or null")
        }
        return level
    }

    private func members(_ key: String, of reader: RecordReader) throws(RecordError) -> JSONObject? {
        guard let value = reader.object[key], value != .null else { return nil }
        guard case .object(let object) = value else { throw RecordError("\(key): expected an object, got \(value.kind)") }
        return object
    }

    private func prefixed<T>(_ path: String, _ body: () throws(RecordError) -> T) throws(RecordError) -> T {
        do throws(RecordError) { return try body() } catch { throw RecordError("\(path).\(error.message)") }
    }

    func list(_ names: [String]) -> String {
        names.isEmpty ? "it has none" : "expected " + names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
    }
}

/// A record that passed every check, about to become a row.
struct ParsedPrediction {
    enum Value {
        case number(Double)
        case level(String?)
        case vector([Double]?)
    }
    var id = ""
    var time = Timestamp(microseconds: 0)
    var features: [Value] = []
    var groups: [String?] = []
    var score = Double.nan
    var prediction = Double.nan
    /// In the order of the schema's classes; empty where the record has none.
    var classScores: [Double] = []
    /// In milliseconds.
    var latency = Double.nan
    var cost = Double.nan
    var measures: [(name: String, value: Double)] = []
    var error: String?
    var variant: String?

    /// With a missing value for every feature and attribute.
    init(schema: FeatureSchema) {
        features = schema.features.map { feature in
            switch feature.sentKind {
            case .numeric: .number(.nan)
            case .categorical: .level(nil)
            case .vector: .vector(nil)
            }
        }
        groups = schema.sensitive.map { _ in nil }
    }

    mutating func put(_ answer: ClassAnswer) { (score, prediction, classScores) = (answer.score, answer.prediction, answer.scores) }
}
