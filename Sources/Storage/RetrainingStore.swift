internal import Migrations
public import Vocabulary

/// What trainers were asked for, and what came of it.
public struct RetrainingStore: Sendable {
    private let database: Database
    public init(database: Database) { self.database = database }

    /// Retrainings in one answer.
    public static let listMax = 200

    /// Newest first. - Parameter models: only of these; nil for all.
    public func list(models: Set<String>? = nil) async throws -> [Retraining] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["list_retraining"], [.int(Int64(Self.listMax)), models.map { .texts($0.sorted()) } ?? .null])
            return (0..<rows.count).compactMap { Self.retraining(rows, $0) }
        }
    }

    public func find(_ id: String) async throws -> Retraining? {
        try await database.run { Self.retraining(try $0.query(Queries["find_retraining"], [.text(id)]), 0) }
    }

    /// Notes what a trainer says, and puts the messages about it into the outbox.
    ///
    /// - Returns: the retraining as it is then, and whether that was new.
    /// - Throws: ``RetrainingConflict`` when it cannot become that any more.
    public func advance(
        _ id: String, to state: RetrainingState, newVersion: String? = nil, note: String? = nil, actor: String, at now: Timestamp,
        render: @escaping @Sendable (Retraining) -> [OutgoingMessage]
    ) async throws -> (retraining: Retraining, isNew: Bool)? {
        try await database.transaction { connection in
            guard let before = Self.retraining(try connection.query(Queries["find_retraining"], [.text(id)]), 0) else { return nil }
            let isFree = state == .overdue ? !before.state.isOver : before.state.mayBecome(state)
            guard isFree, before.mayBe(newVersion) else { throw RetrainingConflict(before) }
            if before.state == state { return (before, false) }
            var after = before
            after.state = state
            if state != .overdue { after.startedAt = before.startedAt ?? now }
            if state.isOver { after.endedAt = now }
            after.newVersion = newVersion ?? before.newVersion
            after.note = note ?? before.note
            try connection.query(
                Queries["advance_retraining"],
                [
                    .text(id), .text(state.rawValue), .time(after.startedAt), .time(after.endedAt), .text(after.newVersion),
                    .text(after.note),
                ])
            for message in render(after) { try connection.putOut(message, about: after.alertID, at: now) }
            try connection.audit(
                "retraining_" + state.rawValue, after.version, actor: actor, at: now,
                detail: .object(["retraining": .string(id), "new_version": JSON(after.newVersion), "note": JSON(after.note)]))
            return (after, true)
        }
    }

    /// Those of which nothing came back in time.
    public func overdue(at now: Timestamp) async throws -> [String] {
        try await database.run { connection in
            let rows = try connection.query(Queries["overdue_retraining"], [.time(now)])
            return (0..<rows.count).compactMap { rows.text($0, 0) }
        }
    }

    private static func retraining(_ rows: Rows, _ row: Int) -> Retraining? {
        guard row < rows.count, let id = rows.text(row, 0), let model = rows.text(row, 1), let version = rows.text(row, 2),
            let policy = rows.text(row, 4), let reason = rows.text(row, 5), let state = rows.text(row, 7).flatMap(RetrainingState.init),
            let requested = rows.time(row, 8)
        else { return nil }
        var found = Retraining(
            id: id, version: ModelVersion(model: model, version: version), alertID: rows.int(row, 3), policy: policy, reason: reason,
            manifest: rows.text(row, 6).flatMap { try? JSON.parse($0) } ?? .null, state: state, requestedAt: requested)
        found.startedAt = rows.time(row, 9)
        found.endedAt = rows.time(row, 10)
        found.deadline = rows.time(row, 11)
        found.newVersion = rows.text(row, 12)
        found.note = rows.text(row, 13)
        return found
    }
}

extension Connection {
    /// Keeps a request to retrain. - Returns: false when one is under way, or the month's are used up: then nothing is asked.
    func keep(_ request: RetrainingRequest, id: String, of key: ModelVersion, alert: Int64?, at now: Timestamp) throws -> Bool {
        let since = now.adding(seconds: -RetrainingRequest.monthSeconds)
        let load = try query(Queries["retraining_load"], [.text(key.model), .time(since)])
        guard load.int(0, 0) ?? 0 == 0, load.int(0, 1) ?? 0 < Int64(request.perMonth) else { return false }
        try query(
            Queries["insert_retraining"],
            [
                .text(id), .text(key.model), .text(key.version), .int(alert), .text(request.policy), .text(request.reason),
                .json(request.manifest), .time(now), .time(request.deadline),
            ])
        try audit("retraining_requested", key, actor: "policy " + request.policy, at: now, detail: .object(["retraining": .string(id)]))
        return true
    }
}

/// A trainer says something of a retraining that is over.
public struct RetrainingConflict: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ retraining: Retraining) {
        description =
            "retraining \(retraining.id) is \(retraining.state.rawValue) already"
            + (retraining.newVersion.map { ", as version \($0)" } ?? "")
    }
}

/// Where a trainer finds the rows of a version: its view with the labels.
public enum TrainingRows {
    public static func sql(_ version: RegisteredVersion, from: Timestamp, to: Timestamp) -> String {
        """
        select distinct on (p.record_id, p.ts) p.*, l.label
        from \(AnalystView.quotedName(version.key)) p
        join evenkeel.label l on l.stream_id = \(version.streamID) and l.record_id = p.record_id and l.prediction_ts = p.ts
        where p.ts >= '\(from.rfc3339)' and p.ts < '\(to.rfc3339)'
        order by p.record_id, p.ts, l.ts desc, l.label_seq desc
        """
    }
}
