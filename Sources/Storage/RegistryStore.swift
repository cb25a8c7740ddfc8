internal import Migrations
public import Profiles
public import Vocabulary

/// Models, versions, and the frozen reference of each.
public struct RegistryStore: VersionDirectory, Sendable {
    private let database: Database
    public init(database: Database) { self.database = database }

    /// Registers a version with its reference; the model is made with its first version, which becomes the champion.
    ///
    /// - Throws: ``StoreError`` `.conflict` when the version exists: a version is frozen, register a new one.
    public func register(
        _ key: ModelVersion, schema: FeatureSchema, reference: ReferenceProfile, rows: Int64, watch: JSON = .object(JSONObject()),
        actor: String, at now: Timestamp
    ) async throws -> RegisteredVersion {
        let grid = reference.grid.encoded()
        let profile = reference.profile.encoded()
        return try await database.transaction { connection in
            // Registrations are rare: one at a time, so that ids are simply the next numbers.
            try connection.query(Queries["lock_stream"], [.int(-1)])
            try connection.query(Queries["lock_model"], [.text(key.model)])
            if try connection.query(Queries["find_version"], [.text(key.model), .text(key.version)]).count > 0 {
                throw StoreError(.conflict, "\(key) is registered already: a version is frozen, register a new one")
            }
            let ids = try connection.query(Queries["next_ids"])
            guard let newModel = ids.int(0, 0), let versionID = ids.int(0, 1), let streamID = ids.int(0, 2) else {
                throw StoreError(.failed, "no ids for the registration")
            }
            let found = try connection.query(Queries["find_model"], [.text(key.model)])
            let modelID = found.count > 0 ? found.int(0, 0) ?? newModel : newModel
            let stage: VersionStage = found.count > 0 ? .candidate : .champion
            if found.count == 0 {
                try connection.query(Queries["insert_model"], [.int(modelID), .text(key.model), .int(streamID), .time(now)])
            } else if let elder = try connection.query(Queries["any_version"], [.text(key.model)]).text(0, 0).flatMap({
                try? JSON.parse($0)
            }),
                let other = FeatureSchema(json: elder),
                (other.task, other.positiveLabel, other.classes) != (schema.task, schema.positiveLabel, schema.classes)
            {
                // A label is the model's, not a version's: all versions must read it the same way.
                throw StoreError(
                    .conflict,
                    "\(key): \(schema.labelsRead), but the other versions of \(key.model) are \(other.labelsRead): "
                        + "register it as another model"
                        + (schema.task == .multiclass && other.task == .multiclass ? ", or declare their classes" : ""))
            }
            try connection.query(
                Queries["insert_version"],
                [
                    .int(versionID), .int(modelID), .text(key.version), .text(stage.rawValue), .json(schema.json), .int(rows), .time(now),
                    .json(watch),
                ])
            try connection.query(Queries["insert_stream"], [.int(streamID), .int(versionID), .text("")])
            try connection.query(
                Queries["insert_feature"],
                [.int(versionID), .texts(schema.features.map(\.name)), .texts(schema.features.map(\.kind.rawValue))])
            try connection.query(Queries["insert_reference"], [.int(versionID), .bytes(grid), .bytes(profile)])
            for (kind, variation) in reference.variations {
                try connection.query(
                    Queries["insert_variation"], [.int(versionID), .text(kind.rawValue), .bytes(variation.encoded())])
            }
            let parts = Array(streamID + 1..<streamID + 1 + Int64(reference.segments.count))
            for (part, stream) in zip(reference.segments, parts) { try connection.keep(part, stream: stream, of: versionID) }
            try connection.run(AnalystView.statement(key, schema: schema, streamID: streamID))
            try connection.audit("register", key, actor: actor, at: now, detail: .object(["reference_rows": .integer(rows)]))
            var version = RegisteredVersion(
                key: key, versionID: versionID, streamID: streamID, stage: stage, schema: schema, referenceRows: rows, registeredAt: now,
                watch: watch)
            version.segmentStreams = parts
            return version
        }
    }

    /// Changes how a version is watched from now on.
    public func setWatch(_ watch: JSON, of version: RegisteredVersion, actor: String, at now: Timestamp) async throws {
        try await database.transaction { connection in
            try connection.query(Queries["set_watch"], [.int(version.versionID), .json(watch)])
            try connection.audit("configure", version.key, actor: actor, at: now, detail: watch)
        }
    }

