/// A model and one of its versions: `credit` `3`.
public struct ModelVersion: Sendable, Hashable, CustomStringConvertible {
    public var model: String
    public var version: String
    public init(model: String, version: String) {
        self.model = model
        self.version = version
    }
    public var description: String { "\(model) \(version)" }
}

public enum FeatureKind: String, Sendable, CaseIterable {
    case numeric
    case categorical
    /// Numbers of a declared length, such as an embedding.
    case vector
}

public struct Feature: Sendable, Hashable {
    public var name: String
    /// What its values are in a batch.
    public var kind: FeatureKind
    public var privacy: Privacy?
    /// Of a vector: its length. 1 for any other.
    public var dimension: Int
    public init(name: String, kind: FeatureKind, dimension: Int = 1, privacy: Privacy? = nil) {
        self.name = name
        self.kind = kind
        self.dimension = dimension
        self.privacy = privacy
    }
}

public enum ModelTask: String, Sendable, CaseIterable {
    case binary
    case regression
    /// One of several classes.
    case multiclass

    public static let words = allCases.map(\.rawValue).joined(separator: ", ")
}

/// What a version's records look like: its features and what is done with them.
///
/// It is frozen at registration. A record that does not fit it is rejected with what was expected.
public struct FeatureSchema: Sendable, Equatable {
    public var features: [Feature]
    /// Sensitive attributes (`sex`, `race`): fairness is measured between their levels and their intersections.
    public var sensitive: [String]
    public var task: ModelTask
    /// The label value that counts as positive, as it is written in files.
    public var positiveLabel: String
    /// Of a model of several classes. Batches, labels and stored rows have a class by its place in this list.
    public var classes: [String] = []
    /// A decision is positive when score ≥ threshold, unless the record carries its own prediction.
    public var threshold: Double
    public var currency: String
    /// Which records are stored with their features.
    public var raw = RawRows.all
    /// Names that records may carry among their features and groups, and whose values are thrown away.
    public var dropped: [String] = []
    /// Of sensitive attributes that are private.
    public var sensitivePrivacy: [String: Privacy] = [:]
    /// Of the key that values are hashed with: ``PrivacyKey/fingerprint``.
    public var keyFingerprint: String?
    /// Parts of the records that are watched like the whole.
    public var segments: [Segment] = []

    public init(
        features: [Feature], sensitive: [String] = [], task: ModelTask = .binary, positiveLabel: String = "1",
        threshold: Double = 0.5, currency: String = "USD"
    ) {
        self.features = features
        self.sensitive = sensitive
        self.task = task
        self.positiveLabel = positiveLabel
        self.threshold = threshold
        self.currency = currency
    }

    public static let featuresMax = 4096
    /// Of a vector.
    public static let dimensions = 2...4096
    /// Numbers of a row: a vector has as many as its length, any other feature one.
    public static let widthMax = 16_384
    public static let sensitiveMax = 8
    public static let classesMax = 256
    public static let nameLengthMax = 200
}

extension FeatureSchema {
    /// Numbers of a row.
    public var width: Int { features.reduce(0) { $0 + $1.dimension } }

    /// Where each feature's numbers begin in a row.
    public var offsets: [Int] {
        var next = 0
        return features.map { feature in
            defer { next += feature.dimension }
            return next
        }
    }
}

