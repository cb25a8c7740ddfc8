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
        let models = try await registry.versions().filter { $0.stage == .champion }.map(\.key.model)
        var out: [AlertBudget] = []
        for policy in configuration.policies {
            guard let budget = policy.falseAlarms else { continue }
            let fired = try await alerts.fired(by: policy.name, since: now.adding(seconds: -budget.seconds))
            out += models.map { AlertBudget(model: $0, policy: policy.name, budget: budget, fired: fired[$0] ?? 0) }
        }
        return out
    }
}
