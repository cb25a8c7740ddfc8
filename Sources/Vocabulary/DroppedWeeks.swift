/// The weeks of event time whose raw rows were dropped by retention.
///
/// A record of such a week is refused: whether it was stored before cannot be told any more, and counting it twice in the profiles
/// would never be found.
public struct DroppedWeeks: Sendable, Equatable {
    /// A raw partition, aligned on the epoch's Thursday.
    public static let widthSeconds: Int64 = 7 * 86_400
    public var starts: Set<Timestamp>

    public init(_ starts: Set<Timestamp> = []) { self.starts = starts }

    public func holds(_ time: Timestamp) -> Bool { !starts.isEmpty && starts.contains(Self.start(of: time)) }

    /// The start of the week that holds `time`.
    public static func start(of time: Timestamp) -> Timestamp { time.floored(toSeconds: widthSeconds) }

    /// Why a record of this time is refused.
    public static func refusal(_ time: Timestamp) -> String {
        "ts: \(time), the raw rows of the week from \(start(of: time).rfc3339.prefix(10)) were dropped (retention.raw_days), expected a later time"
    }
}
