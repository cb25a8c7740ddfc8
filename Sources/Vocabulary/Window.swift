/// A kind of window, by its name.
///
/// | name | windows |
/// |---|---|
/// | `hour`, `day`, `week` | one after the other; weeks from Monday, UTC |
/// | `15m`, `6h`, `3d` | any whole number of minutes, one after the other, counted from 1970-01-01 UTC |
/// | `24h/1h` | sliding: 24 hours long, and a new one begins every hour |
/// | `10000rows` | from the end of the one before to the end of the minute in which so many predictions were reached |
/// | `custom` | any stretch that somebody asked for |
public struct WindowKind: RawRepresentable, Sendable, Hashable {
    public let rawValue: String
    /// How long one is; nil where that depends on the records or on who asks.
    public let seconds: Int64?
    /// How often one begins; its length but for those that slide.
    public let step: Int64?
    /// Of those that end by the number of predictions: how many one has at least.
    public let rows: Int64?

    /// Whether they do not all begin and end with an hour, so that sums of hours do not make them.
    public var needsMinutes: Bool { rows != nil || (step ?? 0) % 3600 != 0 }

    private init(_ name: String, seconds: Int64? = nil, step: Int64? = nil, rows: Int64? = nil) {
        (rawValue, self.seconds, self.step, self.rows) = (name, seconds, step ?? seconds, rows)
    }

    public static let hour = WindowKind("hour", seconds: 3600)
    public static let day = WindowKind("day", seconds: 86_400)
    public static let week = WindowKind("week", seconds: 7 * 86_400)
    public static let custom = WindowKind("custom")

    /// Those that every version has.
    public static let scheduled = [WindowKind.hour, .day, .week]
    /// The longest of windows with a length.
    public static let secondsMax: Int64 = 366 * 86_400
    /// So many sliding windows may hold one record: a late label changes them all.
    public static let overlapMax: Int64 = 48
    public static let rowsRange: ClosedRange<Int64> = 30...1_000_000_000
    /// What a name may be, for people.
    public static let words =
        "hour, day, week, a length such as 15m, 6h or 3d, a sliding one such as 24h/1h (at most \(overlapMax) times its step), or rows such as 10000rows"

    /// A name is written in one way only, so that what is stored under it is found: `60m` is `hour`, `48h` is `2d`; `7d` is no `week`, which begins on Monday.
    public init?(rawValue name: String) {
        let named = [WindowKind.hour, .day, .week, .custom]
        if let known = named.first(where: { $0.rawValue == name }) {
            self = known
        } else if name.hasSuffix("rows") {
            guard let count = Int64(name.dropLast(4)), Self.rowsRange.contains(count), name == "\(count)rows" else { return nil }
            self.init(name, rows: count)
        } else {
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard let seconds = parts.first.flatMap({ Self.seconds($0) }), parts.count <= 2 else { return nil }
            if parts.count == 1 {
                // Seven days are counted from a Thursday.
                let same = named.first { $0.seconds == seconds && $0 != .week }
                self = same ?? WindowKind(Self.name(seconds), seconds: seconds)
            } else {
                guard let step = Self.seconds(parts[1]), step < seconds, seconds % step == 0, seconds / step <= Self.overlapMax else {
                    return nil
                }
                self.init("\(Self.name(seconds))/\(Self.name(step))", seconds: seconds, step: step)
            }
        }
    }

    private static func seconds(_ text: Substring) -> Int64? {
        let units: [Character: Int64] = ["m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), 1...secondsMax ~= count else { return nil }
        return count * unit <= secondsMax ? count * unit : nil
    }

    /// In the largest unit that divides it.
    private static func name(_ seconds: Int64) -> String {
        seconds % 86_400 == 0 ? "\(seconds / 86_400)d" : seconds % 3600 == 0 ? "\(seconds / 3600)h" : "\(seconds / 60)m"
    }

    /// The rows of a log in windows of this kind that do not overlap, the earliest first.
    public func apart(_ rows: [Int], at times: [Timestamp]) -> [[Int]] {
        if let count = self.rows {
            let sorted = rows.sorted { (times[$0], $0) < (times[$1], $1) }
            return stride(from: 0, to: sorted.count - sorted.count % Int(count), by: Int(count)).map { Array(sorted[$0..<$0 + Int(count)]) }
        }
        guard let seconds else { return [] }
        return Dictionary(grouping: rows) { lastStart(by: times[$0], step: seconds) }.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Where the first of the windows begins that hold `time` or end by it.
    private func lastStart(by time: Timestamp, step: Int64) -> Timestamp {
        // Day 0 was a Thursday.
        let monday: Int64 = self == .week ? 4 * 86_400 : 0
        return time.adding(seconds: -monday).floored(toSeconds: step).adding(seconds: monday)
    }

    /// The windows that hold `time`, the earliest first; none where that depends on other records.
    public func windows(holding time: Timestamp) -> [Window] {
        guard let seconds, let step else { return [] }
        let last = lastStart(by: time, step: step)
        return (0..<seconds / step).reversed().map { Window(kind: self, start: last.adding(seconds: -step * $0), seconds: seconds) }
    }

    /// The newest window that has ended by `time`.
    public func newest(endedBy time: Timestamp) -> Window? {
        guard let seconds, let step else { return nil }
        return Window(kind: self, start: lastStart(by: time.adding(seconds: -seconds), step: step), seconds: seconds)
    }
}

/// A half-open stretch of event time: `start ≤ t < end`.
public struct Window: Sendable, Hashable {
    public var kind: WindowKind
    public var start: Timestamp
    public var end: Timestamp
    public init(kind: WindowKind, start: Timestamp, end: Timestamp) {
        self.kind = kind
        self.start = start
        self.end = end
    }

    init(kind: WindowKind, start: Timestamp, seconds: Int64) {
        self.init(kind: kind, start: start, end: start.adding(seconds: seconds))
    }

    /// The earliest window of this kind that holds `time`; nil where that depends on other records.
    public init?(kind: WindowKind, holding time: Timestamp) {
        guard let window = kind.windows(holding: time).first else { return nil }
        self = window
    }

    public var seconds: Int64 { Int64(end.seconds(since: start)) }
    /// From its beginning to that of the next one.
    public var step: Int64 { kind.step ?? seconds }
}
