public import Collecting
internal import Monitoring
internal import Profiles
internal import Statistics
public import Storage
public import Tables
public import Vocabulary

/// Registers a model version from a reference file: kinds are inferred, the grid is frozen, the reference is folded.
public struct Registration: Sendable {
    public var key: ModelVersion
    public var mapping: TableMapping
    /// Task, positive label, threshold, currency; features and sensitive attributes are read off the file.
    public var base = FeatureSchema(features: [])
    public var declared: [String: FeatureKind] = [:]
    public var ignored: Set<String> = []
    public var features: [String]?
    /// Columns whose values are hashed or become intervals, and those that are thrown away.
    public var privacy: [String: Privacy] = [:]
    public var dropped: Set<String> = []
    /// Features that are vectors, and their lengths.
    public var vectors: [String: Int] = [:]
    public var privacyKey: PrivacyKey?

    public init(key: ModelVersion, mapping: TableMapping) {
        self.key = key
        self.mapping = mapping
    }

    public struct Outcome: Sendable {
        public var version: RegisteredVersion
        /// Each column of the file and what it became.
        public var columns: [(name: String, role: String)]
    }

    /// - Throws: ``TableError`` for a bad file, ``ConfigurationError`` for a schema that makes no sense, ``StoreError`` `.conflict` for a
    ///   version that exists.
    public func run(_ table: CSVTable, registry: RegistryStore, actor: String, at now: Timestamp) async throws -> Outcome {
        let inference = try SchemaInference(
            table, mapping: mapping, base: base, declared: declared, ignored: ignored, features: features, privacy: privacy,
            dropped: dropped, vectors: vectors)
        var schema = inference.schema
        if schema.needsPrivacyKey {
            guard let privacyKey else { throw PrivacyKeyError(key, .missing) }
            schema.keyFingerprint = privacyKey.fingerprint
        }
        var problems = schema.problems + contradictions
        if let problem = FeatureSchema.problem(ofName: key.model) { problems.append("model: \(problem)") }
        if let problem = FeatureSchema.problem(ofName: key.version) { problems.append("version: \(problem)") }
        if table.rowCount == 0 { problems.append("reference: no rows, expected at least one") }
        if schema.features.isEmpty, mapping.score == nil, mapping.prediction == nil, mapping.scores.isEmpty {
            problems.append("reference: neither a feature nor a score nor a prediction to watch")
        }
        if !problems.isEmpty { throw ConfigurationError(problems.map { "\(table.file): \($0)" }) }
        let reference = try profile(table, schema: schema, at: now)
        let version = try await registry.register(
            key, schema: schema, reference: reference, rows: Int64(table.rowCount), actor: actor, at: now)
        return Outcome(version: version, columns: inference.columns)
    }

    /// Private columns that the spec and the options also say something else about.
    private var contradictions: [String] {
        var found: [String] = []
        let roles = [
            ("id", mapping.id), ("timestamp", mapping.timestamp), ("label", mapping.label), ("score", mapping.score),
            ("prediction", mapping.prediction),
        ]
        for case (let role, let name?) in roles where dropped.contains(name) || privacy[name] != nil {
            found.append("\(role): \(name) is private, expected a column that is stored as it is sent")
        }
        for name in dropped.union(privacy.keys).sorted() {
            if declared[name] != nil { found.append("features.\(name): a kind beside privacy, which decides it, expected one of the two") }
            if ignored.contains(name) { found.append("ignore: \(name) is private, expected a column that records do not carry") }
        }
        if let features {
            for name in dropped.sorted() where features.contains(name) {
                found.append("features: \(name) is dropped too, expected one of the two")
            }
            for name in privacy.keys.sorted() where !features.contains(name) && !mapping.sensitive.contains(name) {
                found.append("features: \(name) has privacy and is not among them, expected it there")
            }
        }
        return found
    }

    private func profile(_ table: CSVTable, schema: FeatureSchema, at now: Timestamp) throws -> ReferenceProfile {
        let batch = try mapping.batch(table, schema: schema, fallbackTime: now, key: privacyKey)
        let grid = ProfileGrid(
            reference: batch, schema: schema, joint: JointGrid(reference: batch), vectors: { JointGrid(columns: $0) },
            quantileEdges: { quantileEdges(ofSorted: $0, bins: $1) })
        let labels = try mapping.labels(table, schema: schema)
        func profile(_ batch: PredictionBatch, _ labels: [Double]) -> Profile {
            var profile = Profile(grid: grid)
            profile.fold(batch, grid: grid)
            profile.foldLabels(labels, of: batch, grid: grid)
            return profile
        }
        let whole = ReferenceProfile(grid: grid, profile: profile(batch, labels))
        // Without times of its own every row has the same one.
        if mapping.timestamp == nil { return whole }
        let version = RegisteredVersion(
            key: key, versionID: 0, streamID: 0, stage: .candidate, schema: schema, referenceRows: Int64(batch.count), registeredAt: now)
        let settings = MonitorSettings()
        var variations: [WindowKind: NaturalVariation] = [:]
        for kind in WindowKind.scheduled {
            let windows = Dictionary(grouping: batch.timestamps.indices) {
                Window(kind: kind, holding: batch.timestamps[$0])?.start ?? .earliest
            }
            .sorted { $0.key < $1.key }.map(\.value).filter { $0.count >= settings.rowsMin }
            variations[kind] = NaturalVariation(windows: windows.count, of: whole, of: version, settings: settings) { i in
                profile(batch.rows(at: windows[i]), windows[i].map { labels[$0] })
            }
        }
        return ReferenceProfile(grid: grid, profile: whole.profile, variations: variations)
    }
}