extension FeatureSchema {
    public var json: JSON {
        var object = JSONObject([
            ("task", .string(task.rawValue)),
            ("positive_label", .string(positiveLabel)),
            ("threshold", .number(threshold)),
            ("currency", .string(currency)),
            ("sensitive", .array(sensitive.map(JSON.string))),
            ("features", .array(features.map(\.json))),
        ])
        if !classes.isEmpty { object["classes"] = .array(classes.map(JSON.string)) }
        if !dropped.isEmpty { object["dropped"] = .array(dropped.map(JSON.string)) }
        if !sensitivePrivacy.isEmpty {
            object["sensitive_privacy"] = .object(JSONObject(sensitivePrivacy.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) }))
        }
        if let keyFingerprint { object["privacy_key"] = .string(keyFingerprint) }
        if !segments.isEmpty { object["segments"] = .array(segments.map(\.json)) }
        if raw != .all { object["raw"] = .string(raw.word) }
        if case .sample(let share) = raw { object["raw_share"] = .number(share) }
        return .object(object)
    }

    public init?(json: JSON) {
        guard let features = json["features"]?.arrayValue, let task = json["task"]?.stringValue.flatMap(ModelTask.init),
            let threshold = json["threshold"]?.doubleValue
        else { return nil }
        var parsed: [Feature] = []
        for feature in features {
            guard let name = feature["name"]?.stringValue, let kind = feature["kind"]?.stringValue.flatMap(FeatureKind.init)
            else { return nil }
            let privacy = feature["privacy"].map(Privacy.init(json:))
            if case .some(nil) = privacy { return nil }
            let dimension = feature["dimension"]?.intValue ?? 1
            guard kind == .vector ? Self.dimensions.contains(Int(clamping: dimension)) : dimension == 1 else { return nil }
            parsed.append(Feature(name: name, kind: kind, dimension: Int(dimension), privacy: privacy ?? nil))
        }
        var sensitive: [String] = []
        if let given = json["sensitive"] {
            guard let names = given.arrayValue else { return nil }
            sensitive = names.compactMap(\.stringValue)
            guard sensitive.count == names.count else { return nil }
        }
        self.init(
            features: parsed, sensitive: sensitive, task: task,
            positiveLabel: json["positive_label"]?.stringValue ?? "1", threshold: threshold,
            currency: json["currency"]?.stringValue ?? "USD")
        if let word = json["raw"]?.stringValue {
            guard let known = RawRows(word: word, share: json["raw_share"]?.doubleValue) else { return nil }
            raw = known
        }
        for name in json["classes"]?.arrayValue ?? [] {
            guard let name = name.stringValue else { return nil }
            classes.append(name)
        }
        for name in json["dropped"]?.arrayValue ?? [] {
            guard let name = name.stringValue else { return nil }
            dropped.append(name)
        }
        for (name, value) in json["sensitive_privacy"]?.objectValue?.members ?? [] {
            guard let privacy = Privacy(json: value) else { return nil }
            sensitivePrivacy[name] = privacy
        }
        keyFingerprint = json["privacy_key"]?.stringValue
        for json in json["segments"]?.arrayValue ?? [] {
            guard let segment = Segment(json: json) else { return nil }
            segments.append(segment)
        }
    }

    /// What is wrong with the name of a model, a version, a feature or an attribute; nil for a good one.
    public static func problem(ofName name: String) -> String? {
        if name.isEmpty || name.utf8.count > nameLengthMax { return "a name of \(name.utf8.count) bytes, expected 1 to \(nameLengthMax)" }
        let isControl = name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
        return isControl ? "a name with a control character, expected printable text" : nil
    }

    /// Every problem of the schema, each with its path, so that a person mends them in one go.
    public var problems: [String] {
        var found: [String] = []
        var seen: Set<String> = []
        if features.count > Self.featuresMax { found.append("features: \(features.count), expected at most \(Self.featuresMax)") }
        for feature in features where feature.kind == .vector && !Self.dimensions.contains(feature.dimension) {
            let (least, most) = (Self.dimensions.lowerBound, Self.dimensions.upperBound)
            found.append("features.\(feature.name).vector: \(feature.dimension), expected \(least) to \(most)")
        }
        if width > Self.widthMax { found.append("features: \(width) numbers in a row, expected at most \(Self.widthMax)") }
        if sensitive.count > Self.sensitiveMax { found.append("sensitive: \(sensitive.count), expected at most \(Self.sensitiveMax)") }
        for (path, name) in features.map({ ("features", $0.name) }) + sensitive.map({ ("sensitive", $0) })
            + dropped.map({ ("dropped", $0) }) + classes.map({ ("classes", $0) })
        {
            if let problem = Self.problem(ofName: name) { found.append("\(path): \(problem)") }
            if !seen.insert(path + "/" + name).inserted { found.append("\(path): \(name) is named twice") }
        }
        if case .sample(let share) = raw, !(0...1).contains(share) { found.append("raw_share: \(share), expected 0 to 1") }
        if task == .multiclass, !(2...Self.classesMax).contains(classes.count) {
            found.append("classes: \(classes.count), expected 2 to \(Self.classesMax)")
        }
        if task != .multiclass, !classes.isEmpty { found.append("classes: given for a \(task.rawValue) model, expected none") }
        if !threshold.isFinite { found.append("threshold: \(threshold), expected a finite number") }
        return found + privacyProblems + segmentProblems
    }
}

/// Where a version stands in its life.
public enum VersionStage: String, Sendable, CaseIterable {
    /// Serves users; its verdicts raise alerts.
    case champion
    /// Scored in shadow beside the champion.
    case candidate
    case retired
}

/// A version as the registry knows it. `streamID` is its first lane (DESIGN.md, lanes).
public struct RegisteredVersion: Sendable, Equatable {
    public var key: ModelVersion
    public var versionID: Int64
    public var streamID: Int64
    public var stage: VersionStage
    public var schema: FeatureSchema
    public var referenceRows: Int64
    public var registeredAt: Timestamp
    /// Its own monitors and policies, as its spec has them; an empty object where those of the service hold.
    public var watch: JSON
    /// Where the sums of its schema's segments are, in their order.
    public var segmentStreams: [Int64] = []
    /// The segment that is meant; nil for all records. Then ``streamID`` is that of the segment.
    public private(set) var segment: Segment?

    public init(
        key: ModelVersion, versionID: Int64, streamID: Int64, stage: VersionStage, schema: FeatureSchema, referenceRows: Int64,
        registeredAt: Timestamp, watch: JSON = .object(JSONObject())
    ) {
        self.key = key
        self.versionID = versionID
        self.streamID = streamID
        self.stage = stage
        self.schema = schema
        self.referenceRows = referenceRows
        self.registeredAt = registeredAt
        self.watch = watch
    }
}

extension RegisteredVersion {
    /// Beside ``WindowKind/scheduled`` a version has at most so many kinds of window of its own.
    public static let ownWindowsMax = 8

    /// The kinds of window that are evaluated as records come.
    public var windows: [WindowKind] {
        WindowKind.scheduled + (watch["windows"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap(WindowKind.init) }
    }

    /// Whether some of them do not begin and end with an hour, so that sums of hours do not make them.
    public var needsMinutes: Bool { windows.contains { $0.needsMinutes } }

    /// The same version, for one segment each.
    public var parts: [RegisteredVersion] {
        zip(schema.segments, segmentStreams).map { segment, stream in
            var part = self
            (part.segment, part.streamID) = (segment, stream)
            return part
        }
    }

    /// The whole, then each segment.
    public var all: [RegisteredVersion] { [self] + parts }
}
