internal import Logging
internal import ServiceLifecycle
internal import Storage
internal import Vocabulary

/// Keeps the database in shape, beside all other work: makes partitions ahead, rolls profiles up, and removes what is older than
/// retention says.
struct KeepLoop: ServiceLifecycle.Service {
    let engine: Engine
    /// Pause between two rounds.
    static let everySeconds = 60.0
    /// Rounds from one look at old data to the next.
    static let roundsPerRetention = 60

    func run() async throws {
        let round = Counter()
        await loop(everySeconds: Self.everySeconds, logger: engine.logger, name: "upkeep") {
            guard try await engine.leadership.renew() else { return }
            let now = Engine.systemClock()
            try await engine.records.makePartitions(at: now)
            let versions = try await engine.registry.versions()
            for version in versions { for part in version.all { try await rollUp(part, at: now) } }
            // Counted when it is done: a database that is away does not put it off for an hour.
            guard await round.value % Self.roundsPerRetention == 0 else { return await round.next() }
            try await removeOld(versions, at: now)
            await round.next()
        }
    }

    private actor Counter {
        private(set) var value = 0
        func next() { value += 1 }
    }

    /// A version whose profiles cannot be read holds up no other.
    func rollUp(_ version: RegisteredVersion, at now: Timestamp) async throws {
        do {
            if version.needsMinutes {
                let minutes = now.adding(seconds: -engine.configuration.minutesKeptHours * 3600)
                // Records of old times, a month from a file say, are still to be judged by the minute.
                _ = try await engine.profiles.compact(version, before: minutes, storedBefore: minutes)
            } else {
                _ = try await engine.profiles.compact(version, before: ProfileStore.minutesKeptFrom(now))
            }
            if let days = engine.configuration.retention.hourProfileDays {
                let hours = now.adding(seconds: -days * 86_400)
                _ = try await engine.profiles.compactHours(version, before: hours, storedBefore: hours)
            }
            _ = try await engine.profiles.compactCrowded(version)
        } catch let error as StoreError where !error.isRetryable {
            engine.logger.error("not rolled up: \(version.key): \(error)")
        }
    }

    private func removeOld(_ versions: [RegisteredVersion], at now: Timestamp) async throws {
        // What is deleted cannot be brought back: of two clocks the one that is behind decides what is old.
        let now = min(now, try await engine.records.facts().serverTime)
        let report = try await engine.records.keep(engine.configuration.retention, versions: versions, at: now)
        for week in report.droppedWeeks { engine.logger.notice("retention dropped the raw rows of the week from \(week)") }
        for (table, rows) in report.deleted.sorted(by: { $0.key < $1.key }) {
            engine.logger.info("retention deleted \(rows) rows of evenkeel.\(table)")
        }
    }
}
