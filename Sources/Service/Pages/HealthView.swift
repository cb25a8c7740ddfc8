internal import Pages
internal import Storage
internal import Vocabulary

extension HealthPage {
    /// Looks at the service. It has an answer while the database has none.
    init(of engine: Engine, started: Timestamp, newestEvaluation: Timestamp?) async {
        let now = Engine.systemClock()
        var checks: [Check] = []
        let records = engine.records
        do {
            if let facts = try await within(seconds: HealthRoutes.answerSeconds, { try await records.facts() }) {
                checks += facts.checks(now: now).map { check in
                    // What to ask where it is wrong says nothing where it is well.
                    let question = check.state == .well ? check.detail.firstRange(of: ": does ") : nil
                    return Check(check.name, .init(check.state), String(check.detail[..<(question?.lowerBound ?? check.detail.endIndex)]))
                }
            } else {
                checks.append(
                    Check(
                        "database", .wrong,
                        "it does not answer within \(Int(HealthRoutes.answerSeconds)) s: is it running, and can it be reached?"))
            }
        } catch {
            checks.append(
                Check("database", .wrong, "it cannot be asked: is it running, and can it be reached? The log of the service says more."))
        }
        checks.append(Self.spool(engine))
        let roles = engine.configuration.roles
        if roles.contains(.evaluate) {
            let age = newestEvaluation.map { "the newest result was made at \($0.rfc3339.prefix(19))Z" } ?? "nothing was evaluated yet"
            checks.append(Check("evaluation loop", .well, "looks every \(Int(engine.configuration.evaluateEverySeconds)) s; \(age)"))
        } else {
            checks.append(Check("evaluation loop", .unknown, "not in this process (roles): look at the one that has the role evaluate"))
        }
        if roles.contains(.notify) {
            let count = engine.configuration.destinations.count
            checks.append(
                Check(
                    "delivery loop", .well, count == 0 ? "no destination is configured: nobody is told of alerts" : "\(count) destinations")
            )
        } else {
            checks.append(Check("delivery loop", .unknown, "not in this process (roles): look at the one that has the role notify"))
        }
        let database = engine.cluster == nil ? "a server" : "embedded"
        self.init(
            checks: checks,
            facts: [
                ("version", Engine.buildVersion), ("running since", "\(started.rfc3339.prefix(19))Z"), ("database", database),
                ("roles", roles.map(\.rawValue).sorted().joined(separator: ", ")), ("connections", "\(engine.configuration.connections)"),
            ])
    }

    private static func spool(_ engine: Engine) -> Check {
        guard let (waiting, kept) = engine.spoolBytes else {
            return Check("spool", .unknown, "none here: while the database is away records are refused with 503")
        }
        if engine.spooledBytes != nil {
            return Check("spool", .wrong, "\(waiting) bytes wait: the database is away, and records are kept here until it is back")
        }
        if kept > 0 {
            return Check("spool", .wrong, "\(kept) bytes of refused or damaged writes are kept: look into the spool (docs/operations.md)")
        }
        return Check("spool", .well, "\(waiting) bytes wait")
    }
}

extension HealthPage.Check.State {
    init(_ state: HealthCheck.State) {
        switch state {
        case .well: self = .well
        case .unknown: self = .unknown
        case .wrong: self = .wrong
        }
    }
}
