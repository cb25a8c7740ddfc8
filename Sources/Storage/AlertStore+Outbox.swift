internal import Migrations
public import Vocabulary

/// The outbox: what is to be sent, and what became of it.
extension AlertStore {
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

    public func dueDestinations(at now: Timestamp) async throws -> [DueDestination] {
        try await database.run { connection in
            let rows = try connection.query(Queries["due_destinations"], [.time(now)])
            return (0..<rows.count).compactMap { row in
                rows.text(row, 0).map { DueDestination(name: $0, disabled: rows.text(row, 1)) }
            }
        }
    }

    public func claim(at now: Timestamp, for destination: String? = nil, leaseSeconds: Int64, limit: Int) async throws -> [Delivery] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["claim_deliveries"],
                [.time(now), .time(now.adding(seconds: leaseSeconds)), .int(Int64(limit)), .text(destination)])
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

    /// All of them in one statement: a destination that takes hundreds a second costs few commits.
    public func settle(_ ended: [Settlement], at now: Timestamp) async throws {
        var states: [String?] = []
        var next: [Timestamp] = []
        var statuses: [String?] = []
        var errors: [String?] = []
        for one in ended {
            let (state, at, status, error): (DeliveryState, Timestamp, Int?, String?) =
                switch one.outcome {
                case .sent(let status): (.sent, now, status, nil)
                case .retry(let at, let status, let error): (.waiting, at, status, error)
                case .dead(let status, let error): (.dead, now, status, error)
                }
            states.append(state.rawValue)
            next.append(at)
            statuses.append(status.map(String.init))
            errors.append(error)
        }
        let parameters: [Parameter] = [
            .ints(ended.map(\.delivery.id)), .texts(states), .times(next), .texts(statuses), .texts(errors),
            .ints(ended.map { Int64($0.delivery.attempt) }), .ints(ended.map(\.milliseconds)), .time(now),
        ]
        try await database.run { _ = try $0.query(Queries["settle_deliveries"], parameters) }
    }

    /// One message; for what is done by hand.
    public func settle(_ delivery: Delivery, _ outcome: DeliveryOutcome, at now: Timestamp) async throws {
        try await settle([Settlement(delivery: delivery, outcome: outcome, milliseconds: 0)], at: now)
    }

    public func disable(_ destination: String, reason: String, at now: Timestamp) async throws {
        try await database.run { _ = try $0.query(Queries["disable_destination"], [.text(destination), .time(now), .text(reason)]) }
    }

    /// - Returns: whether it was disabled.
    public func enable(_ destination: String, actor: String, at now: Timestamp) async throws -> Bool {
        try await database.transaction { connection in
            guard try connection.query(Queries["enable_destination"], [.text(destination)]).count > 0 else { return false }
            try connection.audit("enable_destination", destination, actor: actor, at: now, detail: .object(JSONObject()))
            return true
        }
    }

    /// How each attempt of a message ended, oldest first.
    public func attempts(of delivery: Int64) async throws -> [DeliveryAttempt] {
        try await database.run { connection in
            let rows = try connection.query(Queries["delivery_attempts"], [.int(delivery)])
            return (0..<rows.count).compactMap { row in
                guard let attempt = rows.int(row, 0), let at = rows.time(row, 1) else { return nil }
                return DeliveryAttempt(
                    attempt: attempt, at: at, status: rows.int(row, 2), error: rows.text(row, 3), milliseconds: rows.int(row, 4) ?? 0)
            }
        }
    }
}

public struct DeliveryAttempt: Sendable, Equatable {
    public var attempt: Int64
    public var at: Timestamp
    public var status: Int64?
    public var error: String?
    public var milliseconds: Int64

    public var json: JSON {
        .object([
            "attempt": .integer(attempt), "at": .string(at.rfc3339), "status": status.map(JSON.integer) ?? .null, "error": JSON(error),
            "milliseconds": .integer(milliseconds),
        ])
    }
}

extension Connection {
    /// Puts a message into the outbox, once for its id.
    ///
    /// - Parameter alert: the one that it is about, or the first of several.
    func putOut(_ message: OutgoingMessage, about alert: Int64? = nil, at now: Timestamp) throws {
        try query(
            Queries["insert_delivery"],
            [
                .int(alert), .text(message.destination), .text(message.messageID), .text(message.type), .text(message.body), .time(now),
                .ints(message.alertIDs.count > 1 ? message.alertIDs : alert.map { [$0] } ?? []),
            ])
    }
}
