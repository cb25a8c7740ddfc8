internal import Alerting
internal import Storage
internal import Vocabulary

/// How much of a policy's false-alarm budget a model has used: its alerts in the budget's time. Which of them were false nobody knows; the
/// budget says how many there would be if nothing had changed.
struct AlertBudget: Sendable {
    var model: String
    var policy: String
    var budget: FalseAlarmBudget
    var fired: Int64

    var json: JSON {
        .object([
            "model": .string(model), "policy": .string(policy), "alarms": .number(budget.alarms),
            "seconds": .integer(budget.seconds), "fired": .integer(fired),
        ])
    }
}

extension Engine {
    /// Of every policy with a budget and every model that has a champion.
    func alertBudgets(at now: Timestamp) async throws -> [AlertBudget] {
        struct Asked: Hashable {
            var policy: String
            var seconds: Int64
        }
        var fired: [Asked: [String: Int64]] = [:]
        var out: [AlertBudget] = []
        for version in try await registry.versions() where version.stage == .champion {
            for policy in configuration.policies(of: version) {
                guard let budget = policy.falseAlarms else { continue }
                let asked = Asked(policy: policy.name, seconds: budget.seconds)
                if fired[asked] == nil {
                    fired[asked] = try await alerts.fired(by: policy.name, since: now.adding(seconds: -budget.seconds))
                }
                out.append(
                    AlertBudget(
                        model: version.key.model, policy: policy.name, budget: budget, fired: fired[asked]?[version.key.model] ?? 0))
            }
        }
        return out
    }
}