extension Registration {
    /// Reads a spec file: what the options say, in YAML, and the kinds of single features.
    ///
    /// - Throws: ``ConfigurationError`` with every problem.
    public mutating func apply(spec text: String, file: String) throws {
        let reader = SettingsReader()
        let top = reader.members(
            try YAMLText.parse(text, file: file), at: "",
            known: [
                "id", "timestamp", "label", "score", "prediction", "sensitive", "task", "positive", "threshold", "currency", "features",
                "ignore", "raw", "raw_share", "classes", "scores",
            ])
        mapping.id = reader.text(top["id"], at: "id") ?? mapping.id
        mapping.timestamp = reader.text(top["timestamp"], at: "timestamp") ?? mapping.timestamp
        mapping.label = reader.text(top["label"], at: "label") ?? mapping.label
        mapping.score = reader.text(top["score"], at: "score") ?? mapping.score
        mapping.prediction = reader.text(top["prediction"], at: "prediction") ?? mapping.prediction
        if case .object(let attributes)? = top["sensitive"] {
            mapping.sensitive = attributes.members.map(\.key)
            for (name, value) in attributes.members { applyColumn(name, value, at: "sensitive.\(name)", isFeature: false, reader) }
        } else {
            mapping.sensitive = reader.texts(top["sensitive"], at: "sensitive") ?? mapping.sensitive
        }
        base.task = reader.choice(top["task"], at: "task") ?? base.task
        base.positiveLabel = reader.text(top["positive"], at: "positive") ?? base.positiveLabel
        base.threshold = reader.number(top["threshold"], at: "threshold", in: -1e300...1e300) ?? base.threshold
        base.currency = reader.text(top["currency"], at: "currency") ?? base.currency
        base.classes = reader.texts(top["classes"], at: "classes") ?? base.classes
        if case .object(let columns)? = top["scores"] {
            for (name, value) in columns.members { mapping.scores[name] = reader.text(value, at: "scores.\(name)") }
        } else if top["scores"] != nil {
            reader.problem("scores", "expected a mapping of class to column")
        }
        applyRaw(top, reader)
        ignored.formUnion(reader.texts(top["ignore"], at: "ignore") ?? [])
        if case .object(let kinds)? = top["features"] {
            for (name, value) in kinds.members {
                if case .object = value {
                    applyColumn(name, value, at: "features.\(name)", isFeature: true, reader)
                } else if let kind = plainKind(value, at: "features.\(name)", reader) {
                    declared[name] = kind
                }
            }
        } else if let names = reader.texts(top["features"], at: "features") {
            features = names
        }
        if !reader.problems.isEmpty { throw ConfigurationError(reader.problems.map { "\(file): \($0)" }) }
    }

    /// A kind that needs no more than its word.
    private func plainKind(_ json: JSON?, at path: String, _ reader: SettingsReader) -> FeatureKind? {
        guard let kind: FeatureKind = reader.choice(json, at: path) else { return nil }
        if kind == .vector { reader.problem(path, "vector without its length, expected {vector: LENGTH}") }
        return kind == .vector ? nil : kind
    }

    /// `{privacy: drop | hash | bucket, edges: […]}`; of a feature also `kind`, or `vector` and its length.
    private mutating func applyColumn(_ name: String, _ json: JSON, at path: String, isFeature: Bool, _ reader: SettingsReader) {
        let members = reader.members(json, at: path, known: (isFeature ? ["kind", "vector"] : []) + ["privacy", "edges"])
        if let kind = plainKind(members["kind"], at: path + ".kind", reader) { declared[name] = kind }
        let word = reader.text(members["privacy"], at: path + ".privacy")
        if let json = members["vector"] {
            vectors[name] = reader.integer(json, at: path + ".vector", in: FeatureSchema.dimensions)
            if members["kind"] != nil { reader.problem(path + ".kind", "stands beside vector, expected one of the two") }
            if let word, word != "drop" { return reader.problem(path + ".privacy", "\(word) of a vector, expected drop or none") }
        }
        if word != "bucket", members["edges"] != nil { reader.problem(path + ".edges", "stand without privacy: bucket, expected none") }
        var rule: Privacy?
        switch word {
        case nil: return
        case "drop" where isFeature: dropped.insert(name)
        case "hash": rule = .hash
        case "bucket":
            let edges = (reader.list(members["edges"], at: path + ".edges") ?? []).map { $0.doubleValue ?? .nan }
            if let problem = Privacy.problem(ofEdges: edges) { return reader.problem(path + ".edges", problem) }
            rule = .bucket(edges)
        default:
            let words = isFeature ? Privacy.words : Privacy.words.filter { $0 != "drop" }
            reader.problem(path + ".privacy", "\"\(word ?? "")\", expected one of \(words.joined(separator: ", "))")
        }
        guard let rule else { return }
        if let other = privacy.updateValue(rule, forKey: name), other != rule {
            reader.problem(path + ".privacy", "differs from that under sensitive, expected one rule for a column")
        }
    }

    /// `raw: all | sample | none`, and `raw_share` beside `sample`.
    private mutating func applyRaw(_ top: [String: JSON], _ reader: SettingsReader) {
        let share = reader.number(top["raw_share"], at: "raw_share", in: 0...1)
        guard let word = reader.text(top["raw"], at: "raw") else {
            if share != nil { reader.problem("raw_share", "stands without raw: sample") }
            return
        }
        guard let raw = RawRows(word: word, share: share) else {
            return reader.problem("raw", "\"\(word)\", expected one of \(RawRows.words.joined(separator: ", "))")
        }
        if case .sample = raw {} else if share != nil { reader.problem("raw_share", "stands without raw: sample") }
        base.raw = raw
    }
}
