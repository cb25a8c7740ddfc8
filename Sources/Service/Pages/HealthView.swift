internal import Pages
internal import Storage
internal import Vocabulary

extension HealthPage {
    /// What `evenkeel doctor` lists, of this running process.
    init(_ checks: [HealthCheck], of engine: Engine, started: Timestamp) {
        let roles = engine.configuration.roles
        self.init(
            checks: checks.map { Check($0.name, .init($0.state), $0.detail, mend: $0.mend) },
            facts: [
                ("version", Engine.buildVersion), ("running since", "\(started.rfc3339.prefix(19))Z"),
                ("database", engine.cluster == nil ? "a server" : "embedded"),
                ("roles", roles.map(\.rawValue).sorted().joined(separator: ", ")), ("connections", "\(engine.configuration.connections)"),
            ])
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
