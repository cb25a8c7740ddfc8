internal import Migrations
public import Vocabulary

/// Alerts, silences and the outbox.
public struct AlertStore: AlertLedger, Sendable {
    let database: Database
    private let fence: @Sendable () throws -> Lease?

    /// - Parameter fence: the lease under which alerts are changed: a scheduler that lost it changes none. nil for commands.
    public init(database: Database, fence: @escaping @Sendable () throws -> Lease? = { nil }) {
        self.database = database
        self.fence = fence
    }

    public func update(
        _ key: ModelVersion, at now: Timestamp, decide: @escaping @Sendable ([Alert], [Silence]) -> [AlertChange],
        render: @escaping @Sendable ([Alert]) -> [OutgoingMessage]
    ) async throws -> [Alert] {
        let lease = try fence()
        return try await database.transaction { connection in
            if let lease { try connection.check(lease) }
            // One scheduler at a time: what it reads stays true until it has written.
            try connection.query(Queries["lock_stream"], [.int(-3)])
            let rows = try connection.query(Queries["newest_alerts"], [.text(key.model), .text(key.version)])
            let newest = (0..<rows.count).compactMap { Self.alert(rows, $0) }
            var announced: [Alert] = []
            for change in decide(newest, try Self.silences(at: now, on: connection)) {
                var alert = change.alert
                if change.isDropped {
                    if alert.id != nil { try connection.query(Queries["delete_pending_alert"], [.int(alert.id)]) }
                    continue
                }
                if alert.id == nil {
                    alert.id = try connection.query(
                        Queries["insert_alert"],
                        [
                            .text(alert.version.model), .text(alert.version.version), .text(alert.monitor.rawValue), .text(alert.policy),
                            .text(alert.severity.rawValue), .text(alert.state.rawValue), .json(alert.memory.json), .text(alert.summary),
                            .json(alert.detail), .time(alert.startedAt), .time(alert.firedAt),
                        ]
                    ).int(0, 0)
                } else {
                    try connection.query(
                        Queries["update_alert"],
                        [
                            .int(alert.id), .text(alert.severity.rawValue), .text(alert.state.rawValue), .json(alert.memory.json),
                            .text(alert.summary), .json(alert.detail), .time(alert.firedAt), .time(alert.resolvedAt),
                        ])
                }
                guard change.isAnnounced else { continue }
                announced.append(alert)
            }
            for message in announced.isEmpty ? [] : render(announced) {
                let alert = message.alertIDs.first ?? announced.first?.id
                if message.cooldownSeconds > 0 {
                    let since = now.adding(seconds: -message.cooldownSeconds)
                    let recent = try connection.query(
                        Queries["recent_deliveries"], [.text(message.destination), .text(key.model), .time(since), .text(message.type)])
                    if recent.int(0, 0) ?? 0 > 0 { continue }
                }
                if let request = message.retraining,
                    try !connection.keep(request, id: message.messageID, of: key, alert: alert, at: now)
                {
                    continue
                }
                try connection.putOut(message, about: alert, at: now)
            }
            return announced
        }
    }