    public func version(_ key: ModelVersion) async throws -> RegisteredVersion? {
        try await database.run { connection in
            let rows = try connection.query(Queries["find_version"], [.text(key.model), .text(key.version)])
            return rows.count > 0 ? try Self.version(rows, 0) : nil
        }
    }

    public func versions() async throws -> [RegisteredVersion] {
        try await database.run { connection in
            let rows = try connection.query(Queries["list_versions"])
            return try (0..<rows.count).map { try Self.version(rows, $0) }
        }
    }

    /// Moves a version to a stage. A new champion makes the old one a candidate.
    public func setStage(_ stage: VersionStage, of version: RegisteredVersion, actor: String, at now: Timestamp) async throws {
        try await database.transaction { connection in
            // One change of the registry at a time: of two promotions at once the later must see the earlier champion.
            try connection.query(Queries["lock_stream"], [.int(-1)])
            guard let modelID = try connection.query(Queries["find_model"], [.text(version.key.model)]).int(0, 0) else { return }
            if stage == .champion { try connection.query(Queries["demote_champion"], [.int(modelID), .int(version.versionID)]) }
            try connection.query(
                Queries["set_stage"], [.int(version.versionID), .text(stage.rawValue), .time(stage == .retired ? now : nil)])
            try connection.audit(
                stage == .retired ? "retire" : "promote", version.key, actor: actor, at: now,
                detail: .object(["stage": .string(stage.rawValue)]))
        }
    }

    static func version(_ rows: Rows, _ row: Int) throws -> RegisteredVersion {
        guard let versionID = rows.int(row, 0), let streamID = rows.int(row, 1), let model = rows.text(row, 2),
            let name = rows.text(row, 3),
            let stage = rows.text(row, 4).flatMap(VersionStage.init), let json = rows.text(row, 5),
            let schema = FeatureSchema(json: (try? JSON.parse(json)) ?? .null), let registeredAt = rows.time(row, 7)
        else { throw StoreError(.damaged, "a registered version cannot be read") }
        var version = RegisteredVersion(
            key: ModelVersion(model: model, version: name), versionID: versionID, streamID: streamID, stage: stage, schema: schema,
            referenceRows: rows.int(row, 6) ?? 0, registeredAt: registeredAt,
            watch: try rows.text(row, 9).map { try JSON.parse($0) } ?? .object(JSONObject()))
        let streams = try rows.text(row, 10).map { try JSON.parse($0) }
        version.segmentStreams = schema.segments.compactMap { streams?[$0.name]?.intValue }
        guard version.segmentStreams.count == schema.segments.count else {
            throw StoreError(.damaged, "\(version.key): a segment has no stream")
        }
        return version
    }
}

extension Connection {
    fileprivate func keep(_ part: SegmentReference, stream: Int64, of versionID: Int64) throws {
        try query(Queries["insert_stream"], [.int(stream), .int(versionID), .text(part.segment.name)])
        func keep(_ what: String, _ bytes: [UInt8]) throws {
            try query(Queries["insert_segment_reference"], [.int(stream), .text(what), .bytes(bytes)])
        }
        try keep(SegmentReference.profilePart, part.profile.encoded())
        for (kind, variation) in part.variations { try keep(kind.rawValue, variation.encoded()) }
    }

    func audit(_ action: String, _ key: ModelVersion, actor: String, at now: Timestamp, detail: JSON) throws {
        try audit(action, "\(key)", actor: actor, at: now, detail: detail)
    }

    /// Who did what to what, in the transaction that does it.
    func audit(_ action: String, _ subject: String, actor: String, at now: Timestamp, detail: JSON) throws {
        // One entry at a time: each is chained to the one before. Last of all locks, so nobody waits for us in turn.
        try query(Queries["lock_stream"], [.int(-4)])
        let kept = try query(Queries["insert_audit"], [.time(now), .text(actor), .text(action), .text(subject), .json(detail)]).affected
        // What cannot be noted is not done.
        guard kept == 1 else { throw StoreError(.damaged, AuditStore.headless) }
    }
}

extension FeatureSchema {
    /// How labels are read, for an error.
    fileprivate var labelsRead: String {
        task == .multiclass
            ? "multiclass with classes " + classes.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", …" : "")
            : "\(task.rawValue) with positive label \"\(positiveLabel)\""
    }
}
