internal import Profiles
public import Vocabulary

/// Turns the records of `POST /v1/predictions` into batches, one per model version. A bad record is rejected alone, with the path and
/// what was expected; the others are kept.
public struct PredictionDecoder: Sendable {
    private let limits: CollectorLimits
    private let now: Timestamp

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
        var rejections: [Rejection] = []
        var batches: [(version: RegisteredVersion, batch: PredictionBatch)] = []
        var places: [ModelVersion: Int] = [:]
        var positions: [ModelVersion: [String: Int]] = [:]
        for (index, record) in body.records {
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
                if positions[key] == nil {
                    positions[key] = Dictionary(version.schema.features.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { a, _ in a })
                }
                let parsed = try parse(json, schema: version.schema, positions: positions[key] ?? [:])
                if places[key] == nil {
                    places[key] = batches.count
                    batches.append((version, PredictionBatch(schema: version.schema)))
                }
                if let name = batches[places[key]!].batch.measureBeyondLimit(parsed) {
                    throw RecordError("measures.\(name): more than \(Profile.measuresMax) names in one request, expected fewer")
                }
                batches[places[key]!].batch.append(parsed)
            } catch { rejections.append(Rejection(index: index, error: (error as? RecordError)?.message ?? "\(error)")) }
        }
        return (batches, rejections)
    }

    private static func version(of json: JSON) throws(RecordError) -> ModelVersion? {
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
        out.score = try reader.number("score")
        out.prediction = try reader.outcome("prediction", schema: schema)
        if let features = try members("features", of: reader) {
            for (name, value) in features.members {
                guard let position = positions[name] else {
                    throw RecordError("features.\(name.prefix(60)): not a feature of this version (\(list(schema.features.map(\.name))))")
                }
                out.features[position] = try feature(value, schema.features[position])
            }
        }
        if let groups = try members("groups", of: reader) {
            for (name, value) in groups.members {
                guard let position = schema.sensitive.firstIndex(of: name) else {
                    throw RecordError("groups.\(name.prefix(60)): not a sensitive attribute of this version (\(list(schema.sensitive)))")
                }
                out.groups[position] = try RecordReader.level(value, path: "groups.\(name)", limits: limits)
            }
        }
        let latency = try reader.number("latency_ms", atLeast: 0)
        if !latency.isNaN { out.measures.append((PredictionBatch.latencyMeasure, latency / 1000)) }
        let cost = try reader.number("cost", atLeast: 0)
        if !cost.isNaN { out.measures.append((PredictionBatch.costMeasure, cost)) }
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
            out.error = String(text.prefix(500))
        }
        if let variant = reader.object["variant"], variant != .null {
            out.variant = try RecordReader.level(variant, path: "variant", limits: limits)
        }
        return out
    }

    private func feature(_ value: JSON, _ feature: Feature) throws(RecordError) -> ParsedPrediction.Value {
        switch feature.kind {
        case .categorical: return .level(try RecordReader.level(value, path: "features.\(feature.name)", limits: limits))
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

    private func members(_ key: String, of reader: RecordReader) throws(RecordError) -> JSONObject? {
        guard let value = reader.object[key], value != .null else { return nil }
        guard case .object(let object) = value else { throw RecordError("\(key): expected an object, got \(value.kind)") }
        return object
    }

    private func prefixed<T>(_ path: String, _ body: () throws(RecordError) -> T) throws(RecordError) -> T {
        do throws(RecordError) { return try body() } catch { throw RecordError("\(path).\(error.message)") }
    }

    private func list(_ names: [String]) -> String {
        names.isEmpty ? "it has none" : "expected " + names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
    }
}

/// A record that passed every check, about to become a row.
struct ParsedPrediction {
    enum Value {
        case number(Double)
        case level(String?)
    }
    var id = ""
    var time = Timestamp(microseconds: 0)
    var features: [Value]
    var groups: [String?]
    var score = Double.nan
    var prediction = Double.nan
    var measures: [(name: String, value: Double)] = []
    var error: String?
    var variant: String?

    init(schema: FeatureSchema) {
        features = schema.features.map { $0.kind == .numeric ? .number(.nan) : .level(nil) }
        groups = schema.sensitive.map { _ in nil }
    }
}

extension PredictionBatch {
    mutating func append(_ row: ParsedPrediction) {
        let place = count
        ids.append(row.id)
        timestamps.append(row.time)
        for (i, value) in row.features.enumerated() {
            switch (features[i], value) {
            case (.numeric(var numbers), .number(let number)):
                features[i] = .numeric([])  // so that `numbers` is the only owner and grows in place
                numbers.append(number)
                features[i] = .numeric(numbers)
            case (.categorical(var levels), .level(let level)):
                features[i] = .categorical(LevelColumn())
                levels.append(level)
                features[i] = .categorical(levels)
            default: preconditionFailure("a parsed row has the schema's kinds")
            }
        }
        for (i, level) in row.groups.enumerated() { groups[i].append(level) }
        scores.append(row.score)
        predictions.append(row.prediction)
        errors.append(row.error)
        variants.append(row.variant)
        for (name, value) in row.measures {
            var values = measures.removeValue(forKey: name) ?? []
            values.append(contentsOf: repeatElement(.nan, count: max(0, place - values.count)))
            if values.count == place { values.append(value) } else { values[place] = value }
            measures[name] = values
        }
    }

    /// A measure of this row that would be one name too many; nil while there is room. Names that are new in every record would make
    /// columns of rows × names.
    func measureBeyondLimit(_ row: ParsedPrediction) -> String? {
        let new = row.measures.map(\.name).filter { measures[$0] == nil }
        return !new.isEmpty && measures.count + Set(new).count > Profile.measuresMax ? new.min() : nil
    }

    /// Fills up the measures that the last rows did not have.
    mutating func completeMeasures() {
        for (name, values) in measures where values.count < count {
            measures[name] = values + [Double](repeating: .nan, count: count - values.count)
        }
    }
}
