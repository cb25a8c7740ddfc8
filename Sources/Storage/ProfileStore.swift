internal import Migrations
public import Profiles
public import Vocabulary

extension StoreError: UnanswerableWindow {
    public var isUnanswerable: Bool { code == .unanswerable }
}

/// Sums by stretch of time, and their compaction.
public struct ProfileStore: ProfileReader, RowWindowLog, Sendable {
    let database: Database
    let references: ReferenceCache

    public init(database: Database) { self.init(database: database, references: ReferenceCache()) }
    init(database: Database, references: ReferenceCache) { (self.database, self.references) = (database, references) }

    public func reference(of version: RegisteredVersion) async throws -> ReferenceProfile {
        try await database.run { connection in
            let whole = try references.reference(of: version.versionID, on: connection)
            guard let segment = version.segment else { return whole }
            guard let part = whole.reference(of: segment) else {
                throw StoreError(.damaged, "\(version.key): the segment \(segment.name) has no reference")
            }
            return part
        }
    }

    /// - Throws: ``StoreError`` `.unanswerable` when an end of the window cuts through a bucket that was compacted to an hour or a day, or when
    ///   the window starts before what retention has left.
    public func profile(of version: RegisteredVersion, from start: Timestamp, to end: Timestamp) async throws -> Profile {
        // One state for all pages: rows that are compacted in between would be missed or counted twice.
        try await database.snapshot { connection in
            let grid = try references.reference(of: version.versionID, on: connection).grid
            let window: [Parameter] = [.int(version.streamID), .time(start), .time(end)]
            let limits = try connection.query(Queries["unanswerable"], window)
            if let width = limits.int(0, 0) {
                let stretch = width == 86_400 ? "days" : width == 3600 ? "hours" : "minutes"
                throw StoreError(
                    .unanswerable,
                    "the window from \(start) to \(end) cuts through \(stretch) that are one sum each: let it start and end on full \(stretch)"
                )
            }
            if let left = limits.time(0, 1), start < left {
                throw StoreError(
                    .unanswerable,
                    "the window from \(start) to \(end) starts before \(left): profiles before that were deleted (retention.profile_days)")
            }
            return try Self.sum(of: version, from: start, to: end, grid: grid, on: connection)
        }
    }

    /// The sum of the rows of a stretch, without asking whether it cuts through one.
    static func sum(
        of version: RegisteredVersion, from start: Timestamp = .earliest, to end: Timestamp = Timestamp(seconds: 253_402_300_799),
        grid: ProfileGrid,
        on connection: Connection
    ) throws -> Profile {
        var sum = Profile(grid: grid)
        var last: [Parameter] = [.time(start), .int(0), .int(-1)]
        while true {
            let rows = try connection.query(
                Queries["profiles_in_window"],
                [.int(version.streamID), .time(start), .time(end)] + last + [.int(Int64(Self.pageRows))], binary: true)
            for row in 0..<rows.count {
                try add(rows.bytes(row, 0), to: &sum, grid: grid)
            }
            guard rows.count == Self.pageRows else { return sum }
            last = [.time(rows.time(rows.count - 1, 1)), .int(rows.int(rows.count - 1, 2)), .int(rows.int(rows.count - 1, 3))]
        }
    }

    public func rows(of version: RegisteredVersion, from starts: [Timestamp], seconds: Int64) async throws -> [Int64?] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["rows_in_windows"], [.int(version.streamID), .times(starts), .int(seconds)])
            return (0..<rows.count).map { rows.int($0, 0) }
        }
    }

    public func arrivalLag(of version: RegisteredVersion, since time: Timestamp) async throws -> Int64? {
        try await database.run { try $0.query(Queries["arrival_lag"], [.int(version.streamID), .time(time)]).int(0, 0) }
    }

    public func span(of version: RegisteredVersion) async throws -> (first: Timestamp, last: Timestamp)? {
        try await database.run { connection in
            let rows = try connection.query(Queries["bucket_span"], [.int(version.streamID)])
            guard let first = rows.time(0, 0), let last = rows.time(0, 1) else { return nil }
            return (first, last)
        }
    }

    public func buckets(of version: RegisteredVersion, from start: Timestamp, to end: Timestamp, limit: Int) async throws -> [RowBucket] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["row_buckets"], [.int(version.streamID), .time(start), .time(end), .int(Int64(limit))])
            return (0..<rows.count).compactMap { row in
                guard let start = rows.time(row, 0), let seconds = rows.int(row, 1), let count = rows.int(row, 2) else { return nil }
                return RowBucket(start: start, seconds: seconds, rows: count)
            }
        }
    }

    public func changed(_ kinds: [WindowKind], of version: RegisteredVersion, in stretch: Window) async throws -> [Window] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["changed_row_windows"],
                [.int(version.streamID), .texts(kinds.map(\.rawValue)), .time(stretch.start), .time(stretch.end)])
            return (0..<rows.count).compactMap { row in
                guard let kind = rows.text(row, 0).flatMap(WindowKind.init), let start = rows.time(row, 1), let end = rows.time(row, 2)
                else { return nil }
                return Window(kind: kind, start: start, end: end)
            }
        }
    }

    public func dirtyWindows(endedBy time: Timestamp, after last: DirtyWindow? = nil, limit: Int) async throws -> [DirtyWindow] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["dirty_windows"],
                [
                    .time(time), .int(Int64(limit)), .time(last?.window.end ?? .earliest), .int(last?.versionID ?? 0),
                    .text(last?.window.kind.rawValue ?? ""),
                ])
            return (0..<rows.count).compactMap { row in
                guard let version = rows.int(row, 0), let kind = rows.text(row, 1).flatMap(WindowKind.init), let start = rows.time(row, 2),
                    let end = rows.time(row, 3), let batch = rows.int(row, 4), let touched = rows.time(row, 5),
                    let marked = rows.time(row, 6)
                else { return nil }
                return DirtyWindow(
                    versionID: version, window: Window(kind: kind, start: start, end: end), batchID: batch, touchedAt: touched,
                    markedAt: marked)
            }
        }
    }

    public func clear(_ windows: [DirtyWindow]) async throws {
        if windows.isEmpty { return }
        try await database.run { connection in
            _ = try connection.query(
                Queries["clear_dirty"],
                [
                    .ints(windows.map(\.versionID)), .texts(windows.map(\.window.kind.rawValue)), .times(windows.map(\.window.start)),
                    .ints(windows.map(\.batchID)),
                ])
        }
    }

    /// Profile rows read at a time.
    static let pageRows = 500

    static func add(_ bytes: [UInt8]?, to sum: inout Profile, grid: ProfileGrid) throws {
        do { try sum.add(encoded: bytes ?? [], grid: grid) } catch {
            throw StoreError(.damaged, "a stored profile cannot be read: \(error)")
        }
    }
}
