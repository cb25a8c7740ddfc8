internal import Migrations
public import Vocabulary

/// A candidate beside a champion, as it is stored.
public struct ShadowRun: Sendable {
    /// The champion's lane, and the candidate's version.
    public var streamID: Int64
    public var candidateID: Int64
    public var startedAt: Timestamp
    /// The last batch that is in the sums.
    public var cursor: Int64
    public var taken: Int64
    public var skipped: Int64
    /// What the candidate took for the rows.
    public var seconds: Double
    public var latencyRows: Int64
    public var latencySeconds: Double
    public var steppedAt: Timestamp?
    /// Why the circuit breaker is open.
    public var breaker: String?
    public var brokenAt: Timestamp?
    public var verdict: String?
    public var verdictAt: Timestamp?
    public var report: JSON?
    /// The last batch that the report knows of.
    public var lookedCursor: Int64
}

/// A look at a run.
public struct ShadowLook: Sendable {
    public var at: Timestamp
    public var taken: Int64
    public var labelled: Int64
    public var verdict: String
    public var report: JSON

    public init(at: Timestamp, taken: Int64, labelled: Int64, verdict: String, report: JSON) {
        self.at = at
        self.taken = taken
        self.labelled = labelled
        self.verdict = verdict
        self.report = report
    }
}

/// The file of a version's model, without its bytes.
public struct ModelFileRecord: Sendable, Equatable {
    public var versionID: Int64
    public var format: String
    public var digest: String
    public var size: Int64
    public var storedAt: Timestamp
    public var storedBy: String
}

/// Candidates, their sums, and what was decided of them.
///
/// It has connections of its own, so that scoring never takes one from the collectors.
public struct ShadowStore: Sendable {
    let database: Database
    private let levels = LevelDictionary()
    public init(database: Database) { self.database = database }

    // MARK: Files

    /// Keeps the file of a version's model.
    ///
    /// - Throws: ``StoreError`` `.conflict` when the version has another one: a version is frozen.
    public func keep(
        _ data: [UInt8], format: String, of version: RegisteredVersion, actor: String, at now: Timestamp
    ) async throws -> ModelFileRecord {
        let digest = Digest.hex(Digest.sha256(data))
        let record = ModelFileRecord(
            versionID: version.versionID, format: format, digest: digest, size: Int64(data.count), storedAt: now, storedBy: actor)
        return try await database.transaction { connection in
            let stored = try connection.query(
                Queries["keep_model_file"],
                [.int(version.versionID), .text(format), .text(digest), .int(record.size), .bytes(data), .time(now), .text(actor)]
            ).affected
            if stored == 0 {
                guard let known = try Self.files(on: connection).first(where: { $0.versionID == version.versionID }), known.digest == digest
                else { throw StoreError(.conflict, "\(version.key) has another model file: a version is frozen, register a new one") }
                return known
            }
            try connection.audit(
                "model file", version.key, actor: actor, at: now,
                detail: .object(["format": .string(format), "digest": .string(digest), "bytes": .integer(record.size)]))
            return record
        }
    }

    public func files() async throws -> [ModelFileRecord] { try await database.run { try Self.files(on: $0) } }

    private static func files(on connection: Connection) throws -> [ModelFileRecord] {
        let rows = try connection.query(Queries["model_files"])
        return (0..<rows.count).compactMap { row in
            guard let version = rows.int(row, 0), let format = rows.text(row, 1), let digest = rows.text(row, 2),
                let size = rows.int(row, 3), let at = rows.time(row, 4), let by = rows.text(row, 5)
            else { return nil }
            return ModelFileRecord(versionID: version, format: format, digest: digest, size: size, storedAt: at, storedBy: by)
        }
    }

    public func data(of versionID: Int64) async throws -> [UInt8]? {
        try await database.run { connection in
            let rows = try connection.query(Queries["model_file"], [.int(versionID)])
            return rows.count > 0 ? rows.bytes(0, 0) : nil
        }
    }

    // MARK: Runs

    /// All of them, of every model.
    public func runs() async throws -> [ShadowRun] {
        try await database.run { connection in
            let rows = try connection.query(Queries["shadow_runs"])
            return (0..<rows.count).compactMap { row in
                guard let stream = rows.int(row, 0), let candidate = rows.int(row, 1), let started = rows.time(row, 2) else { return nil }
                return ShadowRun(
                    streamID: stream, candidateID: candidate, startedAt: started, cursor: rows.int(row, 3) ?? 0,
                    taken: rows.int(row, 4) ?? 0, skipped: rows.int(row, 5) ?? 0, seconds: rows.double(row, 6) ?? 0,
                    latencyRows: rows.int(row, 7) ?? 0, latencySeconds: rows.double(row, 8) ?? 0, steppedAt: rows.time(row, 9),
                    breaker: rows.text(row, 10), brokenAt: rows.time(row, 11), verdict: rows.text(row, 12),
                    verdictAt: rows.time(row, 13), report: rows.text(row, 14).flatMap { try? JSON.parse($0) },
                    lookedCursor: rows.int(row, 15) ?? 0)
            }
        }
    }

