internal import Migrations
internal import Synchronization
internal import Vocabulary

/// The partitions of evenkeel.prediction: a week each, aligned on the epoch's Thursday, made when first needed.
///
/// They are made in a transaction of their own, before the rows: making one locks the whole table for a moment, and a writer that
/// already holds rows of it must not wait for that.
final class Partitions: Sendable {
    static let widthSeconds: Int64 = 7 * 86_400
    private let known = Mutex<Set<Timestamp>>([])

    func ensure(_ times: [Timestamp], on connection: Connection) throws {
        let weeks = Set(times.map { $0.floored(toSeconds: Self.widthSeconds) })
        let missing = known.withLock { weeks.subtracting($0) }.sorted()
        if missing.isEmpty { return }
        try connection.transaction {
            try connection.query(Queries["lock_stream"], [.int(-2)])
            let rows = try connection.query(Queries["list_partitions"])
            let existing = Set((0..<rows.count).compactMap { rows.text($0, 0) })
            for week in missing where !existing.contains(Self.name(week)) {
                let end = week.adding(seconds: Self.widthSeconds)
                try connection.run(
                    "create table evenkeel.\(Self.name(week)) partition of evenkeel.prediction for values from ('\(week)') to ('\(end)')")
            }
        }
        known.withLock { $0.formUnion(missing) }
    }

    static func name(_ week: Timestamp) -> String {
        "prediction_" + week.rfc3339.prefix(10).split(separator: "-").joined()
    }
}
