internal import Migrations
public import Vocabulary

// What was decided of candidates: looks, circuit breakers, rollouts. Each with its messages, in one transaction.

extension ShadowStore {
    /// Keeps the newest comparison of a run, and the look if it is one to be kept.
    ///
    /// - Parameters:
    ///   - cursor: the last batch that was in the sums when they were read, or before.
    ///   - former: the verdict that the look found.
    ///   - short: what of the report is kept to be shown over time; nil for a look that is not. - messages: for the outbox, when the verdict has changed.
    /// - Returns: false when another runner has looked meanwhile: then nothing is kept, and nobody told.
    public func keep(
        _ look: ShadowLook, of champion: RegisteredVersion, _ candidate: RegisteredVersion, cursor: Int64, former: String?,
        short: JSON?, messages: [OutgoingMessage]
    ) async throws -> Bool {
        try await database.transaction { connection in
            let key: [Parameter] = [.int(champion.streamID), .int(candidate.versionID)]
            let kept = try connection.query(
                Queries["report_shadow_run"],
                key + [.text(look.verdict), .time(look.at), .json(look.report), .int(look.taken), .text(former), .int(cursor)]
            ).affected
            guard kept > 0 else { return false }
            if let short {
                try connection.query(
                    Queries["insert_look"],
                    key + [.time(look.at), .int(look.taken), .int(look.labelled), .text(look.verdict), .json(short)])
            }
            for message in messages { try connection.putOut(message, at: look.at) }
            return true
        }
    }

