internal import Alerting
internal import Logging
internal import Storage
internal import Vocabulary

extension Engine {
    /// What the manifest of a retraining says beside its alert.
    static func facts(_ evaluation: Evaluation, _ version: RegisteredVersion) -> RetrainingFacts {
        RetrainingFacts(
            baseline: evaluation.baseline.rawValue, referenceRows: version.referenceRows, registeredAt: version.registeredAt,
            sql: { TrainingRows.sql(version, from: $0, to: $1) })
    }

    var retrainings: RetrainingStore { RetrainingStore(database: database) }

    /// Notes what a trainer says of its job.
    ///
    /// - Returns: nil when there is no such retraining.
    func advance(
        _ id: String, to state: RetrainingState, newVersion: String? = nil, note: String? = nil, actor: String
    ) async throws -> Retraining? {
        guard let known = try await retrainings.find(id) else { return nil }
        let now = clock()
        // Those who are told of the policy's alerts are told when its job failed.
        let watching = try await registry.version(known.version).map { configuration.policies(of: $0) } ?? configuration.policies
        let told = watching.first { $0.name == known.policy }?.destinations ?? []
        if told.isEmpty, state == .overdue || state == .failed {
            logger.warning("retraining \(id) of \(known.version) is \(state.rawValue), and policy \(known.policy) names nobody to be told")
        }
        let advanced = try await retrainings.advance(id, to: state, newVersion: newVersion, note: note, actor: actor, at: now) {
            retraining in
            guard let body = RetrainingManifest.escalation(retraining, at: now) else { return [] }
            return told.map {
                OutgoingMessage(
                    destination: $0, messageID: Messages.randomID(), type: "retraining." + retraining.state.rawValue, body: body.text)
            }
        }
        guard let (retraining, isNew) = advanced else { return nil }
        if isNew {
            logger.notice("retraining \(retraining.state.rawValue): \(retraining.version), \(id)")
        }
        return retraining
    }

    /// Tells people of retrainings of which nothing came back in time.
    func escalateRetrainings() async throws {
        for id in try await retrainings.overdue(at: clock()) {
            do { _ = try await advance(id, to: .overdue, actor: "evenkeel") } catch is RetrainingConflict {
                // It came back just now.
            }
        }
    }
}
