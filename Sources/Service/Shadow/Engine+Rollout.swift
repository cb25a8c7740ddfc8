internal import Alerting
internal import Logging
internal import Shadowing
public import Storage
public import Vocabulary

// From a candidate to the champion: at once or step by step, and back, as people ask.

extension Engine {
    /// Makes a version the champion, or begins to roll it out.
    ///
    /// - Parameters:
    ///   - isGradual: by the steps of 1, 5, 25, 50 and 100 %. - isForced: whatever the verdict of its shadow says.
    /// - Throws: ``StoreError`` `.conflict` for a candidate whose newest verdict is not promote.
    public func promote(
        _ version: RegisteredVersion, isGradual: Bool, isForced: Bool, actor: String, at now: Timestamp
    ) async throws -> RolloutRecord? {
        let versions = try await registry.versions()
        let champion = versions.first { $0.key.model == version.key.model && $0.stage == .champion }
        if version.stage == .retired {
            throw StoreError(.conflict, "\(version.key) is retired: a retired version is not promoted")
        }
        if champion?.versionID == version.versionID { throw StoreError(.conflict, "\(version.key) is the champion already") }
        if !isForced, let champion, let run = try await shadow.runs().of(champion, version.versionID) {
            // What it earned before it failed does not speak for it.
            if let breaker = run.breaker {
                throw StoreError(.conflict, "\(version.key): its shadow has stopped: \(breaker). It can be forced")
            }
            guard let verdict = run.verdict else {
                throw StoreError(.conflict, "\(version.key): its shadow has no verdict yet. It can be forced")
            }
            if verdict != RolloutVerdict.promote.rawValue {
                let reasons = (run.report?["reasons"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: "; ")
                throw StoreError(.conflict, "\(version.key): the verdict of its shadow is \(verdict): \(reasons). It can be forced")
            }
        }
        return try await change(version.key.model, versions, at: now) { _, previous in
            guard let previous else {
                return (
                    RolloutRecord(
                        versionID: version.versionID, previousID: version.versionID, state: .promoted, step: RolloutSteps.weights.count - 1,
                        changedAt: now, actor: actor, reason: "promoted"), version.versionID
                )
            }
            let record = RolloutRecord(
                versionID: version.versionID, previousID: previous, state: isGradual ? .rolling : .promoted,
                step: isGradual ? 0 : RolloutSteps.weights.count - 1, changedAt: now, actor: actor,
                reason: isGradual ? "rollout begun" : "promoted")
            return (record, isGradual ? nil : version.versionID)
        }
    }

    /// Ends a rollout that is under way, or gives a promoted version's place back to the champion before it.
    ///
    /// - Throws: ``StoreError`` `.conflict` when there is nothing to roll back.
    public func rollBack(_ model: String, reason: String, actor: String, at now: Timestamp) async throws -> RolloutRecord? {
        let versions = try await registry.versions()
        return try await change(model, versions, at: now) { record, champion in
            guard var record, record.state != .rolledBack else {
                throw StoreError(.conflict, "\(model): nothing to roll back: no rollout is under way and no promotion is remembered")
            }
            if record.state == .promoted, champion != record.versionID || record.previousID == record.versionID {
                throw StoreError(.conflict, "\(model): the champion is not the version that was promoted last: promote another one")
            }
            let returns = record.state == .promoted ? record.previousID : nil
            if let returns, let before = versions.first(where: { $0.versionID == returns }), before.stage == .retired {
                throw StoreError(.conflict, "\(before.key) is retired: promote another version")
            }
            (record.state, record.step, record.actor, record.reason) = (.rolledBack, 0, actor, reason)
            return (record, returns)
        }
    }

    func change(
        _ model: String, _ versions: [RegisteredVersion], at now: Timestamp,
        _ decide: @escaping @Sendable (RolloutRecord?, Int64?) throws -> (record: RolloutRecord, champion: Int64?)?
    ) async throws -> RolloutRecord? {
        let destinations = versions.first { $0.key.model == model && $0.stage == .champion }
            .map { ShadowMessages(configuration, $0) }
        let names = Dictionary(versions.map { ($0.versionID, $0.key.version) }, uniquingKeysWith: { first, _ in first })
        let record = try await shadow.changeRollout(of: model, at: now, decide: decide) { record in
            destinations?.messages(
                "rollout.changed", at: now, Self.rolloutJSON(model, record, names, at: now), newID: Messages.randomID) ?? []
        }
        if let record {
            logger.notice(
                "rollout of \(model) \(names[record.versionID] ?? ""): \(record.state.rawValue), step \(record.step): \(record.reason)")
        }
        return record
    }

    private static func rolloutJSON(_ model: String, _ record: RolloutRecord, _ names: [Int64: String], at now: Timestamp) -> JSON {
        let weight = record.state == .rolling ? RolloutSteps.weights[record.step] : record.state == .promoted ? 1 : 0
        let version = names[record.versionID] ?? ""
        return .object([
            "model": .string(model), "version": .string(version), "state": .string(record.state.rawValue), "weight": .number(weight),
            "reason": .string(record.reason), "by": .string(record.actor), "changed_at": .string(now.rfc3339),
            "summary": .string("\(model) \(version): \(record.state.rawValue) at \(Int(weight * 100)) %: \(record.reason)"),
        ])
    }

    /// What gateways are advised to do: which version gets which share.
    public func rolloutAnswer(of model: String) async throws -> JSON? {
        let versions = try await registry.versions().filter { $0.key.model == model }
        guard !versions.isEmpty else { return nil }
        let names = Dictionary(versions.map { ($0.versionID, $0.key.version) }, uniquingKeysWith: { first, _ in first })
        let record = try await shadow.rollout(of: model)
        let isRolling = record?.state == .rolling
        let steps = JSON.array(RolloutSteps.weights.map(JSON.number))
        return .object([
            "model": .string(model), "champion": JSON(versions.first { $0.stage == .champion }?.key.version),
            "candidate": isRolling ? JSON(record.flatMap { names[$0.versionID] }) : .null,
            "weight": .number(isRolling ? RolloutSteps.weights[record?.step ?? 0] : 0), "steps": steps,
            "step": isRolling ? JSON(record?.step ?? 0) : .null, "state": .string(record?.state.rawValue ?? "none"),
            "changed_at": JSON(record?.changedAt.rfc3339), "by": JSON(record?.actor), "reason": JSON(record?.reason),
            "began_at": JSON(isRolling ? record?.beganAt.rfc3339 : nil), "waits_for": JSON(isRolling ? record?.waits : nil),
        ])
    }
}