    /// Begins a run where there is none.
    ///
    /// - Parameter cursor: the last batch that it shall not look at; 0 for the whole log that is stored.
    public func start(
        _ champion: RegisteredVersion, _ candidate: RegisteredVersion, after cursor: Int64 = 0, at now: Timestamp
    ) async throws {
        try await database.run { connection -> Void in
            try connection.query(
                Queries["start_shadow_run"], [.int(champion.streamID), .int(candidate.versionID), .time(now), .int(cursor)])
        }
    }

    public func sums(_ champion: RegisteredVersion, _ candidate: RegisteredVersion) async throws -> [UInt8]? {
        try await database.run { connection in
            let rows = try connection.query(Queries["shadow_sums"], [.int(champion.streamID), .int(candidate.versionID)])
            return rows.count > 0 ? rows.bytes(0, 0) : nil
        }
    }

    // MARK: Steps

    /// How far a champion's log may be followed now.
    public func horizon(of version: RegisteredVersion) async throws -> Int64 { try await database.horizon(of: version.streamID) }

    /// Brings the summaries of the log up to date, by which a step finds its rows.
    ///
    /// It gives up at once where vacuum is at work, which does the same: who waits longer would make it give up.
    public func summarize() async throws {
        do {
            try await database.run { connection -> Void in
                try connection.transaction(beginning: "begin; set local lock_timeout = '200ms'") {
                    _ = try connection.query(Queries["summarize_batches"])
                }
            }
        } catch let error as StoreError where error.sqlState == "55P03" {}
    }

    /// What a step makes of the rows: the sums anew, and what it took.
    public struct Made: Sendable, Equatable {
        public var sums: [UInt8]
        public var taken: Int
        public var skipped: Int
        public var seconds: Double
        public var latencyRows: Int
        public var latencySeconds: Double
        public init(sums: [UInt8], taken: Int, skipped: Int, seconds: Double, latencyRows: Int, latencySeconds: Double) {
            self.sums = sums
            self.taken = taken
            self.skipped = skipped
            self.seconds = seconds
            self.latencyRows = latencyRows
            self.latencySeconds = latencySeconds
        }
    }

    public enum Step: Sendable {
        /// Another runner is at it, or the breaker is open.
        case none
        /// So many rows lie within the stretch that it must be shortened.
        case tooMany
        /// Up to this batch; without what was made where there was no row.
        case done(cursor: Int64, Made?)
    }

    /// Follows the log by a stretch of batches: rows, sums and cursor in one transaction, so that each row counts once whatever happens.
    ///
    /// - Parameters:
    ///   - stretch: batches at most. - horizon: as ``horizon(of:)`` said.
    ///   - rowsMax: rows at most, unless a single batch has more.
    ///   - body: rows that are new, rows whose label came or changed, and the sums so far. It runs on the connection's own thread.
    /// - Throws: what `body` throws; then nothing has changed.
    public func step(
        _ champion: RegisteredVersion, _ candidate: RegisteredVersion, stretch: Int64, horizon: Int64, rowsMax: Int, at now: Timestamp,
        _ body: @escaping @Sendable (_ new: ShadowRows, _ labelled: ShadowRows, _ sums: [UInt8]?) throws -> Made
    ) async throws -> Step {
        let key: [Parameter] = [.int(champion.streamID), .int(candidate.versionID)]
        let levels = levels
        return try await database.run { connection in
            try connection.transaction(
                // Rows are scored within it: the pace has a limit of its own, which would never be seen if the session were ended first.
                beginning: "begin; set local enable_seqscan = off; set local idle_in_transaction_session_timeout = 0"
            ) {
                let run = try connection.query(Queries["lock_shadow_run"], key)
                guard run.count > 0, let cursor = run.int(0, 0), run.text(0, 2) == nil else { return .none }
                let end = min(horizon, cursor + stretch)
                guard end > cursor else { return .done(cursor: cursor, nil) }
                let window: [Parameter] = [.int(champion.streamID), .int(cursor), .int(end)]
                let count = try connection.query(Queries["shadow_counts"], window).int(0, 0) ?? 0
                if count > Int64(rowsMax), end > cursor + 1 { return .tooMany }
                guard count > 0 else {
                    try connection.query(
                        Queries["step_shadow_run"], key + [.int(end), .null, .int(0), .int(0), .double(0), .int(0), .double(0), .time(now)])
                    return .done(cursor: end, nil)
                }
                let codes = try levels.known(champion.streamID) ?? LevelDictionary.load(champion.streamID, on: connection)
                var reader = ShadowRowReader(version: champion, codes: codes)
                let new = try reader.read(connection.query(Queries["shadow_predictions"], window), on: connection)
                let labelled = try reader.read(connection.query(Queries["shadow_labels"], window + [.int(run.int(0, 3))]), on: connection)
                levels.remember(reader.codes, of: champion.streamID)
                let made = try body(new, labelled, run.bytes(0, 1))
                try connection.query(
                    Queries["step_shadow_run"],
                    key + [
                        .int(end), .bytes(made.sums), .int(Int64(made.taken)), .int(Int64(made.skipped)), .double(made.seconds),
                        .int(Int64(made.latencyRows)), .double(made.latencySeconds), .time(now),
                    ])
                return .done(cursor: end, made)
            }
        }
    }
}

extension [ShadowRun] {
    public func of(_ champion: RegisteredVersion, _ candidateID: Int64) -> ShadowRun? {
        first { $0.streamID == champion.streamID && $0.candidateID == candidateID }
    }
}
