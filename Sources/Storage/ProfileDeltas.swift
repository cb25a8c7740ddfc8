internal import Migrations
internal import Profiles
internal import Vocabulary

/// What a transaction adds to profiles, by stream and minute, or by hour where the roll-up would make hours of them at once.
///
/// Only the rows and labels are remembered; each bucket's profile is made, written and dropped in turn. A request may touch a month of
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
    /// The version's own stream of a segment's.
    private var homes: [Int64: Int64] = [:]

    /// Adds a stream's predictions, and to each segment's stream those that belong to it; at most one batch a stream.
    mutating func fold(_ batch: PredictionBatch, segments bits: [SegmentBits]?, stream: Int64, _ reference: ReferenceProfile) {
        fold(batch, stream: stream, grid: reference.grid)
        guard let bits else { return }
        for (place, segment) in reference.segments.enumerated() {
            let rows = bits.rows(in: place)
            if rows.isEmpty { continue }
            homes[segment.streamID] = stream
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
        for (place, segment) in reference.segments.enumerated() where bits.contains(place) {
            homes[segment.streamID] = stream
            add(to: segment.streamID)
        }
    }

    private static let copy =
        "copy evenkeel.profile (stream_id, bucket, width_seconds, part, rows, labelled, data, newest) from stdin (format binary)"
    /// Rows of a month of minutes go in stretches of about so many bytes.
    private static let copyBytes = 1 << 20

    /// Writes the deltas and marks the windows that they change.
    ///
    /// - Parameter versions: by their own streams.
    func store(batchID: Int64, versions: [Int64: Int64], at now: Timestamp, on connection: Connection) throws {
        var kinds: [Int64: [WindowKind]] = [:]
        for (stream, versionID) in versions {
            // Somebody may have given the version other windows since it was read.
            let own = try connection.query(Queries["windows_of_version"], [.int(versionID)])
            kinds[stream] = WindowKind.scheduled + (0..<own.count).compactMap { own.text($0, 0).flatMap(WindowKind.init) }
        }
        try copy(batchID: batchID, hoursBefore: ProfileStore.minutesKeptFrom(now), kinds: kinds, on: connection)
        let minutes = Dictionary(grouping: deltas.keys, by: \.stream).mapValues { $0.map(\.minute) }
        for (stream, versionID) in versions.sorted(by: { $0.key < $1.key }) {
            guard let minutes = minutes[stream], let kinds = kinds[stream] else { continue }
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

    /// One row of a profile.
    private struct Bucket {
        var stream: Int64
        var start: Timestamp
        var width: Int64
        /// The newest minute of a prediction, where the bucket does not say it.
        var newest: Timestamp?
        var delta: Delta
    }

    /// - Parameter time: what the roll-up would make an hour of is one from the start: a month that is read from a file is 744 rows of a
    ///   profile, not 44,640.
    private func buckets(hoursBefore time: Timestamp, kinds: [Int64: [WindowKind]]) -> [Bucket] {
        var buckets: [Bucket] = []
        for (place, delta) in deltas.sorted(by: { ($0.key.stream, $0.key.minute) < ($1.key.stream, $1.key.minute) }) {
            let needsMinutes = kinds[homes[place.stream] ?? place.stream]?.contains { $0.needsMinutes } ?? true
            if needsMinutes || place.minute >= time {
                buckets.append(Bucket(stream: place.stream, start: place.minute, width: 60, delta: delta))
                continue
            }
            let hour = place.minute.floored(toSeconds: 3600)
            if buckets.last?.stream != place.stream || buckets.last?.start != hour || buckets.last?.width != 3600 {
                buckets.append(Bucket(stream: place.stream, start: hour, width: 3600, delta: Delta()))
            }
            let last = buckets.count - 1
            buckets[last].delta.rows += delta.rows
            buckets[last].delta.labels += delta.labels
            if !delta.rows.isEmpty { buckets[last].newest = place.minute }
        }
        return buckets
    }

    private func copy(batchID: Int64, hoursBefore time: Timestamp, kinds: [Int64: [WindowKind]], on connection: Connection) throws {
        var copy = CopyEncoder(fieldCount: 8)
        var bytes = 0
        for bucket in buckets(hoursBefore: time, kinds: kinds) {
            guard let grid = grids[bucket.stream] else { continue }
            let profile = profile(bucket.delta, stream: bucket.stream, grid: grid)
            if profile.isEmpty { continue }
            let data = profile.encoded()
            copy.startRow()
            copy.int8(bucket.stream)
            copy.timestamptz(bucket.start)
            copy.int4(Int32(bucket.width))
            copy.int8(batchID)
            copy.int8(profile.rows)
            copy.int8(profile.labelled)
            copy.field(data[...])
            if let newest = bucket.newest { copy.timestamptz(newest) } else { copy.null() }
            bytes += data.count
            if bytes >= Self.copyBytes {
                try connection.copy(Self.copy, copy.finished())
                (copy, bytes) = (CopyEncoder(fieldCount: 8), 0)
            }
        }
        if bytes > 0 { try connection.copy(Self.copy, copy.finished()) }
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
