internal import Migrations
public import Vocabulary

/// A few raw rows of a stretch of time, the same ones whenever they are asked for.
public struct RowSampleStore: Sendable {
    private let database: Database
    private let levels = LevelDictionary()
    public init(database: Database) { self.database = database }

    /// A window, and the records that it had.
    public struct Counted: Sendable, Equatable {
        public var window: Window
        public var rows: Int64
        public init(window: Window, rows: Int64) {
            self.window = window
            self.rows = rows
        }
    }

    /// Rows that are looked at for one sample, about: of windows with more, stretches spread evenly over them.
    public static let scanMax: Int64 = 50_000
    /// Stretches that a window is cut to.
    static let stretches: Int64 = 24
    /// How long before a window it is looked for calm ones.
    static let calmDays: Int64 = 60

    /// The newest windows of a kind that ended by `end` in which a monitor judged and found nothing.
    public func calmWindows(
        _ kind: WindowKind, of version: RegisteredVersion, monitor: Monitor, endedBy end: Timestamp, limit: Int
    ) async throws -> [Counted] {
        try await database.run { connection in
            let rows = try connection.query(
                Queries["calm_windows"],
                [
                    .int(version.streamID), .text(kind.rawValue), .time(end), .time(end.adding(seconds: -Self.calmDays * 86_400)),
                    .text(monitor.rawValue), .int(Int64(limit)),
                ])
            return (0..<rows.count).compactMap { row in
                guard let start = rows.time(row, 0), let end = rows.time(row, 1) else { return nil }
                return Counted(window: Window(kind: kind, start: start, end: end), rows: rows.int(row, 2) ?? 0)
            }
        }
    }

    /// Rows of these windows that were stored with their features, by the hash of their ids.
    ///
    /// - Parameters:
    ///   - version: the whole, of which `segment` is the place of one.
    ///   - withLabels: whether only labelled rows are wanted, with their newest label; else they come without.
    public func rows(
        of version: RegisteredVersion, in windows: [Counted], segment: Int? = nil, withLabels: Bool, limit: Int
    ) async throws -> ShadowRows {
        let stretches = Self.stretches(of: windows)
        return try await database.run { connection in
            try connection.transaction(beginning: "begin read only; set local enable_seqscan = off") {
                let found = try connection.query(
                    Queries["sample_rows"],
                    [
                        .int(version.streamID), .times(stretches.map(\.lower)), .times(stretches.map(\.upper)),
                        .int(segment.map(Int64.init)),
                        .text(withLabels ? "t" : "f"), .int(Int64(limit)),
                    ])
                let codes = try levels.known(version.streamID) ?? LevelDictionary.load(version.streamID, on: connection)
                var reader = ShadowRowReader(version: version, codes: codes)
                let rows = try reader.read(found, on: connection)
                levels.remember(reader.codes, of: version.streamID)
                return rows
            }
        }
    }

    /// The windows whole where all of them have few rows, else stretches of each, evenly spread and of the same share of it, so that about
    /// ``scanMax`` rows lie within.
    static func stretches(of windows: [Counted]) -> [(lower: Timestamp, upper: Timestamp)] {
        let rows = windows.reduce(0) { $0 + $1.rows }
        guard rows > scanMax else { return windows.map { ($0.window.start, $0.window.end) } }
        return windows.flatMap { counted -> [(lower: Timestamp, upper: Timestamp)] in
            let length = counted.window.end.microseconds - counted.window.start.microseconds
            let step = length / stretches
            let part = max(1, Int64(Double(step) * Double(scanMax) / Double(rows)))
            return (0..<stretches).map { place in
                let lower = counted.window.start.microseconds + place * step
                return (Timestamp(microseconds: lower), Timestamp(microseconds: lower + part))
            }
        }
    }
}
