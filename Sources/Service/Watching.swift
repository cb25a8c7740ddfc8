internal import Alerting
internal import Logging
internal import Monitoring
internal import Storage
internal import Vocabulary

extension ServiceConfiguration {
    /// How a version's windows are judged: as the service says, and over that as its spec says.
    func monitors(of version: RegisteredVersion) -> MonitorSettings {
        var settings = monitors
        settings.read(version.watch["monitors"], at: "monitors", SettingsReader())
        return settings
    }

    /// The policies that watch a version: those of its spec, else the service's.
    func policies(of version: RegisteredVersion) -> [AlertPolicy] {
        var watching =
            AlertPolicy.read(version.watch["policies"], at: "policies", destinations: destinations, SettingsReader()) ?? policies
        let singles = Set(destinations.filter(\.format.takesSingles).map(\.name))
        for i in watching.indices {
            watching[i].maintenance = maintenance
            watching[i].singles = singles
        }
        // What holds back others first, so that one window that fires both tells the one alone.
        let inhibiting = Set(watching.flatMap(\.inhibitedBy))
        return watching.filter { !inhibiting.isDisjoint(with: $0.monitors) } + watching.filter { inhibiting.isDisjoint(with: $0.monitors) }
    }
}

extension Engine {
    /// Ends the alerts that no window can end any more: of versions that serve no more, of policies that are not there any more, and of monitors
    /// that their policy watches no more. Who was told of the beginning is told of the end.
    public func closeAlerts() async throws {
        let open = try await alerts.open()
        if open.isEmpty { return }
        let serving = try await registry.versions().filter { $0.stage == .champion }
        let watched = Dictionary(
            serving.map { version in
                let isFollowed = !configuration.monitors(of: version).detectors.isEmpty
                let monitors = configuration.policies(of: version).map { policy in
                    (policy.name, policy.monitors.filter { $0 != .conceptDrift || isFollowed })
                }
                return (version.key, Dictionary(monitors, uniquingKeysWith: { first, _ in first }))
            }, uniquingKeysWith: { first, _ in first })
        for (key, name, monitor, told) in open where watched[key]?[name]?.contains(monitor) != true {
            let policy = AlertPolicy(name: name, destinations: told)
            let now = clock()
            let announced = try await alerts.update(
                key, at: now,
                decide: { newest, _ in AlertLifecycle(policy: policy).close(newest.filter { $0.monitor == monitor }, at: now) },
                render: { Messages.messages(for: $0, policy: policy, newID: Messages.randomID) })
            let reason =
                watched[key] == nil
                ? "\(key) is no champion any more"
                : watched[key]?[name] == nil ? "there is no policy \(name) any more" : "\(name) does not watch \(monitor.rawValue) any more"
            for _ in announced { logger.notice("alert resolved: \(reason)") }
        }
    }
}
