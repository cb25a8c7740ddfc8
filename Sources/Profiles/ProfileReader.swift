public import Vocabulary

/// What windows are compared with: a version's frozen grid, and the sums of its reference or of another baseline.
public struct ReferenceProfile: Sendable {
    public let grid: ProfileGrid
    public let profile: Profile
    /// Of windows of each kind; none where the baseline has no times, or too few windows.
    public let variations: [WindowKind: NaturalVariation]
    /// What the reference is within each segment, in the schema's order.
    public let segments: [SegmentReference]
    public init(
        grid: ProfileGrid, profile: Profile, variations: [WindowKind: NaturalVariation] = [:], segments: [SegmentReference] = []
    ) {
        self.grid = grid
        self.profile = profile
        self.variations = variations
        self.segments = segments
    }

    /// What windows of a segment are compared with; nil where there is no such segment.
    public func reference(of segment: Segment) -> ReferenceProfile? {
        segments.first { $0.segment == segment }.map { ReferenceProfile(grid: grid, profile: $0.profile, variations: $0.variations) }
    }
}

extension ReferenceProfile {
    /// Of each record which segments with sums it belongs to; nil where there are none.
    public func segmentBits(of batch: PredictionBatch, _ schema: FeatureSchema) -> [SegmentBits]? {
        schema.segmentBits(of: batch, among: segments.map(\.segment))
    }
}

/// The reference's records of one segment, on the version's grid.
public struct SegmentReference: Sendable {
    public let segment: Segment
    public let profile: Profile
    public let variations: [WindowKind: NaturalVariation]
    /// Where the segment's sums are stored; 0 before registration.
    public let streamID: Int64
    public init(segment: Segment, profile: Profile, variations: [WindowKind: NaturalVariation], streamID: Int64 = 0) {
        self.segment = segment
        self.profile = profile
        self.variations = variations
        self.streamID = streamID
    }
}

/// A window of a version in which something changed since it was evaluated last.
public struct DirtyWindow: Sendable, Hashable {
    public var versionID: Int64
    public var window: Window
    /// The last batch to touch it: a mark that another batch renewed is not cleared.
    public var batchID: Int64
    public var touchedAt: Timestamp
    /// When the first change since the last evaluation came.
    public var markedAt: Timestamp
    public init(versionID: Int64, window: Window, batchID: Int64, touchedAt: Timestamp, markedAt: Timestamp? = nil) {
        self.versionID = versionID
        self.window = window
        self.batchID = batchID
        self.touchedAt = touchedAt
        self.markedAt = markedAt ?? touchedAt
    }
}

/// What windows by rows are made of.
public protocol RowWindowLog: Sendable {
    /// Records by bucket, the earliest first, of those that reach into `start ≤ t < end`.
    func buckets(of version: RegisteredVersion, from start: Timestamp, to end: Timestamp, limit: Int) async throws -> [RowBucket]
    /// The windows of these kinds that overlap a stretch and hold something that was stored after their evaluation.
    func changed(_ kinds: [WindowKind], of version: RegisteredVersion, in stretch: Window) async throws -> [Window]
}

/// How many records came in a minute, hour or day.
public struct RowBucket: Sendable, Equatable {
    public var start: Timestamp
    public var seconds: Int64
    public var rows: Int64
    public init(start: Timestamp, seconds: Int64, rows: Int64) {
        self.start = start
        self.seconds = seconds
        self.rows = rows
    }
    public var end: Timestamp { start.adding(seconds: seconds) }
}

/// A window that has no answer any more: what is left are sums that reach beyond its ends, or nothing.
public protocol UnanswerableWindow: Error {
    var isUnanswerable: Bool { get }
}

/// Where monitors read sums. Storage fulfils it.
public protocol ProfileReader: Sendable {
    func reference(of version: RegisteredVersion) async throws -> ReferenceProfile
    /// The sum of everything in `start ≤ t < end`; an empty profile when there is nothing.
    ///
    /// - Throws: ``UnanswerableWindow`` when retention has left no sums of just this window.
    func profile(of version: RegisteredVersion, from start: Timestamp, to end: Timestamp) async throws -> Profile
    /// The records of windows of one length; nil where retention has left no sums of just this window.
    func rows(of version: RegisteredVersion, from starts: [Timestamp], seconds: Int64) async throws -> [Int64?]
    /// The seconds after the end of an hour in which its first records came, at most, over the hours since `time`; nil where there are none.
    func arrivalLag(of version: RegisteredVersion, since time: Timestamp) async throws -> Int64?
    /// The first and last bucket that hold anything; nil when nothing has come in.
    func span(of version: RegisteredVersion) async throws -> (first: Timestamp, last: Timestamp)?
    /// Changed windows that ended by `time`, the earliest first, from the one after `last` on.
    func dirtyWindows(endedBy time: Timestamp, after last: DirtyWindow?, limit: Int) async throws -> [DirtyWindow]
    func clear(_ windows: [DirtyWindow]) async throws
}