    /// Alerts that fired, newest first.
    /// - Parameters:
    ///   - before: only older ones than this.
    ///   - models: only of these; nil for all.
    public func alerts(limit: Int = 200, before: Int64? = nil, models: Set<String>? = nil) async throws -> [Alert] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["list_alerts"], [.int(Int64(limit)), .int(before), models.map { .texts($0.sorted()) } ?? .null])
            return (0..<rows.count).compactMap { Self.alert(rows, $0) }
        }
    }

    /// Alerts that fired, newest first, of one model or all.
    public func alerts(of model: String?, limit: Int) async throws -> [Alert] {
        try await database.run { connection in
            let rows = try connection.query(Queries["alerts_page"], [.text(model), .int(Int64(limit))])
            return (0..<rows.count).compactMap { Self.alert(rows, $0) }
        }
    }

    /// Silences that last.
    public func silences(at now: Timestamp) async throws -> [Silence] { try await database.run { try Self.silences(at: now, on: $0) } }

    /// How many alerts of each model and severity fire.
    public func firing() async throws -> [FiringCount] {
        try await database.run { connection in
            let rows = try connection.query(Queries["firing_counts"])
            return (0..<rows.count).compactMap { row in
                guard let model = rows.text(row, 0), let severity = rows.text(row, 1).flatMap(AlertSeverity.init) else { return nil }
                return FiringCount(model: model, severity: severity, count: rows.int(row, 2) ?? 0)
            }
        }
    }

    /// How many alerts of a policy began to fire since then, by model.
    public func fired(by policy: String, since time: Timestamp) async throws -> [String: Int64] {
        try await database.run { connection in
            let rows = try connection.query(Queries["fired_counts"], [.text(policy), .time(time)])
            return Dictionary(
                (0..<rows.count).compactMap { row in rows.text(row, 0).map { ($0, rows.int(row, 1) ?? 0) } }, uniquingKeysWith: +)
        }
    }

    /// What has open alerts: a version, the policy that raised them and the monitor that they are of, with the destinations that were told.
    public func open() async throws -> [(version: ModelVersion, policy: String, monitor: Vocabulary.Monitor, told: [String])] {
        try await database.run { connection in
            let rows = try connection.query(Queries["open_alerts"])
            var out: [(version: ModelVersion, policy: String, monitor: Vocabulary.Monitor, told: [String])] = []
            for row in 0..<rows.count {
                guard let model = rows.text(row, 0), let name = rows.text(row, 1), let policy = rows.text(row, 2),
                    let monitor = rows.text(row, 3).flatMap(Vocabulary.Monitor.init)
                else { continue }
                let version = ModelVersion(model: model, version: name)
                if out.last.map({ ($0.version, $0.policy, $0.monitor) == (version, policy, monitor) }) != true {
                    out.append((version, policy, monitor, []))
                }
                if let destination = rows.text(row, 4) { out[out.count - 1].told.append(destination) }
            }
            return out
        }
    }

    /// nil when there is no such alert.
    public func model(of id: Int64) async throws -> String? {
        try await database.run { try $0.query(Queries["alert_model"], [.int(id)]).text(0, 0) }
    }

    /// - Returns: false when no such alert is firing.
    public func acknowledge(_ id: Int64, by actor: String, at now: Timestamp) async throws -> Bool {
        try await database.transaction { connection in
            let rows = try connection.query(Queries["acknowledge_alert"], [.int(id), .time(now), .text(actor)])
            guard rows.count > 0, let model = rows.text(0, 1), let version = rows.text(0, 2) else { return false }
            try connection.audit(
                "acknowledge", ModelVersion(model: model, version: version), actor: actor, at: now, detail: .object(["alert": .integer(id)])
            )
            return true
        }
    }

    /// - Returns: nil when there is no such model.
    public func silence(_ silence: Silence, actor: String, at now: Timestamp) async throws -> Int64? {
        try await database.transaction { connection in
            if silence.model != Silence.allModels, try connection.query(Queries["find_model"], [.text(silence.model)]).count == 0 {
                return nil
            }
            let id = try connection.query(
                Queries["insert_silence"],
                [
                    .text(silence.model), .text(silence.monitor?.rawValue), .time(silence.until), .text(silence.reason), .time(now),
                    .time(silence.startsAt), .texts(silence.matchers.map(\.description)),
                ]
            ).int(0, 0)
            var made = silence
            made.id = id
            try connection.audit("silence", silence.model, actor: actor, at: now, detail: made.json)
            return id
        }
    }

    /// Ends a silence now.
    ///
    /// - Parameter models: only of these; nil for all.
    /// - Returns: false when no such silence lasts.
    public func expireSilence(_ id: Int64, models: Set<String>?, actor: String, at now: Timestamp) async throws -> Bool {
        try await database.transaction { connection in
            let rows = try connection.query(
                Queries["expire_silence"], [.int(id), .time(now), models.map { .texts($0.sorted()) } ?? .null])
            guard let model = rows.text(0, 0) else { return false }
            try connection.audit("silence_expire", model, actor: actor, at: now, detail: .object(["silence": .integer(id)]))
            return true
        }
    }

    private static func silences(at now: Timestamp, on connection: Connection) throws -> [Silence] {
        let rows = try connection.query(Queries["active_silences"], [.time(now)])
        return (0..<rows.count).compactMap { row in
            guard let model = rows.text(row, 1), let until = rows.time(row, 3) else { return nil }
            var silence = Silence(
                id: rows.int(row, 0), model: model, monitor: rows.text(row, 2).flatMap(Monitor.init), until: until,
                reason: rows.text(row, 4) ?? "")
            silence.startsAt = rows.time(row, 5)
            let matchers = rows.text(row, 6).flatMap { try? JSON.parse($0) }?.arrayValue ?? []
            silence.matchers = matchers.compactMap { $0.stringValue.flatMap(AlertMatcher.init) }
            // A condition that an older program cannot read must not make the silence wider.
            return silence.matchers.count == matchers.count ? silence : nil
        }
    }

    private static func alert(_ rows: Rows, _ row: Int) -> Alert? {
        guard let id = rows.int(row, 0), let model = rows.text(row, 1), let version = rows.text(row, 2),
            let monitor = rows.text(row, 3).flatMap(Monitor.init), let policy = rows.text(row, 4),
            let severity = rows.text(row, 5).flatMap(AlertSeverity.init), let state = rows.text(row, 6).flatMap(AlertState.init),
            let started = rows.time(row, 10)
        else { return nil }
        func json(_ column: Int) -> JSON { rows.text(row, column).flatMap { try? JSON.parse($0) } ?? .null }
        return Alert(
            id: id, version: ModelVersion(model: model, version: version), monitor: monitor, policy: policy, severity: severity,
            state: state,
            memory: AlertMemory(json: json(7)), summary: rows.text(row, 8) ?? "", detail: json(9), startedAt: started,
            firedAt: rows.time(row, 11), resolvedAt: rows.time(row, 12), acknowledgedAt: rows.time(row, 13),
            acknowledgedBy: rows.text(row, 14))
    }
}

public struct FiringCount: Sendable, Equatable {
    public var model: String
    public var severity: AlertSeverity
    public var count: Int64
}
