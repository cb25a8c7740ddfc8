internal import Foundation
internal import Shadowing
internal import Storage
internal import Vocabulary

// What moves a rollout on, back, or keeps it where it is.

extension Engine {
    /// The sums of what both serve take one part in so many of the runner's time at most.
    static let armsRest = 20.0

    /// Goes on with every rollout that is under way: of a version with a model file as its newest look says, of any other as the rows say that
    /// both have served. What it waits for is kept beside it.
    ///
    /// - Parameter armsDue: by model, when what both serve may be summed again.
    /// - Returns: the same for the next round.
    func stepRollouts(
        _ versions: [RegisteredVersion], store: ShadowStore, settings: ShadowSettings, armsDue: [String: Timestamp], at now: Timestamp
    ) async throws -> [String: Timestamp] {
        var next: [String: Timestamp] = [:]
        var files: Set<Int64>?
        for model in Set(versions.map(\.key.model)).sorted() {
            guard let record = try await store.rollout(of: model), record.state == .rolling else { continue }
            let serving = versions.first { $0.key.model == model && $0.stage == .champion }
            // Somebody has retired it, or made it champion, meanwhile.
            guard let champion = serving,
                let candidate = versions.first(where: { $0.versionID == record.versionID && $0.stage == .candidate })
            else {
                let why = serving == nil ? "there is no champion any more" : "the version is no candidate any more"
                try await perform(.stop(why: why), record, model, versions, at: now)
                continue
            }
            var arms: UnpairedComparison?
            if let due = armsDue[model], now < due {
                next[model] = due
            } else {
                let clock = ContinuousClock()
                let start = clock.now
                arms = try await rolloutComparison(champion, candidate, since: record.beganAt, store: store, at: now)
                next[model] = now.adding(seconds: Int64((Self.armsRest * (start.duration(to: clock.now) / .seconds(1))).rounded(.up)))
            }
            if files == nil { files = Set(try await store.files().map(\.versionID)) }
            let look: Look
            if files?.contains(candidate.versionID) == true {
                look = Self.look(try await store.runs().of(champion, candidate.versionID), arms)
            } else if let arms {
                look = Self.look(arms)
            } else {
                continue
            }
            let action = RolloutSteps(seconds: settings.stepSeconds).action(
                step: record.step, elapsed: now.seconds(since: record.changedAt), decision: look.decision, by: look.ground,
                fault: look.fault, hasSteppedBack: record.reason.hasPrefix(Self.steppedBack))
            if action == .stay {
                try await store.hold(record, of: model, waits: look.waits)
            } else {
                try await perform(action, record, model, versions, at: now)
            }
        }
        return next
    }

    private struct Look {
        var decision: RolloutDecision?
        var ground: RolloutSteps.Ground
        var fault: String?
        var waits: String
    }

    static let waitsForTime = "the step is given its time"

    /// Of a version that no model file is known of.
    private static func look(_ arms: UnpairedComparison) -> Look {
        let decision = arms.decision
        let waits = decision.fall.map { "no model file, so it is held until the guardrails stand over what both serve: \($0)" }
        return Look(decision: decision, ground: .guardrails, waits: waits ?? waitsForTime)
    }

    /// Of a version that is scored in shadow; what it really takes and costs is known of the rows that it serves.
    private static func look(_ run: ShadowRun?, _ arms: UnpairedComparison?) -> Look {
        let decision = run?.verdict.flatMap(RolloutVerdict.init).map { verdict in
            func texts(_ name: String) -> [String] { (run?.report?[name]?.arrayValue ?? []).compactMap(\.stringValue) }
            return RolloutDecision(verdict: verdict, reasons: texts("reasons"), broken: texts("broken"))
        }
        let served = (arms?.decision.guardrails ?? []).filter { $0.state == .broken && !$0.needsLabels }.map { "as served, \($0.why)" }
        let fault = [run?.breaker].compactMap { $0 } + served
        var waits = "its shadow has no verdict yet"
        if let decision { waits = decision.verdict == .promote ? waitsForTime : decision.reasons.joined(separator: "; ") }
        if !fault.isEmpty { waits = fault.joined(separator: "; ") }
        return Look(decision: decision, ground: .verdict, fault: fault.isEmpty ? nil : fault.joined(separator: "; "), waits: waits)
    }

    private func perform(
        _ action: RolloutSteps.Action, _ record: RolloutRecord, _ model: String, _ versions: [RegisteredVersion], at now: Timestamp
    ) async throws {
        var next = record
        next.actor = "evenkeel"
        var promoted: Int64?
        switch action {
        case .stay: return
        case .advance(let step): (next.step, next.reason) = (step, "the step before it was well")
        case .finish: (next.state, next.reason, promoted) = (.promoted, "every step was well", record.versionID)
        case .back(let step, let why): (next.step, next.reason) = (step, Self.steppedBack + why)
        case .stop(let why): (next.state, next.step, next.reason) = (.rolledBack, 0, why)
        }
        let (changed, newChampion) = (next, promoted)
        _ = try await change(model, versions, at: now) { current, _ in
            // Somebody else has changed it meanwhile.
            guard let current, current.isUnchanged(record) else { return nil }
            return (changed, newChampion)
        }
    }

    private static let steppedBack = "stepped back: "
}
