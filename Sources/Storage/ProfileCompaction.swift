internal import Migrations
internal import Profiles
public import Vocabulary

// Roll-ups: many rows of a profile become their sum, in place or in a wider bucket.
//
// A step is one short transaction: it deletes rows, and inserts the sum of exactly those that the deletion returned. So a crash leaves
// either the old rows or the sum, rows that come meanwhile are not touched, and no writer of records ever waits for a compactor.

extension ProfileStore {
    /// Rows of one minute that are left alone.
    static let partsPerMinuteMax = 8
    /// Rows of one hour that are left alone: labels of many days change many hours, and each merge writes the whole sum anew.
    static let partsPerHourMax = 64
    /// The minutes of so many hours before the one that goes on are kept for windows by hand. What a version's own windows need is kept longer.
    static let hoursByMinute: Int64 = 2

    /// Before it there are sums of hours only, where no window of the version needs minutes.
    public static func minutesKeptFrom(_ now: Timestamp) -> Timestamp {
        now.adding(seconds: -hoursByMinute * 3600).floored(toSeconds: 3600)
    }
    /// Rows merged in one transaction. It bounds the memory and the time of a step.
    static let partsPerStepMax = 100

    /// Replaces the minute rows of hours before `time` by one row an hour, a limited number of hours at a time.
    ///
    /// - Parameter arrival: minutes of hours of which nothing was stored before it are left; nil for none. What comes for an hour that is
    ///   one row already joins it at once.
    /// - Returns: hours compacted; fewer than `limit` means that nothing is left to do.
    public func compact(
        _ version: RegisteredVersion, before time: Timestamp, storedBefore arrival: Timestamp? = nil, limit: Int = 100
    ) async throws -> Int {
        try await merge(
            version, widthSeconds: 3600, Queries["compactable_hours"],
            [.int(version.streamID), .time(time.floored(toSeconds: 3600)), .time(arrival), .int(Int64(limit))])
    }

    /// Replaces the hour rows of days before `time` by one row a day, if nothing of them was stored since `arrival`: hours of old times
    /// that came lately are kept as long as others. What comes for a day that is one row already joins it at once.
    public func compactHours(
        _ version: RegisteredVersion, before time: Timestamp, storedBefore arrival: Timestamp, limit: Int = 100
    ) async throws -> Int {
        try await merge(
            version, widthSeconds: 86_400, Queries["compactable_days"],
            [.int(version.streamID), .time(time.floored(toSeconds: 86_400)), .time(arrival), .int(Int64(limit))])
    }

    /// Merges the rows of minutes and of hours that many requests have touched, so that the cost of a window depends on its length and not on
    /// the number of requests.
    public func compactCrowded(_ version: RegisteredVersion, limit: Int = 500) async throws -> Int {
        var merged = 0
        for (width, parts) in [(60, Self.partsPerMinuteMax), (3600, Self.partsPerHourMax)] {
            merged += try await merge(
                version, widthSeconds: Int64(width), Queries["crowded_buckets"],
                [.int(version.streamID), .int(Int64(width)), .int(Int64(parts)), .int(Int64(limit))])
        }
        return merged
    }

    /// Merges every bucket that `due` names. - Returns: how many.
    private func merge(_ version: RegisteredVersion, widthSeconds: Int64, _ due: String, _ parameters: [Parameter]) async throws -> Int {
        let buckets = try await database.run { connection -> [Timestamp] in
            let rows = try connection.query(due, parameters)
            return (0..<rows.count).compactMap { rows.time($0, 0) }
        }
        for bucket in buckets {
            // The sum of a step is the first row of the next one.
            while try await step(version, from: bucket, widthSeconds: widthSeconds) == Self.partsPerStepMax {}
        }
        return buckets.count
    }

    private func step(_ version: RegisteredVersion, from start: Timestamp, widthSeconds: Int64) async throws -> Int {
        try await database.transaction { connection in
            let grid = try references.reference(of: version.versionID, on: connection).grid
            try connection.query(Queries["lock_compaction"], [.int(version.streamID)])
            let end = start.adding(seconds: widthSeconds)
            let parts = try connection.query(
                Queries["take_parts"],
                [.int(version.streamID), .time(start), .time(end), .int(widthSeconds), .int(Int64(Self.partsPerStepMax))], binary: true)
            // Another compactor was here first.
            if parts.count == 0 { return 0 }
            var sum = Profile(grid: grid)
            var (part, stored, first, newest) = (Int64(0), Timestamp.earliest, parts.time(0, 3) ?? .earliest, start)
            for row in 0..<parts.count {
                try Self.add(parts.bytes(row, 0), to: &sum, grid: grid)
                part = max(part, parts.int(row, 1) ?? 0)
                stored = max(stored, parts.time(row, 2) ?? stored)
                first = min(first, parts.time(row, 3) ?? first)
                newest = max(newest, parts.time(row, 4) ?? newest)
            }
            try connection.query(
                Queries["insert_sum"],
                [
                    .int(version.streamID), .time(start), .int(widthSeconds), .int(part), .int(sum.rows), .int(sum.labelled),
                    .bytes(sum.encoded()), .time(stored), .time(first), .time(newest),
                ])
            if widthSeconds == 86_400 {
                try connection.query(Queries["forget_cut_marks"], [.int(version.versionID), .time(start), .time(end)])
            }
            return parts.count
        }
    }
}
