internal import Migrations
internal import Synchronization
internal import Vocabulary

/// The partitions of evenkeel.prediction: a week each, aligned on the epoch's Thursday.
///
/// The service makes those of the next weeks ahead; one of another time is made when its first record comes. Each is made as a table of its
/// own and then attached, in a transaction before the rows: that waits for no reader and no writer, and none waits for it. What was
/// made, and what retention has dropped, stands in evenkeel.prediction_week.
///
/// Each has an index that is unique by stream and id, which the table as a whole cannot have.
final class Partitions: Sendable {
    static let widthSeconds = DroppedWeeks.widthSeconds
    /// Weeks after the present one that are made ahead.
    static let weeksAhead: Int64 = 2
    /// Dropping one locks the whole table: it waits for it at most so long, and so do the writers behind it.
    static let lockWaitMilliseconds = 2000

    private struct State {
        var known: Set<Timestamp> = []
        /// Those whose ids are unique by an index.
        var unique: Set<Timestamp> = []
        var dropped = DroppedWeeks()
    }
    private let state = Mutex(State())

    /// What is known to be dropped; another process may have dropped more since this one looked.
    var dropped: DroppedWeeks { state.withLock { $0.dropped } }

    /// Whether the database itself refuses an id that the stream has in this week already.
    func isUnique(_ week: Timestamp) -> Bool { state.withLock { $0.unique.contains(week) } }

    /// The weeks of these times.
    static func weeks(of times: some Collection<Timestamp>) -> Set<Timestamp> {
        guard let first = times.min().map(DroppedWeeks.start), let last = times.max().map(DroppedWeeks.start) else { return [] }
        return first == last ? [first] : Set(times.map(DroppedWeeks.start))
    }

    /// Whether a store failed because somebody removed a partition that this process took for granted.
    static func isMissing(_ error: any Error) -> Bool { (error as? StoreError)?.sqlState == "23514" }

    /// Makes the partitions of these times that are missing, but for those that were dropped.
    func ensure(_ times: [Timestamp], at now: Timestamp, on connection: Connection) throws {
        let weeks = Self.weeks(of: times)
        let isSettled = state.withLock { weeks.subtracting($0.known).subtracting($0.dropped.starts).isEmpty }
        if isSettled { return }
        if try look(on: connection).isSuperset(of: weeks) { return }
        // A partition is missing: only now is there something to take turns for.
        try connection.transaction {
            try connection.query(Queries["lock_stream"], [.int(-2)])
            for week in weeks.subtracting(try look(on: connection)).sorted() {
                let table = "evenkeel.\(Self.name(week))"
                let end = week.adding(seconds: Self.widthSeconds)
                try connection.run(
                    """
                    create table \(table) (like evenkeel.prediction including all);
                    create unique index on \(table) (stream_id, record_id);
                    alter table evenkeel.prediction attach partition \(table) for values from ('\(week)') to ('\(end)')
                    """)
                try connection.query(Queries["keep_week"], [.time(week), .time(now)])
            }
        }
        try look(on: connection)
    }

    /// Makes the partitions of the present and of the weeks ahead.
    func makeAhead(at now: Timestamp, on connection: Connection) throws {
        try look(on: connection)
        try completeIndexes(on: connection)
        try ensure((0...Self.weeksAhead).map { now.adding(seconds: $0 * Self.widthSeconds) }, at: now, on: connection)
    }

    /// Makes the indexes of partitions that an earlier version has made, which until then are looked up.
    private func completeIndexes(on connection: Connection) throws {
        if state.withLock({ $0.known.isSubset(of: $0.unique) }) { return }
        try connection.transaction {
            try connection.query(Queries["lock_stream"], [.int(-2)])
            try look(on: connection)
            for week in state.withLock({ $0.known.subtracting($0.unique) }).sorted() {
                try connection.run("create unique index on evenkeel.\(Self.name(week)) (stream_id, record_id)")
            }
        }
        try look(on: connection)
    }

    /// Reads anew which weeks have a partition and which were dropped. - Returns: all of them.
    @discardableResult
    private func look(on connection: Connection) throws -> Set<Timestamp> {
        let tables = try connection.query(Queries["list_partitions"])
        let found = (0..<tables.count).compactMap { row in
            tables.text(row, 0).flatMap(Self.week).map { (week: $0, isUnique: tables.bool(row, 1)) }
        }
        let known = Set(found.map(\.week))
        let rows = try connection.query(Queries["dropped_weeks"])
        let dropped = Set((0..<rows.count).compactMap { rows.time($0, 0) })
        let unique = Set(found.filter(\.isUnique).map(\.week))
        state.withLock { $0 = State(known: known, unique: unique, dropped: DroppedWeeks(dropped)) }
        return known.union(dropped)
    }

    /// For after a store has failed for want of a partition.
    func forget() { state.withLock { $0.known = [] } }

    /// The oldest partition whose week ended by `time` and that was made by then: rows of old times that came lately are kept as long
    /// as others. Its rows are gone when this returns.
    ///
    /// - Returns: the week; nil when there is none.
    /// - Throws: ``StoreError`` `.unavailable` when the table is too busy to be locked: try again later.
    func dropOldest(before time: Timestamp, at now: Timestamp, on connection: Connection) throws -> Timestamp? {
        let due = try connection.query(Queries["oldest_week"], [.time(time.adding(seconds: -Self.widthSeconds)), .time(time)])
        guard due.count > 0, let week = due.time(0, 0) else { return nil }
        try connection.transaction {
            try connection.run("set local lock_timeout = \(Self.lockWaitMilliseconds)")
            try connection.query(Queries["lock_stream"], [.int(-2)])
            try connection.run("drop table if exists evenkeel.\(Self.name(week))")
            try connection.query(Queries["drop_week"], [.time(week), .time(now)])
        }
        try look(on: connection)
        return week
    }

    static func name(_ week: Timestamp) -> String {
        "prediction_" + week.rfc3339.prefix(10).split(separator: "-").joined()
    }

    private static func week(_ name: String) -> Timestamp? {
        let digits = Array(name.dropFirst("prediction_".count))
        guard digits.count == 8 else { return nil }
        return Timestamp(rfc3339: "\(String(digits[0..<4]))-\(String(digits[4..<6]))-\(String(digits[6..<8]))")
    }
}
