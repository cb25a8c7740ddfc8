internal import Kernels
internal import Migrations
internal import Synchronization
internal import Vocabulary

// Which records are new. An id that comes again within the horizon is the same record.
//
// Two records of one week are never further apart than the horizon, and each week is a partition with an index that is unique by stream and
// id. So a batch of one week is mostly just stored, and the index itself says when one of its ids is there already; only weeks beside it that
// hold records of the stream must be looked up. A stream in which ids do repeat is looked up first for a while: a batch that is refused by
// the index is stored twice.

/// The streams in which a record came again lately.
final class RepeatingStreams: Sendable {
    /// Transactions that are looked up first after one with a repeated record.
    static let carefulTransactions = 32
    private let left = Mutex<[Int64: Int]>([:])

    func note(_ stream: Int64) { left.withLock { $0[stream] = Self.carefulTransactions } }

    /// Whether the next transaction of a stream is to be looked up first. Each call counts as one.
    func isNext(_ stream: Int64) -> Bool {
        left.withLock { left in
            guard let count = left[stream] else { return false }
            left[stream] = count > 1 ? count - 1 : nil
            return true
        }
    }
}

extension RecordTables {
    /// Has `insert` store the rows that are new.
    ///
    /// - Parameter refused: rows that are not to be stored.
    /// - Returns: the new rows, and what `insert` made of them.
    func insertNew<Made>(
        rowsOf batch: PredictionBatch, but refused: Set<Int>, stream: Int64, on connection: Connection, _ insert: ([Int]) throws -> Made
    ) throws -> (rows: [Int], made: Made) {
        if !repeating.isNext(stream), let unguarded = try unguarded(batch, stream: stream, on: connection) {
            let rows =
                unguarded.isEmpty
                ? batch.ids.indices.filter { !refused.contains($0) }
                : try freshRows(of: batch, but: refused, stream: stream, within: unguarded, on: connection)
            do { return (rows, try connection.attempt { try insert(rows) }) } catch let error as StoreError where error.code == .conflict {
                repeating.note(stream)
            }
        }
        guard let first = batch.timestamps.min(), let last = batch.timestamps.max() else { return ([], try insert([])) }
        let horizon = RecordStore.duplicateHorizonSeconds
        let whole = first.adding(seconds: -horizon)...last.adding(seconds: horizon)
        let rows = try freshRows(of: batch, but: refused, stream: stream, within: [whole], on: connection)
        return (rows, try insert(rows))
    }

    /// The stretches of time within the horizon that hold records of the stream and that no index guards.
    ///
    /// - Returns: nil when the batch is of several weeks, or its week's index is not there.
    private func unguarded(_ batch: PredictionBatch, stream: Int64, on connection: Connection) throws -> [ClosedRange<Timestamp>]? {
        let weeks = Partitions.weeks(of: batch.timestamps)
        guard weeks.count == 1, let week = weeks.first, partitions.isUnique(week), let first = batch.timestamps.min(),
            let last = batch.timestamps.max()
        else { return nil }
        let width = Partitions.widthSeconds
        let horizon = RecordStore.duplicateHorizonSeconds
        let end = week.adding(seconds: width)
        let justBefore = Timestamp(microseconds: week.microseconds - 1)
        return try [
            (first.adding(seconds: -horizon)...justBefore, week.adding(seconds: -width)), (end...last.adding(seconds: horizon), end),
        ].filter { _, neighbour in
            let found = try connection.query(
                Queries["has_records"], [.int(stream), .time(neighbour), .time(neighbour.adding(seconds: width))])
            return found.bool(0, 0)
        }.map(\.0)
    }

    /// The rows whose id is neither stored in these stretches of time nor earlier in the batch, within the horizon.
    private func freshRows(
        of batch: PredictionBatch, but refused: Set<Int>, stream: Int64, within stretches: [ClosedRange<Timestamp>],
        on connection: Connection
    ) throws -> [Int] {
        guard let table = LevelTable(seed: .random(in: .min ... .max)) else { throw StoreError(.unavailable, "out of memory") }
        // By an id's place in the table. Few ids come twice: their further times are kept apart, so that the others cost no list each.
        var seen: [Timestamp] = []
        var again: [Int32: [Timestamp]] = [:]
        seen.reserveCapacity(batch.count)
        /// Whether the record was not seen before.
        func note(_ id: [UInt8], _ range: Range<Int>, _ time: Timestamp) throws -> Bool {
            guard let code = table.code(id, range) else { throw StoreError(.failed, "an id with a zero byte cannot be stored") }
            if code == seen.count {
                seen.append(time)
                return true
            }
            let isKnown =
                RecordStore.isOneRecord(seen[Int(code)], time) || again[code]?.contains { RecordStore.isOneRecord($0, time) } == true
            if !isKnown { again[code, default: []].append(time) }
            return !isKnown
        }
        for stretch in stretches {
            let rows = try connection.query(
                Queries["existing_records"], [.int(stream), .texts(batch.ids), .time(stretch.lowerBound), .time(stretch.upperBound)])
            for row in 0..<rows.count {
                guard let id = rows.text(row, 0), let time = rows.time(row, 1) else { continue }
                let bytes = Array(id.utf8)
                _ = try note(bytes, bytes.indices, time)
            }
        }
        return try batch.ids.indices.filter { try !refused.contains($0) && note(batch.ids.utf8, batch.ids.range($0), batch.timestamps[$0]) }
    }
}
