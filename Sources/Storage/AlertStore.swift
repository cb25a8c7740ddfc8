internal import Migrations
public import Vocabulary

/// Alerts, silences and the outbox.
public struct AlertStore: AlertLedger, Sendable {
    private let database: Database
    public init(database: Database) { self.database = database }

    public func update(
        _ key: ModelVersion, at now: Timestamp, decide: @escaping @Sendable ([Alert], [Silence]) -> [AlertChange],
        render: @escaping @Sendable (Alert) -> [OutgoingMessage]
    ) async throws -> [Alert] {
        try await database.transaction { connection in
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
                for message in render(alert) {
                    if message.cooldownSeconds > 0 {
                        let since = now.adding(seconds: -message.cooldownSeconds)
                        let recent = try connection.query(
                            Queries["recent_deliveries"],
                            [.text(message.destination), .text(alert.version.model), .time(since), .text(message.type)])
                        if recent.int(0, 0) ?? 0 > 0 { continue }
                    }
                    try connection.query(
                        Queries["insert_delivery"],
                        [
                            .int(alert.id), .text(message.destination), .text(message.messageID), .text(message.type), .text(message.body),
                            .time(now),
                        ])
                }
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

    /// The messages about these alerts, newest first.
    public func deliveries(of alerts: [Int64], limit: Int) async throws -> [Int64: [DeliveryRecord]] {
        try await database.run { connection in
            let rows = try connection.query(Queries["deliveries_of_alerts"], [.ints(alerts), .int(Int64(limit))])
            let records = (0..<rows.count).compactMap { row in
                rows.int(row, 12).flatMap { alert in Self.delivery(rows, row).map { (alert, $0) } }
            }
            return Dictionary(grouping: records, by: \.0).mapValues { $0.map(\.1) }
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

    /// What has open alerts: a version and the policy that raised them, with the destinations that were told.
    public func open() async throws -> [(version: ModelVersion, policy: String, told: [String])] {
        try await database.run { connection in
            let rows = try connection.query(Queries["open_alerts"])
            var out: [(version: ModelVersion, policy: String, told: [String])] = []
            for row in 0..<rows.count {
                guard let model = rows.text(row, 0), let name = rows.text(row, 1), let policy = rows.text(row, 2) else { continue }
                let version = ModelVersion(model: model, version: name)
                if out.last?.version != version || out.last?.policy != policy { out.append((version, policy, [])) }
                if let destination = rows.text(row, 3) { out[out.count - 1].told.append(destination) }
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
            guard try connection.query(Queries["find_model"], [.text(silence.model)]).count > 0 else { return nil }
            let id = try connection.query(
                Queries["insert_silence"],
                [.text(silence.model), .text(silence.monitor?.rawValue), .time(silence.until), .text(silence.reason), .time(now)]
            ).int(0, 0)
            let detail: JSON = .object([
                "silence": .integer(id ?? 0), "until": .string(silence.until.rfc3339), "reason": .string(silence.reason),
            ])
            try connection.query(
                Queries["insert_audit"], [.time(now), .text(actor), .text("silence"), .text(silence.model), .json(detail)])
            return id
        }
    }

    /// Messages of the outbox, newest first; nil for all states.
    public func deliveries(in state: DeliveryState? = nil, limit: Int = 200) async throws -> [DeliveryRecord] {
        try await database.run { connection in
            let rows = try connection.query(Queries["list_deliveries"], [.text(state?.rawValue), .int(Int64(limit))])
            return (0..<rows.count).compactMap { Self.delivery(rows, $0) }
        }
    }

    private static func delivery(_ rows: Rows, _ row: Int) -> DeliveryRecord? {
        guard let id = rows.int(row, 0), let destination = rows.text(row, 1), let message = rows.text(row, 2),
            let type = rows.text(row, 3), let state = rows.text(row, 4).flatMap(DeliveryState.init), let at = rows.time(row, 8)
        else { return nil }
        return DeliveryRecord(
            id: id, destination: destination, messageID: message, type: type, model: rows.text(row, 11), state: state,
            attempts: rows.int(row, 5) ?? 0, lastStatus: rows.int(row, 6), lastError: rows.text(row, 7), createdAt: at,
            nextAttemptAt: state == .waiting ? rows.time(row, 9) : nil, sentAt: rows.time(row, 10))
    }

    /// Sends messages again that were given up: one, or all of them.
    ///
    /// - Returns: how many.
    public func replay(_ id: Int64?, at now: Timestamp) async throws -> Int {
        try await database.run { try $0.query(Queries["replay_deliveries"], [.time(now), .int(id)]).count }
    }

    public func claim(at now: Timestamp, leaseSeconds: Int64, limit: Int) async throws -> [Delivery] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["claim_deliveries"], [.time(now), .time(now.adding(seconds: leaseSeconds)), .int(Int64(limit))])
            return (0..<rows.count).compactMap { row in
                guard let id = rows.int(row, 0), let destination = rows.text(row, 1), let message = rows.text(row, 2),
                    let type = rows.text(row, 3), let body = rows.text(row, 4), let attempt = rows.int(row, 5),
                    let created = rows.time(row, 6)
                else { return nil }
                return Delivery(
                    id: id, message: OutgoingMessage(destination: destination, messageID: message, type: type, body: body),
                    attempt: Int(attempt), createdAt: created)
            }
        }
    }

    public func settle(_ delivery: Delivery, _ outcome: DeliveryOutcome, at now: Timestamp) async throws {
        try await database.run { connection -> Void in
            switch outcome {
            case .sent(let status):
                try connection.query(Queries["delivery_sent"], [.int(delivery.id), .time(now), .int(Int64(status))])
            case .retry(let next, let status, let error):
                try connection.query(
                    Queries["delivery_failed"],
                    [.int(delivery.id), .text("waiting"), .time(next), .int(status.map(Int64.init)), .text(error)])
            case .dead(let status, let error):
                try connection.query(
                    Queries["delivery_failed"],
                    [.int(delivery.id), .text("dead"), .time(now), .int(status.map(Int64.init)), .text(error)])
            }
        }
    }

    private static func silences(at now: Timestamp, on connection: Connection) throws -> [Silence] {
        let rows = try connection.query(Queries["active_silences"], [.time(now)])
        return (0..<rows.count).compactMap { row in
            guard let model = rows.text(row, 1), let until = rows.time(row, 3) else { return nil }
            return Silence(
                id: rows.int(row, 0), model: model, monitor: rows.text(row, 2).flatMap(Monitor.init), until: until,
                reason: rows.text(row, 4) ?? "")
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
