internal import Migrations
internal import Profiles
internal import Vocabulary

/// What a transaction adds to profiles, by stream and minute.
///
/// Only the rows and labels are remembered; each minute's profile is made, written and dropped in turn. A request may touch a month of
/// minutes, and a month of profiles would not fit into memory.
struct ProfileDeltas {
    private struct Place: Hashable {
        var stream: Int64
        var minute: Timestamp
    }
    private struct Delta {
        var rows: [Int] = []
        var labels: [(labelled: LabelledPrediction, times: Int64)] = []
    }
    private var deltas: [Place: Delta] = [:]
    private var batches: [Int64: PredictionBatch] = [:]
    private var grids: [Int64: ProfileGrid] = [:]

    /// Adds a stream's predictions, and to each segment's stream those that belong to it; at most one batch a stream.
    mutating func fold(_ batch: PredictionBatch, segments bits: [SegmentBits]?, stream: Int64, _ reference: ReferenceProfile) {
        fold(batch, stream: stream, grid: reference.grid)
        guard let bits else { return }
        for (place, segment) in reference.segments.enumerated() {
            let rows = bits.rows(in: place)
            if rows.isEmpty { continue }
            fold(rows.count == batch.count ? batch : batch.rows(at: rows), stream: segment.streamID, grid: reference.grid)
        }
    }

    private mutating func fold(_ batch: PredictionBatch, stream: Int64, grid: ProfileGrid) {
        batches[stream] = batch
        grids[stream] = grid
        for row in batch.timestamps.indices {
            deltas[Place(stream: stream, minute: batch.timestamps[row].floored(toSeconds: 60)), default: Delta()].rows.append(row)
        }
    }

    /// Adds or takes back a label in the bucket of its prediction, also of the segments that it belongs to.
    mutating func fold(
        _ labelled: LabelledPrediction, segments bits: SegmentBits, at time: Timestamp, stream: Int64, _ reference: ReferenceProfile,
        times: Int64 = 1
    ) {
        let minute = time.floored(toSeconds: 60)
        func add(to stream: Int64) {
            grids[stream] = reference.grid
            deltas[Place(stream: stream, minute: minute), default: Delta()].labels.append((labelled, times))
        }
        add(to: stream)
        if bits == .none { return }
        for (place, segment) in reference.segments.enumerated() where bits.contains(place) { add(to: segment.streamID) }
    }

    private static let copy =
        "copy evenkeel.profile (stream_id, bucket, width_seconds, part, rows, labelled, data) from stdin (format binary)"
    /// Rows of a month of minutes go in stretches of about so many bytes.
    private static let copyBytes = 1 << 20

    /// Writes the deltas and marks the windows that they change.
    func store(batchID: Int64, versions: [Int64: Int64], at now: Timestamp, on connection: Connection) throws {
        var copy = CopyEncoder(fieldCount: 7)
        var bytes = 0
        for (place, delta) in deltas.sorted(by: { ($0.key.stream, $0.key.minute) < ($1.key.stream, $1.key.minute) }) {
            guard let grid = grids[place.stream] else { continue }
            let profile = profile(delta, stream: place.stream, grid: grid)
            if profile.isEmpty { continue }
            let data = profile.encoded()
            copy.startRow()
            copy.int8(place.stream)
            copy.timestamptz(place.minute)
            copy.int4(60)
            copy.int8(batchID)
            copy.int8(profile.rows)
            copy.int8(profile.labelled)
            copy.field(data[...])
            bytes += data.count
            if bytes >= Self.copyBytes {
                try connection.copy(Self.copy, copy.finished())
                (copy, bytes) = (CopyEncoder(fieldCount: 7), 0)
            }
        }
        if bytes > 0 { try connection.copy(Self.copy, copy.finished()) }
        for (stream, versionID) in versions.sorted(by: { $0.key < $1.key }) {
            let minutes = deltas.keys.filter { $0.stream == stream }.map(\.minute)
            if minutes.isEmpty { continue }
            // Somebody may have given the version other windows since it was read.
            let own = try connection.query(Queries["windows_of_version"], [.int(versionID)])
            let kinds = WindowKind.scheduled + (0..<own.count).compactMap { own.text($0, 0).flatMap(WindowKind.init) }
            let windows = Set(kinds.flatMap { kind in minutes.flatMap { kind.windows(holding: $0) } })
                .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
            try connection.query(
                Queries["mark_dirty"],
                [
                    .int(versionID), .texts(windows.map(\.kind.rawValue)), .times(windows.map(\.start)), .times(windows.map(\.end)),
                    .int(batchID), .time(now),
                ])
        }
    }

    private func profile(_ delta: Delta, stream: Int64, grid: ProfileGrid) -> Profile {
        var profile = Profile(grid: grid)
        if let batch = batches[stream], !delta.rows.isEmpty {
            // A part of the batch is cut out first: folding locates the values of the whole batch it is given.
            profile.fold(delta.rows.count == batch.count ? batch : batch.rows(at: delta.rows), grid: grid)
        }
        for (labelled, times) in delta.labels { profile.foldLabel(labelled, grid: grid, times: times) }
        return profile
    }
}
