internal import Profiles
internal import Vocabulary

/// Windows that end by the number of predictions: nothing marks them, since only the records say where one ends.
struct RowWindows {
    let log: any RowWindowLog

    /// Buckets looked at in one round; a window that has not filled within them waits for roll-ups to make fewer of them.
    static let bucketsMax = 100_000

    /// The windows that have filled since `start`, the earliest first.
    ///
    /// One ends with the bucket in which its number was reached; no later bucket reaches before that end. Hours that became one sum since the
    /// window before ended within them belong to no window of their own: the next begins after them.
    /// - Parameters:
    ///   - start: the end of the window before, or the first record.
    ///   - ended: records of later times may still be on their way.
    func filled(_ kind: WindowKind, of version: RegisteredVersion, since start: Timestamp, endedBy ended: Timestamp) async throws
        -> [Window]
    {
        guard let wanted = kind.rows, start < ended else { return [] }
        let buckets = try await log.buckets(of: version, from: start, to: ended, limit: Self.bucketsMax)
        var found: [Window] = []
        var (begin, covered, rows) = (start, start, Int64(0))
        func cut() {
            guard rows >= wanted, covered <= ended else { return }
            found.append(Window(kind: kind, start: begin, end: covered))
            (begin, rows) = (covered, 0)
        }
        for bucket in buckets {
            if bucket.start >= covered { cut() }
            if bucket.start < begin {
                (begin, covered, rows) = (max(covered, bucket.end), max(covered, bucket.end), 0)
                continue
            }
            covered = max(covered, bucket.end)
            rows += bucket.rows
        }
        cut()
        return found
    }
}
