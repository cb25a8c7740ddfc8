internal import Migrations
internal import Profiles
internal import Vocabulary

/// The profile deltas of a transaction, by stream and minute.
struct ProfileDeltas {
    private struct Place: Hashable {
        var stream: Int64
        var minute: Timestamp
    }
    private var deltas: [Place: Profile] = [:]

    mutating func fold(_ batch: PredictionBatch, stream: Int64, grid: ProfileGrid) {
        let byMinute = Dictionary(grouping: batch.timestamps.indices) { batch.timestamps[$0].floored(toSeconds: 60) }
        for (minute, rows) in byMinute {
            deltas[Place(stream: stream, minute: minute), default: Profile(grid: grid)]
                .fold(batch, grid: grid, rows: byMinute.count == 1 ? nil : rows)
        }
    }

    /// Adds or takes back a label in the bucket of its prediction.
    mutating func fold(_ labelled: LabelledPrediction, at time: Timestamp, stream: Int64, grid: ProfileGrid, times: Int64 = 1) {
        deltas[Place(stream: stream, minute: time.floored(toSeconds: 60)), default: Profile(grid: grid)]
            .foldLabel(labelled, grid: grid, times: times)
    }

    /// Writes the deltas and marks the windows that they change.
    func store(batchID: Int64, versions: [Int64: Int64], at now: Timestamp, on connection: Connection) throws {
        for (place, profile) in deltas.sorted(by: { ($0.key.stream, $0.key.minute) < ($1.key.stream, $1.key.minute) })
        where !profile.isEmpty {
            try connection.query(
                Queries["insert_profile"],
                [
                    .int(place.stream), .time(place.minute), .int(60), .int(batchID), .int(profile.rows), .int(profile.labelled),
                    .bytes(profile.encoded()),
                ])
        }
        for (stream, versionID) in versions.sorted(by: { $0.key < $1.key }) {
            let minutes = deltas.keys.filter { $0.stream == stream }.map(\.minute)
            let windows = Set(minutes.flatMap { minute in WindowKind.allCases.compactMap { Window(kind: $0, holding: minute) } })
                .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
            if windows.isEmpty { continue }
            try connection.query(
                Queries["mark_dirty"],
                [
                    .int(versionID), .texts(windows.map(\.kind.rawValue)), .times(windows.map(\.start)), .times(windows.map(\.end)),
                    .int(batchID), .time(now),
                ])
        }
    }
}