    /// The newest looks, the earliest first.
    public func looks(_ champion: RegisteredVersion, _ candidate: RegisteredVersion, limit: Int) async throws -> [ShadowLook] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["shadow_looks"], [.int(champion.streamID), .int(candidate.versionID), .int(Int64(limit))])
            return (0..<rows.count).reversed().compactMap { row in
                guard let at = rows.time(row, 0), let verdict = rows.text(row, 3), let report = rows.text(row, 4) else { return nil }
                return ShadowLook(
                    at: at, taken: rows.int(row, 1) ?? 0, labelled: rows.int(row, 2) ?? 0, verdict: verdict,
                    report: (try? JSON.parse(report)) ?? .null)
            }
        }
    }

    /// Opens the circuit breaker: nothing is scored until somebody closes it.
    ///
    /// - Returns: false when it was open already.
    public func trip(
        _ champion: RegisteredVersion, _ candidate: RegisteredVersion, why: String, at now: Timestamp, messages: [OutgoingMessage]
    ) async throws -> Bool {
        try await database.transaction { connection in
            let changed = try connection.query(
                Queries["break_shadow_run"], [.int(champion.streamID), .int(candidate.versionID), .text(why), .time(now)]
            ).affected
            guard changed > 0 else { return false }
            try connection.audit("shadow_breaker", candidate.key, actor: "evenkeel", at: now, detail: .object(["why": .string(why)]))
            for message in messages { try connection.putOut(message, at: now) }
            return true
        }
    }

    /// Closes it: the run goes on with the row that it stopped at.
    ///
    /// - Returns: false when it was not open.
    public func reset(_ champion: RegisteredVersion, _ candidate: RegisteredVersion, actor: String, at now: Timestamp) async throws -> Bool
    {
        try await database.transaction { connection in
            let changed = try connection.query(
                Queries["mend_shadow_run"], [.int(champion.streamID), .int(candidate.versionID)]
            ).affected
            guard changed > 0 else { return false }
            try connection.audit("shadow_reset", candidate.key, actor: actor, at: now, detail: .object(JSONObject()))
            return true
        }
    }

    // MARK: Rollout

    public func rollout(of model: String) async throws -> RolloutRecord? {
        try await database.run { connection in
            guard let modelID = try connection.query(Queries["find_model"], [.text(model)]).int(0, 0) else { return nil }
            return try Self.rollout(modelID, on: connection)
        }
    }

    private static func rollout(_ modelID: Int64, on connection: Connection) throws -> RolloutRecord? {
        let rows = try connection.query(Queries["find_rollout"], [.int(modelID)])
        guard rows.count > 0, let version = rows.int(0, 0), let previous = rows.int(0, 1),
            let state = rows.text(0, 2).flatMap(RolloutRecord.State.init), let step = rows.int(0, 3), let at = rows.time(0, 4)
        else { return nil }
        return RolloutRecord(
            versionID: version, previousID: previous, state: state, step: Int(step), changedAt: at, actor: rows.text(0, 5) ?? "",
            reason: rows.text(0, 6) ?? "", beganAt: rows.time(0, 7), waits: rows.text(0, 8))
    }

    /// Says what a rollout waits for; it is no change of it, and nobody is told.
    ///
    /// - Parameter record: as it was found. - Returns: false when somebody has changed it meanwhile.
    @discardableResult
    public func hold(_ record: RolloutRecord, of model: String, waits: String) async throws -> Bool {
        try await database.run { connection in
            guard let modelID = try connection.query(Queries["find_model"], [.text(model)]).int(0, 0) else { return false }
            let held = try connection.query(
                Queries["hold_rollout"], [.int(modelID), .int(record.versionID), .time(record.changedAt), .text(waits)])
            return held.affected > 0
        }
    }

    /// Changes how far a model's rollout is, and its champion where that follows.
    ///
    /// - Parameters:
    ///   - decide: from the rollout as it is and the champion's version to the new one, and to who shall be champion; nil for no change.
    ///   - messages: about the change.
    /// - Returns: the new state; nil for no change.
    public func changeRollout(
        of model: String, at now: Timestamp,
        decide: @escaping @Sendable (_ now: RolloutRecord?, _ champion: Int64?) throws -> (record: RolloutRecord, champion: Int64?)?,
        messages: @escaping @Sendable (RolloutRecord) -> [OutgoingMessage]
    ) async throws -> RolloutRecord? {
        try await database.transaction { connection in
            // One change of the registry at a time.
            try connection.query(Queries["lock_stream"], [.int(-1)])
            guard let modelID = try connection.query(Queries["find_model"], [.text(model)]).int(0, 0) else { return nil }
            let champions = try connection.query(Queries["champion_of"], [.int(modelID)])
            guard let change = try decide(try Self.rollout(modelID, on: connection), champions.count > 0 ? champions.int(0, 0) : nil)
            else { return nil }
            let record = change.record
            try connection.query(
                Queries["keep_rollout"],
                [
                    .int(modelID), .int(record.versionID), .int(record.previousID), .text(record.state.rawValue), .int(Int64(record.step)),
                    .time(now), .text(record.actor), .text(record.reason), .time(record.beganAt),
                ])
            if let champion = change.champion {
                try connection.query(Queries["demote_champion"], [.int(modelID), .int(champion)])
                try connection.query(Queries["set_stage"], [.int(champion), .text(VersionStage.champion.rawValue), .null])
            }
            for message in messages(record) { try connection.putOut(message, at: now) }
            try connection.audit(
                "rollout", model, actor: record.actor, at: now,
                detail: .object([
                    "state": .string(record.state.rawValue), "step": .integer(Int64(record.step)),
                    "version_id": .integer(record.versionID), "reason": .string(record.reason),
                ]))
            return record
        }
    }
}

/// How far a version is rolled out.
public struct RolloutRecord: Sendable, Equatable {
    public enum State: String, Sendable { case rolling, promoted, rolledBack = "rolled_back" }
    public var versionID: Int64
    /// The champion that it takes the place of.
    public var previousID: Int64
    public var state: State
    /// The place among the steps.
    public var step: Int
    public var changedAt: Timestamp
    public var actor: String
    public var reason: String
    /// Since when it is rolled out.
    public var beganAt: Timestamp
    /// Why the next step does not follow; nil where nobody has looked.
    public var waits: String?

    /// - Parameter beganAt: with the change where it is nil.
    public init(
        versionID: Int64, previousID: Int64, state: State, step: Int, changedAt: Timestamp, actor: String, reason: String,
        beganAt: Timestamp? = nil, waits: String? = nil
    ) {
        self.versionID = versionID
        self.previousID = previousID
        self.state = state
        self.step = step
        self.changedAt = changedAt
        self.actor = actor
        self.reason = reason
        self.beganAt = beganAt ?? changedAt
        self.waits = waits
    }

    /// Whether it was not changed since, whatever it waits for.
    public func isUnchanged(_ other: RolloutRecord) -> Bool {
        versionID == other.versionID && state == other.state && step == other.step && changedAt == other.changedAt
    }
}
