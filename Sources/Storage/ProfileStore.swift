internal import Migrations
public import Profiles
public import Vocabulary

/// Sums by stretch of time, and their compaction.
public struct ProfileStore: ProfileReader, Sendable {
    private let database: Database
    private let references = ReferenceCache()

    public init(database: Database) { self.database = database }

    public func reference(of version: RegisteredVersion) async throws -> ReferenceProfile {
        try await database.run { try references.reference(of: version.versionID, on: $0) }
    }

    /// - Throws: ``StoreError`` `.failed` when an end of the window cuts through a bucket that was compacted to an hour or a day.
    public func profile(of version: RegisteredVersion, from start: Timestamp, to end: Timestamp) async throws -> Profile {
        // One state for all pages: rows that are compacted in between would be missed or counted twice.
        try await database.snapshot { connection in
            let grid = try references.reference(of: version.versionID, on: connection).grid
            let window: [Parameter] = [.int(version.streamID), .time(start), .time(end)]
            if try connection.query(Queries["straddling_buckets"], window).int(0, 0) ?? 0 > 0 {
                throw StoreError(
                    .failed, "the window from \(start) to \(end) cuts through hours that were compacted: let it start and end on full hours"
                )
            }
            var sum = Profile(grid: grid)
            var last: [Parameter] = [.time(start), .int(0), .int(-1)]
            while true {
                let rows = try connection.query(Queries["profiles_in_window"], window + last + [.int(Int64(Self.pageRows))])
                for row in 0..<rows.count { sum.merge(try Self.decode(rows.bytes(row, 0), grid: grid), grid: grid) }
                guard rows.count == Self.pageRows else { return sum }
                last = [.time(rows.time(rows.count - 1, 1)), .int(rows.int(rows.count - 1, 2)), .int(rows.int(rows.count - 1, 3))]
            }
        }
    }

    public func span(of version: RegisteredVersion) async throws -> (first: Timestamp, last: Timestamp)? {
        try await database.run { connection in
            let rows = try connection.query(Queries["bucket_span"], [.int(version.streamID)])
            guard let first = rows.time(0, 0), let last = rows.time(0, 1) else { return nil }
            return (first, last)
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

    /// Replaces the minute rows of hours before `time` by one row an hour, a limited number of hours at a time. Each hour is one
    /// transaction under the stream's lock, so a crash leaves either the old rows or the new one.
    ///
    /// - Returns: hours compacted; fewer than `limit` means that nothing is left to do.
    public func compact(_ version: RegisteredVersion, before time: Timestamp, limit: Int = 100) async throws -> Int {
        let due = try await database.run { connection -> [Timestamp] in
            let rows = try connection.query(
                Queries["compactable_hours"], [.int(version.streamID), .time(time.floored(toSeconds: 3600)), .int(Int64(limit))])
            return (0..<rows.count).compactMap { rows.time($0, 0) }
        }
        for hour in due { try await merge(version, from: hour, widthSeconds: 3600) }
        return due.count
    }

    /// Merges the rows of minutes that many requests have touched, so that the cost of a window depends on its length and not on the
    /// number of requests.
    public func compactMinutes(_ version: RegisteredVersion, limit: Int = 500) async throws -> Int {
        let due = try await database.run { connection -> [Timestamp] in
            let rows = try connection.query(
                Queries["compactable_minutes"], [.int(version.streamID), .int(Int64(Self.partsPerMinuteMax)), .int(Int64(limit))])
            return (0..<rows.count).compactMap { rows.time($0, 0) }
        }
        for minute in due { try await merge(version, from: minute, widthSeconds: 60) }
        return due.count
    }

    /// Profile rows read at a time.
    static let pageRows = 500
    /// Rows of one minute that are left alone.
    static let partsPerMinuteMax = 8

    private func merge(_ version: RegisteredVersion, from start: Timestamp, widthSeconds: Int64) async throws {
        try await database.transaction { connection in
            let grid = try references.reference(of: version.versionID, on: connection).grid
            try connection.query(Queries["lock_stream"], [.int(version.streamID)])
            let range: [Parameter] = [
                .int(version.streamID), .time(start), .time(start.adding(seconds: widthSeconds)), .int(widthSeconds),
            ]
            let parts = try connection.query(Queries["parts_between"], range)
            var sum = Profile(grid: grid)
            var newest: Int64 = 0
            for row in 0..<parts.count {
                sum.merge(try Self.decode(parts.bytes(row, 2), grid: grid), grid: grid)
                newest = max(newest, parts.int(row, 1) ?? 0)
            }
            try connection.query(Queries["delete_parts"], range)
            try connection.query(
                Queries["insert_profile"],
                [
                    .int(version.streamID), .time(start), .int(widthSeconds), .int(newest), .int(sum.rows), .int(sum.labelled),
                    .bytes(sum.encoded()),
                ])
        }
    }

    private static func decode(_ bytes: [UInt8]?, grid: ProfileGrid) throws -> Profile {
        do { return try Profile(encoded: bytes ?? [], grid: grid) } catch {
            throw StoreError(.damaged, "a stored profile cannot be read: \(error)")
        }
    }
}
