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
    /// Monitors and policies of its own.
    public var watch = JSON.object(JSONObject())
    /// Segments as the spec has them: what their rules mean depends on the kinds of the columns.
    var segments: [SegmentDraft] = []

    public init(key: ModelVersion, mapping: TableMapping) {
        self.key = key
        self.mapping = mapping
    }

    public struct Outcome: Sendable {
        public var version: RegisteredVersion
        /// Each column of the file and what it became.
        public var columns: [(name: String, role: String)]
        /// Where hours have too few rows and no policy of the version's own says at which windows to look.
        public var suited: SuitedWindow?
    }

    /// A registration that is known to be good.
    public struct Prepared: Sendable {
        public var schema: FeatureSchema
        public var columns: [(name: String, role: String)]
        var reference: ReferenceProfile
        var suited: SuitedWindow?
    }

    /// Checks everything and folds the reference; nothing is stored.
    ///
    /// - Throws: ``TableError`` for a bad file, ``ConfigurationError`` for a schema that makes no sense.
    public func prepare(_ table: CSVTable, at now: Timestamp) throws -> Prepared {
        let amiss = columnProblems(table)
        if !amiss.isEmpty { throw ConfigurationError(amiss.map { "\(table.file): \($0)" }) }
        let inference = try SchemaInference(
            table, mapping: mapping, base: base, declared: declared, ignored: ignored, features: features, privacy: privacy,
            dropped: dropped, vectors: vectors)
        var schema = inference.schema
        if schema.needsPrivacyKey {
            guard let privacyKey else { throw PrivacyKeyError(key, .missing) }
            schema.keyFingerprint = privacyKey.fingerprint
        }
        var problems: [String] = []
        schema.segments = segments.compactMap { $0.segment(schema, columns: table.names, &problems) }
        problems += schema.problems + contradictions
        if let problem = FeatureSchema.problem(ofName: key.model) { problems.append("model: \(problem)") }
        if let problem = FeatureSchema.problem(ofName: key.version) { problems.append("version: \(problem)") }
        if table.rowCount == 0 { problems.append("reference: no rows, expected at least one") }
        if schema.features.isEmpty, mapping.score == nil, mapping.prediction == nil, mapping.scores.isEmpty {
            problems.append("reference: neither a feature nor a score nor a prediction to watch")
        }
        if !problems.isEmpty { throw ConfigurationError(problems.map { "\(table.file): \($0)" }) }
        let batch = try mapping.batch(table, schema: schema, fallbackTime: now, key: privacyKey)
        let reference = try profile(table, batch, schema: schema, at: now)
        let empty = reference.segments.filter { $0.profile.rows == 0 }.map(\.segment)
        if !empty.isEmpty {
            throw ConfigurationError(
                empty.map { "\(table.file): segments.\($0.name): no row of the reference has \($0.words), expected at least one" })
        }
        // Without times of its own every row has the same one.
        let suited = mapping.timestamp == nil || watch["policies"] != nil ? nil : SuitedWindow(times: batch.timestamps)
        return Prepared(schema: schema, columns: inference.columns, reference: reference, suited: suited)
    }

    /// - Throws: as ``prepare(_:at:)``, and ``StoreError`` `.conflict` for a version that exists.
    public func run(_ table: CSVTable, registry: RegistryStore, actor: String, at now: Timestamp) async throws -> Outcome {
        let prepared = try prepare(table, at: now)
        let version = try await registry.register(
            key, schema: prepared.schema, reference: prepared.reference, rows: Int64(table.rowCount), watch: watch, actor: actor, at: now)
        return Outcome(version: version, columns: prepared.columns, suited: prepared.suited)
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

    private func profile(
        _ table: CSVTable, _ batch: PredictionBatch, schema: FeatureSchema, at now: Timestamp
    ) throws -> ReferenceProfile {
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
        let version = RegisteredVersion(
            key: key, versionID: 0, streamID: 0, stage: .candidate, schema: schema, referenceRows: Int64(batch.count), registeredAt: now,
            watch: watch)
        let settings = MonitorSettings()
        /// The sums of some rows, and how far windows of these differ among themselves.
        func part(_ rows: [Int]) -> ReferenceProfile {
            let isAll = rows.count == batch.count
            let whole = ReferenceProfile(
                grid: grid, profile: isAll ? profile(batch, labels) : profile(batch.rows(at: rows), rows.map { labels[$0] }))
            // Without times of its own every row has the same one.
            if mapping.timestamp == nil { return whole }
            var variations: [WindowKind: NaturalVariation] = [:]
            for kind in version.windows {
                let windows = kind.apart(rows, at: batch.timestamps).filter { $0.count >= settings.rowsMin }
                variations[kind] = NaturalVariation(windows: windows.count, of: whole, of: version, settings: settings) { i in
                    profile(batch.rows(at: windows[i]), windows[i].map { labels[$0] })
                }
            }
            return ReferenceProfile(grid: grid, profile: whole.profile, variations: variations)
        }
        let whole = part(Array(0..<batch.count))
        let bits = schema.segmentBits(of: batch)
        let segments = schema.segments.enumerated().map { place, segment in
            let own = part(bits?.rows(in: place) ?? [])
            return SegmentReference(segment: segment, profile: own.profile, variations: own.variations)
        }
        return ReferenceProfile(grid: grid, profile: whole.profile, variations: whole.variations, segments: segments)
    }
}
