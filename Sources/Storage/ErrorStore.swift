internal import Migrations
public import Vocabulary

/// The log of labels as detectors follow it, what they remember, and the changes that they saw.
public struct ErrorStore: ErrorLog, Sendable {
    private let database: Database
    public init(database: Database) { self.database = database }

    public func follow(
        _ version: RegisteredVersion, limit: Int, at now: Timestamp,
        _ body: @escaping @Sendable ([LabelledRow?], ErrorRun) throws -> (ErrorRun, [ErrorChange])
    ) async throws -> (isBehind: Bool, changes: [ErrorChange]) {
        let stream = Parameter.int(version.streamID)
        // Mostly nothing waits, and then no writer is asked to wait for us.
        let isWaiting = try await transaction { try $0.query(Queries["has_errors_waiting"], [stream]).count > 0 }
        if !isWaiting { return (false, []) }
        let horizon = try await database.horizon(of: version.streamID)
        return try await transaction { connection in
            try connection.query(Queries["start_error_run"], [stream])
            let found = try connection.query(Queries["lock_error_run"], [stream])
            guard found.count > 0, let batch = found.int(0, 0), let label = found.int(0, 1) else { return (false, []) }
            let run = ErrorRun(state: found.bytes(0, 2), followed: found.int(0, 3) ?? 0, skipped: found.int(0, 4) ?? 0)
            let rows = try connection.query(
                Queries["joined_errors"], [stream, .int(batch), .int(label), .int(horizon), .int(Int64(limit))])
            guard rows.count > 0 else { return (false, []) }
            let (after, changes) = try body((0..<rows.count).map { Self.row(rows, $0) }, run)
            let last = rows.count - 1
            try connection.query(
                Queries["step_error_run"],
                [
                    stream, .int(rows.int(last, 0)), .int(rows.int(last, 1)), after.state.map { Parameter.bytes($0) } ?? .null,
                    .int(after.followed), .int(after.skipped), .time(now),
                ])
            return (rows.count == limit, try Self.store(changes, of: version, at: now, on: connection))
        }
    }

    /// By the index of joined labels, also while the planner has never seen the table.
    private func transaction<R: Sendable>(_ body: @escaping @Sendable (Connection) throws -> R) async throws -> R {
        try await database.run { connection in try connection.transaction(beginning: RecordTables.begin) { try body(connection) } }
    }

    private static func row(_ rows: Rows, _ row: Int) -> LabelledRow? {
        guard let label = rows.double(row, 2), let time = rows.time(row, 3) else { return nil }
        return LabelledRow(time: time, score: rows.double(row, 4) ?? .nan, prediction: rows.double(row, 5) ?? .nan, label: label)
    }

    /// Numbers them, and marks the windows that hold them.
    private static func store(
        _ changes: [ErrorChange], of version: RegisteredVersion, at now: Timestamp, on connection: Connection
    ) throws -> [ErrorChange] {
        if changes.isEmpty { return [] }
        let known = try connection.query(Queries["last_error_changes"], [.int(version.streamID)])
        var numbers: [String: Int64] = [:]
        for row in 0..<known.count { if let detector = known.text(row, 0) { numbers[detector] = known.int(row, 1) } }
        var changes = changes
        for i in changes.indices {
            numbers[changes[i].detector, default: 0] += 1
            changes[i].number = numbers[changes[i].detector] ?? 0
        }
        try connection.query(
            Queries["insert_error_changes"],
            [
                .int(version.streamID), .texts(changes.map(\.detector)), .ints(changes.map(\.number)), .times(changes.map(\.time)),
                .ints(changes.map(\.followed)), .times(changes.map(\.beganAt)), .doubles(changes.map(\.before)),
                .ints(changes.map(\.beforeCount)), .doubles(changes.map(\.after)), .ints(changes.map(\.afterCount)), .time(now),
            ])
        let windows = Set(changes.flatMap { change in version.windows.flatMap { $0.windows(holding: change.time) } })
            .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        // A number of its own, so that an evaluation that is under way does not clear the mark.
        guard let batchID = try connection.query(Queries["next_batch_id"]).int(0, 0) else { throw StoreError(.failed, "no batch number") }
        try connection.query(
            Queries["mark_dirty"],
            [
                .int(version.versionID), .texts(windows.map(\.kind.rawValue)), .times(windows.map(\.start)), .times(windows.map(\.end)),
                .int(batchID), .time(now),
            ])
        return changes
    }

    // MARK: Reading

    /// Changes read at once.
    public static let changesMax = 10_000

    public func changes(of version: RegisteredVersion, from: Timestamp, to: Timestamp) async throws -> [ErrorChange] {
        try await changes(ofStreams: [version.streamID], from: from, to: to, limit: Self.changesMax).map(\.change)
    }

    /// Changes of several streams, the one that was seen last first.
    ///
    /// - Parameter knownBy: what was seen later is left out, so that it moves nothing for who goes from page to page.
    public func changes(
        ofStreams streams: [Int64], from: Timestamp? = nil, to: Timestamp? = nil, knownBy: Timestamp? = nil, offset: Int = 0, limit: Int
    ) async throws -> [(streamID: Int64, change: ErrorChange)] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["error_changes"],
                [
                    .ints(streams), .time(from ?? .earliest), to.map { Parameter.time($0) } ?? .text("infinity"),
                    knownBy.map { Parameter.time($0) } ?? .text("infinity"), .int(Int64(offset)), .int(Int64(limit)),
                ])
            return (0..<rows.count).compactMap { row in
                guard let stream = rows.int(row, 0), let detector = rows.text(row, 1), let time = rows.time(row, 3),
                    let detectedAt = rows.time(row, 10)
                else { return nil }
                var change = ErrorChange(detector: detector, time: time, followed: rows.int(row, 4) ?? 0, detectedAt: detectedAt)
                change.number = rows.int(row, 2) ?? 0
                change.beganAt = rows.time(row, 5)
                (change.before, change.beforeCount) = (rows.double(row, 6), rows.int(row, 7) ?? 0)
                (change.after, change.afterCount) = (rows.double(row, 8), rows.int(row, 9) ?? 0)
                return (stream, change)
            }
        }
    }

    /// How many changes each detector of each stream has seen, and the time of the newest.
    public func totals() async throws -> [(streamID: Int64, detector: String, count: Int64, newest: Timestamp)] {
        try await database.run { connection in
            let rows = try connection.query(Queries["error_change_totals"])
            return (0..<rows.count).compactMap { row in
                guard let stream = rows.int(row, 0), let detector = rows.text(row, 1), let count = rows.int(row, 2),
                    let newest = rows.time(row, 3)
                else { return nil }
                return (stream, detector, count, newest)
            }
        }
    }
}
